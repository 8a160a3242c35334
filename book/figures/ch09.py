"""The drawings of chapter 9."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import Drawing

SOURCE = ("the", "green", "witch", "arrived")
TARGET = ("llegó", "la", "bruja", "verde")


def bottleneck() -> Drawing:
    """Everything that the decoder knows of the source has gone through one vector."""
    d = Drawing(700, 240)
    for j, word in enumerate(SOURCE, start=1):
        x = 44 + 70 * (j - 1)
        if j < 4:
            d.arrow(f"M{x + 25} 110 H{x + 44}", "hidden")
        d.arrow(f"M{x} 172 V132", "input")
        d.box(x, 110, f"h_{j}", "hidden", w=48)
        d.text(x, 192, word, role="input", anchor="middle")
    d.arrow("M279 110 H317", "hidden")
    d.line("M300 20 L320 76 M300 200 L320 144 M400 20 L380 76 M400 200 L380 144", "ink-2")
    d.box(350, 110, "c", "cell", w=58, h=56)
    for i, word in enumerate(TARGET, start=1):
        x = 446 + 70 * (i - 1)
        if i < 4:
            d.arrow(f"M{x + 25} 110 H{x + 44}", "hidden")
        d.arrow(f"M{x} 88 V54", "output")
        d.box(x, 110, f"h_{i}", "hidden", w=48)
        d.text(x, 42, word, role="output", anchor="middle")
    d.arrow("M380 110 H420", "cell")
    d.text(149, 228, "encoder", role="ink-2", anchor="middle")
    d.text(551, 228, "decoder", role="ink-2", anchor="middle")
    d.text(350, 228, "all it will ever know", role="cell", anchor="middle")
    return d


def contexts() -> Drawing:
    """A context for each step of the decoder, each from all states of the encoder."""
    d = Drawing(700, 420)
    xs = [140 + 140 * k for k in range(4)]
    for j, (x, word) in enumerate(zip(xs, SOURCE, strict=True), start=1):
        for k in range(3):
            target = 210 + 140 * k
            d.line(f"M{x} 298 L{target} 244", "attend", dashed=True)
        if j < 4:
            d.arrow(f"M{x + 30} 320 H{x + 109}", "hidden")
        d.arrow(f"M{x} 384 V342", "input")
        d.box(x, 320, f"h_{j}", "hidden", w=58)
        d.text(x, 406, word, role="input", anchor="middle")
    d.box(80, 120, "h_0", "hidden", w=58)
    d.arrow("M110 120 H179", "hidden")
    d.arrow("M104 141 Q136 214 179 222", "attend")
    for i, word in enumerate(TARGET[:3], start=1):
        x = 210 + 140 * (i - 1)
        d.box(x, 222, f"c_{i}", "cell", w=58)
        d.arrow(f"M{x} 200 V143", "cell")
        if i < 3:
            d.arrow(f"M{x + 30} 120 H{x + 109}", "hidden")
            d.arrow(f"M{x + 24} 141 Q{x + 70} 214 {x + 109} 222", "attend")
        d.arrow(f"M{x} 98 V52", "output")
        d.box(x, 120, f"h_{i}", "hidden", w=58)
        d.text(x, 40, word, role="output", anchor="middle")
    d.text(20, 76, "decoder", role="ink-2")
    d.text(20, 228, "contexts", role="cell")
    d.text(20, 326, "encoder", role="ink-2")
    return d


def step() -> Drawing:
    """One context c_i: scores, softmax, weighted sum; and what reads it."""
    d = Drawing(720, 420)
    xs, alphas = (120, 240, 360, 480), (0.05, 0.1, 0.8, 0.05)
    for j, (x, word, alpha) in enumerate(zip(xs, SOURCE, alphas, strict=True), start=1):
        d.arrow(f"M{x} 330 V286", "hidden")
        d.box(x, 266, "score", "attend", w=66, h=36)
        d.arrow(f"M{x} 246 V204", "attend")
        top = 200 - 90 * alpha
        d.line(f"M{x - 14} 200 H{x + 14} V{top:g} H{x - 14} Z", "attend")
        d.text(x + 20, 196, f"{alpha:g}", role="attend")
        d.box(x, 350, f"h_{j}", "hidden", w=58)
        d.text(x, 396, word, role="input", anchor="middle")
        if j < 4:
            d.arrow(f"M{x + 30} 350 H{x + 89}", "hidden")
    d.text(20, 272, "13.35", role="ink-2", size=13)
    d.text(20, 196, "13.36", role="ink-2", size=13)
    d.text(20, 70, "13.37", role="ink-2", size=13)
    d.box(300, 64, "c_i", "cell", w=64)
    for x, alpha in zip(xs, alphas, strict=True):
        d.arrow(f"M{x} {194 - 90 * alpha:g} L{300 + (x - 300) * 0.16:g} 87", "cell")
    d.arrow("M334 64 H557", "cell")
    d.box(600, 64, "h_i", "hidden", w=80)
    d.box(600, 190, "h_i-1", "hidden", w=80)
    d.arrow("M600 168 V87", "hidden")
    d.arrow("M600 212 V266 H515", "attend")
    d.text(610, 256, "compared", role="attend", size=13)
    d.text(610, 272, "with each", role="attend", size=13)
    d.arrow("M694 122 Q694 64 643 64", "output")
    d.text(712, 140, "word i − 1", role="output", anchor="end", size=13)
    d.arrow("M600 42 V14", "output")
    d.text(612, 24, "word i", role="output", size=13)
    d.text(650, 195, "decoder", role="ink-2", size=13)
    d.text(520, 355, "encoder", role="ink-2", size=13)
    return d


def to_itself() -> Drawing:
    """How far word 5 is from word 1: four steps of a recurrence, or one look."""
    d = Drawing(700, 220)
    for left, title in ((30, "recurrence: four steps"), (380, "self-attention: one look")):
        d.text(left + 145, 206, title, role="ink-2", anchor="middle")
        for t in range(1, 6):
            x = left + 20 + 62 * (t - 1)
            d.box(x, 156, f"x_{t}", "input", w=44, h=36)
            d.box(
                x, 60, f"h_{t}" if left < 100 else f"y_{t}", "hidden" if left < 100 else "output", w=44, h=36
            )
            if left < 100:
                d.arrow(f"M{x} 137 V80", "input")
                if t < 5:
                    d.arrow(f"M{x + 23} 60 H{x + 39}", "hidden")
            else:
                last = left + 20 + 62 * 4
                d.arrow(f"M{x} 137 L{last - (last - x) * 0.14:g} 80", "attend")
    return d


DRAWINGS = {"bottleneck": bottleneck, "contexts": contexts, "step": step, "to_itself": to_itself}
