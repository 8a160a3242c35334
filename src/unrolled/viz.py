"""Figures in the book's look: matplotlib draws, ``show`` makes an SVG whose colours follow the page.

Each role has one colour everywhere (``ROLES``); a marker, a dash or a word says the same again.  Nothing else is coloured.
A page in dark mode redraws nothing: the SVG names the page's own colours, with the light ones to fall back on.
"""

import hashlib
import html
import io
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from unrolled.axes import expect_finite, expect_shape

__all__ = [
    "CHARTS",
    "ROLES",
    "Picture",
    "agreement_chart",
    "alignment_chart",
    "bilinear_chart",
    "decoder_context_chart",
    "depth_chart",
    "figure",
    "forcing_chart",
    "forcing_curve",
    "gradient_curve",
    "intervals",
    "length_chart",
    "line",
    "perplexity_chart",
    "pooling_chart",
    "pretrained_chart",
    "recall_curve",
    "right_context_chart",
    "show",
    "states",
    "temperature_curve",
    "title",
    "truncation_curve",
    "unseen_curve",
    "weight_tying_chart",
    "write",
]

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


def truncation_curve(entry: dict[str, Any]) -> Picture:
    """Questions answered by distance, for each length of segment, from the ledger's entry ``truncation``.

    The dashed line asked at all the distances at once: what is cut is the gradient, not the state.
    """
    summary = entry["summary"]
    lengths = sorted({int(name[1:].partition("_")[0]) for name in summary if re.match(r"L\d+_d", name)})
    distances = sorted(
        int(name.rpartition("d")[2]) for name in summary if name.startswith(f"L{lengths[0]}_d")
    )
    mixed = next(name.rpartition("_d")[0] for name in summary if name.startswith("mixed_"))
    series = [
        (f"L{length}", f"segments of {length}", "so^v"[n % 4], False) for n, length in enumerate(lengths)
    ]
    series += [(mixed, f"segments of {mixed[7:]}, all distances", "D", True)]
    fig, ax = figure(height=320)
    for stem, label, marker, dashed in series:
        found = [summary[f"{stem}_d{d}"] for d in distances]
        mean, sd = [f["mean"] for f in found], [f["sd"] or 0.0 for f in found]
        role = "ink-2" if dashed else "hidden"
        line(ax, range(len(distances)), mean, sd, label="", role=role, marker=marker, dashed=dashed)
        edge = next(k for k, share in enumerate([*mean, 0.0]) if share < 0.5)  # where the line falls
        where = (len(distances) - 1, mean[-1]) if dashed else (edge - 0.55, 0.6)
        write(ax, label, where, (-1, -36) if dashed else (12, 0), role)
    chance = summary["chance"]["mean"]
    ax.axhline(chance, color=ROLES["ink-2"], linewidth=1, linestyle=":")
    write(ax, f"guessing, {chance:.1%}", (0, chance), (1, -3), "ink-2")
    _shares(ax, distances)
    title(ax, "questions answered", "how many steps ago the word stood")
    told = "; ".join(
        f"{label}: " + ", ".join(f"{d} ago {summary[f'{stem}_d{d}']['mean']:.0%}" for d in distances)
        for stem, label, _, _ in series
    )
    return show(fig, f"Line chart: share of questions answered, by how many steps ago the word stood. {told}. "
                f"Guessing gives {chance:.1%}.")  # fmt: skip


