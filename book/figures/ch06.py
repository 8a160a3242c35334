"""The drawings of chapter 6."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import SERIF, Drawing, colour


def state(d: Drawing, x: float, y: float, above: str, below: str, w: float = 72, faint: bool = False) -> None:
    """A box with the letter h, its direction or layer above and its step below."""
    d.box(x, y, "", "hidden", w=w, faint=faint)
    d.marks.append(
        f'<text x="{x:g}" y="{y + 6:g}" font-size="18" text-anchor="middle" font-family="{SERIF}" fill="{colour("ink")}">'
        f'<tspan font-style="italic">h</tspan><tspan dy="-7" font-size="12">{above}</tspan>'
        f'<tspan dy="11" font-size="12">{below}</tspan></text>'
    )


def stack() -> Drawing:
    """Three layers over four steps: each layer's states are the next one's inputs."""
    d = Drawing(700, 440)
    xs, ys = (210, 340, 470, 600), (300, 210, 120)
    for n, x in enumerate(xs):
        step = str(n + 1)
        d.arrow(f"M{x} 368 V323", "input")
        for low, high in ((278, 233), (188, 143)):
            d.arrow(f"M{x} {low} V{high}", "input")
        d.arrow(f"M{x} 98 V63", "output")
        d.box(x, 390, f"x_{step}", "input")
        for layer, y in enumerate(ys, start=1):
            state(d, x, y, f"({layer})", step)
            if n:
                d.arrow(f"M{xs[n - 1] + 37} {y} H{x - 38}", "hidden")
        d.box(x, 40, f"y_{step}", "output")
    for layer, y in enumerate(ys, start=1):
        d.text(20, y - 4, f"RNN {layer}", weight=600)
        d.text(20, y + 15, ("reads the words", "reads layer 1", "reads layer 2")[layer - 1], role="ink-2")
    d.text(20, 395, "inputs", role="input")
    d.text(20, 45, "final output", role="output")
    return d


def both_ways() -> Drawing:
    """Two independent networks over four steps; at each step both states are put side by side."""
    d = Drawing(740, 430)
    xs, forward, backward, joined = (230, 370, 510, 650), 280, 200, 100
    for n, x in enumerate(xs):
        step = str(n + 1)
        for left, height, role in ((-24, forward + 21, "input"), (24, backward + 21, "input")):
            d.arrow(f"M{x + left} 358 V{height + 1}", role)
        d.arrow(f"M{x - 24} {forward - 21} V{joined + 22}", "hidden")
        d.arrow(f"M{x + 24} {backward - 21} V{joined + 22}", "hidden")
        d.arrow(f"M{x} {joined - 21} V53", "output")
        d.box(x, 380, f"x_{step}", "input", w=84)
        if n:
            d.arrow(f"M{xs[n - 1] + 4} {forward} H{x - 53}", "hidden")
            d.arrow(f"M{x - 5} {backward} H{xs[n - 1] + 53}", "hidden")
        state(d, x - 24, forward, "f", step, w=54)
        state(d, x + 24, backward, "b", step, w=54)
        state(d, x - 24, joined, "f", step, w=48)
        state(d, x + 24, joined, "b", step, w=48)
        d.box(x, 32, f"y_{step}", "output", w=60)
    d.text(20, forward - 4, "forward RNN", weight=600)
    d.text(20, forward + 15, "own W, own U", role="ink-2")
    d.text(20, backward - 4, "backward RNN", weight=600)
    d.text(20, backward + 15, "own W, own U", role="ink-2")
    d.text(20, joined - 4, "both, side by side", weight=600)
    d.text(20, joined + 15, "left and right", role="ink-2")
    d.text(20, 385, "inputs", role="input")
    return d


def final_states() -> Drawing:
    """For one class: the forward network's last state and the backward network's, which stands at the first word."""
    d = Drawing(740, 400)
    xs, forward, backward = (110, 260, 410, 560), 255, 175
    for n, x in enumerate(xs):
        step = str(n + 1)
        d.arrow(f"M{x - 24} 328 V{forward + 22}", "input")
        d.arrow(f"M{x + 24} 328 V{backward + 22}", "input")
        d.box(x, 350, f"x_{step}", "input", w=84)
        if n:
            d.arrow(f"M{xs[n - 1] + 4} {forward} H{x - 53}", "hidden")
            d.arrow(f"M{x - 5} {backward} H{xs[n - 1] + 53}", "hidden")
        state(d, x - 24, forward, "f", step, w=54, faint=n < 3)
        state(d, x + 24, backward, "b", step, w=54, faint=n > 0)
    d.arrow("M134 154 V96 H275", "hidden")
    d.arrow(f"M564 {forward} H640 V96 H409", "hidden")
    state(d, 308, 96, "b", "1", w=62)
    state(d, 374, 96, "f", "4", w=62)
    d.arrow("M341 74 V57", "output")
    d.box(341, 36, "feedforward network, softmax", "output", w=230)
    d.text(20, 60, "final state of the", role="hidden")
    d.text(20, 78, "backward RNN", role="hidden")
    d.text(600, 60, "final state of the", role="hidden")
    d.text(600, 78, "forward RNN", role="hidden")
    return d


def own_length() -> Drawing:
    """Reversing a padded sentence of three words in a row of five: wrong, then right."""
    d = Drawing(760, 220)
    rows = (
        (40, "as it stands", ("she", "left", "early", "pad", "pad"), ""),
        (110, "the whole row", ("pad", "pad", "early", "left", "she"), "wrong: padding first"),
        (180, "its own length", ("early", "left", "she", "pad", "pad"), "right: padding stays"),
    )
    for y, name, words, verdict in rows:
        d.text(20, y + 5, name, weight=600)
        d.text(590, y + 5, verdict, role="ink-2")
        for n, word in enumerate(words):
            d.box(180 + 88 * n, y, word, "input", w=76, h=36, faint=word == "pad")
    return d


DRAWINGS = {"stack": stack, "both_ways": both_ways, "final_states": final_states, "own_length": own_length}
