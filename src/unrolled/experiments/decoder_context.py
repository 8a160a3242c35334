"""Claim 8b: the context vector c read at every step of the decoder, against c as its first state alone.

The networks that read c at every step are those of claim 8a on the grammar, seed by seed.  The others have a decoder that reads
the last word only, and so H · 3 H numbers fewer in W; all else is alike.
"""

from unrolled.experiments import bottleneck, length_curve, measure, translation

TITLE = "The context at every step, or only at the first"
CHAPTER, SECTION = "ch08_seq2seq", "13.7"
STATEMENT = (
    "A decoder that reads the context vector at every step translates better than one that has it as its first state only, "
    "whose influence wanes as the output grows."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"parameters_*": 0.0, "first_loss": 0.05, "exact*": 0.2, "*": 15.0}
MEASURES = ("bleu", "bleu_5", "bleu_11", "bleu_13", "exact")


def run(seed: int) -> dict[str, float]:
    """Quality of both on the grammar, overall, of short and of long sentences, and the paired gains."""
    every = measure.once(bottleneck, seed)
    model, history = length_curve.train("witch", seed, "first")
    first = length_curve.quality(model, "witch")
    figures = {
        "first_loss": length_curve.first_loss(history),
        "parameters_first": translation.parameters(model),
    }
    figures["parameters_every"] = every["witch_parameters"]
    for name in MEASURES:
        figures[f"{name}_every"], figures[f"{name}_first"] = every[f"witch_{name}"], first[name]
        figures[f"gain_{name}"] = every[f"witch_{name}"] - first[name]
    return figures


def quick(seed: int) -> dict[str, float]:
    """The loss of the first updates."""
    _, history = length_curve.train("witch", seed, "first", first=length_curve.FIRST)
    return {"first_loss": length_curve.first_loss(history)}


def criterion(summary: dict[str, dict]) -> str:
    """Holds if BLEU over the grammar's test is higher with the context at every step, by the whole 95 % interval of the paired
    difference; does not hold if it is lower by the same.
    """
    low, high = summary["gain_bleu"]["ci95"]
    return "holds" if low > 0 else "does not hold" if high < 0 else "undecided"


def data() -> dict[str, str | int]:
    """The grammar's sentences with their hash, and how much of them is used."""
    return length_curve.about_witch() | {
        "every_step": "the networks of the claim bottleneck, not counted in the seconds"
    }
