"""Every widget in headless Chromium: milliseconds from a change of its state to a finished frame, medians.

    python benchmarks/bench_widgets.py [WORD]      only rows with WORD in their name

A sentence of 30 words and 64 hidden units, or what the widget's own model has.  The bar is on the processor time of the
page's main thread, script, style, layout and paint (what a reader waits on a machine that does nothing else), in
batches of ten redraws; the wall's clock stands beside it, from the change to the end of its layout.
"""

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from language_models import WORDS as LM_WORDS
from language_models import classifier, language_model
from widget_models import WORDS, network
from widget_page import write_page

from unrolled import widgets
from unrolled.scratch import lstm
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.widgets._model import pack
from unrolled.widgets._translator import SENTENCES

BAR, ROUNDS, TURNS, WARM_UP = 16.0, 6, 10, 5
T, H = 30, 64
TEXT = " ".join(["the green witch"] * 10)
FILM = "the cat is not a bad film , but " * 3 + "the plot is"
LONG = SENTENCES[-1][0]
RNG = np.random.default_rng(0)

TYPED = "model.set('text', TEXT.split(' ').slice(0, 30 - i % 3).join(' '))"
STEPPED = "model.set('step', 1 + i % 30)"
MOUSE = "hit.dispatchEvent(new PointerEvent('pointermove', { clientX: box.x + 130 + 3 * i, clientY: box.y + 60 + i, pointerType: 'mouse', bubbles: true }))"

MEASURE = """async ([change, text, selector, turns]) => {
  const times = [], root = document.querySelector(".view").firstChild.shadowRoot, hit = selector && root.querySelector(selector), box = hit && hit.getBoundingClientRect();
  const act = new Function("model", "i", "TEXT", "hit", "box", change);
  for (let i = 0; i < turns; i++) {
    const from = performance.now();
    act(window.model, i, text, hit, box);
    await null; await null;
    document.body.offsetHeight;
    times.push(performance.now() - from);
    await new Promise(requestAnimationFrame);
  }
  return times; }"""


def contexts() -> Any:
    """Two taggers of 64 units a direction."""
    known = {"words": WORDS, "tags": ["DET", "ADJ", "NOUN", "VERB"]}
    one, both = (network(c, H=H, K=4) for c in (CELLS["lstm"], bidirectional(CELLS["lstm"])))
    return widgets.context_explorer(
        TEXT, 15, "arrived", 2, pack(one, known), pack(both, known), revealed=True
    )


def gates() -> Any:
    """A language model of 64 units."""
    model = pack(network(CELLS["lstm"], H=H), WORDS)
    return widgets.gate_explorer(TEXT, model, watch=["witch", "arrived"], revealed=True)


def gates_of_arrays() -> Any:
    """The most that anybody's arrays may be: 400 words, 512 units."""
    found = lstm.trace(RNG.normal(size=(400, 3)), lstm.init_lstm(RNG, 3, 512))
    return widgets.lstm_gates([f"w{t}" for t in range(400)], found)


def heatmap() -> Any:
    """100 × 100 cells, an array of anybody's."""
    alpha = RNG.dirichlet(np.ones(100) * 0.1, size=100)
    return widgets.attention(alpha, [f"s{i}" for i in range(100)], [f"t{i}" for i in range(100)])


def next_word() -> Any:
    """A vocabulary of 48 words; the book's own is the next row."""
    return widgets.next_word_explorer(language_model(D=32, H=H), LM_WORDS, text=FILM, revealed=True)


def tying() -> Any:
    """D = H = 64."""
    return widgets.tying_viewer(language_model("rnn", D=H, tied=True), LM_WORDS, text=FILM, revealed=True)


