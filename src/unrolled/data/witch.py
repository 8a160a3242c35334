"""The embedded corpus: sentences of the `unrolled.data.grammar`, made here and now from a seed.

The splits, by hash of the English sentence where nothing else keeps them apart:

- ``train``, ``dev``, ``test``: at most ``max_length`` English tokens and ``max_depth`` nested relative clauses;
- ``long``: longer sentences, of the same words and the same depth;
- ``deep``: one or two relative clauses deeper than any in training;
- ``new_words``: at least one word that training never shows in any form (`unrolled.data.lexicon.HELD_OUT`).

Measured on the default corpus: 15,000, 1,000 and 1,000 sentences and 500 of each other split.  Train has
7.2 English tokens a sentence (3 to 12), 285 different English words and 408 Spanish ones; 9,481 of its main
verbs show number, 2,221 of those with an attractor before them; 23 English words have two tags, and the
most frequent tag of each word is right for 97.8 % of test.  ``long`` has 15.3 tokens a sentence (13 to 25),
``deep`` 19.2 (15 to 26).

**What this toy does not show.**  Its few hundred words each have one translation and few senses, and
nearly all word order follows from a handful of rules: accuracies near 100 % here say that an architecture *can*
do a thing, not how well it does on language.  Perplexity says how random the grammar is.  Its sentences
are grammatical rather than sensible (*the broom near some valleys falls*).  There is no idiom, no free choice
between translations, no pronoun with an antecedent, no morphology beyond number, gender and tense, and an
unknown word is rare.  Report a real corpus beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count, islice

import numpy as np

from unrolled.data.corpus import Corpus, split_of
from unrolled.data.grammar import FORMS, Grammar, Plan
from unrolled.data.lexicon import LEXICON, held_out_forms, known, new
from unrolled.data.phrases import Example, compose, finish, word
from unrolled.data.registry import lookup

DEV = TEST = 0.07
EXTRA = ("long", "deep", "new_words")


@dataclass(frozen=True, repr=False)
class Witch(Corpus[Example]):
    """Three splits, and three more that ask for what training did not show."""

    long: Sequence[Example] = ()
    deep: Sequence[Example] = ()
    new_words: Sequence[Example] = ()

    SPLITS = (*Corpus.SPLITS, *EXTRA)


def load(
    train: int = 15_000,
    dev: int = 1_000,
    test: int = 1_000,
    extra: int = 500,
    max_length: int = 12,
    max_depth: int = 2,
    seed: int = 0,
) -> Witch:
    """Make the corpus; ``extra`` is the size of each of the splits long, deep and new_words.

    All sentences are distinct.  A larger split begins with the same sentences as a smaller one, and no
    size moves a sentence to another split.  Raises ValueError for a size below 0, ``max_length`` below 6
    or ``max_depth`` not 1 or 2 (the grammar nests two deep unless told otherwise).
    """
    sizes = {"train": train, "dev": dev, "test": test, "extra": extra}
    wrong = [f"{name}={size}" for name, size in sizes.items() if size < 0]
    if wrong or max_length < 6 or max_depth not in (1, 2):
        raise ValueError(
            "expected sizes of at least 0, max_length of at least 6 and max_depth 1 or 2, got "
            f"{', '.join(wrong) or f'max_length={max_length}, max_depth={max_depth}'}"
        )
    return _make(train, dev, test, extra, max_length, max_depth, seed)


def agreement(
    form: str,
    depth: int,
    attractors: int,
    n: int,
    split: str | None = None,
    seed: int = 0,
    plain: bool = True,
) -> list[Example]:
    """``n`` distinct sentences whose main verb shows number, of one form, depth and number of attractors.

    ``form`` is subject-first, fronted or centre-embedded, with ``depth`` nested nouns of which exactly
    ``attractors`` have not the subject's number; or simple, with depth 0.  Half the subjects are plural.
    ``split`` asks for those of one split (train, dev or test, by the same hash as the corpus), so that a
    model trained on one has not seen the others; ``plain`` leaves out adjectives and adverbs.

    >>> example = agreement("centre-embedded", depth=1, attractors=1, n=1)[0]
    >>> example.agreement.attractors, example.source[example.agreement.verb]
    (1, 'is')
    """
    if split not in (None, *Corpus.SPLITS):
        raise ValueError(f"split: expected one of {', '.join(Corpus.SPLITS)} or None, got {split!r}")
    if form not in FORMS or (form == "simple") != (depth == 0) or not 0 <= attractors <= depth or n < 0:
        raise ValueError(
            f"expected form one of {', '.join(FORMS)}, depth at least 1 (0 if simple), attractors from 0 to depth, "
            f"n at least 0, got form={form!r}, depth={depth}, attractors={attractors}, n={n}"
        )
    rng = _rng(seed, "agreement", form, depth, attractors, plain)
    grammar = Grammar(rng, known())

    def draw() -> Iterator[Example]:
        for number in count():
            number = number % 2
            others = np.full(depth, number)
            others[rng.permutation(depth)[:attractors]] = 1 - number
            yield grammar.sentence(Plan(form, (number, *map(int, others)), marked=True, plain=plain))

    fitting = (example for example in _distinct(draw()) if split in (None, _split(example)))
    return list(islice(fitting, n))


def green_witch() -> Example:
    """The lecture's sentence, *the green witch arrived*; the first of every training split.

    >>> " ".join(green_witch().target), green_witch().alignment
    ('llegó la bruja verde', ((0, 1), (1, 3), (2, 2), (3, 0)))
    """
    the, green = word("the", "DET", "la"), word("green", "ADJ", "verde")
    witch, arrived = word("witch", "NOUN", "bruja"), word("arrived", "VERB", "llegó")
    return finish(compose([the, green, witch, arrived], [arrived, the, witch, green]))


def other_number(verb: str) -> str:
    """The English verb form of the other number: *was* → *were*, *sleeps* → *sleep*, *do* → *does*."""
    if verb not in _OTHER_NUMBER:
        raise ValueError(f"verb: expected a form of the grammar that shows number, got {verb!r}")
    return _OTHER_NUMBER[verb]


_BOTH_NUMBERS = [("was", "were"), ("is", "are"), ("does", "do")]
_BOTH_NUMBERS += [(verb.english["third"], verb.english["base"]) for verb in LEXICON.verbs]
_OTHER_NUMBER = dict(_BOTH_NUMBERS) | {many: one for one, many in _BOTH_NUMBERS}


@lru_cache(maxsize=4)
def _make(train: int, dev: int, test: int, extra: int, max_length: int, max_depth: int, seed: int) -> Witch:
    splits = _main(seed, max_length, max_depth, {"train": train, "dev": dev, "test": test, "long": extra})
    splits["deep"] = _deep(seed, max_depth, extra)
    splits["new_words"] = _new_words(seed, max_length, max_depth, extra)
    return Witch(lookup("witch"), **splits)


def _main(seed: int, max_length: int, max_depth: int, sizes: dict[str, int]) -> dict[str, Sequence[Example]]:
    """Draw sentences and deal them out by length and hash until every split is full."""
    grammar = Grammar(_rng(seed, "main"), known())
    splits: dict[str, list[Example]] = {name: [] for name in sizes}
    missing = sum(sizes.values())
    sentences = _distinct(chain([green_witch()], (grammar.sentence() for _ in count())))
    while missing:
        example = next(sentences)
        if example.depth > max_depth:
            continue
        fits = len(example.source) <= max_length
        split = _split(example) if fits else "long"
        if len(splits[split]) < sizes[split]:
            splits[split].append(example)
            missing -= 1
    return {name: tuple(examples) for name, examples in splits.items()}


def _deep(seed: int, max_depth: int, n: int) -> tuple[Example, ...]:
    """Centre-embedded sentences, one and two levels deeper in turn."""
    rng = _rng(seed, "deep", max_depth)
    grammar = Grammar(rng, known())

    def draw() -> Iterator[Example]:
        for turn in count():
            numbers = tuple(map(int, rng.integers(0, 2, size=max_depth + 2 + turn % 2)))
            yield grammar.sentence(Plan("centre-embedded", numbers, marked=True, plain=True))

    return tuple(islice(_distinct(draw()), n))


def _new_words(seed: int, max_length: int, max_depth: int, n: int) -> tuple[Example, ...]:
    """Sentences of the whole lexicon that hold a held-out word."""
    grammar, held_out = Grammar(_rng(seed, "new words"), new()), held_out_forms()
    fitting = (
        example
        for example in _distinct(grammar.sentence() for _ in count())
        if len(example.source) <= max_length
        and example.depth <= max_depth
        and not held_out.isdisjoint(example.source)
    )
    return tuple(islice(fitting, n))


def _split(example: Example) -> str:
    return split_of(" ".join(example.source), DEV, TEST)


def _distinct(examples: Iterator[Example]) -> Iterator[Example]:
    """Each sentence once; ValueError when ten thousand in a row bring nothing new."""
    seen: set[tuple[str, ...]] = set()
    stale = 0
    for example in examples:
        stale += 1
        if example.source not in seen:
            seen.add(example.source)
            stale = 0
            yield example
        elif stale == 10_000:
            raise ValueError(
                f"expected more distinct sentences than the grammar has of this kind, got {len(seen)}"
            )


def _rng(seed: int, *purpose: object) -> np.random.Generator:
    """A generator of its own for each purpose, so that no split's size shifts another's draws."""
    return np.random.default_rng([seed, *" ".join(map(str, purpose)).encode()])
