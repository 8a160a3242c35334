"""Claim 9c: bilinear attention between an encoder and a decoder of different sizes, against the dot product, which needs one size.

A wide encoder (88 numbers a word) and a narrow decoder (48) are compared with claim 9a's networks of the grammar (64 and 64), seed
by seed; the sizes are chosen so that the bilinear network has hardly fewer parameters, its W_s counted.
"""

from unrolled.experiments import attention_length, length_curve, measure, translation

TITLE = "Bilinear attention between different sizes"
CHAPTER, SECTION = "ch09_attention", "13.8"
STATEMENT = (
    "Bilinear attention lets encoder and decoder differ in size: with a wide encoder and a narrow decoder, and no more parameters, "
    "it translates as well as the dot product between equal ones."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"parameters_*": 0.0, "first_loss": 0.05, "exact*": 0.2, "*error*": 0.3, "*": 15.0}
H_E, H_D = 44, 48  # of the encoder a direction, and of the decoder
MARGIN = 3.0  # BLEU that counts as as well
MEASURES = ("bleu", "bleu_11", "bleu_13", "exact", "error")


def run(seed: int) -> dict[str, float]:
    """Quality, alignment error rate and parameters of both, and the paired differences."""
    dot = measure.once(attention_length, seed)
    model, history = length_curve.train("witch", seed, "attention", "bilinear", H_E, H_D)
    found = length_curve.quality(model, "witch") | length_curve.alignment(model)
    figures = {
        "first_loss": length_curve.first_loss(history),
        "parameters_unequal": translation.parameters(model),
    }
    figures["parameters_dot"] = dot["witch_parameters"]
    for name in MEASURES:
        figures[f"{name}_unequal"], figures[f"{name}_dot"] = found[name], dot[f"witch_{name}"]
        figures[f"difference_{name}"] = found[name] - dot[f"witch_{name}"]
    return figures


def quick(seed: int) -> dict[str, float]:
    """The loss of the first updates."""
    _, history = length_curve.train(
        "witch", seed, "attention", "bilinear", H_E, H_D, first=length_curve.FIRST
    )
    return {"first_loss": length_curve.first_loss(history)}


def criterion(summary: dict[str, dict]) -> str:
    """Holds if the bilinear network has no more parameters and its BLEU is at most 3 below the dot product's, by the whole 95 %
    interval of the paired difference; does not hold if it is more than 3 below by the same.
    """
    low, high = summary["difference_bleu"]["ci95"]
    small = summary["parameters_unequal"]["mean"] <= summary["parameters_dot"]["mean"]
    if low > -3.0 and small:
        return "holds"
    return "does not hold" if high < -3.0 else "undecided"


def data() -> dict[str, str | int]:
    """The grammar's sentences with their hash, and how much of them is used."""
    return length_curve.about_witch() | {
        "unequal": f"encoder 2 x {H_E} units, decoder {H_D}",
        "dot_product": "the networks of the claim attention_length, not counted in the seconds",
    }