def gradient_curve(entry: dict[str, Any], when: str = "trained") -> Picture:
    """What is left of the gradient by distance, in powers of ten, from the ledger's entry ``gradient_norm``.

    ``when``: "init", as the networks are drawn, or "trained".
    """
    if when not in ("init", "trained"):
        raise ValueError(f"when: expected init or trained, got {when!r}")
    summary = entry["summary"]
    distances = sorted(int(name.rpartition("d")[2]) for name in summary if name.startswith(f"{when}_rnn_d"))
    series = [("rnn", "RNN", "hidden", "o", False), ("gru", "GRU", "gate", "s", False),
              ("lstm", "LSTM", "cell", "^", False), ("lstm_bias1", "LSTM, forget bias 1", "cell", "^", True)]  # fmt: skip
    fig, ax = figure(height=320, right=170)
    ends = _apart([summary[f"{when}_{name}_d{distances[-1]}"]["mean"] for name, *_ in series], 0.08)
    for (name, label, role, marker, dashed), end in zip(series, ends, strict=True):
        found = [summary[f"{when}_{name}_d{d}"] for d in distances]
        mean, sd = [f["mean"] for f in found], [f["sd"] or 0.0 for f in found]
        line(ax, range(len(distances)), mean, sd, label="", role=role, marker=marker, dashed=dashed)
        write(ax, label, (len(distances) - 1, end), (12, 0), role)
    low = min(ax.get_ylim()[0], -1.0)
    powers = range(0, int(low) - 2, -1 if low > -5 else -2)
    ax.set_yticks(list(powers), [_power(n) for n in powers])
    ax.set_xticks(range(len(distances)), [str(d) for d in distances])
    title(ax, "gradient, relative to one step back", "how many steps back")
    told = "; ".join(
        f"{label}: " + ", ".join(f"{d} back 10 to the {_number(summary[f'{when}_{name}_d{d}']['mean'])}" for d in distances)
        for name, label, *_ in series
    )  # fmt: skip
    moment = "as drawn, before training" if when == "init" else "after training"
    return show(fig, f"Line chart, {moment}: norm of the gradient by how many steps back, relative to one step back. {told}.")  # fmt: skip


def intervals(
    entry: dict[str, Any], rows: Sequence[tuple[str, str, str]], x: str, how: str = ".1f", unit: str = ""
) -> Picture:
    """Figures of one claim on one axis: each seed a dot, the mean a bar, the 95 % interval a line.

    ``rows`` are (figure, its name in words, role), from the top down; ``how`` formats the means, ``unit`` follows them.
    """
    summary = entry["summary"]
    for figure_name, _, _ in rows:
        if figure_name not in summary:
            raise ValueError(
                f"rows: expected figures of the entry ({', '.join(summary)}), got {figure_name!r}"
            )
    left = 24 + 8.2 * max(len(label) for _, label, _ in rows)
    fig, ax = figure(width=max(600.0, left + 330), height=60 + 34 * len(rows), left=left, right=84, top=14)
    told = []
    for n, (name, label, role) in enumerate(rows):
        found, y, colour = summary[name], -n, _colour(role)
        if found["ci95"]:
            ax.plot(found["ci95"], [y, y], color=colour, linewidth=2, clip_on=False)
        ax.plot(found["mean"], y, color=colour, marker="|", markersize=18, markeredgewidth=2.5, clip_on=False)
        if found["n"] > 1:
            dots = [run["figures"][name] for run in entry["runs"]]
            ax.plot(dots, [y] * len(dots), color=colour, marker="o", markersize=4, linestyle="", alpha=0.5, clip_on=False)  # fmt: skip
        mean = f"{format(found['mean'], how)}{unit}".replace("-", "\N{MINUS SIGN}")
        ax.annotate(label, (0, y), (-10, 0), ("axes fraction", "data"), "offset points", ha="right", va="center",
                    color=ROLES["ink"], fontsize=SMALL)  # fmt: skip
        ax.annotate(mean, (1, y), (10, 0), ("axes fraction", "data"), "offset points", ha="left", va="center",
                    color=colour, fontsize=TEXT)  # fmt: skip
        told.append(f"{label}: {mean}")
    ax.set(ylim=(0.5 - len(rows), 0.6), yticks=[])
    ax.grid(axis="x", color=ROLES["rule"])
    if how.endswith("%"):
        ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
    ax.set_xlabel(x, labelpad=8, fontsize=SMALL)
    return show(fig, f"Dot plot of {x}, mean and seeds. {'; '.join(told)}.")


