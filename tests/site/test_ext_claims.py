"""Numbers of the prose come from the ledger, and follow it."""

import json
from pathlib import Path

import pages
import pytest

from unrolled import viz

LEDGER = {
    "recall": {
        "title": "Memory beyond a window", "chapter": "ch01_rnn", "section": "13.1", "statement": "An RNN remembers.",
        "criterion": "mean above 0.9", "verdict": "holds", "data": {"name": "recall", "vocabulary": 8}, "commit": "0123456789abcdef",
        "runs": [{"seed": s, "seconds": 2.5, "figures": {"rnn_d8": 0.991}} for s in range(5)],
        "summary": {
            "rnn_d8": {"mean": 0.99112, "sd": 0.00312, "ci95": [0.9872, 0.995], "n": 5},
            "ppl": {"mean": 141.26, "sd": 3.4, "ci95": [137.0, 145.5], "n": 5},
            "slope": {"mean": -0.0412, "sd": 0.0, "ci95": None, "n": 1},
        },
    }
}  # fmt: skip


@pytest.fixture
def site(tmp_path):
    site = pages.Pages(tmp_path, "claims")
    (tmp_path / "book").mkdir()
    site.ledger = tmp_path / "book" / "claims.json"
    site.ledger.write_text(json.dumps(LEDGER))
    return site


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("recall:rnn_d8", "0.991 ± 0.003"),
        ("recall:rnn_d8|%", "99.1 ± 0.3\u202f%"),
        ("recall:rnn_d8|%|mean", "99.1\u202f%"),
        ("recall:rnn_d8|.2f|mean", "0.99"),
        ("recall:rnn_d8|sd|.4f", "0.0031"),
        ("recall:rnn_d8|ci|.2f", "0.99 to 0.99"),
        ("recall:rnn_d8|n", "5"),
        ("recall:ppl", "141 ± 3"),
        ("recall:slope", "−0.0412"),
        ("recall|verdict", "holds"),
        ("recall|n", "5"),
        ("recall|seconds", "12"),
    ],
)
def test_formats(text, shown):
    from claims import show

    assert show(LEDGER, text) == shown


def test_a_page_shows_the_number_and_follows_the_ledger(site):
    site.write(ch01_rnn="# T\n\nIt reaches {claim}`recall:rnn_d8|%`.\n").build()
    assert site.warnings == ""
    assert "It reaches 99.1 ± 0.3\u202f%." in site.html("ch01_rnn").text
    changed = json.loads(json.dumps(LEDGER))
    changed["recall"]["summary"]["rnn_d8"]["mean"] = 0.5
    site.ledger.write_text(json.dumps(changed))
    site.build()
    assert "It reaches 50.0 ± 0.3\u202f%." in site.html("ch01_rnn").text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nothing:x", "unknown claim 'nothing'; there are: recall"),
        ("recall:x", "unknown figure of recall 'x'; there are: ppl, rnn_d8, slope"),
        ("recall:ppl|wide", "hint 'wide'"),
        ("recall", "expected a figure"),
    ],
)
def test_what_is_not_in_the_ledger_is_a_warning(site, text, says):
    site.write(a=f"# T\n\n{{claim}}`{text}`\n").build()
    assert says in site.warnings and "a.md:3" in site.warnings


def test_the_table_and_the_page(site):
    site.write(
        a="# T\n\n```{claim-table} recall\n:figures: rnn_d8\n:format: %\n```\n",
        b="# All\n\n```{claims-page}\n```\n",
    ).build()
    assert site.warnings == ""
    cells = [td.text.strip() for td in site.html("a").select("tbody td")]
    assert cells == ["rnn d8", "99.1 ± 0.3\u202f%", "98.7\u202f% to 99.5\u202f%", "5"]
    page = site.html("b")
    text = page.text
    for word in (
        "Memory beyond a window",
        "An RNN remembers.",
        "criterion",
        "vocabulary 8",
        "5 seeds, 12 s",
        "0123456789",
    ):
        assert word in text
    section = page.find(id="claim-recall")
    assert section.select_one("details > summary").text == "All 3 figures"
    first = page.select_one("table.unrolled-table")
    assert first.select_one("a")["href"] == "#claim-recall" and "holds" in first.select("td")[-1].text


def test_an_empty_ledger_says_so(site):
    site.ledger.unlink()
    site.write(b="# All\n\n```{claims-page}\n```\n").build()
    assert "Nothing has been measured yet." in site.html("b").text


def test_the_page_of_claims_draws_what_the_ledger_says(site):
    """The real ledger: every claim that has a chart shows it, with the words for who cannot see it."""
    real = json.loads((Path(__file__).parents[2] / "book" / "claims.json").read_text(encoding="utf-8"))
    site.ledger.write_text(json.dumps(real))
    site.write(claims="# Claims\n\n```{claims-page}\n```\n").build()
    assert site.warnings == ""
    page = site.html("claims")
    drawn = [svg.get("aria-label") for svg in page.select("svg[role=img]")]
    expected = [chart(real[name]).alt for name in real for chart in viz.CHARTS.get(name, ())]
    assert sorted(drawn) == sorted(expected) and len(drawn) >= len(real)
