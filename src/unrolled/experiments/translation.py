"""What the claims about encoder–decoders share: pairs with vocabularies from training alone, training, and how good a translation is.

The grammar's sentences and Tatoeba's have one shape here.  Of Tatoeba only pairs are used whose words the two vocabularies know,
in training and in the test alike, so no ``<unk>`` is ever read or written.  An English sentence that stands in the test with several
translations is one sentence with several references.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from unrolled import data
from unrolled.axes import Array
from unrolled.data import END, START, Vocabulary, pair_batches, teacher_forcing
from unrolled.data.batches import PairBatch, pad
from unrolled.data.phrases import Example
from unrolled.data.registry import lookup
from unrolled.nn.birnn import Bidirectional
from unrolled.nn.gru import GRU
from unrolled.nn.seq2seq import Seq2Seq, translate
from unrolled.train import History, fit, seeded

MAX_TOKENS = 1_500  # a batch, both sides and the padding counted
Words = Sequence[str]
Alignment = set[tuple[int, int]]


class Sentences(NamedTuple):
    """Encoded sources without marks and targets <s> … </s>; the words of both, and for the grammar its examples."""

    sources: list[Array]
    targets: list[Array]
    words: list[tuple[str, ...]]
    references: list[list[tuple[str, ...]]]
    examples: list[Example]

    def of_length(self, low: int, high: int) -> list[int]:
        """Which sentences have low to high source words."""
        return [n for n, words in enumerate(self.words) if low <= len(words) <= high]


class Pairs(NamedTuple):
    """Both vocabularies and the splits by name."""

    source: Vocabulary
    target: Vocabulary
    splits: dict[str, Sentences]


@lru_cache(maxsize=2)
def witch(n_train: int = 15_000) -> Pairs:
    """The embedded grammar: train, dev, test, and ``long``, sentences longer than any trained on."""
    corpus = data.load("witch", train=n_train)
    source = Vocabulary.build([e.source for e in corpus.train])
    target = Vocabulary.build([e.target for e in corpus.train])
    names = ("train", "dev", "test", "long")
    return Pairs(source, target, {n: _encode(corpus.split(n), source, target) for n in names})


@lru_cache(maxsize=2)
def tatoeba(n_train: int | None, max_length: int, cap: int, cap_target: int) -> Pairs:
    """Tatoeba: pairs of at most ``max_length`` words a side, ``n_train`` of them evenly spread, and the longer ones as ``long``.

    The vocabularies are the most frequent words of all such training pairs.
    """
    corpus = data.load("tatoeba")
    short = {name: [p for p in corpus.split(name) if _longest(p) <= max_length] for name in corpus.SPLITS}
    source = Vocabulary.build([p.source for p in short["train"]], max_size=cap)
    target = Vocabulary.build([p.target for p in short["train"]], max_size=cap_target)
    short["long"] = [p for p in corpus.test if _longest(p) > max_length]
    known = {
        name: [p for p in pairs if source.covers(p.source) and target.covers(p.target)]
        for name, pairs in short.items()
    }
    n = len(known["train"]) if n_train is None else n_train
    known["train"] = [known["train"][k * len(known["train"]) // n] for k in range(n)]
    return Pairs(source, target, {name: _encode(pairs, source, target) for name, pairs in known.items()})


def about_witch() -> dict[str, str | int]:
    """What the ledger says of the grammar's sentences."""
    corpus = data.load("witch")
    made = "\n".join(" ".join((*e.source, *e.target)) for e in (*corpus.train, *corpus.test, *corpus.long))
    return {
        "name": corpus.source.title,
        "sha256": hashlib.sha256(made.encode()).hexdigest(),
        "licence": corpus.licence,
    }


def about_tatoeba(max_length: int, cap: int, cap_target: int) -> dict[str, str | int]:
    """What the ledger says of the pairs of ``tatoeba``."""
    source = lookup("tatoeba")
    return {
        "tatoeba": f"{source.title}: pairs of at most {max_length} words a side, each among the {cap} most frequent "
        f"English or {cap_target} Spanish ones of training",
        "sha256_tatoeba": source.files[0].sha256,
        "licence_tatoeba": source.licence,
    }


