"""A language model of the grammar, an LSTM small enough to look into, and the unit of it that holds a subject's number

A sample is {"ids": [[2, 9, …], …], "right": […], "wrong": […]}: the words before a verb, the verb, and its other number.
"""

from typing import Any

import numpy as np
import torch

from unrolled.axes import Array
from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._recipes import about
from unrolled.data import Vocabulary, pad, witch
from unrolled.experiments import text
from unrolled.experiments.verbs import BEYOND, TRAINED, Asked, agrees, asked, sentences
from unrolled.nn.language_model import LanguageModel
from unrolled.scratch.cells import LSTM
from unrolled.scratch.labeling import cell_params
from unrolled.scratch.language_model import OWN, lm_forward

D, H, EPOCHS, LEARNING_RATE, SEED = 24, 32, 6, 1e-2, 0
CORPUS, N_TRAIN, N_TEST = (
    8_000,
    600,
    60,
)  # sentences of the corpus, and of each form, depth and number of attractors
LEAST, TIMES = 0.1, 3.0  # what an ablation must cost, and how many times what the next unit's does


def train() -> Checkpoint:
    """Sentences of every kind, and more of those whose main verb shows number, at most two nouns nested before it."""
    train, dev = [*witch.load().train[:CORPUS], *sentences("train", N_TRAIN)], sentences("dev", N_TEST)
    vocabulary = Vocabulary.build([e.source for e in train])
    encoded = [[vocabulary.encode(e.source, start=True, end=True) for e in split] for split in (train, dev)]
    model, history = text.train(
        lambda: LanguageModel(len(vocabulary), D, H, "lstm", fused=True),
        text.Text(vocabulary, *encoded, test=[]), SEED, LEARNING_RATE, EPOCHS,
    )  # fmt: skip
    assert isinstance(model, LanguageModel)
    told = about(
        "witch",
        trained_on=f"{len(train):,} sentences, {EPOCHS} epochs at most",
        nested_at_most=max(TRAINED),
    )
    made = Checkpoint("agreement", model.scratch_params(), {"cell": "lstm", "D": D, "H": H},
                      {"words": list(vocabulary.words)}, told, SEED)  # fmt: skip
    made.config.update(number_unit(made, asked(_with_attractors(dev), vocabulary), vocabulary))
    test = sentences("test", N_TEST)
    attractors, beyond = _with_attractors(test), _with_attractors(sentences(None, N_TEST, BEYOND))
    return made.measured(
        measure, "accuracy", _plain(asked(test, vocabulary)), _plain(asked(attractors[::9], vocabulary)),
        accuracy_attractors=measure(made, _plain(asked(attractors, vocabulary))),
        accuracy_attractors_beyond=measure(made, _plain(asked(beyond, vocabulary))),
        dev_perplexity=min(history.dev),
    )  # fmt: skip


def number_unit(checkpoint: Checkpoint, dev: Asked, vocabulary: Vocabulary) -> dict[str, Any]:
    """The unit whose loss costs most on the development sentences, if the test sentences confirm that it holds the number.

    {"number_unit": its place (from 0) or None, "ablation": accuracies on test sentences with an attractor, "number_unit_means": of
    its c before the verb}.  It is confirmed where its own loss costs more than LEAST there, and more than TIMES what any other's costs.
    """
    test = sentences("test", N_TEST)
    clean = asked([e for e in test if e.agreement and not e.agreement.attractors], vocabulary)
    with_attractors = _with_attractors(test)
    questions = asked(with_attractors, vocabulary)
    found = int(np.argmin([accuracy_without(checkpoint, dev, unit) for unit in range(H)]))
    without = np.array([accuracy_without(checkpoint, questions, unit) for unit in range(H)])
    whole, others = accuracy_without(checkpoint, questions, None), np.delete(without, found)
    cost, next_cost = whole - without[found], whole - others.min()
    c = last_state(checkpoint, questions.ids)[1][:, found]
    plural = np.array([e.agreement is not None and e.agreement.number == "plural" for e in with_attractors])
    return {
        "number_unit": found if cost > max(LEAST, TIMES * next_cost) else None,
        "ablation": {
            "sentences": len(plural), "unit": found, "accuracy": float(whole), "accuracy_without_unit": float(without[found]),
            "next_unit": int(np.argsort(without)[1]), "accuracy_without_next_unit": float(others.min()),
            "accuracy_without_another_mean": float(others.mean()),
            "accuracy_no_attractor": accuracy_without(checkpoint, clean, None),
            "accuracy_no_attractor_without_unit": accuracy_without(checkpoint, clean, found),
        },
        "number_unit_means": {"singular": float(c[~plural].mean()), "plural": float(c[plural].mean())},
    }  # fmt: skip


def accuracy_without(checkpoint: Checkpoint, questions: Asked, unit: int | None) -> float:
    """The share of verbs whose right form is the likelier one, with the cell state of a unit held at 0 all along."""
    h, _ = last_state(checkpoint, questions.ids, unit)
    scores, rows = h @ checkpoint.params["V"].T + checkpoint.params["b_y"], np.arange(len(questions.ids))
    return float((scores[rows, questions.right] > scores[rows, questions.wrong]).mean())


def last_state(checkpoint: Checkpoint, ids: list[Array], unit: int | None = None) -> tuple[Array, Array]:
    """(h, c) after the last word of each sentence; where ``unit`` is given its c, and with it its h, is 0 after every step."""
    padded, mask = pad(ids)
    own = cell_params(checkpoint.params, OWN)
    h, c = np.zeros((2, len(ids), checkpoint.config["H"]))
    for t in range(padded.shape[1]):
        (h_t, c_t), _ = LSTM.step(checkpoint.params["E"].T[padded[:, t]], (h, c), own)
        if unit is not None:
            h_t[:, unit] = c_t[:, unit] = 0.0  # o_t * tanh(0)
        real = mask[:, t, None]
        h, c = np.where(real, h_t, h), np.where(real, c_t, c)
    return h, c


def measure(checkpoint: Checkpoint, sample: dict[str, Any]) -> float:
    """The share of verbs whose right form is likelier than its other number."""
    ids = [np.array(row) for row in sample["ids"]]
    return float(
        agrees(_model(checkpoint), Asked(ids, *map(np.array, (sample["right"], sample["wrong"])))).mean()
    )


def both(checkpoint: Checkpoint, sample: dict[str, Any]) -> tuple[Array, Array]:
    """The scores of every word at every step, padding left out, by ``scratch`` and by the nn model."""
    ids, mask = pad(sample["ids"])
    ours = lm_forward(ids, checkpoint.params, LSTM)[0]
    with torch.no_grad():
        theirs, _ = _model(checkpoint)(torch.from_numpy(ids))
    return ours[mask], theirs.numpy()[mask]


def _model(checkpoint: Checkpoint) -> LanguageModel:
    model = LanguageModel(
        len(checkpoint.vocabularies["words"]), D, H, checkpoint.config["cell"], fused=True
    ).double()
    model.load_scratch(checkpoint.params)
    return model.eval()


def _with_attractors(examples: list) -> list:
    return [e for e in examples if e.agreement.attractors]


def _plain(questions: Asked) -> dict[str, Any]:
    return {
        "ids": [row.tolist() for row in questions.ids],
        "right": questions.right.tolist(),
        "wrong": questions.wrong.tolist(),
    }
