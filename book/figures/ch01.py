"""The drawings of chapter 1."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import Drawing


def window() -> Drawing:
    """A fixed window slides over a sentence: what lies left of it does not exist; each place has its own weights."""
    d = Drawing(700, 250)
    words, x0, step = ["the", "flights", "the", "airline", "was", "canceling"], 60, 100
    for n, word in enumerate(words):
        inside = n >= 3
        d.box(x0 + n * step, 205, word, "input", w=86, h=34, faint=not inside)
        if inside:
            x = x0 + n * step
            d.arrow(
                f"M{x} 186 L{x + (4 - n) * 72:g} 133",
                "input",
                f"W_{n - 2}",
                (x + (4 - n) * 36 + (10 if n != 3 else -32), 162),
            )
    d.box(x0 + 4 * step, 112, "h", "hidden", w=150)
    d.arrow(f"M{x0 + 4 * step} 91 V58", "output", "V", (x0 + 4 * step + 10, 80))
    d.box(x0 + 4 * step, 37, "y", "output", w=110, h=38)
    d.text(x0, 150, "outside the window:", role="ink-2")
    d.text(x0, 169, "the network never sees these", role="ink-2")
    return d


def elman() -> Drawing:
    """The simple recurrent network: a hidden layer that is also its own input, one step later."""
    d = Drawing(420, 290)
    x = 170
    d.arrow(f"M{x} 229 V168", "input", "W", (x - 10, 206), anchor="end")
    d.arrow(f"M{x} 124 V63", "output", "V", (x - 10, 100), anchor="end")
    d.arrow(f"M{x + 37} 137 H{x + 92} V196 H{x + 20} V168", "hidden", "U", (x + 100, 172), dashed=True)
    d.box(x, 250, "x_t", "input")
    d.box(x, 146, "h_t", "hidden")
    d.box(x, 42, "y_t", "output")
    d.text(x + 118, 163, "h becomes the", role="ink-2")
    d.text(x + 118, 181, "next step’s past", role="ink-2")
    for y, text in ((255, "input"), (151, "hidden state"), (47, "output")):
        d.text(x - 50, y, text, role="ink-2", anchor="end")
    return d


def feedforward() -> Drawing:
    """The same step as a feedforward network with two inputs."""
    d = Drawing(560, 290)
    d.arrow("M190 229 L262 168", "hidden", "U", (200, 196))
    d.arrow("M370 229 L298 168", "input", "W", (346, 196))
    d.arrow("M280 124 V63", "output", "V", (290, 100))
    d.box(180, 250, "h_t-1", "hidden")
    d.box(380, 250, "x_t", "input")
    d.box(280, 146, "h_t", "hidden", w=120)
    d.box(280, 42, "y_t", "output", w=120)
    d.text(134, 255, "the step before", role="ink-2", anchor="end")
    d.text(426, 255, "the word now", role="ink-2")
    d.text(350, 151, "both sums added, then g", role="ink-2")
    return d


def unrolled() -> Drawing:
    """The network unrolled over three steps: new values at each step, the same three matrices."""
    d = Drawing(700, 300)
    d.box(70, 150, "h_0", "hidden", w=60)
    for t, word in enumerate(["the", "green", "witch"], start=1):
        x = 70 + 190 * t
        d.arrow(f"M{x - (160 if t == 1 else 154)} 150 H{x - 38}", "hidden", "U", (x - 104, 140))
        d.arrow(f"M{x} 233 V172", "input", "W", (x + 10, 210))
        d.arrow(f"M{x} 128 V67", "output", "V", (x + 10, 104))
        d.box(x, 254, f"x_{t}", "input")
        d.box(x, 150, f"h_{t}", "hidden")
        d.box(x, 46, f"y_{t}", "output")
        d.text(x, 294, word, role="ink-2", anchor="middle")
    return d


DRAWINGS = {"window": window, "elman": elman, "feedforward": feedforward, "unrolled": unrolled}