def encoder_decoder(
    pairs: Pairs, D: int, H_e: int, H_d: int, context: str = "every", score: str = "dot"
) -> Seq2Seq:
    """A bidirectional GRU reads, a GRU writes; with 2 H_e = H_d the decoder's state is as long as an encoder's."""
    gru = partial(GRU, fused=True)
    sizes = (len(pairs.source), len(pairs.target), D, H_e, H_d)
    return Seq2Seq(*sizes, lambda D, H: Bidirectional(gru, D, H), gru, context, score)


def train(
    make: Callable[[Pairs], Seq2Seq],
    pairs: Pairs,
    seed: int,
    learning_rate: float,
    epochs: int,
    forcing: float = 1.0,
    first: int | None = None,
    dev: Callable[[Seq2Seq], float] | None = None,
    max_tokens: int = MAX_TOKENS,
) -> tuple[Seq2Seq, History]:
    """Train an encoder–decoder; it ends with the weights of its best epoch by ``dev``, the loss of the development pairs unless told.

    The learning rate falls by the same step after each epoch, to 1 / epochs of itself in the last one.
    ``first``: only so many updates, and no development figure: the start of the same run, for a quick look.
    """
    with seeded(seed):
        model = make(pairs)
    own, rng, epoch = pairs.splits["train"], np.random.default_rng([seed, 2]), count()
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)

    def batches(rng: np.random.Generator) -> list[PairBatch]:
        optimizer.param_groups[0]["lr"] = learning_rate * (1 - next(epoch) / epochs)
        return list(pair_batches(own.sources, own.targets, max_tokens=max_tokens, rng=rng))[:first]

    history = fit(
        model,
        lambda model, batch: loss(model, batch, forcing, rng),
        batches,
        optimizer,
        epochs=epochs if first is None else 1,
        seed=seed,
        dev=None if first else dev or (lambda model: mean_loss(model, pairs.splits["dev"])),
    )
    return model, history


def loss(
    model: Seq2Seq, batch: PairBatch, forcing: float = 1.0, rng: np.random.Generator | None = None
) -> tuple[Tensor, int]:
    """Mean loss of a batch in nats per target token, </s> counted, and its number of them."""
    inputs, targets, mask = map(torch.from_numpy, teacher_forcing(batch.target, batch.target_mask))
    source, source_mask = torch.from_numpy(batch.source), torch.from_numpy(batch.source_mask)
    return model.loss(source, inputs, targets, source_mask, mask, forcing, rng), int(mask.sum())


def mean_loss(model: Seq2Seq, sentences: Sentences, forcing: float = 1.0) -> float:
    """The mean loss over all target tokens of the sentences, in nats."""
    batches = pair_batches(sentences.sources, sentences.targets, max_tokens=4 * MAX_TOKENS)
    with torch.no_grad():
        parts = [loss(model, batch, forcing) for batch in batches]
    return sum(part.item() * n for part, n in parts) / sum(n for _, n in parts)


def translations(model: Seq2Seq, pairs: Pairs, sentences: Sentences) -> list[tuple[str, ...]]:
    """The greedy translation of each sentence, in words, at most twice as long as its source and ten more."""
    found: list[tuple[str, ...]] = [()] * len(sentences.sources)
    for index in data.by_length([len(s) for s in sentences.sources], batch_size=200):
        source, mask = map(torch.from_numpy, pad([sentences.sources[n] for n in index]))
        written = translate(model, source, START, END, 2 * source.shape[1] + 10, mask)
        for n, ids in zip(index, written, strict=True):
            found[n] = tuple(pairs.target.decode(ids))
    return found


