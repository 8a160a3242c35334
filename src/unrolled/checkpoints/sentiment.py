"""For or against a film: one LSTM reads, and three classifiers, of its last state, the mean and the maximum, learn together

The encoder's parameters (E and the cell's) are there once, a classifier's are named after its pooling: "last.W_ff", "mean.V", …;
``head(params, "mean")`` is what ``scratch.classification`` takes.  A sample is {"ids": [[9, 5, …], …], "labels": [0, 1, …]}.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from unrolled.axes import Array
from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._recipes import about
from unrolled.data import pad, sentence_batches
from unrolled.data.batches import Batch
from unrolled.data.polarity import LABELS
from unrolled.experiments import pooling
from unrolled.nn.classification import Classifier
from unrolled.nn.lstm import LSTM
from unrolled.scratch.cells import CELLS
from unrolled.scratch.classification import POOLS, classifier_forward
from unrolled.scratch.sequences import Params
from unrolled.train import fit, seeded

D, H, F, EPOCHS, LEARNING_RATE, SEED, SAMPLE = 32, 48, 24, 4, 2e-3, 0, 60
UNSEEN = 0.1  # the share of words read as <unk> in training, so that a reader's own words do less harm
HEAD = ("W_ff", "b_ff", "V", "b_y")


class Three(nn.Module):
    """The three classifiers; those after the first read with the first one's encoder."""

    def __init__(self, n_vocab: int, D: int, H: int, F: int):
        super().__init__()
        make = partial(LSTM, fused=True)
        found = {pool: Classifier(n_vocab, len(LABELS), D, H, F, make, pool) for pool in POOLS}
        for pool in POOLS[1:]:
            found[pool].E, found[pool].cell = found[POOLS[0]].E, found[POOLS[0]].cell
        self.heads = nn.ModuleDict(found)


def train() -> Checkpoint:
    """The mean of the three losses; the epoch best on the development sentences over all three is kept."""
    vocabulary, examples = pooling.load()
    ids, labels = examples["train"]
    with seeded(SEED):
        model = Three(len(vocabulary), D, H, F)
    rng = np.random.default_rng(SEED)

    def loss(model: Three, batch: Batch) -> tuple[Tensor, int]:
        read = np.where(rng.random(batch.ids.shape) < UNSEEN, vocabulary.id("<unk>"), batch.ids)
        given = torch.from_numpy(read), labels[batch.index], torch.from_numpy(batch.mask)
        return torch.stack([_of(model, pool).loss(*given) for pool in POOLS]).mean(), len(batch.index)

    def accuracies(model: Three, split: str) -> dict[str, float]:
        return {pool: pooling.accuracy(_of(model, pool), examples[split]) for pool in POOLS}

    history = fit(
        model, loss, lambda rng: list(sentence_batches(ids, batch_size=pooling.BATCH, rng=rng)),
        torch.optim.Adam(model.parameters(), lr=LEARNING_RATE), epochs=EPOCHS, seed=SEED,
        dev=lambda model: float(np.mean(list(accuracies(model, "dev").values()))), better="higher",
    )  # fmt: skip
    first = _of(model, POOLS[0]).scratch_params()
    params = {name: p for name, p in first.items() if name not in HEAD}
    params |= {f"{pool}.{n}": _of(model, pool).scratch_params()[n] for pool in POOLS for n in HEAD}
    told = about("polarity", trained_on=f"{len(ids):,} sentences, {EPOCHS} epochs at most")
    config = {"cell": "lstm", "D": D, "H": H, "F": F, "pools": list(POOLS), "classes": list(LABELS)}
    made = Checkpoint("sentiment", params, config, {"words": list(vocabulary.words)}, told, SEED)
    test, few = (_plain(examples["test"], n) for n in (len(examples["test"][0]), SAMPLE))
    others = {f"accuracy_{pool}": _accuracy(made, test, pool) for pool in POOLS}
    return made.measured(measure, "accuracy", test, few, **others, dev_accuracy=max(history.dev))


def head(params: Params, pool: str) -> Params:
    """The parameters of one classifier under the names of ``scratch.classification``."""
    shared = {name: p for name, p in params.items() if name.split(".")[0] not in POOLS}
    return shared | {name: params[f"{pool}.{name}"] for name in HEAD}


def measure(checkpoint: Checkpoint, sample: dict[str, Any]) -> float:
    """The share of sentences classified rightly, the mean of the three poolings."""
    return float(np.mean([_accuracy(checkpoint, sample, pool) for pool in POOLS]))


def both(checkpoint: Checkpoint, sample: dict[str, Any]) -> tuple[Array, Array]:
    """The scores of both classes by all three poolings, by ``scratch`` and by the nn model."""
    ids, mask = pad(sample["ids"])
    ours, theirs = [], []
    for pool in POOLS:
        own, cell = head(checkpoint.params, pool), CELLS[checkpoint.config["cell"]]
        ours.append(classifier_forward(ids, own, cell, mask, pool)[0])
        with torch.no_grad():
            theirs.append(model(checkpoint, pool)(torch.from_numpy(ids), torch.from_numpy(mask)).numpy())
    return np.stack(ours), np.stack(theirs)


def model(checkpoint: Checkpoint, pool: str) -> Classifier:
    """One of the classifiers with the checkpoint's weights, in float64."""
    n_vocab, config = len(checkpoint.vocabularies["words"]), checkpoint.config
    make = partial(LSTM, fused=True)
    made = Classifier(n_vocab, len(LABELS), config["D"], config["H"], config["F"], make, pool).double()
    made.load_scratch(head(checkpoint.params, pool))
    return made.eval()


def _of(model: Three, pool: str) -> Classifier:
    found = model.heads[pool]
    assert isinstance(found, Classifier)
    return found


def _accuracy(checkpoint: Checkpoint, sample: dict[str, Any], pool: str) -> float:
    ids = [np.array(row) for row in sample["ids"]]
    return pooling.accuracy(model(checkpoint, pool), (ids, torch.tensor(sample["labels"])))


def _plain(examples: pooling.Examples, n: int) -> dict[str, Any]:
    """n of the examples, evenly spread, as plain lists."""
    ids, labels = examples
    rows = [k * len(ids) // n for k in range(n)]
    return {"ids": [ids[k].tolist() for k in rows], "labels": labels[rows].tolist()}
