"""The drawings of chapter 2."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import Drawing


def two_ways() -> Drawing:
    """A state is used twice, so its gradient comes from two places."""
    d = Drawing(640, 300)
    y, x = 200, 320
    for left, right in ((110, x), (x, 530)):
        d.arrow(f"M{left + 38} {y - 9} H{right - 39}", "hidden", "U", ((left + right) / 2 - 6, y - 17))
        d.arrow(f"M{right - 38} {y + 9} H{left + 39}", "grad", dashed=True)
    d.arrow(f"M{x - 9} {y - 22} V81", "output", "V", (x - 18, 146), anchor="end")
    d.arrow(f"M{x + 9} 82 V{y - 23}", "grad", dashed=True)
    d.box(110, y, "h_t-1", "hidden")
    d.box(x, y, "h_t", "hidden")
    d.box(530, y, "h_t+1", "hidden")
    d.box(x, 60, "y_t", "output")
    d.text(x + 46, 65, "the loss at step t", role="ink-2")
    d.text(x + 20, 122, "1  what its own output", role="grad")
    d.text(x + 20, 140, "sends back", role="grad")
    d.text(425, y + 36, "2  what all later", role="grad", anchor="middle")
    d.text(425, y + 54, "steps send back", role="grad", anchor="middle")
    d.text(215, y + 36, "both together go on", role="grad", anchor="middle")
    d.text(215, y + 54, "to the step before", role="grad", anchor="middle")
    return d


def two_passes() -> Drawing:
    """Forward over three steps, then back over them: every forward arrow is walked once in reverse."""
    d = Drawing(700, 350)
    d.box(70, 200, "h_0", "hidden", w=60)
    for t in (1, 2, 3):
        x = 70 + 190 * t
        before = x - (160 if t == 1 else 154)
        d.arrow(f"M{before} 191 H{x - 38}", "hidden", "U", (x - 104, 182))
        d.arrow(f"M{x - 37} 209 H{before + 1}", "grad", dashed=True)
        for low, high, role, letter in ((283, 222, "input", "W"), (178, 117, "output", "V")):
            d.arrow(f"M{x - 8} {low} V{high}", role, letter, (x - 17, (low + high) / 2 + 5), anchor="end")
            d.arrow(f"M{x + 8} {high} V{low}", "grad", dashed=True)
        d.arrow(f"M{x - 8} 74 V39", "output")
        d.arrow(f"M{x + 8} 40 V75", "grad", dashed=True)
        d.box(x, 304, f"x_{t}", "input")
        d.box(x, 200, f"h_{t}", "hidden")
        d.box(x, 96, f"y_{t}", "output")
        d.text(x, 28, f"L_{t}", size=18, anchor="middle", math=True)
    d.text(20, 304, "first pass: solid", role="ink-2")
    d.text(20, 324, "second pass: dashed", role="grad")
    return d


def segments() -> Drawing:
    """Eight steps in two segments: the state crosses the border, the gradient does not."""
    d = Drawing(700, 230)
    x0, step, y = 60, 82, 110
    d.line(f"M{x0 + 3.5 * step:g} 30 V206", "ink-2", dashed=True)
    for t in range(1, 9):
        x = x0 + (t - 1) * step
        d.box(x, y, f"h_{t}", "hidden", w=48, h=38)
        if t < 8:
            d.arrow(f"M{x + 26:g} {y - 8} H{x + step - 27:g}", "hidden")
        if t not in (1, 5):
            d.arrow(f"M{x - 26:g} {y + 9} H{x - step + 27:g}", "grad", dashed=True)
    d.text(x0 + 1.5 * step, 48, "segment 1", anchor="middle", weight=600)
    d.text(x0 + 5.5 * step, 48, "segment 2", anchor="middle", weight=600)
    d.text(x0 + 3.5 * step - 10, 78, "the state goes on", role="hidden", anchor="end")
    d.text(x0 + 3.5 * step + 10, 158, "the gradient stops here", role="grad")
    d.text(x0 + 5.5 * step, 192, "a loss at step 8 is felt back to step 5", role="ink-2", anchor="middle")
    return d


DRAWINGS = {"two_ways": two_ways, "two_passes": two_passes, "segments": segments}