def bleu(written: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """BLEU of a corpus by sacrebleu, over the words as they are tokenized here; 0 … 100."""
    from sacrebleu.metrics.bleu import BLEU

    most = max(map(len, references))
    columns: Any = [[" ".join(r[k]) if k < len(r) else None for r in references] for k in range(most)]
    return BLEU(tokenize="none", force=True).corpus_score([" ".join(w) for w in written], columns).score


def exact(written: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """The share of sentences whose translation is one of their references, word for word."""
    return float(np.mean([tuple(w) in r for w, r in zip(written, references, strict=True)]))


def attended(model: Seq2Seq, sentences: Sentences) -> list[Array]:
    """For each sentence the attention weights (T, S) while its reference is written, a row a target word without </s>."""
    found: list[Array] = [np.zeros(0)] * len(sentences.sources)
    with torch.no_grad():
        for batch in pair_batches(sentences.sources, sentences.targets, max_tokens=4 * MAX_TOKENS):
            mask = torch.from_numpy(batch.source_mask)
            _, alpha = model.states(
                torch.from_numpy(batch.source), torch.from_numpy(batch.target[:, :-1]), mask
            )
            if alpha is None:
                raise ValueError("model: expected one with attention, got none of its weights")
            for n, weights in zip(batch.index, alpha.numpy(), strict=True):
                found[n] = weights[: len(sentences.targets[n]) - 2, : len(sentences.sources[n])]
    return found


def strongest(alpha: Array) -> Alignment:
    """Each target word with the source word that it looks at most: {(source position, target position)}."""
    return {(int(i), j) for j, i in enumerate(alpha.argmax(axis=1))}


def diagonal(n_source: int, n_target: int) -> Alignment:
    """Each target word with the source word at the same share of the sentence: what an order that never changes would give."""
    last = max(n_target - 1, 1)
    return {(round(j * (n_source - 1) / last), j) for j in range(n_target)}


def alignment_error(found: Iterable[Alignment], gold: Iterable[Iterable[tuple[int, int]]]) -> float:
    """The alignment error rate over a corpus, 1 - 2 |A ∩ S| / (|A| + |S|): every gold link is a sure one (Och and Ney, 2003).

    >>> alignment_error([{(0, 0), (1, 1)}], [{(0, 0), (1, 2), (2, 1)}])
    0.6
    """
    both = size = 0
    for own, links in zip(found, gold, strict=True):
        both += len(own & set(links))
        size += len(own) + len(set(links))
    return 1.0 - 2.0 * both / size


def by_tag(found: Iterable[Alignment], examples: Sequence[Example]) -> dict[str, float]:
    """The error rate of all links, and the shares of wrong ones among gold-linked target words: determiners, and the others."""
    found = list(found)
    wrong: dict[str, list[bool]] = {"determiners": [], "others": []}
    for own, e in zip(found, examples, strict=True):
        gold, looked = set(e.alignment), {j: i for i, j in own}
        tags = {j: e.tags[i] for i, j in e.alignment}
        for j, tag in tags.items():
            wrong["determiners" if tag == "DET" else "others"].append((looked[j], j) not in gold)
    shares = {f"error_{name}": float(np.mean(all_)) for name, all_ in wrong.items()}
    return {"error": alignment_error(found, [e.alignment for e in examples])} | shares


def parameters(model: torch.nn.Module) -> float:
    """How many numbers the model learns."""
    return float(sum(p.numel() for p in model.parameters()))


def _encode(pairs: Sequence, source: Vocabulary, target: Vocabulary) -> Sentences:
    references: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for pair in pairs:
        references.setdefault(pair[0], []).append(pair[1])
    return Sentences(
        [source.encode(pair[0]) for pair in pairs],
        [target.encode(pair[1], start=True, end=True) for pair in pairs],
        [pair[0] for pair in pairs],
        [references[pair[0]] for pair in pairs],
        [pair for pair in pairs if isinstance(pair, Example)],
    )


def _longest(pair: Any) -> int:
    return max(map(len, pair))
