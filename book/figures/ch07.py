"""The drawings of chapter 7."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from draw import Drawing


def node(d: Drawing, x: float, y: float, text: str, role: str, r: float = 26) -> None:
    """An operation: a small round box with its sign."""
    d.box(x, y, text, role, w=r, h=r)


def pattern() -> Drawing:
    """The gate design pattern: a layer, a sigmoid, a product number by number."""
    d = Drawing(700, 230)
    d.box(70, 60, "x_t", "input")
    d.box(70, 130, "h_t-1", "hidden")
    d.box(270, 95, "sum", "gate", w=80)
    d.arrow("M107 60 L229 86", "gate", "W_f", (160, 60))
    d.arrow("M107 130 L229 104", "gate", "U_f", (160, 143))
    d.box(390, 95, "σ", "gate", w=44)
    d.arrow("M311 95 H367", "gate")
    node(d, 500, 95, "⊙", "gate", 34)
    d.arrow("M413 95 H482", "gate", "f_t", (434, 86))
    d.box(500, 190, "c_t-1", "cell")
    d.arrow("M500 169 V113", "cell")
    d.box(620, 95, "k_t", "cell")
    d.arrow("M518 95 H583", "cell")
    d.text(270, 40, "1  a layer", role="ink-2", anchor="middle")
    d.text(390, 40, "2  a sigmoid", role="ink-2", anchor="middle")
    d.text(500, 40, "3  a product", role="ink-2", anchor="middle")
    d.text(620, 40, "what is let through", role="ink-2", anchor="middle")
    d.text(452, 196, "what is gated", role="ink-2", anchor="end")
    return d


def unit() -> Drawing:
    """The whole LSTM step as a computation graph, after the book's figure 13.13."""
    d = Drawing(760, 430)
    top = 70
    d.box(60, top, "c_t-1", "cell", w=64)
    node(d, 200, top, "⊙", "gate", 34)
    node(d, 440, top, "+", "cell", 34)
    d.box(700, top, "c_t", "cell", w=64)
    d.arrow(f"M93 {top} H181", "cell")
    d.arrow(f"M218 {top} H421", "cell", "k_t", (300, top - 10))
    d.arrow(f"M458 {top} H666", "cell")
    node(d, 440, 165, "⊙", "gate", 34)
    d.arrow(f"M440 147 V{top + 19}", "cell", "j_t", (450, 116))
    d.box(560, 165, "tanh", "cell", w=58, h=32)
    d.arrow(f"M560 {top} V148", "cell")
    node(d, 560, 245, "⊙", "gate", 34)
    d.arrow("M560 181 V227", "cell")
    d.box(700, 245, "h_t", "hidden", w=64)
    d.arrow("M578 245 H666", "hidden")
    for x, role, sign in ((200, "gate", "σ"), (320, "cell", "tanh"), (440, "gate", "σ"), (560, "gate", "σ")):  # fmt: skip
        d.box(x, 310, sign, role, w=58, h=32)
        d.arrow(f"M{x} 372 V327", role)
    d.arrow(f"M200 293 V{top + 19}", "gate", "f_t", (208, 200))
    d.arrow("M440 293 V184", "gate", "i_t", (448, 245))
    d.arrow("M560 293 V264", "gate", "o_t", (570, 284))
    d.arrow("M320 293 V165 H421", "cell", "g_t", (328, 225))
    d.line("M93 345 H120 V372 H560", "hidden")
    d.line("M93 400 H130 V372", "input")
    d.box(60, 345, "h_t-1", "hidden", w=64)
    d.box(60, 400, "x_t", "input", w=64)
    d.text(200, 396, "forget", role="gate", anchor="middle")
    d.text(320, 396, "candidate", role="cell", anchor="middle")
    d.text(440, 396, "add", role="gate", anchor="middle")
    d.text(560, 396, "output", role="gate", anchor="middle")
    d.text(590, 422, "four layers, each with a U and a W of its own", role="ink-2", anchor="end")
    d.text(440, 30, "the cell's own way: a product and a sum", role="cell", anchor="middle")
    return d


