"""The drawings of chapter 5."""

import sys
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import Drawing


def labeling() -> Drawing:
    """A tag for each word: embeddings in, one network over all steps, a distribution over the tags at each."""
    d = Drawing(700, 330)
    words, tags = ["Janet", "will", "back", "the", "bill"], ["PROPN", "AUX", "VERB", "DET", "NOUN"]
    for y, text in ((306, "words"), (242, "embeddings"), (168, "RNN"), (95, "softmax"), (31, "argmax")):
        d.text(8, y, text, role="ink-2")
    xs = [160 + 122 * n for n in range(5)]
    d.box((xs[0] + xs[-1]) / 2, 163, "", "hidden", w=xs[-1] - xs[0] + 96, h=54)
    for n, (x, word, tag) in enumerate(zip(xs, words, tags, strict=True)):
        d.arrow(f"M{x} 283 V262", "input", "E" if n == 0 else "", (x + 8, 279))
        d.arrow(f"M{x} 218 V194", "input", "W" if n == 0 else "", (x + 8, 212))
        d.arrow(f"M{x} 135 V112", "output", "V" if n == 0 else "", (x + 8, 130))
        d.arrow(f"M{x} 70 V48", "output")
        if n:
            d.arrow(f"M{xs[n - 1] + 24} 163 H{x - 26}", "hidden", "U" if n == 1 else "", (x - 68, 154))
        d.text(x, 169, f"h_{n + 1}", role="hidden", size=18, anchor="middle", math=True)
        d.box(x, 301, word, "input", w=86, h=34)
        d.box(x, 238, f"e_{n + 1}", "input", h=36)
        d.box(x, 91, f"y_{n + 1}", "output", h=38)
        d.text(x, 34, tag, weight=600, anchor="middle")
    return d


def classification() -> Drawing:
    """Three ways to make one vector of all states; a feedforward network turns it into a class."""
    d = Drawing(700, 400)
    xs = [70, 170, 270, 370]
    for n, x in enumerate(xs):
        label = ("x_1", "x_2", "x_3", "x_n")[n]
        d.arrow(f"M{x} 354 V322", "input", "W" if n == 0 else "", (x + 8, 344))
        d.box(x, 374, label, "input", h=38)
        if n:
            dashed = n == 3
            d.arrow(
                f"M{xs[n - 1] + 38} 298 H{x - 40}",
                "hidden",
                "" if n != 1 else "U",
                (x - 62, 288),
                dashed=dashed,
            )
        d.box(x, 298, ("h_1", "h_2", "h_3", "h_n")[n], "hidden", h=44)
        d.line(f"M{x} 276 V226", "hidden", dashed=n < 3)
    d.line("M70 226 H370", "hidden", dashed=True)
    d.arrow("M370 226 V196", "hidden")
    d.box(370, 172, "r", "hidden", w=96, h=42)
    d.arrow("M370 151 V128", "output", "W_ff", (380, 146))
    d.box(370, 106, "z", "output", w=96, h=38)
    d.arrow("M370 87 V64", "output", "V", (380, 82))
    d.box(370, 42, "y", "output", w=96, h=38)
    d.text(8, 214, "all states, for a mean or a maximum", role="ink-2")
    for y, text in (
        (303, "states, no output of their own"),
        (178, "one vector: last, mean or max"),
        (111, "feedforward network"),
        (47, "a probability for each class"),
    ):
        d.text(432, y, text, role="ink-2")
    d.text(432, 24, "the only loss is here", weight=600)
    return d


def generation() -> Drawing:
    """The word that was drawn from one prediction is the next step's input."""
    d = Drawing(700, 380)
    drawn, read = ["So", "long", "and", "…"], ["<s>", "So", "long", "and"]
    for y, text in ((356, "reads"), (290, "embedding"), (215, "RNN"), (143, "softmax"), (75, "sampled")):
        d.text(8, y, text, role="ink-2")
    xs = [160 + 152 * n for n in range(4)]
    d.box((xs[0] + xs[-1]) / 2, 210, "", "hidden", w=xs[-1] - xs[0] + 104, h=54)
    for n, x in enumerate(xs):
        d.arrow(f"M{x} 332 V308", "input")
        d.arrow(f"M{x} 266 V241", "input")
        d.arrow(f"M{x} 182 V160", "output")
        d.arrow(f"M{x} 118 V92", "output")
        if n:
            d.arrow(f"M{xs[n - 1] + 26} 210 H{x - 28}", "hidden")
        d.text(x, 216, f"h_{n + 1}", role="hidden", size=18, anchor="middle", math=True)
        d.box(x, 351, read[n], "input", w=82, h=36)
        d.box(x, 286, f"e_{n + 1}", "input", h=38)
        d.box(x, 139, f"ŷ_{n + 1}", "output", h=40)
        d.text(x, 76, drawn[n], weight=600, anchor="middle")
    for a, b in pairwise(xs):
        d.arrow(
            f"M{a + 30} 70 C{a + 92} 70 {a + 70} 150 {a + 78} 220 S{b - 70} 340 {b - 46} 350",
            "ink-2",
            dashed=True,
        )
    d.text(xs[0], 32, "each word that was drawn is read next", role="ink-2")
    return d


DRAWINGS = {"labeling": labeling, "classification": classification, "generation": generation}
