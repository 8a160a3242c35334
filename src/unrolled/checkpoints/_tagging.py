"""What the two taggers share: they differ in nothing but the way they read.

A sample is {"ids": [[9, 5, …], …], "tags": [[3, 0, …], …]}; the vocabulary is in lower case, tags are numbers into ``vocabularies["tags"]``.
"""

from functools import partial
from typing import Any

import numpy as np
import torch

from unrolled.axes import Array
from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._recipes import about
from unrolled.data import Vocabulary, pad
from unrolled.experiments import tagging
from unrolled.nn.birnn import Bidirectional
from unrolled.nn.labeling import Tagger
from unrolled.nn.lstm import LSTM
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS, Cell
from unrolled.scratch.labeling import tagger_forward

CAP, D, H, EPOCHS, LEARNING_RATE, SEED, SAMPLE = 5_000, 32, 48, 6, 3e-3, 0, 60


def trained(name: str, both_ways: bool) -> Checkpoint:
    """Train on the whole treebank; the development sentences pick the epoch, the test sentences give the figures."""
    corpus = tagging.treebank()
    vocabulary = Vocabulary.build([s.words for s in corpus.train], max_size=CAP)
    train, dev, test = (tagging.encode(corpus.split(split), vocabulary) for split in corpus.SPLITS)
    config = {"cell": "lstm", "bidirectional": both_ways, "D": D, "H": H, "lower": True}
    found, history = tagging.train(partial(_module, config, CAP), train, dev, SEED, LEARNING_RATE, EPOCHS)
    told = about("ewt", trained_on=f"{len(train.ids):,} sentences, {EPOCHS} epochs at most")
    words = {"words": list(vocabulary.words), "tags": tagging.TAGS}
    made = Checkpoint(name, found.scratch_params(), config, words, told, SEED)
    known = np.concatenate(test.ids) != vocabulary.id("<unk>")
    right = tagging.right(model(made), test)
    return made.measured(measure, "accuracy", _plain(test, len(test.ids)), _plain(test, SAMPLE),
                         accuracy_known=float(right[known].mean()), accuracy_unknown=float(right[~known].mean()),
                         unknown=float(1 - known.mean()), dev_accuracy=max(history.dev))  # fmt: skip


def measure(checkpoint: Checkpoint, sample: dict[str, Any]) -> float:
    """The share of words tagged rightly."""
    split = tagging.Split(*([np.array(row) for row in sample[part]] for part in ("ids", "tags")))
    return float(tagging.right(model(checkpoint), split).mean())


def both(checkpoint: Checkpoint, sample: dict[str, Any]) -> tuple[Array, Array]:
    """The scores of every tag at every word, padding left out, by ``scratch`` and by the nn model."""
    ids, mask = pad(sample["ids"])
    ours, _ = tagger_forward(ids, checkpoint.params, cell(checkpoint), mask)
    with torch.no_grad():
        theirs = model(checkpoint)(torch.from_numpy(ids), torch.from_numpy(mask))
    return ours[mask], theirs.numpy()[mask]


def cell(checkpoint: Checkpoint) -> Cell:
    """The cell of ``scratch`` that the checkpoint's parameters are of."""
    one = CELLS[checkpoint.config["cell"]]
    return bidirectional(one) if checkpoint.config["bidirectional"] else one


def model(checkpoint: Checkpoint) -> Tagger:
    """The nn model with the checkpoint's weights, in float64."""
    made = _module(checkpoint.config, len(checkpoint.vocabularies["words"])).double()
    made.load_scratch(checkpoint.params)
    return made.eval()


def _module(config: dict[str, Any], n_vocab: int) -> Tagger:
    one = partial(LSTM, fused=True)
    make = partial(Bidirectional, one) if config["bidirectional"] else one
    return Tagger(n_vocab, len(tagging.TAGS), config["D"], config["H"], make)


def _plain(split: tagging.Split, n: int) -> dict[str, Any]:
    """n sentences of the split, evenly spread, as plain lists."""
    rows = [k * len(split.ids) // n for k in range(n)]
    return {"ids": [split.ids[k].tolist() for k in rows], "tags": [split.tags[k].tolist() for k in rows]}
