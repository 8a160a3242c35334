"""Next-word explorer, tying viewer and pooling viewer in Chromium: what each shows, keyboard, themes, hosts, phones, exports."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from language_models import WORDS, classifier, language_model
from playwright.sync_api import expect
from widget_page import button, put, trait, violations

from unrolled.widgets.next_word import next_word_explorer
from unrolled.widgets.pooling import pooling_viewer
from unrolled.widgets.tying import tying_viewer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
CLAUSES = "the plot is thin , but the acting is wonderful ."


def next_word(cell="lstm", **options):
    return next_word_explorer(language_model(cell), WORDS, **{"text": "the cat is", **options})


def tying(**options):
    return tying_viewer(language_model("rnn", D=30, tied=True), WORDS, **{"text": "I want the", **options})


def pooling(**options):
    return pooling_viewer(classifier(H=24), WORDS, **{"text": CLAUSES, **options})


MAKE = {"next_word": next_word, "tying": tying, "pooling": pooling}
ALL = pytest.mark.parametrize("name", list(MAKE))
TYPE = re.compile("^Type ")


def active(page):
    """What has the focus, by its text or its label."""
    return page.evaluate(
        "() => { let a = document.activeElement; while (a.shadowRoot) a = a.shadowRoot.activeElement; return a.ariaLabel || a.textContent.slice(0, 24); }"
    )


def rows(page):
    """The body of the table, as text."""
    return page.locator("table.data tbody tr").evaluate_all(
        "rows => rows.map((r) => [...r.children].map((c) => c.textContent))"
    )


# ---- all three ------------------------------------------------------------------------------------
@ALL
@pytest.mark.parametrize("dark", [False, True])
def test_axe(show, name, dark):
    page = show(MAKE[name](), dark=dark)
    button(page, "Table").click()
    assert violations(page) == []
    button(page, "Just show me").click()
    page.wait_for_timeout(150)
    assert violations(page) == []
    ink = page.locator("svg.draw text:not(.soft)").first
    expect(ink).to_have_css("fill", "rgb(230, 227, 220)" if dark else "rgb(29, 33, 40)")


@ALL
def test_on_a_phone(show, name):
    page = show(MAKE[name](text="the cat is not a very extraordinarily boring film , but xyzzy"), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = page.locator(".ur *").evaluate_all(
        "n => n.filter((e) => [...e.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) && !e.closest('sub, sup, tspan')).map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12
    button(page, "Just show me").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@ALL
def test_texts_of_any_kind(show, name):
    page = show(MAKE[name](revealed=True))
    line = page.get_by_label(TYPE).first
    line.fill("")
    expect(page.locator(".summary")).not_to_be_empty()
    line.fill("   ")
    line.fill("the xyzzy <b>cat</b>")
    expect(page.locator(".warn")).to_contain_text("Not in the vocabulary, read as <unk>: xyzzy")
    line.fill("the cat is , " * 150)
    expect(page.locator(".warn")).to_contain_text("Only the first 60 words are read; 540 more are left out.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    line.fill("¿ 你好 🙂🙂 don't")
    button(page, "Table").click()
    assert violations(page) == []


@ALL
def test_presets_and_reset(show, name):
    page = show(MAKE[name]())
    before = trait(page, "text")
    page.get_by_label("Presets").select_option(index=2)
    preset = MAKE[name]().presets[1]
    for key, value in preset.items():
        if key != "name":
            assert trait(page, key) == value
    button(page, "Reset").click()
    assert trait(page, "text") == before and trait(page, "revealed") is False
    expect(page.locator(".summary")).to_contain_text("Everything is as it was at the start.")


@ALL
def test_a_rude_page_and_a_host_that_can_do_half(show, name):
    page = show(MAKE[name](), broken=True)
    page.get_by_label(TYPE).first.fill("dog")
    expect(button(page, "Reset")).to_have_css("text-transform", "none")
    expect(page.locator(".summary")).to_contain_text("dog")
    said = page.locator(".summary").text_content()
    page.evaluate("window.ends.forEach((end) => end())")
    put(page, text="moon")
    assert page.locator(".summary").text_content() == said


@ALL
def test_two_views_show_one_model(show, name):
    page = show(MAKE[name](revealed=True), views=2)
    page.get_by_label(TYPE).first.fill("the moon is")
    expect(page.get_by_label(TYPE).nth(1)).to_have_value("the moon is")
    one, two = (page.locator(".summary").nth(k).text_content() for k in (0, 1))
    assert one == two and one


@ALL
def test_export(show, name, tmp_path):
    page = show(MAKE[name](revealed=True))
    with page.expect_download() as got:
        button(page, "Save the drawing as SVG").click()
    got.value.save_as(tmp_path / "drawing.svg")
    text = (tmp_path / "drawing.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert got.value.suggested_filename == f"{name.replace('_', '-')}.svg"
    assert "var(" not in text and text.count("<svg") == {"next_word": 3, "tying": 4, "pooling": 3}[name]
    with page.expect_download() as got:
        button(page, "Save the drawing as PNG").click()
    got.value.save_as(tmp_path / "drawing.png")
    data = (tmp_path / "drawing.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(data[16:20], "big") == 2 * round(
        float(root.get("width"))
    )


@ALL
def test_every_control_is_reached_by_the_keyboard(show, name):
    page = show(MAKE[name](revealed=True))
    page.get_by_label(TYPE).first.focus()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(active(page))
    wanted = {
        "next_word": {"Presets", "Reset", "Draw a word", "temperature", "Play", "Step", "Table"},
        "tying": {
            "Presets",
            "Reset",
            "tied",
            "untied",
            "Next ›",
            "words known",
            "look at another word",
            "Table",
        },
        "pooling": {"Presets", "Reset", "last", "mean", "max", "Move ›", "Play", "Step", "Table"},
    }
    assert wanted[name] <= reached, wanted[name] - reached


@pytest.mark.parametrize(
    ("name", "number"), [("next_word", "13.8"), ("tying", "13.14"), ("pooling", "13.15")]
)
def test_an_equation_is_a_link_where_the_page_has_it(show, name, number):
    page = show(MAKE[name](revealed=True))
    expect(page.locator(".ur a")).to_have_count(0)
    target = f"equation-eq-{number.replace('.', '-')}"
    page.evaluate(
        "(id) => document.querySelector('main').append(Object.assign(document.createElement('p'), { id }))",
        target,
    )
    put(page, text="the dog")
    expect(page.locator(".ur a")).to_have_text(f"({number})")
    expect(page.locator(".ur a")).to_have_attribute("href", f"#{target}")


# ---- next word ------------------------------------------------------------------------------------
def test_predict_then_reveal_the_temperature(show):
    page = show(next_word(text="the"))
    expect(page.locator(".ask")).to_contain_text("at temperature 2.0, what becomes of these bars?")
    before = page.locator(".row").evaluate_all("n => n.map((r) => r.querySelector('text').textContent)")
    button(page, "another word comes first").click()
    expect(page.locator(".predict .bad")).to_contain_text("Not so. The order stayed.")
    assert (trait(page, "temperature"), trait(page, "guess")) == (2, "order")
    assert before == page.locator(".row").evaluate_all(
        "n => n.map((r) => r.querySelector('text').textContent)"
    )
    button(page, "Another prediction").click()
    assert (trait(page, "temperature"), trait(page, "revealed")) == (1, False)
    button(page, "same order, further apart").click()
    expect(page.locator(".predict .good")).to_contain_text("Yes.")
    button(page, "Another prediction").click()
    button(page, "stays").click()
    expect(page.locator(".predict .good")).to_contain_text("all that are kept grow by one factor")
    assert trait(page, "top_k") == 5


def test_bars_and_sentence_are_what_python_computes(show):
    w = next_word(revealed=True, temperature=0.5, top_k=8, top_p=0.9, end=True)
    page = show(w)
    button(page, "Table").click()
    order = np.argsort(-w.reading.y[-1], kind="stable")[:25]
    for row, n in zip(rows(page), order, strict=True):
        assert row[0] == WORDS[n]
        for text, expected in zip(row[1:3], (w.reading.y[-1][n], w.distribution[n]), strict=True):
            assert float(text.replace("< ", "")) == pytest.approx(expected, abs=1.1e-3)
    total = w.reading.log_probs.sum()
    expect(page.locator(".tally")).to_contain_text(f"{total:.2f}".replace("-", "−"))
    expect(page.locator(".tally")).to_contain_text(f"{np.exp(-total / 4):.1f}")


def test_draw_words_by_the_seed(show):
    page = show(next_word(revealed=True))
    button(page, "Draw a word").click()
    first = trait(page, "sampled")
    assert len(first) == 1 and trait(page, "step") == 4 + (first != ["</s>"])
    button(page, "Drop what was drawn").click()
    assert trait(page, "sampled") == [] and trait(page, "step") == 4
    button(page, "Draw a word").click()
    assert trait(page, "sampled") == first, "a seed gives the same words"
    button(page, "Draw a sentence").click()
    whole = trait(page, "sampled")
    assert whole[0] == first[0] and (whole[-1] == "</s>" or len(whole) == 30)
    button(page, "Another sentence (seed 1)").click()
    assert trait(page, "seed") == 2 and trait(page, "sampled") != whole
    button(page, "Drop what was drawn").click()
    button(page, "Take the likeliest").click()
    chosen = page.locator(".row").first
    assert trait(page, "sampled") == [WORDS[int(np.argmax(next_word().reading.y[-1]))]]
    chosen.focus()
    page.keyboard.press("Enter")
    assert len(trait(page, "sampled")) == 2


def test_a_word_is_written_in_the_middle_too(show):
    page = show(next_word(revealed=True))
    put(page, step=2)
    expect(page.locator(".worked")).to_contain_text("−log")
    page.locator(".row").nth(3).click()
    assert trait(page, "text") == "the" and len(trait(page, "sampled")) == 1 and trait(page, "step") == 3


@pytest.mark.parametrize("end", [False, True])
def test_steps_play_and_hover(show, end):
    page = show(next_word(revealed=True, end=end), clock=True)
    page.locator(".strips").focus()
    for key, step in (("ArrowLeft", 3), ("Home", 1), ("ArrowLeft", 1), ("End", 4), ("ArrowRight", 4)):
        page.keyboard.press(key)
        assert trait(page, "step") == step
    page.keyboard.press("Space")
    assert (trait(page, "step"), trait(page, "playing")) == (1, True)
    page.clock.run_for(710)
    assert trait(page, "step") == 2
    button(page, "Pause").click()
    place = page.locator(".place").nth(2)
    place.hover()
    assert (trait(page, "over"), trait(page, "step")) == (3, 2)
    expect(page.locator(".worked")).to_contain_text("After “the cat”")
    place.click()
    assert (trait(page, "over"), trait(page, "step")) == (0, 3)
    page.mouse.move(2, 2)
    assert trait(page, "over") == 0


# ---- tying ----------------------------------------------------------------------------------------
def test_a_word_lights_in_both_tables(show):
    w = tying(revealed=True)
    page = show(w)
    page.locator("svg.draw rect.touch").nth(4).click()
    word = trait(page, "word")
    expect(page.locator(".toks [aria-current=step]")).to_have_text(word)
    score = w.score(word)
    expect(page.locator(".worked .eq")).to_contain_text(f"{score.score:.2f}".replace("-", "−"))
    expect(page.locator(".worked .note")).to_contain_text(f"Softmax makes {score.probability:.3f}")
    lists = page.locator(".lists ol")
    assert lists.nth(0).text_content() == lists.nth(1).text_content(), (
        "one table, so the same words both ways"
    )
    lists.nth(0).locator("button").first.click()
    assert trait(page, "word") not in ("", word)
    page.get_by_label("look at another word").fill("dog")
    assert trait(page, "word") == "dog"
    page.locator(".toks button[tabindex='0']").focus()
    page.keyboard.press("Home")
    assert trait(page, "word") == page.locator(".toks button").first.text_content()
    page.keyboard.press("ArrowRight")
    assert trait(page, "word") == page.locator(".toks button").nth(1).text_content()


def test_tied_or_not_and_what_it_saves(show):
    w = tying()
    page = show(w)
    expect(page.locator(".ask")).to_contain_text("How much of its parameters goes?")
    button(page, "more than half").click()
    expect(page.locator(".predict .bad")).to_contain_text("never more than half")
    button(page, "untied").click()
    expect(page.locator(".worked")).to_contain_text("trained with one table")
    expect(page.locator(".lists")).to_contain_text("nothing to compare")
    put(page, n_vocab=10_000, D=104)
    w.n_vocab, w.D = 10_000, 104
    for number in w.counts.values():
        expect(page.locator(".rule .note")).to_contain_text(f"{number:,}".replace(",", "\u202f"))
    button(page, "The model's own sizes").click()
    assert (trait(page, "D"), trait(page, "n_vocab")) == (30, len(WORDS))
    page.get_by_role("slider", name="numbers a word, and units").press("End")
    assert trait(page, "D") == 512


def test_a_twin_has_other_neighbours(show):
    page = show(
        tying_viewer(
            language_model("rnn", D=30, tied=True), WORDS, untied=language_model(), text="the", revealed=True
        )
    )
    button(page, "untied").click()
    expect(page.locator(".worked .eq")).to_contain_text("v")
    lists = page.locator(".lists ol")
    expect(lists).to_have_count(2)
    assert lists.nth(0).text_content() != lists.nth(1).text_content()


# ---- pooling --------------------------------------------------------------------------------------
def test_predict_then_move_a_clause(show):
    w = pooling()
    before = w.probabilities
    page = show(w)
    button(page, "last").first.click()
    assert trait(page, "text") == "the acting is wonderful, but the plot is thin."
    w.text = trait(page, "text")
    moved = {pool: abs(w.probabilities[pool] - before[pool]) for pool in before}
    most = max(moved, key=moved.__getitem__)
    expect(page.locator(".predict")).to_contain_text(
        f"{'Yes' if most == 'last' else 'Not so'}. Most: {most}."
    )
    np.testing.assert_allclose(trait(page, "was"), list(before.values()), atol=1e-6)
    button(page, "Another prediction").click()
    button(page, "Just show me").click()
    assert trait(page, "text").endswith("on the late bus")


def test_clauses_move_by_buttons_and_by_dragging(show):
    page = show(pooling(revealed=True, text="good film , bad plot ; thin cat"))
    chips = page.locator(".chips button")
    chips.nth(0).focus()
    page.keyboard.press("Enter")
    button(page, "Move ›").click()
    assert trait(page, "text") == "bad plot, good film; thin cat" and trait(page, "clause") == 1
    button(page, "Move ›").click()
    expect(button(page, "Move ›")).to_have_attribute("aria-disabled", "true")
    button(page, "Move ›").dispatch_event("click")
    assert trait(page, "text") == "bad plot, thin cat; good film"
    a, b = (chips.nth(k).bounding_box() for k in (2, 0))
    page.mouse.move(a["x"] + 20, a["y"] + 10)
    page.mouse.down()
    page.mouse.move(b["x"] + 20, b["y"] + 10, steps=5)
    page.mouse.up()
    assert trait(page, "text") == "good film, bad plot; thin cat"
    page.get_by_label(TYPE).first.fill("good film")
    expect(page.locator(".clauses .note")).to_contain_text("One clause")
    assert trait(page, "was") == []


def test_what_each_pooling_shows_is_what_python_computes(show):
    w = pooling(revealed=True)
    page = show(w)
    button(page, "Table").click()
    shown, shares = rows(page), {pool: p.share.mean(axis=1) for pool, p in w.pooled.items()}
    for t, row in enumerate(shown):
        assert row[0] == w.words[t]
        for text, pool in zip(row[1:], shares, strict=True):
            assert float(text.removesuffix(" %")) == pytest.approx(100 * shares[pool][t], abs=0.51)
    for pool, p in w.probabilities.items():
        expect(page.locator(".summary")).to_contain_text(f"{pool} {p:.3f}")
    button(page, "max").click()
    won = page.locator("svg.draw").first.locator("g > text:last-of-type").all_text_contents()
    expected = (shares["max"] * 24).round().astype(int).tolist()
    assert [int(n) for n in won if n.isdigit()][-len(expected) :] == expected
    page.locator("svg.draw").first.locator("rect.touch").nth(2).hover(position={"x": 200, "y": 8})
    expect(page.locator(".note", has_text="Number ")).to_contain_text("last")
    page.get_by_role("slider", name="Step", exact=True).press("End")
    assert trait(page, "step") == len(w.words)
