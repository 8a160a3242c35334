"""Figures in the book's look: matplotlib draws, ``show`` makes an SVG whose colours follow the page.

Each role has one colour everywhere (``ROLES``); a marker, a dash or a word says the same again.  Nothing else is coloured.
A page in dark mode redraws nothing: the SVG names the page's own colours, with the light ones to fall back on.
"""

import hashlib
import html
import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from unrolled.axes import expect_finite, expect_shape

__all__ = ["ROLES", "Picture", "figure", "line", "recall_curve", "show", "states", "title", "write"]

ROLES = {
    "ink": "#1d2128", "ink-2": "#59616d", "rule": "#e3e1da", "paper": "#fdfcf9", "paper-2": "#f6f4ee",
    "input": "#0b63a5", "hidden": "#a8480c", "output": "#0a7256", "gate": "#7a3f92", "cell": "#80610a",
    "attend": "#b0245f", "grad": "#444b57", "bad": "#b3261e",
    "input-fill": "#d6e7f5", "hidden-fill": "#fae1cf", "output-fill": "#d2ece3", "gate-fill": "#ecdcf3",
    "cell-fill": "#f5e7bd", "attend-fill": "#f8d9e5",
}  # fmt: skip
"""The light values of the page's colours, by the name of their CSS variable."""

SANS = "var(--sans, 'Source Sans 3', system-ui, 'Segoe UI', Roboto, sans-serif)"
TEXT, SMALL = 14.0, 13.0
STYLE: Any = {
    # text is measured in the font that comes with matplotlib (wider than the page's), so a figure is the same anywhere
    "font.family": "DejaVu Sans", "font.size": SMALL, "text.color": ROLES["ink"],
    "figure.dpi": 72.0, "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none",
    "axes.edgecolor": ROLES["ink-2"], "axes.linewidth": 0.75, "axes.labelcolor": ROLES["ink-2"],
    "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
    "axes.grid": True, "axes.grid.axis": "y", "axes.axisbelow": True, "axes.unicode_minus": True,
    "grid.color": ROLES["rule"], "grid.linewidth": 0.75,
    "xtick.color": ROLES["ink-2"], "ytick.color": ROLES["ink-2"], "xtick.major.size": 0.0, "ytick.major.size": 0.0,
    "lines.linewidth": 2.0, "lines.markersize": 6.0, "lines.solid_capstyle": "round",
    "svg.fonttype": "none", "svg.hashsalt": "unrolled", "path.simplify": False,
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A figure as it goes into a page: inline SVG, and its text alternative."""

    svg: str
    alt: str

    def _repr_html_(self) -> str:
        """Scrolls inside itself where the page is narrower, so that no text gets too small to read."""
        return f'<div class="drawing-scroll" style="overflow-x:auto" tabindex="0">{self.svg}</div>'

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def save(self, path: str | Path) -> None:
        """Write the SVG as a file of its own."""
        Path(path).write_text(self.svg + "\n", encoding="utf-8")


def figure(
    width: float = 600,
    height: float = 300,
    left: float = 48,
    right: float = 24,
    top: float = 34,
    bottom: float = 46,
) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes; sizes and margins in pixels.  ``show`` it when it is drawn."""
    with matplotlib.rc_context(STYLE):
        fig = Figure(figsize=(width / 72, height / 72))
        box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height)
        return fig, fig.add_axes(box)


def show(fig: Figure, alt: str) -> Picture:
    """The figure as inline SVG that follows the page's colours; ``alt`` says in words what it shows.

    The same figure gives the same bytes.  Raises ValueError without ``alt``.
    """
    alt = " ".join(alt.split()) if isinstance(alt, str) else ""
    if not alt:
        raise ValueError(
            "alt: expected a sentence that says what the figure shows, for readers who do not see it, got none"
        )
    file = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with matplotlib.rc_context(STYLE):
        fig.savefig(file, format="svg", metadata=nothing)
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(fig)  # or a notebook shows it twice, and a long run keeps them all
    return Picture(_inline(file.getvalue(), alt), alt)