def unseen_curve(entry: dict[str, Any]) -> Picture:
    """The share of a test text's n-grams that training never showed, by n, from the ledger's entry ``unseen``."""
    summary, lengths = entry["summary"], (1, 2, 3, 4, 5)
    fig, ax = figure(height=300, right=190)
    told = []
    for after, role, marker in (("", "ink-2", "s"), ("_all", "ink", "o")):
        found = [summary[f"new_{n}{after}"] for n in lengths]
        mean, sd = [f["mean"] for f in found], [f["sd"] or 0.0 for f in found]
        label = f"after {summary[f'sentences{after}']['mean']:,.0f} sentences"
        line(ax, range(len(lengths)), mean, sd, label="", role=role, marker=marker)
        write(ax, label, (len(lengths) - 1, mean[-1]), (12, 0), role)
        told.append(f"{label}: " + ", ".join(f"n = {n}: {m:.0%}" for n, m in zip(lengths, mean, strict=True)))
    _shares(ax, lengths)
    title(ax, "n-grams of the test text that are new", "n, the number of words")
    return show(fig, f"Line chart: share of new n-grams by n. {'; '.join(told)}.")


def perplexity_chart(entry: dict[str, Any]) -> Picture:
    """Test perplexity of the trigram and the networks, from the entry of a claim about it."""
    rows = [("trigram", "Kneser-Ney trigram", "ink-2"), ("window", "feedforward, last 3 words", "input"),
            ("rnn", "RNN", "hidden"), ("lstm", "LSTM", "cell")]  # fmt: skip
    return intervals(entry, rows, "test perplexity (lower is better)")


def weight_tying_chart(entry: dict[str, Any]) -> Picture:
    """Test perplexity with one matrix and with two, from the ledger's entry ``weight_tying``."""
    rows = [(f"perplexity_{name}", f"{name}, {entry['summary'][f'parameters_{name}']['mean']:,.0f} parameters", role)
            for name, role in (("tied", "hidden"), ("untied", "ink-2"))]  # fmt: skip
    return intervals(entry, rows, "test perplexity (lower is better)")


def pooling_chart(entry: dict[str, Any]) -> Picture:
    """Sentences classified rightly by each pooling and by Naive Bayes, from the ledger's entry ``pooling``."""
    rows = [("last", "the last state", "hidden"), ("mean", "mean of all states", "hidden"),
            ("max", "maximum of all states", "hidden"), ("bayes", "Naive Bayes, pairs of words", "ink-2")]  # fmt: skip
    return intervals(entry, rows, "share of sentences classified rightly", ".1%")


def temperature_curve(entry: dict[str, Any]) -> Picture:
    """Variety and repetition of what was written by temperature, from the ledger's entry ``generation``.

    Dotted: the same of sentences that people wrote.
    """
    summary = entry["summary"]
    places = sorted(float(name.rpartition("_t")[2]) for name in summary if name.startswith("distinct_2_t"))
    series = [
        ("distinct_2", "different pairs of words", "output", "o"),
        ("repeated", "sentences again", "bad", "s"),
    ]
    fig, ax = figure(height=320, right=190)
    told = []
    for stem, label, role, marker in series:
        found = [summary[f"{stem}_t{t:g}"] for t in places]
        mean, sd, theirs = [f["mean"] for f in found], [f["sd"] or 0.0 for f in found], summary[f"{stem}_human"]["mean"]  # fmt: skip
        line(ax, range(len(places)), mean, sd, label="", role=role, marker=marker)
        write(ax, label, (len(places) - 1, mean[-1]), (12, 0), role)
        ax.axhline(theirs, color=_colour(role), linewidth=1, linestyle=":")
        steps = ", ".join(f"{t:g}: {share:.0%}" for t, share in zip(places, mean, strict=True))
        told.append(f"{label}: {steps}; people: {theirs:.0%}")
    _shares(ax, places)
    title(ax, "share", "temperature (dotted: people)")
    return show(fig, f"Line chart by temperature. {'. '.join(told)}.")


