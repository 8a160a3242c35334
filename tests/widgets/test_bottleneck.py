"""The bottleneck by length from Python: arrays, the ledger, the checkpoints; nothing is invented."""

from pathlib import Path

import numpy as np
import pytest
from widget_page import node

from unrolled import checkpoints
from unrolled.experiments import ledger
from unrolled.widgets import bottleneck, bottleneck_from_ledger, bottleneck_of_checkpoints

BANDS = ["1–5", "6–10"]
CURVES = {"without attention": [[90, 40], [80, 42]], "with attention": [92, 85]}


def test_arrays():
    w = bottleneck(BANDS, CURVES, "BLEU", sentences=[10, 12], measured="by me")
    (panel,) = w.panels
    assert [c["attention"] for c in panel["curves"]] == [False, True]
    assert panel["curves"][1]["values"] == [[92.0, 85.0]] and panel["sentences"] == [10, 12]
    assert (w.step, w.revealed, w.H, w.measured) == (2, False, 0, "by me")


def test_sizes_metrics_and_examples():
    example = {"source": "a", "reference": "b", "outputs": {"with attention": "b"}}
    curves = {("no attention", 32): [1, 2], ("attention", 32): [1, 2], ("attention", 64): [3, 4]}
    w = bottleneck(BANDS, {"BLEU": curves, "exact": CURVES}, examples={"6–10": [example]})
    assert (w.H, [p["name"] for p in w.panels], w.examples) == (64, ["BLEU", "exact"], [[], [example]])
    assert [c["attention"] for c in w.panels[0]["curves"]] == [False, True, True]


@pytest.mark.parametrize(
    ("bands", "curves", "options", "message"),
    [
        ([], CURVES, {}, "bands: expected 1 to 20 different ones"),
        (["a", "a"], CURVES, {}, "bands: expected 1 to 20 different ones"),
        (BANDS, {}, {}, "curves: expected 1 to 8 systems by name, got 0"),
        (BANDS, {"x": [1, 2, 3]}, {}, r"curves\['x'\]: expected shape \(runs, 2\), a column a band, got \(1, 3\)"),
        (BANDS, {"x": [1, np.nan]}, {}, r"curves\['x'\]: expected finite numbers"),
        (BANDS, {"x": [[1, 2], [1]]}, {}, r"curves\['x'\]: expected numbers in 2 regular axes"),
        (BANDS, CURVES, {"sentences": [1]}, "sentences: expected 2, one for each band, got 1"),
        (BANDS, CURVES, {"examples": {"7": []}}, "examples: expected bands among 1–5, 6–10, got '7'"),
        (BANDS, CURVES, {"examples": {"1–5": [{"source": "a"}]}}, r"examples\['1–5'\]: expected source, reference and outputs"),
        (BANDS, CURVES, {"step": 3}, "step: expected 1 to 2, got 3"),
    ],
)  # fmt: skip
def test_bad_input_says_expected_and_got(bands, curves, options, message):
    with pytest.raises(ValueError, match=message):
        bottleneck(bands, curves, **options)


@pytest.mark.parametrize(("corpus", "claimed"), [("witch", "attention_length"), ("tatoeba", "attention_length_tatoeba")])  # fmt: skip
def test_from_the_ledger(corpus, claimed):
    def claim(plus):
        figures = {f"{corpus}_{key}_{low}": value + plus for key, value in (("bleu", 50), ("exact", 0.25)) for low in (3, 5)}  # fmt: skip
        counts = {f"{corpus}_sentences_{low}": n for low, n in ((3, 7), (5, 9))}
        return {
            "runs": [{"seed": s, "figures": {**figures, **counts}} for s in (1, 2)],
            "data": {"name": "grammar", "tatoeba": "pairs"},
        }

    w = bottleneck_from_ledger({"bottleneck": claim(0), claimed: claim(0.5)}, corpus)
    assert w.bands == ["3–4", "5 and more"]
    assert [p["name"] for p in w.panels] == ["BLEU", "exactly right, %"]
    assert w.panels[1]["curves"][1]["values"] == [[75.0, 75.0]] * 2 and w.panels[0]["sentences"] == [7, 9]
    on = {"witch": "grammar", "tatoeba": "pairs"}[corpus]
    assert w.measured == f"Measured: 2 networks of each kind, from different seeds, on {on}."
    with pytest.raises(ValueError, match=f"claims: expected bottleneck and {claimed}, got no {claimed}"):
        bottleneck_from_ledger({"bottleneck": claim(0)}, corpus)
    with pytest.raises(ValueError, match="corpus: expected witch or tatoeba, got 'ewt'"):
        bottleneck_from_ledger({"bottleneck": claim(0), claimed: claim(0)}, "ewt")
    empty = {"runs": [{"seed": 1, "figures": {"other_bleu": 1.0}}], "data": {}}
    with pytest.raises(ValueError, match=f"claims: expected figures named {corpus}_sentences_…, got other_bleu"):  # fmt: skip
        bottleneck_from_ledger({"bottleneck": empty, claimed: empty}, corpus)


@pytest.mark.parametrize("corpus", ["witch", "tatoeba"])
def test_the_book_s_own_ledger_has_both_curves(corpus):
    w = bottleneck_from_ledger(ledger.read(), corpus)
    without, attended = (np.array(c["values"]) for c in w.panels[0]["curves"])
    assert without.shape == attended.shape == (5, len(w.bands))
    assert attended.mean() > without.mean()


def test_checkpoints_are_run_and_their_outputs_counted():
    w = bottleneck_of_checkpoints()
    (panel,) = w.panels
    n = np.array(panel["sentences"])
    sample = checkpoints.load("witch_attention").sample
    assert n.sum() == len(sample["source"]) == 60
    without, attended = (np.array(c["values"][0]) for c in panel["curves"])
    assert (attended @ n) / n.sum() > (without @ n) / n.sum() + 10, "attention gets more of them right"
    for band, each in zip(w.bands, w.examples, strict=True):
        low, high = map(int, band.split("–"))
        assert each and all(low <= len(e["source"].split()) <= high for e in each)
        assert all(set(e["outputs"]) == {"without attention", "with attention"} for e in each)


def test_javascript():
    done = node("--test", str(Path(__file__).parent / "js" / "bottleneck.test.mjs"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "# pass 2" in done.stdout or "pass 2" in done.stdout, done.stdout[-500:]
