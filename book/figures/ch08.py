"""The drawings of chapter 8."""

import sys
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import Drawing

SOURCE, TARGET = ["the", "green", "witch", "arrived"], ["llegó", "la", "bruja", "verde"]
SEPARATOR, END = "<s>", "</s>"


def _row(d: Drawing, xs: list[float], y: float, w: float = 34, h: float = 26, role: str = "hidden") -> None:
    """A row of states without names, joined from left to right."""
    for left, right in pairwise(xs):
        d.arrow(f"M{left + w / 2 + 1:g} {y:g} H{right - w / 2 - 2:g}", role)
    for x in xs:
        d.box(x, y, "", role, w=w, h=h)


def _column(d: Drawing, x: float, y: float, below: str = "", above: str = "") -> None:
    """An input under the state at (x, y), an output over it, or one of the two."""
    if below:
        d.arrow(f"M{x:g} {y + 41:g} V{y + 15:g}", "input")
        d.text(x, y + 56, below, "input", anchor="middle", math=len(below.partition("_")[0]) == 1, size=15)
    if above:
        d.arrow(f"M{x:g} {y - 14:g} V{y - 40:g}", "output")
        d.text(x, y - 48, above, "output", anchor="middle", math=len(above.partition("_")[0]) == 1, size=15)


def four() -> Drawing:
    """Labeling, classification, language modelling and encoder-decoder, each a network over a few steps."""
    d = Drawing(700, 420)
    places = ((0, 0, "(a) sequence labeling"), (355, 0, "(b) sequence classification"),
              (0, 210, "(c) language modelling"), (355, 210, "(d) encoder–decoder"))  # fmt: skip
    for x0, y0, title in places:
        d.text(x0 + 8, y0 + 20, title, weight=600)
    xs = [70 + 80 * n for n in range(4)]
    _row(d, xs, 118)
    for n, x in enumerate(xs, 1):
        _column(d, x, 118, f"x_{n}", f"y_{n}")
    xs = [425 + 80 * n for n in range(4)]
    _row(d, xs, 118)
    for n, x in enumerate(xs, 1):
        _column(d, x, 118, f"x_{n}", "y" if n == 4 else "")
    xs = [70 + 80 * n for n in range(4)]
    _row(d, xs, 328)
    for n, x in enumerate(xs, 1):
        _column(d, x, 328, f"x_{n}", f"x_{n + 1}")
    read, write = [395, 445, 495], [575, 625, 675]
    _row(d, read, 328, w=30)
    for n, x in enumerate(read, 1):
        _column(d, x, 328, f"x_{n}")
    d.arrow("M511 328 H557", "cell")
    d.text(534, 316, "context", "cell", anchor="middle")
    _row(d, write, 328, w=30)
    for n, x in enumerate(write, 1):
        _column(d, x, 328, "", f"y_{n}")
    return d


def parts() -> Drawing:
    """Encoder, context and decoder, whatever the two are made of."""
    d = Drawing(640, 220)
    d.box(120, 110, "encoder", "hidden", w=180, h=64)
    d.box(320, 110, "context c", "cell", w=110, h=48)
    d.box(520, 110, "decoder", "hidden", w=180, h=64)
    d.arrow("M212 110 H263", "cell")
    d.arrow("M377 110 H428", "cell")
    for n, x in enumerate((60, 120, 180)):
        d.arrow(f"M{x} 183 V144", "input")
        d.text(x, 202, ("x_1", "…", "x_n")[n], "input", size=17, anchor="middle", math=n != 1)
    for n, x in enumerate((450, 520, 590)):
        d.arrow(f"M{x} 77 V38", "output")
        d.text(x, 26, ("y_1", "…", "y_m")[n], "output", size=17, anchor="middle", math=n != 1)
    return d


def one_sequence() -> Drawing:
    """The source, the separator and the translation as one sequence: each written word is the next input."""
    d = Drawing(760, 300)
    xs, y = [50 + 82 * n for n in range(9)], 160
    _row(d, xs, y, w=44, h=34)
    for n, word in enumerate([*SOURCE, SEPARATOR, *TARGET]):
        d.arrow(f"M{xs[n]} {y + 62} V{y + 19}", "input")
        d.text(xs[n], y + 80, word, "input", anchor="middle", weight=600 if word == SEPARATOR else 400)
    for n, word in enumerate([*TARGET, END], 4):
        d.arrow(f"M{xs[n]} {y - 18} V{y - 62}", "output")
        d.text(xs[n], y - 72, word, "output", anchor="middle")
    for left, right in pairwise(xs[4:]):
        d.arrow(
            f"M{left + 18} {y - 72} C{left + 50} {y - 62} {left + 34} {y + 60} {right - 26} {y + 76}",
            "ink-2",
            dashed=True,
        )
    d.line(f"M{xs[3] + 41} 22 V{y + 116}", "ink-2", dashed=True)
    d.text(xs[0] - 22, 36, "source text: it only reads", weight=600)
    d.text(xs[4] - 28, 36, "target text: it writes, and reads what it wrote", weight=600)
    d.text(xs[4], y + 118, "separator", "ink-2", anchor="middle")
    return d


