"""Claim 9a: the curve of claim 8a with attention, on the grammar; ``attention_length_tatoeba`` has it on real sentences.

The networks without attention are those of claim 8a, seed by seed (``bottleneck``); those here have as many parameters, the
same sentences in the same order and as many updates.
"""

from unrolled.experiments import bottleneck, length_curve, measure

TITLE = "Translation by source length, with attention"
CHAPTER, SECTION = "ch09_attention", "13.8"
STATEMENT = "Attention takes the bottleneck away: translations are better, and they lose less from short sentences to long ones."
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"*_parameters": 0.0, "*_first_loss": 0.05, "*_exact*": 0.2, "*_error*": 0.3, "*": 15.0}


def run(seed: int) -> dict[str, float]:
    """BLEU and exact match by length on the grammar, and the paired gains over no attention."""
    return compared("witch", seed)


def quick(seed: int) -> dict[str, float]:
    """The loss of the first updates."""
    return length_curve.quick("witch", "attention", seed)


def criterion(summary: dict[str, dict]) -> str:
    """Holds if attention has the higher BLEU over the whole test and falls less from sources of 5 and 6 words to those of 11 and
    12, both by the whole 95 % interval of the paired difference; does not hold if one of the two is below 0 by the same.
    """
    found = [summary[f"witch_{part}"]["ci95"] for part in ("gain", "less_fall")]
    if all(low > 0 for low, _ in found):
        return "holds"
    return "does not hold" if any(high < 0 for _, high in found) else "undecided"


def data() -> dict[str, str | int]:
    """The grammar's sentences with their hash, and how much of them is used."""
    return length_curve.about_witch() | WITHOUT


WITHOUT: dict[str, str | int] = {
    "without_attention": "the networks of the claim bottleneck, not counted in the seconds"
}


def compared(corpus: str, seed: int) -> dict[str, float]:
    """Train one with attention on a corpus; its figures, what it gains in each band, and how much less it falls."""
    without, found = measure.once(bottleneck, seed), length_curve.measure(corpus, "attention", seed)
    gains = {
        name.replace("_bleu", "_gain"): value - without[name]
        for name, value in found.items()
        if name.startswith(f"{corpus}_bleu")
    }
    return found | gains | {f"{corpus}_less_fall": without[f"{corpus}_fall"] - found[f"{corpus}_fall"]}