def right_context_chart(entry: dict[str, Any]) -> Picture:
    """Words tagged rightly, both taggers and each set of words, from the ledger's entry ``right_context``."""
    sets = (
        ("all", "all words"),
        ("right", "the right neighbour tells"),
        ("left", "the left neighbour tells"),
    )
    models = (("rnn", "RNN", "ink-2"), ("birnn", "biRNN", "hidden"))
    rows = [(f"{which}_{name}", f"{words}: {model}", role) for which, words in sets for name, model, role in models]  # fmt: skip
    return intervals(entry, rows, "share of words tagged rightly", ".1%")


def length_chart(entry: dict[str, Any], corpus: str) -> Picture:
    """BLEU by source length on one corpus, from the ledger's entry ``bottleneck`` or ``attention_length``.

    The latter has both: with attention, and (what it gained taken off, seed by seed) without.
    """
    if corpus not in ("witch", "tatoeba"):
        raise ValueError(f"corpus: expected witch or tatoeba, got {corpus!r}")
    runs, summary = [run["figures"] for run in entry["runs"]], entry["summary"]
    lows = sorted(int(n.rpartition("_")[2]) for n in summary if re.fullmatch(rf"{corpus}_bleu_\d+", n))
    own = np.array([[run[f"{corpus}_bleu_{low}"] for low in lows] for run in runs])
    series = [("without attention", "hidden", "o", True, own)]
    if f"{corpus}_gain_{lows[0]}" in summary:
        gains = np.array([[run[f"{corpus}_gain_{low}"] for low in lows] for run in runs])
        series = [
            ("with attention", "attend", "s", False, own),
            ("without", "hidden", "o", True, own - gains),
        ]
    names = [f"{a}\N{EN DASH}{b - 1}" for a, b in pairwise(lows)] + [f"{lows[-1]} and more"]
    fig, ax = figure(height=320)
    told = []
    for label, role, marker, dashed, found in series:
        mean, sd = found.mean(axis=0), found.std(axis=0, ddof=1 if len(found) > 1 else 0)
        line(
            ax,
            range(len(lows)),
            mean,
            sd,
            label=label,
            role=role,
            marker=marker,
            dashed=dashed,
            at=2,
            offset=(8, 14),
        )
        told.append(f"{label}: " + ", ".join(f"{n} words {m:.1f}" for n, m in zip(names, mean, strict=True)))
    ax.axvline(len(lows) - 1.5, color=ROLES["ink-2"], linewidth=0.75)
    write(ax, "longer than any trained on", (len(lows) - 1.5, ax.get_ylim()[1]), (-6, -1), "ink-2")
    ax.set(xlim=(-0.4, len(lows) - 0.6), ylim=(0, None))
    ax.set_xticks(range(len(lows)), names)
    where = "the grammar" if corpus == "witch" else "Tatoeba"
    title(ax, f"BLEU, {where}", "words of the source")
    return show(fig, f"Line chart of BLEU on {where} by the source's length. {'; '.join(told)}.")


def alignment_chart(entry: dict[str, Any]) -> Picture:
    """Alignment error rates of the scores and of the diagonal, from the ledger's entry ``alignment``."""
    rows = [("error_diagonal", "diagonal", "ink-2"), ("error_dot", "dot product", "attend"),
            ("error_scaled", "scaled dot product", "attend"), ("error_bilinear", "bilinear", "attend"),
            ("error_determiners_dot", "dot product, determiners alone", "ink-2"),
            ("error_others_dot", "dot product, all other words", "ink-2")]  # fmt: skip
    return intervals(entry, rows, "alignment error rate (lower is better)", ".1%")


def decoder_context_chart(entry: dict[str, Any]) -> Picture:
    """BLEU with c at every step and at the first alone, from the ledger's entry ``decoder_context``."""
    rows = [(f"bleu{band}_{which}", f"{words}: {how}", role)
            for band, words in (("", "all"), ("_5", "5 and 6 words"), ("_11", "11 and 12 words"))
            for which, how, role in (("every", "c at every step", "hidden"), ("first", "c at the first", "ink-2"))]  # fmt: skip
    return intervals(entry, rows, "BLEU (higher is better)")