def context() -> Drawing:
    """The last encoder state is c; it is the decoder's first state, and is read again at every step."""
    d = Drawing(760, 330)
    y, read, write = 175, [50, 122, 194, 266], [470, 556, 642]
    for n, x in enumerate(read, 1):
        d.arrow(f"M{x} {y + 70} V{y + 23}", "input")
        d.text(x, y + 90, "x_n" if n == 4 else f"x_{n}", "input", size=17, anchor="middle", math=True)
        if n < 4:
            d.arrow(f"M{x + 25} {y} H{x + 46}", "hidden")
        d.box(x, y, "h^e_n" if n == 4 else f"h^e_{n}", "hidden", w=48)
    d.box(368, y, "", "cell", w=96)
    for at, symbol in ((334, "c"), (352, "="), (372, "h^d_0")):
        d.text(at, y + 6, symbol, size=18, math=True)
    d.arrow(f"M291 {y} H318", "cell")
    d.arrow(f"M417 {y} H442", "cell")
    d.line(f"M368 {y - 21} V{y - 72} H626", "cell")
    for n, x in enumerate(write, 1):
        d.arrow(f"M{x - 16} {y - 72} V{y - 22}", "cell")
        d.arrow(f"M{x + 10} {y - 21} V{y - 96}", "output")
        d.text(x + 10, y - 106, f"ŷ_{n}", "output", size=17, anchor="middle", math=True)
        d.arrow(f"M{x} {y + 70} V{y + 23}", "input")
        below = SEPARATOR if n == 1 else f"y_{n - 1}"
        d.text(x, y + 90, below, "input", size=17, anchor="middle", math=n > 1)
        if n > 1:
            d.arrow(f"M{x - 59} {y} H{x - 28}", "hidden")
        d.box(x, y, f"h^d_{n}", "hidden", w=52)
    d.text(690, y + 5, "…", size=18)
    d.text(158, y + 128, "encoder", weight=600, anchor="middle")
    d.text(556, y + 128, "decoder", weight=600, anchor="middle")
    return d


def training() -> Drawing:
    """Every step of the decoder has a loss against the gold word; the gold word is read next, and the gradient goes to both networks."""
    d = Drawing(760, 400)
    y, read, write = 262, [46, 112, 178, 244], [338, 428, 518, 608, 698]
    for n, (x, word) in enumerate(zip(read, SOURCE, strict=True)):
        d.arrow(f"M{x} {y + 62} V{y + 19}", "input")
        d.text(x, y + 80, word, "input", anchor="middle")
        if n:
            d.arrow(f"M{x - 43} {y - 6} H{x - 24}", "hidden")
            d.arrow(f"M{x - 24} {y + 7} H{x - 42}", "grad", dashed=True)
        d.box(x, y, "", "hidden", w=44, h=34)
    inputs, asked = [SEPARATOR, *TARGET], [*TARGET, END]
    for n, x in enumerate(write):
        before = read[-1] if n == 0 else write[n - 1]
        d.arrow(f"M{before + 23} {y - 6} H{x - 24}", "cell" if n == 0 else "hidden")
        d.arrow(f"M{x - 24} {y + 7} H{before + 24}", "grad", dashed=True)
        d.arrow(f"M{x} {y + 62} V{y + 19}", "input")
        d.text(x, y + 80, inputs[n], "input", anchor="middle", weight=600 if n == 0 else 400)
        d.arrow(f"M{x - 6} {y - 18} V{y - 56}", "output")
        d.arrow(f"M{x + 7} {y - 57} V{y - 19}", "grad", dashed=True)
        d.box(x, y, "", "hidden", w=44, h=34)
        d.box(x, y - 76, f"ŷ_{n + 1}", "output", w=54, h=36)
        d.arrow(f"M{x} {y - 95} V{y - 126}", "ink-2")
        d.text(x, y - 134, f"−log ŷ[{asked[n]}]", size=13, anchor="middle")
        d.text(x, 84, asked[n], weight=600, anchor="middle")
    d.text(300, 58, "gold word: asked for here, read at the next step", "ink-2")
    d.text(8, y - 134, "loss of each step", "ink-2")
    d.text(8, y - 112, "their mean: loss of the sentence", "ink-2")
    d.text(8, y + 118, "dashed: the gradient, through the decoder and on into the encoder", "grad")
    d.text(300, 28, "training: the model's own words are not read", weight=600)
    return d


DRAWINGS = {
    "four": four,
    "parts": parts,
    "one_sequence": one_sequence,
    "context": context,
    "training": training,
}
