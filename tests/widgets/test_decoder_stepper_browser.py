"""The decoder stepper in Chromium: prediction, the four ways to write, the beam's tree, forced words, keyboard, themes, phones."""

from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect
from widget_page import button, put, trait, violations

from unrolled.widgets import decoder_stepper
from unrolled.widgets._translator import Translator

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
TEXT = "my strange black map was wet"


def words(page):
    """The target as the page writes it."""
    return page.locator(".written .toks button").all_text_contents()


def test_predict_then_reveal(show):
    page = show(decoder_stepper())
    expect(page.locator(".predict")).to_contain_text("log p = −5.20. Will a beam of 3 find")
    button(page, "yes, a likelier one").click()
    assert (trait(page, "mode"), trait(page, "revealed")) == ("beam", True)
    expect(page.locator(".predict .good")).to_contain_text("Yes. The beam's “mi extraño mapa negro estaba mojado” has log p = −1.51")  # fmt: skip
    button(page, "Another prediction").click()
    assert (trait(page, "mode"), trait(page, "revealed"), trait(page, "text")) == ("greedy", False, "my strange guards came")  # fmt: skip
    button(page, "no, greedy has the best").click()
    expect(page.locator(".predict .bad")).to_contain_text("times as likely as the greedy target")


def test_beams_are_scratchs_and_the_tree_shows_them(show):
    w = decoder_stepper(TEXT, revealed=True, mode="beam", width=4, norm=0.6)
    page, model = show(w), Translator(w.weights)
    for width, norm in ((4, 0.6), (1, 0.0), (5, 1.0)):
        put(page, width=width, norm=norm)
        beam = model.beam(TEXT, width, norm)
        listed = page.locator(".sums").last.locator("tbody tr")
        expect(listed).to_have_count(len(beam) + 1)
        for n, hypothesis in enumerate(beam):
            cells = listed.nth(n).locator("th, td").all_text_contents()
            assert cells[1] == " ".join(word for word in model.spell(hypothesis.tokens) if word != "</s>")
            assert float(cells[2].replace("−", "-")) == pytest.approx(hypothesis.log_prob, abs=0.006)
            assert float(cells[3].replace("−", "-")) == pytest.approx(hypothesis.score, abs=0.006)
        assert words(page) == model.spell(beam[0].tokens)
        best = page.locator(".tree g.best text:not(.lp)").all_text_contents()
        assert best == ["<s>", *words(page)]
    page.get_by_role("slider", name="width of the beam").press("Home")
    assert trait(page, "width") == 1


def test_greedy_sampled_and_teacher_forced(show):
    w = decoder_stepper(TEXT, revealed=True)
    page = show(w)
    assert words(page) == w.greedy
    button(page, "sample").click()
    put(page, temperature=2.0)
    drawn = set()
    for _ in range(8):
        drawn.add(tuple(words(page)))
        page.get_by_role("button", name="Draw again").click()
    assert len(drawn) > 3 and trait(page, "seed") == 9
    put(page, seed=1)
    assert tuple(words(page)) in drawn, "a seed draws the same again"
    page.get_by_role("slider", name="temperature").press("Home")
    assert trait(page, "temperature") == 0.1
    button(page, "teacher-forced").click()
    assert words(page) == ["mi", "extraño", "mapa", "negro", "estaba", "mojado", "</s>"]
    expect(page.locator(".worked, .line").last).to_contain_text("nats a word")
    page.get_by_label("Target that the teacher feeds").fill("la xyzzy")
    expect(page.locator(".note").first).to_contain_text("Not among the target's words: xyzzy")
    page.get_by_label("Target that the teacher feeds").fill("")
    expect(page.locator(".note").first).to_contain_text("Type a target")
    assert words(page) == ["</s>"]


def test_one_early_choice_changes_every_later_state(show):
    page = show(decoder_stepper(TEXT, revealed=True))
    before = words(page)
    page.get_by_role("button", name="Write mi at step 1").click()
    assert trait(page, "prefix") == ["mi"] and words(page)[0] == "mi" and words(page)[1:] != before[1:]
    expect(page.locator(".toks button[data-forced]")).to_have_count(1)
    expect(page.locator(".key").last).to_contain_text(
        "The first differs at step 2; every later one differs too"
    )
    expect(page.locator(".names div").first).to_have_text("changed by")
    page.get_by_role("button", name="Next ›").click()
    page.get_by_role("button", name="Write extraño at step 2").click()
    assert trait(page, "prefix") == ["mi", "extraño"]
    button(page, "beam").click()
    assert words(page)[:2] == ["mi", "extraño"], "a beam goes on from them too"
    button(page, "greedy").click()
    button(page, "Let go of the forced words").click()
    assert words(page) == before and trait(page, "prefix") == []


def test_empty_unknown_long(show):
    page = show(decoder_stepper(TEXT, revealed=True))
    field, note = page.get_by_label("English sentence"), page.locator(".note").first
    field.fill(" ")
    expect(note).to_have_text("Type at least one word to translate.")
    field.fill("the zyzzyva arrived")
    expect(note).to_contain_text("read as <unk>: zyzzyva")
    field.fill("the strange witch near the house " * 9)
    expect(note).to_contain_text("first 30 words: 24 are left out")
    assert 1 <= len(words(page)) <= 40
    button(page, "Reset").click()
    expect(field).to_have_value(TEXT)


def test_keyboard_play_and_two_views(show):
    page = show(decoder_stepper("the green witch arrived", revealed=True), views=2, clock=True)
    page.locator(".scroll[aria-label^='The likeliest']").first.focus()
    for key, step in (("ArrowRight", 2), ("End", 5), ("Home", 1)):
        page.keyboard.press(key)
        assert trait(page, "step") == step
    page.keyboard.press("Space")
    page.clock.run_for(1200)
    expect(page.locator(".where").last).to_have_text("step 2 of 5")
    page.keyboard.press("Space")
    page.locator("button.word").nth(1).focus()
    page.keyboard.press("Enter")
    assert len(trait(page, "prefix")) == 2
    held = "() => { let a = document.activeElement; while (a.shadowRoot) a = a.shadowRoot.activeElement; return a.className; }"
    assert page.evaluate(held) == "quiet word", "who forces a word keeps the focus"


@pytest.mark.parametrize("mode", ["beam", "sample", "teacher"])
@pytest.mark.parametrize("dark", [False, True])
def test_axe_theme_and_phone(show, mode, dark):
    page = show(decoder_stepper(TEXT, revealed=True, mode=mode), dark=dark, width=390)
    button(page, "Table").click()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".sums td.r-output").first).to_have_css("color", "rgb(111, 208, 176)" if dark else "rgb(10, 114, 86)")  # fmt: skip
    assert violations(page) == []


@pytest.mark.parametrize("mode", ["beam", "greedy"])
def test_export(show, tmp_path, mode):
    page = show(decoder_stepper(TEXT, revealed=True, mode=mode))
    with page.expect_download() as got:
        button(page, "Save the drawing as SVG").click()
    got.value.save_as(tmp_path / "drawing.svg")
    text = (tmp_path / "drawing.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert "var(" not in text and ("mapa" if mode == "beam" else "negros") in text
    expect(page.locator(".tree:visible")).to_have_count(int(mode == "beam"))


def test_a_host_that_can_do_half(show):
    page = show(decoder_stepper(TEXT, revealed=True), broken=True)
    button(page, "beam").click()
    assert words(page)[0] == "mi"
    page.evaluate("window.ends.forEach((end) => end())")