def forcing_curve(entry: dict[str, Any]) -> Picture:
    """Development loss by epoch on the model's own words, for each forcing, from the ledger's entry ``teacher_forcing``."""
    summary = entry["summary"]
    epochs = sorted(
        int(re.findall(r"\d+", n)[0]) for n in summary if re.fullmatch(r"own_words_epoch\d+_f1", n)
    )
    updates = [summary["updates"]["mean"] * n / len(epochs) for n in epochs]
    series = [("1", "true words", "output", "o", False), ("0.5", "a coin decides", "input", "^", False),
              ("0", "its own words", "bad", "s", True)]  # fmt: skip
    fig, ax = figure(height=320, right=170)
    ends = _apart([summary[f"own_words_epoch{epochs[-1]}_f{share}"]["mean"] for share, *_ in series], 0.08)
    told = []
    for (share, label, role, marker, dashed), end in zip(series, ends, strict=True):
        found = [summary[f"own_words_epoch{n}_f{share}"] for n in epochs]
        mean, sd = [f["mean"] for f in found], [f["sd"] or 0.0 for f in found]
        line(ax, updates, mean, sd, label="", role=role, marker=marker, dashed=dashed)
        write(ax, label, (updates[-1], end), (12, 0), role)
        told.append(
            f"fed {label}: "
            + ", ".join(f"{u:.0f} updates {m:.2f}" for u, m in zip(updates, mean, strict=True))
        )
    title(ax, "loss after its own words, nats a token", "updates")
    return show(
        fig, f"Line chart of the development loss after the model's own words, by update. {'; '.join(told)}."
    )


def forcing_chart(entry: dict[str, Any]) -> Picture:
    """BLEU by forcing, from the ledger's entry ``teacher_forcing``."""
    rows = [("bleu_f1", "fed the true words", "output"), ("bleu_f0.5", "a coin decides", "input"),
            ("bleu_f0", "fed its own words", "bad")]  # fmt: skip
    return intervals(entry, rows, "BLEU after as many updates (higher is better)")


def bilinear_chart(entry: dict[str, Any]) -> Picture:
    """BLEU of both networks, from the ledger's entry ``bilinear_sizes``."""
    rows = [(f"bleu_{name}", f"{label}, {entry['summary'][f'parameters_{name}']['mean']:,.0f} parameters", role)
            for name, label, role in (("dot", "dot product, equal sizes", "ink-2"),
                                      ("unequal", "bilinear, unequal sizes", "attend"))]  # fmt: skip
    return intervals(entry, rows, "BLEU (higher is better)")


def agreement_chart(entry: dict[str, Any]) -> Picture:
    """Verbs that agree, in and beyond the depths of training, and BLiMP's pairs, from the ledger's entry ``agreement``."""
    models = (("rnn", "RNN", "ink-2"), ("gru", "GRU", "gate"), ("lstm", "LSTM", "cell"))
    sets = (
        ("a2", "2 attractors, depth as trained"),
        ("beyond", "attractors, nested deeper"),
        ("blimp", "BLiMP pairs"),
    )
    rows = [(f"blimp_{name}" if which == "blimp" else f"{name}_{which}", f"{words}: {model}", role)
            for which, words in sets for name, model, role in models]  # fmt: skip
    return intervals(entry, rows, "share of verbs in the right number", ".1%")


def depth_chart(entry: dict[str, Any]) -> Picture:
    """Words tagged rightly by depth, with what each depth costs, from the ledger's entry ``depth``."""
    summary = entry["summary"]
    depths = sorted(int(name.rpartition("_")[2]) for name in summary if name.startswith("accuracy_"))
    cost = {n: summary[f"cost_{n}"]["mean"] if n > 1 else 1.0 for n in depths}
    rows = [(f"accuracy_{n}", f"{n} layer{'s' * (n > 1)}, {summary[f'parameters_{n}']['mean']:,.0f} parameters, "
             f"{cost[n]:.1f} \N{MULTIPLICATION SIGN} the time", "hidden") for n in depths]  # fmt: skip
    return intervals(entry, rows, "share of words tagged rightly", ".1%")


