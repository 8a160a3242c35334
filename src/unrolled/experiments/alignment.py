"""Claim 9b: attention was never told which word translates which; how near does it come to the gold alignments of the grammar?

Each target word is linked with the source word that it looks at most, while the reference is written.  The gold links are those
the grammar made; the baseline links each target word with the source word at the same share of the sentence.  The networks
with the dot product are those of claim 9a, seed by seed.  An article has a gold link to the English article, but its form is
decided by the noun, so determiners are counted apart.
"""

from collections.abc import Iterable

from unrolled.experiments import attention_length, length_curve, measure, translation
from unrolled.experiments.translation import Alignment

TITLE = "Alignments found by attention"
CHAPTER, SECTION = "ch09_attention", "13.8"
STATEMENT = (
    "Attention, trained to translate and never shown an alignment, looks at the words that are being translated: its alignment error "
    "rate is below that of a diagonal, whatever the score."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"*_diagonal": 0.0, "best_possible": 0.0, "links_*": 0.0, "*": 0.3}
SCORES = ("dot", "scaled", "bilinear")


def run(seed: int) -> dict[str, float]:
    """The error rate of each score and of the diagonal, and of words of other tags than DET alone; BLEU beside it."""
    figures = baseline()
    dot = measure.once(attention_length, seed)
    for score in SCORES:
        if score == "dot":
            found = {name.removeprefix("witch_"): value for name, value in dot.items()}
        else:
            model, _ = length_curve.train("witch", seed, "attention", score)
            found = length_curve.alignment(model) | length_curve.quality(model, "witch")
        for name in ("error", "error_others", "error_determiners", "bleu"):
            figures[f"{name}_{score}"] = found[name]
    for score in SCORES:
        figures[f"gain_{score}"] = figures["error_diagonal"] - figures[f"error_{score}"]
    for score in SCORES[1:]:
        figures[f"{score}_less_dot"] = figures[f"error_{score}"] - figures["error_dot"]
    return figures


def baseline() -> dict[str, float]:
    """The diagonal's error rates, the lowest that one link a target word can have, and how many gold links there are."""
    examples = length_curve.pairs("witch").splits["test"].examples
    guesses = [translation.diagonal(len(e.source), len(e.target)) for e in examples]
    best = [_best(e.alignment, len(e.target)) for e in examples]
    figures = {f"{name}_diagonal": value for name, value in translation.by_tag(guesses, examples).items()}
    return figures | {
        "best_possible": translation.alignment_error(best, [e.alignment for e in examples]),
        "links_gold": float(sum(len(e.alignment) for e in examples)),
    }


def quick(seed: int) -> dict[str, float]:
    """The diagonal, and the best possible."""
    return baseline()


def criterion(summary: dict[str, dict]) -> str:
    """Holds if the alignment error rate of each of the three scores is below the diagonal's, by the whole 95 % interval of
    the difference; does not hold if one of them is above it by the same.
    """
    found = [summary[f"gain_{score}"]["ci95"] for score in ("dot", "scaled", "bilinear")]
    if all(low > 0 for low, _ in found):
        return "holds"
    return "does not hold" if any(high < 0 for _, high in found) else "undecided"


def data() -> dict[str, str | int]:
    """The grammar's sentences with their hash, and how much of them is used."""
    return length_curve.about_witch() | {
        "tested_on": "the 1,000 test sentences",
        "dot_product": "the networks of the claim attention_length, not counted in the seconds",
    }


def _best(gold: Iterable[tuple[int, int]], n_target: int) -> Alignment:
    """One gold link for each target word, any link where it has none."""
    one = {j: i for i, j in gold}
    return {(one.get(j, 0), j) for j in range(n_target)}
