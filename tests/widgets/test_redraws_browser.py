"""What a widget computes again: a look at what is there runs no network, a change of what it reads does.

How long it takes is no test: ``benchmarks/bench_widgets.py``.
"""

import numpy as np
import pytest
from language_models import WORDS as LM_WORDS
from language_models import classifier, language_model
from playwright.sync_api import expect
from widget_models import WORDS, network
from widget_page import computes, put, trait

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.widgets import (
    attention,
    attention_explorer,
    context_explorer,
    decoder_stepper,
    gate_explorer,
    gradient_explorer,
    next_word_explorer,
    pooling_viewer,
    tying_viewer,
    unrolled_stepper,
)
from unrolled.widgets._model import pack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
TEXT = "the green witch arrived"


def contexts():
    known = {"words": WORDS, "tags": ["DET", "ADJ", "NOUN", "VERB"]}
    one, both = (network(c, K=4) for c in (CELLS["lstm"], bidirectional(CELLS["lstm"])))
    return context_explorer(TEXT, 3, "arrived", 2, pack(one, known), pack(both, known), revealed=True)


def gates():
    return gate_explorer(TEXT, pack(network(CELLS["lstm"]), WORDS), watch=["witch", "arrived"], revealed=True)


def poked(selector, n=3):
    """A mouse that moves over a part of the drawing."""
    return f"""const hit = document.querySelector('.view').firstChild.shadowRoot.querySelector('{selector}'), box = hit.getBoundingClientRect();
        for (let i = 0; i < {n}; i++) hit.dispatchEvent(new PointerEvent('pointermove', {{ clientX: box.x + 9 * i + 120, clientY: box.y + 5 * i + 60, bubbles: true, pointerType: 'mouse' }}))"""


LIVE = {
    "attention": (
        lambda: attention_explorer(TEXT, revealed=True),
        ["model.set('over', 2)", "model.set('step', 2)", "model.set('table', true)", poked(".heat .touch")],
        ["model.set('text', 'the witch arrived')", "model.set('temperature', 2)", "model.set('forced', { 1: 2 })"],
    ),
    "contexts": (contexts, ["model.set('word', 1)", "model.set('table', true)"], ["model.set('swap', 'green')"]),
    "decoder": (
        lambda: decoder_stepper(TEXT, revealed=True),
        ["model.set('step', 2)", "model.set('table', true)"],
        ["model.set('text', 'the witch arrived')", "model.set('mode', 'beam')"],
    ),
    "gates": (
        gates,
        ["model.set('step', 2)", "model.set('unit', 3)", "model.set('sort', 'moves')", poked(".sheet")],
        ["model.set('text', 'the witch')", "model.set('off', [1])", "model.set('sort', 'effect')"],
    ),
    "gradients": (
        lambda: gradient_explorer(revealed=True),
        ["model.set('over', 9)", "model.set('step', 5)", "model.set('table', true)"],
        ["model.set('rho', 1.3)"],
    ),
    "next word": (
        lambda: next_word_explorer(language_model("lstm"), LM_WORDS, text="the cat is", revealed=True),
        ["model.set('temperature', 2)", "model.set('top_k', 3)", "model.set('step', 2)", poked("svg.draw")],
        ["model.set('text', 'I want the cat')"],
    ),
    "pooling": (
        lambda: pooling_viewer(classifier(H=24), LM_WORDS, text="the plot is thin , but", revealed=True),
        ["model.set('pool', 'max')", "model.set('step', 2)", poked("svg.draw")],
        ["model.set('text', 'the plot')"],
    ),
    "tying": (
        lambda: tying_viewer(language_model("rnn", D=30, tied=True), LM_WORDS, text="I want", revealed=True),
        ["model.set('D', 64)", "model.set('n_vocab', 9000)", "model.set('word', 'cat')"],
        ["model.set('text', 'I want the')"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIVE)
def test_a_look_runs_no_network_and_a_change_does(show, name):
    make, looks, changes = LIVE[name]
    page = show(make())
    assert {look: computes(page, look) for look in looks} == dict.fromkeys(looks, 0)
    assert all(computes(page, change) > 0 for change in changes), changes


def test_a_mouse_over_a_large_heatmap_paints_no_cell(show):
    alpha = np.random.default_rng(0).dirichlet(np.ones(100) * 0.1, size=100)
    page = show(attention(alpha, [f"s{i}" for i in range(100)], [f"t{i}" for i in range(100)]))
    counted = """async (change) => { const it = CanvasRenderingContext2D.prototype, was = it.fillRect; let n = 0;
        it.fillRect = function (...a) { n++; return was.apply(this, a); };
        if (change === "theme") document.documentElement.dataset.theme = "dark"; else model.set("over", 7), model.set("step", 40);
        await new Promise(requestAnimationFrame); it.fillRect = was; return n; }"""
    assert page.evaluate(counted, "over") == 0
    assert page.evaluate(counted, "theme") > 100


def test_typing_keeps_the_words_and_copies_that_stay(show):
    page = show(unrolled_stepper(TEXT))
    page.locator(".copy, .toks button").evaluate_all("nodes => nodes.forEach((n) => { n.old = true; })")
    put(page, text=f"{TEXT} late")
    expect(page.locator(".copy")).to_have_count(5)
    kept = "nodes => nodes.map((n) => !!n.old)"
    for part in (".copy", ".toks button"):
        assert page.locator(part).evaluate_all(kept) == [True] * 4 + [False]
    expect(page.locator(".copy .word")).to_have_text([*TEXT.split(), "late"])
    put(page, text="green witch", step=2)
    expect(page.locator(".copy .word")).to_have_text(["green", "witch"])
    expect(page.locator(".copy.now .word")).to_have_text("witch")
    assert page.locator(".copy").evaluate_all(kept) == [True] * 2


def test_a_table_written_anew_keeps_the_focus_and_hears_as_the_new_one(show):
    page = show(decoder_stepper(TEXT, revealed=True))
    word = page.locator("button.word").first
    word.focus()
    put(page, step=2)
    expect(word).to_be_focused()
    text = word.text_content()
    expect(word).to_have_accessible_name(f"Write {text} at step 2")
    word.press("Enter")
    assert trait(page, "prefix")[1:] == [text]