def line(
    ax: Axes,
    x: ArrayLike,
    mean: ArrayLike,
    sd: ArrayLike | None = None,
    *,
    label: str,
    role: str,
    marker: str = "o",
    dashed: bool = False,
    at: int = -1,
    offset: tuple[float, float] = (0, 10),
) -> None:
    """A line, a band of ± sd around it, and its name beside the point ``at``, ``offset`` pixels away."""
    colour = _colour(role)
    x = expect_shape("x", x, ("N",), sizes := {})
    mean = expect_finite("mean", expect_shape("mean", mean, ("N",), sizes))
    if sd is not None:
        sd = expect_finite("sd", expect_shape("sd", sd, ("N",), sizes))
        ax.fill_between(x, mean - sd, mean + sd, color=colour, alpha=0.18, linewidth=0)
    hollow = {"markerfacecolor": ROLES["paper"], "markeredgewidth": 1.5, "markersize": 9.0} if dashed else {}
    ax.plot(x, mean, color=colour, marker=marker, linestyle="--" if dashed else "-", clip_on=False, **hollow)
    write(ax, label, (x[at], mean[at]), offset, role)


def write(
    ax: Axes, text: str, xy: tuple[float, float], offset: tuple[float, float] = (0, 0), role: str = "ink"
) -> None:
    """Words beside a point of the data, ``offset`` pixels away; they grow away from the point."""
    ha = "left" if offset[0] > 0 else "right" if offset[0] < 0 else "center"
    va = "bottom" if offset[1] > 0 else "top" if offset[1] < 0 else "center"
    ax.annotate(
        text, xy, offset, textcoords="offset points", color=_colour(role), ha=ha, va=va, fontsize=TEXT
    )  # 72 dpi: a point is a pixel


def title(ax: Axes, y: str, x: str) -> None:
    """Name both axes: y above the left edge, where it is read first, and x below the axis."""
    left = ax.get_position().x0 * ax.figure.bbox.width
    ax.annotate(
        y,
        (0, 1),
        (2 - left, 14),
        "axes fraction",
        "offset points",
        color=ROLES["ink"],
        va="bottom",
        fontsize=SMALL,
    )
    ax.set_xlabel(x, labelpad=8, fontsize=SMALL)


def recall_curve(entry: dict[str, Any], long: bool = False) -> Picture:
    """Words recalled by distance, both networks, mean ± sd over seeds, from the ledger's entry ``recall``.

    ``long``: in sentences longer than any of the training, past the distances trained on too.
    """
    summary, data = entry["summary"], entry["data"]
    stem = "long_" if long else ""
    distances = sorted(int(name.rpartition("d")[2]) for name in summary if name.startswith(f"{stem}rnn_d"))
    place = dict(zip(distances, range(len(distances)) if long else distances, strict=True))
    chance, ends = summary["chance"]["mean"], data["longest_trained"] if long else data["window"]
    fig, ax = figure(height=320)
    for name, label, role, marker, at, offset in (
        ("window", f"feedforward, last {data['window']} words", "input", "s", 2 if long else ends, (10, 24)),
        ("rnn", "RNN", "hidden", "o", -2, (0, -44 if long else -10)),
    ):
        found = [summary[f"{stem}{name}_d{d}"] for d in distances]
        mean, sd = [f["mean"] for f in found], [f["sd"] or 0.0 for f in found]
        dashed = name == "window"
        line(ax, list(place.values()), mean, sd, label=label, role=role, marker=marker, dashed=dashed, at=at,
             offset=offset)  # fmt: skip
    first, last = place[distances[0]], place[distances[-1]]
    edge = 0.5 + max(place[d] for d in distances if d <= ends)
    ax.axhline(chance, color=ROLES["ink-2"], linewidth=1, linestyle=":")
    write(ax, f"guessing, {chance:.0%}", (first, chance), (1, 4), "ink-2")
    ax.axvline(edge, color=ROLES["ink-2"], linewidth=0.75)
    told = "distances never trained on" if long else "the window ends"
    write(ax, told, (edge, 0.56), (6, 0), "ink-2")
    ax.set(xlim=(first - 0.4, last + 0.4), ylim=(0, 1.0))
    ax.set_xticks(list(place.values()), [str(d) for d in distances])
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100\N{NARROW NO-BREAK SPACE}%"])
    title(ax, "words recalled", "how many words ago (1 is the last word)")
    near = {distances[0], data["window"], data["window"] + 1, distances[-1]}
    told = ", ".join(
        f"{d} ago: RNN {summary[f'{stem}rnn_d{d}']['mean']:.0%}, "
        f"feedforward {summary[f'{stem}window_d{d}']['mean']:.0%}"
        for d in (distances if long else sorted(near & set(distances)))
    )
    where = ", in sentences longer than any trained on" if long else ""
    return show(
        fig,
        f"Line chart: share of marked words recalled by how many words ago they stood{where}. {told}. "
        f"Guessing gives {chance:.0%}.",
    )


