"""Claim 8c: teacher forcing, a coin, or the model's own words as inputs of the decoder, for the same number of updates.

The networks of claim 8a on fewer of the grammar's sentences; ``forcing`` is the share of true words that the decoder is fed in
training.  After each epoch the loss of the development sentences is taken twice, after true words and after the model's own
(free-running, as in use), so that the three can be compared.  What is scored is always the true next word.
"""

import time
from itertools import pairwise

import numpy as np

from unrolled.experiments import length_curve, translation
from unrolled.nn.seq2seq import Seq2Seq

TITLE = "Teacher forcing"
CHAPTER, SECTION = "ch08_seq2seq", "13.7.1"
STATEMENT = (
    "Teacher forcing speeds up training: after as many updates the model that was fed the true words translates better, "
    "on its own words too, than the one that was fed its own; and each update costs less."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {
    "updates": 0.0,
    "first_loss": 0.05,
    "seconds_*": 1e4,
    "times_*": 1e3,
    "exact*": 0.2,
    "*bleu*": 20.0,
    "*": 1.0,
}
N_TRAIN, EPOCHS, MAX_TOKENS, STEPS = 3_000, 4, 600, 10
FORCING = (1.0, 0.5, 0.0)


def run(seed: int) -> dict[str, float]:
    """Loss by update and epoch, BLEU, exact match, the gap between true and own words, and the time, for each forcing."""
    figures: dict[str, float] = {}
    for forcing in FORCING:
        figures |= {f"{name}_f{forcing:g}": value for name, value in _one(seed, forcing).items()}
    figures["updates"] = figures.pop("updates_f1")
    figures["first_loss"] = figures["first_loss_f1"]
    for name in ("first_loss", "updates"):
        for forcing in FORCING:
            figures.pop(f"{name}_f{forcing:g}", None)
    for forcing in FORCING[1:]:
        figures[f"gain_bleu_f{forcing:g}"] = figures["bleu_f1"] - figures[f"bleu_f{forcing:g}"]
        figures[f"times_f{forcing:g}"] = figures[f"seconds_f{forcing:g}"] / figures["seconds_f1"]
    return figures


def _one(seed: int, forcing: float) -> dict[str, float]:
    pairs, losses, seconds = translation.witch(N_TRAIN), [], 0.0

    def dev(model: Seq2Seq) -> float:
        nonlocal seconds
        start = time.process_time()
        losses.append([translation.mean_loss(model, pairs.splits["dev"], share) for share in (1.0, 0.0)])
        seconds -= time.process_time() - start
        return losses[-1][0] if forcing else losses[-1][1]

    start = time.process_time()
    model, history = _train(seed, forcing, dev=dev)
    seconds += time.process_time() - start
    figures = {
        "first_loss": length_curve.first_loss(history),
        "seconds": seconds,
        "updates": float(len(history.loss)),
    }
    edges = np.linspace(0, len(history.loss), STEPS + 1).round().astype(int)
    figures |= {f"loss_{n}": float(np.mean(history.loss[a:b])) for n, (a, b) in enumerate(pairwise(edges), 1)}
    for epoch, (true, own) in enumerate(losses, 1):
        figures |= {f"true_words_epoch{epoch}": true, f"own_words_epoch{epoch}": own}
    test = pairs.splits["test"]
    written = translation.translations(model, pairs, test)
    figures |= {
        "bleu": translation.bleu(written, test.references),
        "exact": translation.exact(written, test.references),
    }
    true, own = (translation.mean_loss(model, test, share) for share in (1.0, 0.0))
    return figures | {"true_words": true, "own_words": own, "gap": own - true}


def _train(seed: int, forcing: float, **options):
    how = length_curve.SETTINGS["witch"]
    return translation.train(
        lambda pairs: translation.encoder_decoder(pairs, how.D, how.H // 2, how.H),
        translation.witch(N_TRAIN), seed, how.learning_rate, EPOCHS, forcing, max_tokens=MAX_TOKENS, **options,
    )  # fmt: skip


def quick(seed: int) -> dict[str, float]:
    """The loss of the first updates under teacher forcing."""
    return {"first_loss": length_curve.first_loss(_train(seed, 1.0, first=length_curve.FIRST)[1])}


def criterion(summary: dict[str, dict]) -> str:
    """Holds if after the same number of updates the model that was fed true words has the higher BLEU, on its own words, than the
    one that was fed its own, and took less time, both by the whole 95 % interval; does not hold if its BLEU is lower by the same.
    """
    gain, times = summary["gain_bleu_f0"]["ci95"], summary["times_f0"]["ci95"]
    if gain[0] > 0 and times[0] > 1:
        return "holds"
    return "does not hold" if gain[1] < 0 else "undecided"


def data() -> dict[str, str | int]:
    """The grammar's sentences with their hash, and how much of them is used."""
    return translation.about_witch() | {
        "trained_on": f"{N_TRAIN} pairs, {EPOCHS} epochs",
        "tested_on": "the 1,000 test sentences",
        "seconds": "of the processor, the development figures left out",
    }
