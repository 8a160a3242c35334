"""BLiMP's six paradigms of subject-verb agreement: two sentences that differ in one word's number.

Measured on the files of the registry: 1,000 pairs each, 45,399 tokens in the right sentences, 1,798
different tokens.  The two sentences always differ in exactly one token.  In four paradigms it is the verb,
in two the subject; two have an attractor.
"""

import json
from pathlib import Path
from typing import NamedTuple

from unrolled.data.corpus import Corpus
from unrolled.data.registry import fetch, lookup
from unrolled.data.tokens import tokenize

ATTRACTOR = {
    "distractor_agreement_relational_noun": "relational noun",
    "distractor_agreement_relative_clause": "relative clause",
}


class MinimalPair(NamedTuple):
    """Two sentences as tokens, one right and one wrong.

    ``position`` is where they differ.  ``attractor`` says what stands between the subject and its
    verb ("relational noun", "relative clause"), None if nothing does.  Where the *verbs* differ, all
    tokens before ``position`` are the same (``same_prefix``), so a model's choice between the two
    verbs can be read off one next-word distribution; else the subjects differ and whole sentences
    have to be compared.
    """

    good: tuple[str, ...]
    bad: tuple[str, ...]
    paradigm: str
    id: str
    position: int
    attractor: str | None
    same_prefix: bool


def load(lower: bool = True) -> Corpus[MinimalPair]:
    """Read the pairs; all are for testing, so train and dev are empty."""
    source = lookup("blimp")
    pairs = [pair for file in source.files for pair in _read(fetch(file), lower)]
    return Corpus(source, train=[], dev=[], test=pairs)


def _read(path: Path, lower: bool) -> list[MinimalPair]:
    return [_pair(json.loads(line), lower) for line in path.read_text(encoding="utf-8").splitlines()]


def _pair(record: dict, lower: bool) -> MinimalPair:
    good, bad = (tuple(tokenize(record[f"sentence_{kind}"], lower)) for kind in ("good", "bad"))
    return MinimalPair(
        good,
        bad,
        record["UID"],
        f"{record['UID']}-{record['pairID']}",
        next(n for n, (a, b) in enumerate(zip(good, bad, strict=False)) if a != b),
        ATTRACTOR.get(record["UID"]),
        record["one_prefix_method"],
    )