# name → how to make it, the sentence, {what: (a change, what the mouse is over)}
ROWS: dict[str, tuple[Callable[[], Any], str, dict[str, tuple[str, str]]]] = {
    "unrolled stepper": (lambda: widgets.unrolled_stepper(" ".join(["the green witch"] * 10)), TEXT, {"type": (TYPED, ""), "step": (STEPPED, ""), "hover": ("model.set('term', ['W', 'U', ''][i % 3])", "")}),
    "gradient explorer": (lambda: widgets.gradient_explorer(T=T, revealed=True), "", {"recompute": ("model.set('rho', 0.5 + i % 30 / 20)", ""), "step": (STEPPED, ""), "hover": ("model.set('over', 1 + i % 30)", "")}),
    "contexts": (contexts, TEXT, {"type": (TYPED, ""), "swap a word": ("model.set('swap', ['witch', 'arrived', 'zebra', 'the'][i % 4])", ""), "step": ("model.set('word', 1 + i % 30)", "")}),
    "gates": (gates, TEXT, {"type": (TYPED, ""), "step": (STEPPED, ""), "hover": (MOUSE, ".sheet")}),
    "gates, 400 × 512 arrays": (gates_of_arrays, "", {"step": ("model.set('step', 1 + i)", ""), "hover": (MOUSE, ".sheet")}),
    "next word": (next_word, FILM, {"type": (TYPED, ""), "temperature": ("model.set('temperature', 0.5 + i % 20 / 10)", ""), "hover": (MOUSE, "svg.draw")}),
    "next word, word_lm": (lambda: widgets.next_word_explorer(text="where is the cat " * 7, revealed=True), "where is the cat " * 8, {"type": (TYPED, ""), "temperature": ("model.set('temperature', 0.5 + i % 20 / 10)", "")}),
    "tying": (tying, FILM, {"type": (TYPED, ""), "sliders": ("model.set('D', 8 + i % 20 * 8)", ""), "word": ("model.set('word', ['cat', 'dog', 'film'][i % 3])", "")}),
    "pooling": (lambda: widgets.pooling_viewer(classifier("lstm", D=32, H=H), LM_WORDS, text=FILM, revealed=True), FILM, {"type": (TYPED, ""), "pool": ("model.set('pool', ['last', 'mean', 'max'][i % 3])", ""), "hover": (MOUSE, "svg.draw")}),
    "decoder stepper": (lambda: widgets.decoder_stepper(LONG, revealed=True), LONG + LONG, {"type": (TYPED, ""), "beam of 3": ("model.set('mode', ['beam', 'greedy'][i % 2])", ""), "step": ("model.set('step', 1 + i % 15)", "")}),
    "bottleneck": (widgets.bottleneck_of_checkpoints, "", {"step": ("model.set('step', 1 + i % 4)", ""), "hover": ("model.set('over', i % 4)", "")}),
    "attention": (lambda: widgets.attention_explorer(LONG, revealed=True), LONG + " " + LONG, {"type": (TYPED, ""), "step": ("model.set('step', 1 + i % 15)", ""), "hover": (MOUSE, ".heat .touch")}),
    "attention, 100 × 100 arrays": (heatmap, "", {"redraw all": ("document.documentElement.dataset.theme = ['dark', 'light'][i % 2]", ""), "step": ("model.set('step', 1 + i % 100)", ""), "hover": ("model.set('over', 1 + i % 100)", "")}),
}  # fmt: skip


class Redraw(NamedTuple):
    """Milliseconds of one kind of redraw: processor time (median of the rounds, the worst), and the wall's median."""

    cpu: float
    worst: float
    wall: float


def redraws(browser: Browser, folder: Path, name: str) -> Iterator[tuple[str, Redraw]]:
    """What each change of one widget costs."""
    make, text, changes = ROWS[name]
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.on("pageerror", lambda error: sys.exit(f"{name}: {error}"))
    page.goto(write_page(folder / "widget.html", make()).as_uri())
    page.wait_for_function("window.ready === true")
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        return {m["name"]: m["value"] for m in tools.send("Performance.getMetrics")["metrics"]}[
            "TaskDuration"
        ]

    for what, (change, over) in changes.items():
        page.evaluate(MEASURE, [change, text, over, WARM_UP])
        cpu, wall = [], []
        for _ in range(ROUNDS):
            before = spent()
            wall += page.evaluate(MEASURE, [change, text, over, TURNS])
            cpu.append((spent() - before) * 1e3 / TURNS)
        yield what, Redraw(statistics.median(cpu), max(cpu), statistics.median(wall))
    page.close()


def main(only: str = "") -> None:
    """Print the table, and on how busy a machine it was measured."""
    chromium = shutil.which("chromium") or sys.exit("chromium is missing: apt-get install chromium")
    before, missed, n = os.getloadavg()[0], 0, 0
    print(
        f"a redraw in ms, T {T}, H {H}, {ROUNDS} rounds of {TURNS}; bar: a median of processor time below {BAR:g}"
    )
    print(f"{'':42}{'processor':>10}{'worst round':>13}{'wall':>8}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in (name for name in ROWS if only in name):
            for what, (cpu, worst, wall) in redraws(browser, Path(folder), name):
                missed, n = missed + (cpu >= BAR), n + 1
                print(f"{name:28}{what:14}{cpu:10.1f}{worst:13.1f}{wall:8.1f}{'  MISSED' if cpu >= BAR else ''}", flush=True)  # fmt: skip
        browser.close()
    print(f"{n - missed} of {n} below {BAR:g} ms; load {before:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores")  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
