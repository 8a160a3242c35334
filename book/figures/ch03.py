"""The drawings of chapter 3."""

import sys
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import Drawing

WORDS = ["Thanks", "for", "all", "the"]


def contexts() -> Drawing:
    """Two language models at the same word: a window of three embeddings, and a state that sums up all before."""
    d = Drawing(700, 330)
    for x0, title in ((0, "(a) a window"), (365, "(b) a state")):
        d.text(x0 + 8, 20, title, weight=600)
        for n, word in enumerate(WORDS):
            outside = x0 == 0 and n == 0
            d.box(x0 + 42 + n * 82, 300, word, "input", w=72, h=34, faint=outside)
    window, states = [42 + n * 82 for n in range(4)], [407 + n * 82 for n in range(4)]
    for n, x in enumerate(window[1:]):
        d.arrow(f"M{x} 281 V228", "input", "E", (x + 8, 262))
        d.box(x, 206, f"e_t-{2 - n}" if n < 2 else "e_t", "input", w=64)
        d.arrow(f"M{x} 184 L{x + (1 - n) * 48:g} 149", "input")
    d.text(window[2] + 62, 172, "W", "input", size=17, math=True)
    d.box(window[2], 127, "h_t", "hidden", w=150)
    d.arrow(f"M{window[2]} 105 V72", "output", "V", (window[2] + 10, 94))
    d.box(window[2], 50, "ŷ_t", "output", w=110)
    d.text(8, 200, "never seen", role="ink-2")
    for n, x in enumerate(states):
        d.arrow(f"M{x} 281 V228", "input", "E" if n == 3 else "", (x + 8, 262))
        d.box(x, 206, f"e_t-{3 - n}" if n < 3 else "e_t", "input", w=56)
        d.arrow(f"M{x} 184 V150", "input", "W" if n == 3 else "", (x + 8, 172))
        d.box(x, 128, f"h_t-{3 - n}" if n < 3 else "h_t", "hidden", w=56)
        if n:
            d.arrow(f"M{x - 54} 128 H{x - 30}", "hidden", "U" if n == 3 else "", (x - 46, 118))
    d.arrow(f"M{states[3]} 106 V72", "output", "V", (states[3] + 10, 94))
    d.box(states[3], 50, "ŷ_t", "output", w=56)
    return d


def step() -> Drawing:
    """One step of the recurrent language model, from the number of a word to a probability for every word."""
    d = Drawing(640, 420)
    x = 270
    d.arrow(f"M{x} 359 V310", "input", "E", (x + 10, 340))
    d.arrow(f"M{x} 266 V222", "input", "W", (x + 10, 250))
    d.arrow(f"M{x - 134} 200 H{x - 64}", "hidden", "U", (x - 108, 190))
    d.arrow(f"M{x} 178 V134", "output", "V", (x + 10, 162))
    d.arrow(f"M{x} 90 V64", "output", "softmax", (x + 10, 82), math=False)
    d.box(x, 380, "x_t", "input", w=120)
    d.box(x, 288, "e_t", "input", w=120)
    d.box(x, 200, "h_t", "hidden", w=120)
    d.box(x - 176, 200, "h_t-1", "hidden", w=80)
    d.box(x, 112, "", "output", w=190)
    d.text(x - 17, 118, "V", size=18, math=True)
    d.text(x + 1, 118, "h_t", size=18, math=True)
    d.box(x, 42, "ŷ_t", "output", w=190)
    for y, first, second in (
        (384, "the word as a one-hot vector:", "a 1 at its own place, else zeros"),
        (292, "its embedding, d numbers", ""),
        (204, "the state, d numbers", ""),
        (116, "a score for every word", ""),
        (46, "a probability for every word", ""),
    ):
        d.text(x + 116, y - (8 if second else 0), first, role="ink-2")
        d.text(x + 116, y + 12, second, role="ink-2") if second else None
    return d


def training() -> Drawing:
    """Every step has a loss: minus the log of the probability that the true next word got; the true word is read next."""
    d = Drawing(700, 400)
    nexts = [*WORDS[1:], "fish"]
    xs = [150 + 150 * n for n in range(4)]
    labels = ((376, "reads"), (296, "embedding"), (216, "state"), (136, "prediction"), (66, "loss"))
    for y, text in labels:
        d.text(8, y, text, role="ink-2")
    for n, (x, word, target) in enumerate(zip(xs, WORDS, nexts, strict=True)):
        if n:
            d.arrow(f"M{xs[n - 1] + 38} 211 H{x - 40}", "hidden", "U", (x - 104, 202))
        for y in (350, 270):
            d.arrow(f"M{x} {y} V{y - 36}", "input")
        d.arrow(f"M{x} 189 V154", "output")
        d.arrow(f"M{x} 109 V80", "ink-2")
        d.box(x, 371, word, "input", w=86, h=36)
        d.box(x, 291, f"e_{n + 1}", "input", h=38)
        d.box(x, 211, f"h_{n + 1}", "hidden", h=38)
        d.box(x, 131, f"ŷ_{n + 1}", "output", h=38)
        d.text(x, 66, f"−log ŷ[{target}]", anchor="middle")
        d.text(x, 24, target, weight=600, anchor="middle")
    d.text(8, 24, "comes next", role="ink-2")
    for a, target in pairwise(xs):
        d.arrow(
            f"M{a + 26} 20 C{a + 78} 20 {a + 62} 120 {a + 74} 230 S{target - 66} 340 {target - 46} 360",
            "ink-2",
            dashed=True,
        )
    return d


DRAWINGS = {"contexts": contexts, "step": step, "training": training}
