"""Claim 9a on Tatoeba: the curve of claim 8a with attention, on real sentences (``attention_length`` has the grammar's)."""

from unrolled.experiments import attention_length, length_curve

TITLE = "Translation by source length, with attention, on Tatoeba"
CHAPTER, SECTION, STATEMENT = attention_length.CHAPTER, attention_length.SECTION, attention_length.STATEMENT
SEEDS, TOLERANCE, CORPORA = attention_length.SEEDS, attention_length.TOLERANCE, ("tatoeba",)


def run(seed: int) -> dict[str, float]:
    """BLEU and exact match by length on Tatoeba, and the paired gains over no attention."""
    return attention_length.compared("tatoeba", seed)


def quick(seed: int) -> dict[str, float]:
    """The loss of the first updates."""
    return length_curve.quick("tatoeba", "attention", seed)


def criterion(summary: dict[str, dict]) -> str:
    """Holds if attention has the higher BLEU over the whole test and falls less from sources of 5 and 6 words to those of 11 and
    12, both by the whole 95 % interval of the paired difference; does not hold if one of the two is below 0 by the same.
    """
    found = [summary[f"tatoeba_{part}"]["ci95"] for part in ("gain", "less_fall")]
    if all(low > 0 for low, _ in found):
        return "holds"
    return "does not hold" if any(high < 0 for _, high in found) else "undecided"


def data() -> dict[str, str | int]:
    """Tatoeba's pairs with their hash, and how much of them is used."""
    return length_curve.about() | attention_length.WITHOUT