def states(h: ArrayLike, tokens: Sequence[str], role: str = "hidden", alt: str | None = None) -> Picture:
    """A strip of states: h (T, H) by token, a column a step and a row a unit; values from -1 to 1 fill the cells.

    Zero looks like nothing; a positive number fills its cell with the role's colour, a negative one with grey, and
    says its sign.  Values past ±1 are drawn as ±1.  ``alt`` is made from the figures where it is not given.
    """
    h = expect_finite("h", expect_shape("h", h, ("T", "H"), {"T": (len(tokens), "tokens")}))
    T, H = h.shape
    if T == 0 or H == 0:
        raise ValueError(f"h: expected at least one token and one unit, got shape {h.shape}")
    cell, row, left, top = max(44.0, *(9.0 * len(token) + 8 for token in tokens)), 26.0, 56.0, 30.0
    fig, ax = figure(left + T * cell + 8, top + H * row + 8, left, 8, top, 8)
    ink: Any = {"color": ROLES["ink"], "ha": "center", "fontsize": TEXT}
    ax.set_axis_off()
    ax.set(xlim=(0, T), ylim=(H, 0))
    for t, token in enumerate(tokens):
        ax.text(t + 0.5, -8 / row, token.replace("$", r"\$"), va="bottom", **ink)
        for n in range(H):
            value = float(h[t, n])
            ax.add_patch(Rectangle((t, n), 1, 1, facecolor=_colour(role if value >= 0 else "ink-2"),
                                   alpha=0.45 * min(abs(value), 1.0), linewidth=0, clip_on=False))  # fmt: skip
            ax.text(t + 0.5, n + 0.5, _number(value), va="center", **ink)
    for n in range(H):
        ax.text(
            -8 / cell,
            n + 0.5,
            f"unit {n + 1}",
            va="center",
            **{**ink, "ha": "right", "color": ROLES["ink-2"]},
        )
    rows = "; ".join(
        f"{token}: {', '.join(_number(float(v)) for v in h[t])}" for t, token in enumerate(tokens)
    )
    return show(fig, alt or f"States of {H} units after each of {T} tokens. {rows}.")


def _colour(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"role: expected one of {', '.join(ROLES)}, got {role!r}")
    return ROLES[role]


def _number(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}") if abs(value) >= 0.005 else "0"


def _inline(svg: str, alt: str) -> str:
    """matplotlib's file as an element of a page: named, sized, its ids its own, its colours and font the page's."""
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r'<defs>\s*<style type="text/css">.*?</style>\s*</defs>', "", svg, flags=re.DOTALL)
    used = set(re.findall(r'(?:url\(|href=")#([\w.-]+)', svg))
    svg = re.sub(r' id="([\w.-]+)"', lambda m: m[0] if m[1] in used else "", svg)
    own = "p" + hashlib.sha256((alt + svg).encode()).hexdigest()[:8]
    svg = re.sub(r'( id="|url\(#|href="#)([\w.-]+)', rf"\1{own}-\2", svg)
    svg = re.sub(r"font-family: [^;\"]+", lambda _: f"font-family: {SANS}", svg)
    svg = re.sub(r"\bfont: ([\d.]+px) [^;\"]+", lambda m: f"font-size: {m[1]}; font-family: {SANS}", svg)
    names = {"#000000": "ink"} | {value: name for name, value in ROLES.items()}
    svg = re.sub(r"#[0-9a-f]{6}\b", lambda m: f"var(--{names[m[0]]}, {m[0]})" if m[0] in names else m[0], svg)
    width, height = re.findall(r' (?:width|height)="([\d.]+)pt"', svg)[:2]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'aria-label="{html.escape(alt)}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'style="fill: var(--ink, {ROLES["ink"]}); stroke-linejoin: round; stroke-linecap: butt">'
    )
    svg = re.sub(r"^<svg\b[^>]*>", lambda _: opening, svg)
    return re.sub(r"\s*\n\s*", "\n", svg)
