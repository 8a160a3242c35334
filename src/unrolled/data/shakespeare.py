"""Tiny Shakespeare: one long text, for language models on a stream.

Measured on the file of the registry: 1,115,394 characters, 65 different ones (train 1,003,857, dev 55,825,
test 55,712); as words 264,967, 15,355 and 15,217 tokens with 14,046 different ones, 13,194 of them in
train.
"""

from collections.abc import Iterator

from unrolled.data.corpus import Corpus
from unrolled.data.registry import fetch, lookup
from unrolled.data.tokens import tokenize

LEVELS = ("word", "char")
DEV, TEST = 0.05, 0.05


def load(level: str = "word", lower: bool = False) -> Corpus[str]:
    r"""Read the text as one stream of tokens, or of characters.

    The splits are contiguous, train first and test last (90, 5 and 5 % of the characters, cut between
    speeches): speeches in a random order would put each scene on both sides.  At the word level the end
    of a line is the token ``"\n"``; joined, the characters of the three splits are the file again.
    """
    if level not in LEVELS:
        raise ValueError(f"level: expected one of {', '.join(LEVELS)}, got {level!r}")
    source = lookup("shakespeare")
    text = fetch(source.files[0]).read_text(encoding="utf-8")
    text = text.lower() if lower else text
    first, second = (_speech_start(text, round(len(text) * share)) for share in (1 - DEV - TEST, 1 - TEST))
    parts = text[:first], text[first:second], text[second:]
    train, dev, test = (list(part) if level == "char" else list(_words(part)) for part in parts)
    return Corpus(source, train, dev, test)


def _speech_start(text: str, position: int) -> int:
    """The start of the next speech: they are set apart by an empty line."""
    return text.index("\n\n", position) + 2


def _words(text: str) -> Iterator[str]:
    for line in text.split("\n")[:-1]:
        yield from tokenize(line)
        yield "\n"
