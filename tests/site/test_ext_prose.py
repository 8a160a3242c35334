"""The page's voice: opening, facts, predictions, role words, times, the line above the title."""

import pages
import pytest


@pytest.fixture
def site(tmp_path):
    return pages.Pages(tmp_path, "prose", nb_execution_mode="force")


def test_directives_and_role_words(site):
    site.write(
        ch01_rnn="# T\n\n```{lede}\nAn *opening*.\n```\n\n```{meta}\n90 minutes\n```\n\n"
        "```{predict}\nWill {hid}`h` change?\n```\n\n```{predict} Guess\nX\n```\n\n{inp}`a` {out}`b` {gat}`c` {cel}`d` {att}`e` {grd}`f`\n"
    ).build()
    assert site.warnings == ""
    page = site.html("ch01_rnn")
    assert page.select_one("div.lede p em").text == "opening"
    assert page.select_one("div.meta").text.strip() == "90 minutes"
    assert [b.text for b in page.select(".predict b")] == ["Predict, then play", "Guess"]
    assert page.select_one(".predict strong.role-hidden").text == "h"
    assert [s["class"] for s in page.select("p > strong")][1:] == [
        [f"role-{r}"] for r in ("input", "output", "gate", "cell", "attend", "grad")
    ]


def test_the_line_above_the_title(site):
    site.write(
        ch07_lstm="---\nunrolled:\n  eyebrow: Chapter 7 · LSTM\n---\n\n# T\n",
        ch02_bptt="# U\n",
        notation="# V\n",
    ).build()
    lines = {
        name: site.html(name).select("p.eyebrow + h1, p.eyebrow")
        for name in ("ch07_lstm", "ch02_bptt", "notation")
    }
    assert [e.name for e in lines["ch07_lstm"]] == ["p", "h1"]
    assert lines["ch07_lstm"][0].text == "Chapter 7 · LSTM"
    assert lines["ch02_bptt"][0].text == "Chapter 2"
    assert lines["notation"] == []


def test_runtime_is_what_the_page_took(site):
    front = "---\nkernelspec:\n  name: python3\n  display_name: Python 3\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n---\n"
    site.write(
        ch01_rnn=front
        + "# T\n\nruns in {runtime}`ch01_rnn`\n\n```{code-cell}\nimport time\ntime.sleep(2.1)\n```\n",
        other="# U\n\nruns in {runtime}`.`, the other in {runtime}`ch01_rnn`\n",
    ).build()
    page = site.html("ch01_rnn").text
    seconds = int(page.split("runs in ")[1].split(" s")[0])
    assert 2 <= seconds < 60
    assert f"runs in under a minute, the other in {seconds} s" in site.html("other").text


def test_seconds_in_words():
    from prose import in_words

    assert [in_words(s) for s in (0.2, 21.3, 60, 75.4)] == ["1 s", "21 s", "1 min", "1 min 15 s"]
