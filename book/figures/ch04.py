"""The drawings of chapter 4."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import Drawing

WORDS = ["the", "fish", "swim", "green", "you"]


def tables() -> Drawing:
    """E has a column for each word, V a row for each word: the same shape, turned."""
    d = Drawing(700, 270)
    side, rows = 34, 3
    ex, ey, vx, vy = 60, 96, 470, 66
    d.text(ex, 24, "E", "input", size=20, math=True)
    d.text(ex + 20, 23, "d numbers high, a column a word: read", role="ink-2")
    d.text(vx - 70, 24, "V", "output", size=20, math=True)
    d.text(vx - 50, 23, "d numbers wide, a row a word: guess", role="ink-2")
    for w, word in enumerate(WORDS):
        marked = word == "fish"
        for j in range(rows):
            at = ex + side * (w + 0.5), ey + side * (j + 0.5)
            d.box(*at, "", "input", w=side - 4, h=side - 4, faint=not marked)
            d.box(
                vx + side * (j + 0.5),
                vy + side * (w + 0.5),
                "",
                "output",
                w=side - 4,
                h=side - 4,
                faint=not marked,
            )
        weight, role = (600, "ink") if marked else (400, "ink-2")
        d.text(ex + side * (w + 0.5), ey - 10 - 18 * (w % 2), word, role, anchor="middle", weight=weight)
        d.text(vx - 10, vy + side * (w + 0.5) + 5, word, role, anchor="end", weight=weight)
    fish = ex + side * 1.5
    d.arrow(f"M{fish} {ey + rows * side + 34} V{ey + rows * side + 4}", "input")
    d.text(fish, ey + rows * side + 52, "the word just read", "ink-2", anchor="middle")
    d.arrow(f"M{vx + rows * side + 4} {vy + side * 1.5} H{vx + rows * side + 34}", "output")
    d.text(vx + rows * side + 40, vy + side * 1.5 - 3, "its score", "ink-2")
    d.text(vx + rows * side + 40, vy + side * 1.5 + 15, "as the next", "ink-2")
    return d


def tied() -> Drawing:
    """One step of the tied model: E serves at both ends, and both uses send a gradient back to it."""
    d = Drawing(660, 400)
    x, e = 400, 130
    d.arrow(f"M{x} 341 V292", "input", "E", (x + 10, 324))
    d.arrow(f"M{x} 248 V204", "input", "W", (x + 10, 232))
    d.arrow(f"M{x - 124} 182 H{x - 64}", "hidden", "U", (x - 102, 172))
    d.arrow(f"M{x} 160 V116", "output", "Eᵀ", (x + 10, 145))
    d.arrow(f"M{x} 73 V52", "output")
    d.box(x, 362, "x_t", "input", w=120)
    d.box(x, 270, "e_t", "input", w=120)
    d.box(x, 182, "h_t", "hidden", w=120)
    d.box(x - 165, 182, "h_t-1", "hidden", w=76)
    d.box(x, 94, "scores", "output", w=120)
    d.box(x, 30, "ŷ_t", "output", w=120)
    d.box(e - 66, 216, "E", "input", w=92, h=64)
    d.text(e - 66, 272, "one matrix", role="ink-2", anchor="middle")
    d.line(f"M{e - 20} 232 H{e + 20} V330 H{x - 8}", "input")
    d.line(f"M{e - 20} 200 H{e + 20} V132 H{x - 8}", "output")
    d.arrow(f"M{x - 16} 318 H{e + 32} V240", "grad", dashed=True)
    d.arrow(f"M{x - 16} 144 H{e + 32} V206", "grad", dashed=True)
    d.text(e + 42, 306, "dE of the reading", "grad")
    d.text(e + 42, 122, "dE of the guessing", "grad")
    d.text(e + 26, 229, "+", "grad", size=20)
    d.text(x + 76, 330, "read: a column of E", role="ink-2")
    d.text(x + 76, 142, "guess: the same columns,", role="ink-2")
    d.text(x + 76, 160, "as rows of Eᵀ", role="ink-2")
    return d


DRAWINGS = {"tables": tables, "tied": tied}