def units() -> Drawing:
    """What goes into each kind of unit and what comes out, after the book's figure 13.14."""
    d = Drawing(720, 250)
    for x, name, first in (
        (110, "(a) feedforward", "h"),
        (340, "(b) simple recurrent", "h_t"),
        (590, "(c) LSTM", "h_t"),
    ):
        cell = name.startswith("(c)")
        d.box(
            x, 120, "gates inside" if cell else "g", "cell" if cell else "hidden", w=130 if cell else 84, h=56
        )
        d.box(x, 214, "x" if name.startswith("(a)") else "x_t", "input", w=56)
        d.arrow(f"M{x} 193 V149", "input")
        d.arrow(f"M{x} 91 V57", "hidden")
        d.box(x, 36, first, "hidden", w=56)
        d.text(x + 40, 219, name, role="ink-2")
    d.text(232, 126, "h_t-1", role="hidden", size=17, math=True, anchor="end")
    d.arrow("M238 120 H297", "hidden")
    d.text(464, 141, "h_t-1", role="hidden", size=17, math=True, anchor="end")
    d.arrow("M470 135 H524", "hidden")
    d.text(464, 111, "c_t-1", role="cell", size=17, math=True, anchor="end")
    d.arrow("M470 105 H524", "cell")
    d.arrow("M656 105 H686", "cell", "c_t", (692, 111))
    return d


def two_ways() -> Drawing:
    """Two ways from one cell to the next: straight through the forget gate, or round by h and the gates."""
    d = Drawing(700, 250)
    d.box(90, 60, "c_t-1", "cell")
    node(d, 340, 60, "⊙", "gate", 34)
    d.box(590, 60, "c_t", "cell")
    d.arrow("M127 53 H321", "cell")
    d.arrow("M359 53 H552", "cell")
    d.arrow("M552 68 H359", "grad", dashed=True)
    d.arrow("M321 68 H127", "grad", dashed=True)
    d.text(340, 28, "f_t", role="gate", size=17, math=True, anchor="middle")
    d.box(90, 190, "h_t-1", "hidden")
    d.arrow("M83 81 V168", "hidden")
    d.arrow("M97 169 V82", "grad", dashed=True)
    d.box(340, 190, "three of the four layers", "gate", w=180)
    d.arrow("M127 183 H249", "gate")
    d.arrow("M250 198 H127", "grad", dashed=True)
    d.arrow("M431 183 L566 81", "gate")
    d.arrow("M583 82 L439 198", "grad", dashed=True)
    d.text(300, 98, "1  straight: times the forget gate", role="grad", anchor="middle")
    d.text(
        340,
        236,
        "2  round by the state: times matrices U and slopes, as in a simple RNN",
        role="grad",
        anchor="middle",
    )
    return d


def gru() -> Drawing:
    """The GRU: an update gate mixes the old state with a candidate; a reset gate shields the candidate from the past."""
    d = Drawing(700, 250)
    d.box(70, 50, "h_t-1", "hidden")
    d.box(70, 215, "x_t", "input")
    d.box(320, 165, "n_t", "cell", w=64)
    d.box(185, 118, "r_t", "gate", w=50, h=34)
    d.arrow("M96 71 L159 106", "hidden")
    d.arrow("M211 128 L287 156", "hidden")
    d.arrow("M107 210 L287 174", "input")
    d.text(220, 92, "how much of the past", role="gate")
    d.text(220, 108, "the candidate hears", role="gate")
    d.box(480, 50, "+", "hidden", w=34, h=34)
    d.arrow("M107 50 H461", "hidden", "z_t", (400, 42))
    d.arrow("M353 165 H480 V69", "cell", "1 − z_t", (490, 128))
    d.box(620, 50, "h_t", "hidden")
    d.arrow("M498 50 H583", "hidden")
    d.text(320, 208, "candidate", role="cell", anchor="middle")
    return d


DRAWINGS = {"pattern": pattern, "unit": unit, "units": units, "two_ways": two_ways, "gru": gru}
