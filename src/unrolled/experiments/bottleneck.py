"""Claim 8a: how well an encoder–decoder without attention translates, by the length of the source.

All that the decoder knows of the source is c, as many numbers for three words as for twelve.  The grammar shows the curve without
noise; Tatoeba shows it on real sentences.  Sentences of one band are different sentences, not only longer ones:
a longer one has more to be got wrong, so claim 9a draws the same curve with attention beside this one.
"""

from unrolled.experiments import length_curve

TITLE = "Translation by source length, without attention"
CHAPTER, SECTION = "ch08_seq2seq", "13.8"
STATEMENT = (
    "The last hidden state of the encoder is a bottleneck: without attention the translation of a long sentence is worse "
    "than that of a short one."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"*_sentences_*": 0.0, "*_parameters": 0.0, "*_first_loss": 0.05, "*_exact*": 0.15, "*": 12.0}
CORPORA = ("tatoeba",)


def run(seed: int) -> dict[str, float]:
    """BLEU and exact match by length on both corpora."""
    figures = length_curve.sizes()
    for corpus in length_curve.SETTINGS:
        figures |= length_curve.measure(corpus, "every", seed)
    return figures


def quick(seed: int) -> dict[str, float]:
    """The sentences of each band, and the loss of the first updates on the grammar."""
    return length_curve.sizes() | length_curve.quick("witch", "every", seed)


def criterion(summary: dict[str, dict]) -> str:
    """Holds if on both corpora BLEU is lower for sources of 11 and 12 words than for those of 5 and 6, by the whole 95 %
    interval of the difference; does not hold if on one of them it is higher by the same.
    """
    found = [summary[f"{corpus}_fall"]["ci95"] for corpus in ("witch", "tatoeba")]
    if all(low > 0 for low, _ in found):
        return "holds"
    return "does not hold" if any(high < 0 for _, high in found) else "undecided"


def data() -> dict[str, str | int]:
    """Both corpora with their hashes, and how much of them is used."""
    return length_curve.about()
