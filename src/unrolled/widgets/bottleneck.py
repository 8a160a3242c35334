"""The bottleneck by length: how good translations are by the length of the source, with attention and without.

One vector c carries all of a source (13.33); attention makes a new one for each target word (13.34).  The page computes nothing here: it
looks up what was measured, which ``bottleneck`` takes as arrays, ``bottleneck_from_ledger`` from the book's ledger
and ``bottleneck_of_checkpoints`` from two small checkpoints and their test sentences.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets as t
from numpy.typing import ArrayLike

from unrolled.widgets._base import SizeError, module, numbers
from unrolled.widgets._model import pack
from unrolled.widgets._translator import Translator

MOST_BANDS, MOST_CURVES, MOST_EXAMPLES = 20, 8, 8
WITHOUT, WITH = "without attention", "with attention"
CLAIMS = {
    "witch": {WITHOUT: "bottleneck", WITH: "attention_length"},
    "tatoeba": {WITHOUT: "bottleneck", WITH: "attention_length_tatoeba"},
}
"""Which claim of the ledger measured each system, by corpus."""
METRICS = {"bleu": ("BLEU", 1.0), "exact": ("exactly right, %", 100.0)}


class Bottleneck(anywidget.AnyWidget):
    """The widget itself; ``bottleneck`` and its two sisters make one.  Every part of its state is a trait.

    ``bands`` (their names), ``panels`` [{name, curves: [{name, H, attention, values (seeds, bands)}], sentences}], which ``panel``, which
    hidden size ``H`` (0: the only one), ``step`` (the band, from 1), ``over``, ``examples`` by band, ``measured``: what was measured;
    ``revealed``, ``question``, ``guess``, ``table``, ``playing``, ``presets``.
    """

    _esm = module("bottleneck")

    bands = t.List(t.Unicode()).tag(sync=True)
    panels = t.List(t.Dict()).tag(sync=True)
    panel = t.Int(0).tag(sync=True)
    H = t.Int(0).tag(sync=True)
    step = t.Int(1).tag(sync=True)
    over = t.Int(0).tag(sync=True)
    examples = t.List().tag(sync=True)
    measured = t.Unicode("").tag(sync=True)
    revealed = t.Bool(True).tag(sync=True)
    question = t.Int(0).tag(sync=True)
    guess = t.Unicode("").tag(sync=True)
    table = t.Bool(False).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)

    @t.validate("step", "over", "panel")
    def _check_place(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        least = int(name == "step")
        most = len(self.panels) - 1 if name == "panel" else len(self.bands)
        if (self.bands and self.panels) and not least <= value <= most:
            raise SizeError(f"{name}: expected {least} to {most}, got {value}")
        return value


def bottleneck(
    bands: Sequence[str],
    curves: Mapping[Any, ArrayLike] | Mapping[str, Mapping[Any, ArrayLike]],
    metric: str = "accuracy",
    examples: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    sentences: Sequence[int] | None = None,
    measured: str = "",
    step: int | None = None,
    revealed: bool = False,
) -> Bottleneck:
    """Draw measured quality by length band: one curve a system, a row of its array a run (seeds, bands), or one row alone.

    ``curves`` maps a system's name, or (name, hidden size), to its array; names with "with attention" in them are drawn as such.  Several
    metrics: a mapping of such mappings by metric.  ``examples`` maps a band to [{"source", "reference", "outputs": {system: text}}];
    ``measured`` says what was measured, and is shown.  Raises ValueError with what was expected and got.

    >>> w = bottleneck(["1–5", "6–10"], {"without attention": [[90, 40]], "with attention": [[92, 85]]}, "BLEU")
    >>> w.panels[0]["curves"][1]["attention"]
    True
    """
    bands = [str(band) for band in bands]
    if not 1 <= len(bands) <= MOST_BANDS or len(set(bands)) != len(bands):
        raise SizeError(f"bands: expected 1 to {MOST_BANDS} different ones, got {bands}")
    nested = bool(curves) and all(isinstance(value, Mapping) for value in curves.values())
    by_metric: Mapping[str, Any] = curves if nested else {metric: curves}
    panels = [_panel(str(name), each, len(bands)) for name, each in by_metric.items()]
    counts = None if sentences is None else [int(n) for n in sentences]
    if counts is not None and len(counts) != len(bands):
        raise SizeError(f"sentences: expected {len(bands)}, one for each band, got {len(counts)}")
    shown = _examples(examples or {}, bands)
    w = Bottleneck()
    with w.hold_trait_notifications():
        w.bands, w.panels, w.examples, w.measured = (
            bands,
            [{**p, "sentences": counts} for p in panels],
            shown,
            measured,
        )
        w.H = max(curve["H"] for curve in panels[0]["curves"])
        w.revealed, w.presets = revealed, _views(panels, bands)
    w.step = len(bands) if step is None else step
    return w


def bottleneck_from_ledger(
    claims: Mapping[str, Any],
    corpus: str = "witch",
    examples: Mapping[str, Any] | None = None,
    **options: Any,
) -> Bottleneck:
    """The curves of claims 8a and 9a, each seed a run, from the content of ``book/claims.json``; ``corpus`` is "witch" or "tatoeba".

    Raises ValueError for another corpus, or where the ledger has not both claims.
    """
    if corpus not in CLAIMS:
        raise SizeError(f"corpus: expected {' or '.join(CLAIMS)}, got {corpus!r}")
    named = CLAIMS[corpus]
    missing = [claim for claim in named.values() if claim not in claims]
    if missing:
        raise SizeError(f"claims: expected {' and '.join(named.values())}, got no {' and no '.join(missing)}")
    runs = {name: [run["figures"] for run in claims[claim]["runs"]] for name, claim in named.items()}
    first = runs[WITHOUT][0]
    lows = sorted(int(name.rsplit("_", 1)[1]) for name in first if name.startswith(f"{corpus}_sentences_"))
    if not lows:
        raise SizeError(
            f"claims: expected figures named {corpus}_sentences_…, got {', '.join(list(first)[:4])}"
        )
    ends = [*(low - 1 for low in lows[1:]), None]
    bands = [f"{low}–{end}" if end else f"{low} and more" for low, end in zip(lows, ends, strict=True)]
    curves = {
        label: {
            name: [[scale * found[f"{corpus}_{key}_{low}"] for low in lows] for found in each]
            for name, each in runs.items()
        }
        for key, (label, scale) in METRICS.items()
    }  # fmt: skip
    sentences = [int(first[f"{corpus}_sentences_{low}"]) for low in lows]
    about = claims[named[WITHOUT]]["data"]
    data, n = about.get(corpus) or about.get("name", corpus), len(runs[WITHOUT])
    told = f"Measured: {n} networks of each kind, from different seeds, on {data}."
    return bottleneck(bands, curves, examples=examples, sentences=sentences, **{"measured": told, **options})


def bottleneck_of_checkpoints(
    checkpoints: Mapping[str, str] | None = None, width: int = 2, **options: Any
) -> Bottleneck:
    """Run checkpoints on the test sentences that they carry: the share translated exactly, by bands of ``width`` words, and all outputs.

    ``checkpoints`` maps a system's name to a checkpoint's; with none, the grammar's two.  One network each: the curve of many is the ledger's.
    """
    from unrolled import checkpoints as stored

    names = dict(checkpoints or {WITHOUT: "witch_translate", WITH: "witch_attention"})
    loaded = {name: stored.load(checkpoint) for name, checkpoint in names.items()}
    first = next(iter(loaded.values()))
    if any(found.sample["source"] != first.sample["source"] for found in loaded.values()):
        raise SizeError("checkpoints: expected the same sample of test sentences in each, got different ones")
    written = {name: _written(found) for name, found in loaded.items()}
    lengths = np.array([len(source) for source in first.sample["source"]])
    band_of = (lengths - lengths.min()) // width
    lows = [int(lengths.min() + width * k) for k in np.unique(band_of)]
    bands = [f"{low}–{low + width - 1}" if width > 1 else str(low) for low in lows]
    curves, examples, counts = {name: [] for name in names}, {}, []
    for band, k in zip(bands, np.unique(band_of), strict=True):
        rows = np.flatnonzero(band_of == k).tolist()
        counts.append(len(rows))
        for name, each in written.items():
            curves[name].append(100.0 * np.mean([each[n]["right"] for n in rows]))
        examples[band] = [
            {**_told(first, n), "outputs": {name: each[n]["text"] for name, each in written.items()}}
            for n in sorted(rows, key=lambda n: written[next(iter(names))][n]["right"])[:3]
        ]
    told = f"Measured: one network each, {len(lengths)} test sentences ({', '.join(names.values())})."
    arrays = {name: [values] for name, values in curves.items()}
    return bottleneck(
        bands,
        {"exactly right, %": arrays},
        examples=examples,
        sentences=counts,
        **{"measured": told, **options},
    )


def _views(panels: list[dict[str, Any]], bands: list[str]) -> list[dict[str, Any]]:
    """What to look at in each metric: both ends, and the band where attention gains most if it gains anywhere."""
    found = []
    for panel, each in enumerate(panels):
        last = len(bands) if len(bands) > 1 else 0
        ends = [("the shortest sources", 1, {}), ("the longest sources", last, {})] if last else []
        H = max(curve["H"] for curve in each["curves"])
        of = {
            c["attention"]: np.mean(c["values"], axis=0) for c in reversed(each["curves"]) if c["H"] in (0, H)
        }
        if last and len(of) == 2 and (gain := of[True] - of[False]).max() > 0:
            ends.append(("where attention gains most", int(gain.argmax()) + 1, {"revealed": True}))
        found += [
            {"name": f"{each['name']}: {name}", "panel": panel, "H": H, "step": step, **more}
            for name, step, more in ends
        ]
    return found


def _written(checkpoint: Any) -> list[dict[str, Any]]:
    """The greedy translation of every sentence of the sample, and whether it is a reference word for word."""
    model, words = Translator(pack(checkpoint)), checkpoint.vocabularies
    found = []
    for source, targets in zip(checkpoint.sample["source"], checkpoint.sample["targets"], strict=True):
        text = " ".join(word for word in model.greedy_of(source) if word != "</s>")
        references = [" ".join(words["target"][n] for n in target[1:-1]) for target in targets]
        found.append({"text": text, "right": text in references})
    return found


def _told(checkpoint: Any, n: int) -> dict[str, str]:
    words, sample = checkpoint.vocabularies, checkpoint.sample
    return {
        "source": " ".join(words["source"][k] for k in sample["source"][n]),
        "reference": " ".join(words["target"][k] for k in sample["targets"][n][0][1:-1]),
    }


def _panel(metric: str, curves: Mapping[Any, ArrayLike], n_bands: int) -> dict[str, Any]:
    if not isinstance(curves, Mapping) or not 1 <= len(curves) <= MOST_CURVES:
        got = len(curves) if isinstance(curves, Mapping) else type(curves).__name__
        raise SizeError(f"curves: expected 1 to {MOST_CURVES} systems by name, got {got}")
    made = []
    for key, given in curves.items():
        name, H = (str(key[0]), int(key[1])) if isinstance(key, tuple) and len(key) == 2 else (str(key), 0)
        rows: Any = [given] if np.ndim(np.asarray(given, dtype=object)) == 1 else given
        values = numbers(f"curves[{name!r}]", rows, 2)
        if not values or len(values[0]) != n_bands:
            raise SizeError(
                f"curves[{name!r}]: expected shape (runs, {n_bands}), a column a band, got {np.shape(values)}"
            )
        attention = "attention" in name and "without" not in name and not name.startswith("no ")
        made.append({"name": name, "H": H, "attention": attention, "values": values})
    return {"name": metric, "curves": made}


def _examples(examples: Mapping[str, Any], bands: list[str]) -> list[list[dict[str, Any]]]:
    strange = [band for band in examples if band not in bands]
    if strange:
        raise SizeError(f"examples: expected bands among {', '.join(bands)}, got {strange[0]!r}")
    for band, each in examples.items():
        for example in each:
            if not {"source", "reference", "outputs"} <= set(example):
                raise SizeError(
                    f"examples[{band!r}]: expected source, reference and outputs, got {sorted(example)}"
                )
    return [[dict(example) for example in list(examples.get(band, ()))[:MOST_EXAMPLES]] for band in bands]
