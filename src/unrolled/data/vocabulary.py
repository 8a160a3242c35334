"""Words to ids and back.  Four ids are the same in every vocabulary of the book."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from unrolled.axes import Array, expect_ids

SPECIALS = ("<pad>", "<unk>", "<s>", "</s>")
PAD, UNK, START, END = range(4)


class Vocabulary:
    """The words a model knows, each with an id; ids 0 to 3 are <pad>, <unk>, <s> and </s>.

    Build it from the training split alone (`Vocabulary.build`), else the test split leaks into it.

    >>> vocabulary = Vocabulary.build([["the", "green", "witch"], ["the", "witch"]], min_count=2)
    >>> vocabulary.words, vocabulary.encode(["the", "red", "witch"]).tolist()
    (('<pad>', '<unk>', '<s>', '</s>', 'the', 'witch'), [4, 1, 5])
    """

    def __init__(self, words: Iterable[str]):
        """``words`` without the four special ones, in the order of their ids; ValueError on a word twice."""
        own = list(words)
        bad = [word for word in own if not isinstance(word, str) or word == ""]
        if bad:
            raise ValueError(f"words: expected non-empty strings, got {bad[0]!r}")
        twice = [word for word, n in Counter([*SPECIALS, *own]).items() if n > 1]
        if twice:
            raise ValueError(f"words: expected each word once and no special one, got {twice[0]!r} again")
        self.words: tuple[str, ...] = (*SPECIALS, *own)
        self._ids = {word: n for n, word in enumerate(self.words)}

    @classmethod
    def build(
        cls, sentences: Iterable[Sequence[str]], max_size: int | None = None, min_count: int = 1
    ) -> "Vocabulary":
        """Count the words of the training sentences and keep the most frequent ones.

        ``max_size`` bounds the whole vocabulary, the four special words included; ``min_count`` drops
        rarer words.  Ties go by the alphabet, so the same text gives the same ids on any machine.
        """
        if max_size is not None and max_size < len(SPECIALS):
            raise ValueError(
                f"max_size: expected at least {len(SPECIALS)} (the special words), got {max_size}"
            )
        if min_count < 1:
            raise ValueError(f"min_count: expected at least 1, got {min_count}")
        counts: Counter[str] = Counter()
        for sentence in sentences:
            if isinstance(sentence, str):
                raise ValueError(
                    f"sentences: expected lists of words, got the string {sentence!r}; split it first"
                )
            counts.update(sentence)
        kept = [word for word, n in counts.items() if n >= min_count and word not in SPECIALS]
        kept.sort(key=lambda word: (-counts[word], word))
        return cls(kept if max_size is None else kept[: max_size - len(SPECIALS)])

    def encode(self, words: Sequence[str], start: bool = False, end: bool = False) -> Array:
        """The ids (T,) of a sentence, <unk> for a word it does not know; <s> before, </s> after on request."""
        if isinstance(words, str):
            raise ValueError(f"words: expected a list of words, got the string {words!r}; split it first")
        ids = [START] * start + [self._ids.get(word, UNK) for word in words] + [END] * end
        return np.array(ids, dtype=np.int64)

    def decode(self, ids: Iterable[int], specials: bool = False) -> list[str]:
        """The words of the ids; <pad>, <s> and </s> are left out unless ``specials``; ValueError on an unknown id."""
        ids = expect_ids("ids", np.asarray(list(ids), dtype=np.int64), len(self))
        return [self.words[n] for n in ids if specials or n not in (PAD, START, END)]

    def count_unknown(self, words: Sequence[str]) -> int:
        """How many of the words become <unk>."""
        return sum(word not in self._ids for word in words)

    def covers(self, words: Sequence[str]) -> bool:
        """Whether it knows each of the words."""
        return all(word in self._ids for word in words)

    def id(self, word: str) -> int:
        """The id of one word, <unk>'s if it is not known."""
        return self._ids.get(word, UNK)

    def save(self, path: str | Path) -> None:
        """Write it as JSON, readable by `Vocabulary.load`."""
        content = {"kind": "unrolled vocabulary", "specials": SPECIALS, "words": self.words[len(SPECIALS) :]}
        Path(path).write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """Read what `save` wrote; ValueError if the file is something else."""
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}: expected the JSON of a saved vocabulary, got {error}") from None
        if not isinstance(content, dict) or tuple(content.get("specials", ())) != SPECIALS:
            raise ValueError(
                f"{path}: expected a saved vocabulary with {' '.join(SPECIALS)}, got something else"
            )
        return cls(content["words"])

    def __len__(self) -> int:
        """The number of words, n_vocab, special ones included."""
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.words == other.words

    def __hash__(self) -> int:
        return hash(self.words)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} words: {', '.join(self.words[4:8])}{' …' if len(self) > 8 else ''})"
