"""What the four encoder–decoders share: a bidirectional GRU reads, a GRU writes; how one is trained, measured and compared.

A sample is {"source": [[5, 9, …], …], "targets": [[[2, 7, …, 3], …], …]}: sources without marks, and for each its references <s> … </s>.
"""

from typing import Any

import numpy as np
import torch

from unrolled.axes import Array
from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._recipes import about
from unrolled.data import Vocabulary, pad
from unrolled.experiments import translation
from unrolled.experiments.translation import Pairs, Sentences
from unrolled.nn.seq2seq import Seq2Seq
from unrolled.scratch.architecture import Architecture
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.scratch.seq2seq import seq2seq_forward

SAMPLE, SEED, LEARNING_RATE = 60, 1, 5e-3


def witch(name: str, context: str, epochs: int) -> Checkpoint:
    """One of the grammar, small enough to run in a page."""
    pairs = translation.witch()
    found = _trained(name, pairs, {"D": 32, "H_e": 48, "H_d": 96, "context": context, "score": "dot"}, epochs, 1_500,
                     about("witch", trained_on=f"{len(pairs.splits['train'].sources)} pairs"))  # fmt: skip
    others = {"bleu_long": measure(found, sample(pairs.splits["long"]))}
    if context == "attention":
        others["alignment_error"] = alignment_error(found, pairs.splits["test"])
    return _measured(found, pairs, **others)


def tatoeba(name: str, context: str, epochs: int) -> Checkpoint:
    """One of Tatoeba's short sentences, of which the two vocabularies know every word; small enough to run in a page."""
    max_length, cap, cap_target = 8, 1_000, 1_300
    pairs = translation.tatoeba(None, max_length, cap, cap_target)
    told = about(
        "tatoeba",
        trained_on=f"{len(pairs.splits['train'].sources)} pairs of at most {max_length} words a side",
        words=f"each of the {cap} most frequent English or {cap_target} Spanish ones; tested on such pairs too",
    )
    config = {"D": 32, "H_e": 32, "H_d": 64, "context": context, "score": "dot"}
    return _measured(_trained(name, pairs, config, epochs, 600, told), pairs)


def sample(sentences: Sentences, n: int | None = None) -> dict[str, Any]:
    """Each different source with all its references, or ``n`` of them, evenly spread."""
    by_source: dict[tuple[int, ...], list[list[int]]] = {}
    for source, target in zip(sentences.sources, sentences.targets, strict=True):
        by_source.setdefault(tuple(source.tolist()), []).append(target.tolist())
    rows = list(by_source.items())
    rows = rows if n is None else [rows[k * len(rows) // n] for k in range(n)]
    return {"source": [list(source) for source, _ in rows], "targets": [targets for _, targets in rows]}


def measure(checkpoint: Checkpoint, sample: dict[str, Any]) -> float:
    """BLEU of the greedy translations, 0 … 100."""
    return translation.bleu(*_written(checkpoint, sample))


def exact_match(checkpoint: Checkpoint, sample: dict[str, Any]) -> float:
    """The share of greedy translations that are a reference word for word."""
    return translation.exact(*_written(checkpoint, sample))


def alignment_error(checkpoint: Checkpoint, sentences: Sentences) -> float:
    """The alignment error rate of each target word's strongest weight."""
    looked = translation.attended(model(checkpoint), sentences)
    return translation.alignment_error(
        map(translation.strongest, looked), [e.alignment for e in sentences.examples]
    )


def both(checkpoint: Checkpoint, sample: dict[str, Any]) -> tuple[Array, Array]:
    """The scores of the first references' words, by ``scratch`` and by the nn model."""
    source, source_mask = pad(sample["source"])
    inputs, _ = pad([targets[0][:-1] for targets in sample["targets"]])
    made = architecture(checkpoint)
    (ours, _), _ = seq2seq_forward(source, inputs, checkpoint.params, made, source_mask)
    with torch.no_grad():
        theirs, _ = model(checkpoint)(*map(torch.from_numpy, (source, inputs, source_mask)))
    return ours, theirs.numpy()


def architecture(checkpoint: Checkpoint) -> Architecture:
    """What the checkpoint's parameters are of, for ``scratch.seq2seq``."""
    cell, config = CELLS[checkpoint.config["cell"]], checkpoint.config
    return Architecture(bidirectional(cell), cell, config["context"], config["score"])


def model(checkpoint: Checkpoint) -> Seq2Seq:
    """The nn model with the checkpoint's weights, in float64."""
    source, target = (Vocabulary(checkpoint.vocabularies[side][4:]) for side in ("source", "target"))
    config = {name: checkpoint.config[name] for name in ("D", "H_e", "H_d", "context", "score")}
    made = _module(Pairs(source, target, {}), config).double()
    made.load_scratch(checkpoint.params)
    return made.eval()


def _trained(
    name: str, pairs: Pairs, config: dict[str, Any], epochs: int, max_tokens: int, told: dict[str, Any]
) -> Checkpoint:
    made, _ = translation.train(
        lambda pairs: _module(pairs, config), pairs, SEED, LEARNING_RATE, epochs, max_tokens=max_tokens
    )
    vocabularies = {"source": list(pairs.source.words), "target": list(pairs.target.words)}
    config = {"cell": "gru", "encoder": "bidirectional gru", **config}
    return Checkpoint(name, made.scratch_params(), config, vocabularies, told, SEED)


def _measured(found: Checkpoint, pairs: Pairs, **others: float) -> Checkpoint:
    test = sample(pairs.splits["test"])
    others = {"exact_match": exact_match(found, test), "sentences": float(len(test["source"])), **others}
    return found.measured(measure, "bleu", test, sample(pairs.splits["test"], SAMPLE), **others)


def _module(pairs: Pairs, config: dict[str, Any]) -> Seq2Seq:
    return translation.encoder_decoder(pairs, **config)


def _written(checkpoint: Checkpoint, sample: dict[str, Any]) -> tuple[list, list]:
    source, target = (Vocabulary(checkpoint.vocabularies[side][4:]) for side in ("source", "target"))
    references = [[tuple(target.decode(ids)) for ids in targets] for targets in sample["targets"]]
    sentences = Sentences([np.array(ids) for ids in sample["source"]], [], [], references, [])
    return translation.translations(model(checkpoint), Pairs(source, target, {}), sentences), references