def pretrained_chart(entry: dict[str, Any]) -> Picture:
    """Words tagged rightly by the number of tagged sentences, from the ledger's entry ``pretrained``."""
    summary = entry["summary"]
    sizes = sorted(int(name.rpartition("_")[2]) for name in summary if name.startswith("random_"))
    series = [("tuned", "pretrained, tuned", "hidden", "o"), ("frozen", "pretrained, frozen", "input", "^"),
              ("random", "random", "ink", "s"), ("baseline", "most frequent tag", "ink-2", "D")]  # fmt: skip
    fig, ax = figure(height=320, right=190)
    ends = _apart([summary[f"{stem}_{sizes[-1]}"]["mean"] for stem, *_ in series], 0.05)
    told = []
    for (stem, label, role, marker), end in zip(series, ends, strict=True):
        found = [summary[f"{stem}_{n}"] for n in sizes]
        mean, sd = [f["mean"] for f in found], [f["sd"] or 0.0 for f in found]
        line(ax, range(len(sizes)), mean, sd, label="", role=role, marker=marker, dashed=stem == "baseline")
        write(ax, label, (len(sizes) - 1, end), (12, 0), role)
        steps = ", ".join(f"{n:,}: {share:.1%}" for n, share in zip(sizes, mean, strict=True))
        told.append(f"{label}: {steps}")
    ax.set_xticks(range(len(sizes)), [f"{n:,}" for n in sizes])
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}\N{NARROW NO-BREAK SPACE}%")
    title(ax, "words tagged rightly", "tagged sentences of training")
    return show(fig, f"Line chart by number of tagged sentences. {'. '.join(told)}.")


CHARTS: dict[str, tuple[Callable[[dict[str, Any]], Picture], ...]] = {
    "recall": (recall_curve, lambda entry: recall_curve(entry, long=True)),
    "truncation": (truncation_curve,),
    "unseen": (unseen_curve,),
    "perplexity": (perplexity_chart,),
    "perplexity_shakespeare": (perplexity_chart,),
    "perplexity_shakespeare_uncapped": (perplexity_chart,),
    "perplexity_uncapped": (perplexity_chart,),
    "weight_tying": (weight_tying_chart,),
    "generation": (temperature_curve,),
    "pooling": (pooling_chart,),
    "right_context": (right_context_chart,),
    "agreement": (agreement_chart,),
    "depth": (depth_chart,),
    "pretrained": (pretrained_chart,),
    "gradient_norm": (lambda entry: gradient_curve(entry, "init"), gradient_curve),
    "bottleneck": (lambda e: length_chart(e, "witch"), lambda e: length_chart(e, "tatoeba")),
    "attention_length": (lambda e: length_chart(e, "witch"),),
    "attention_length_tatoeba": (lambda e: length_chart(e, "tatoeba"),),
    "alignment": (alignment_chart,),
    "decoder_context": (decoder_context_chart,),
    "teacher_forcing": (forcing_curve, forcing_chart),
    "bilinear_sizes": (bilinear_chart,),
}
"""What the page of claims draws of each ledger entry, by the claim's name."""


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


def _shares(ax: Axes, places: Sequence[float]) -> None:
    """Shares from 0 to 100 % up, one tick a place."""
    ax.set(xlim=(-0.4, len(places) - 0.6), ylim=(0, 1.0))
    ax.set_xticks(range(len(places)), [f"{place:g}" for place in places])
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100\N{NARROW NO-BREAK SPACE}%"])


def _apart(ends: Sequence[float], share: float) -> list[float]:
    """Where to write names beside the ends of lines, so that no two meet: at least ``share`` of the range apart."""
    gap = share * max(1.0, max(ends) - min(ends), max(ends), -min(ends))
    places, order = list(ends), sorted(range(len(ends)), key=lambda n: -ends[n])
    for above, below in pairwise(order):
        places[below] = min(places[below], places[above] - gap)
    return places


def _power(n: int) -> str:
    raised = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return "1" if n == 0 else "10" + str(n).translate(raised)


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
