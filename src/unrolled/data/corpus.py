"""What every corpus looks like: three splits of examples, and where they come from."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from unrolled.data.registry import Source

Example = TypeVar("Example")


@dataclass(frozen=True)
class Corpus(Generic[Example]):
    """Examples in three splits; ``source`` carries the licence and whom to name."""

    SPLITS: ClassVar[tuple[str, ...]] = ("train", "dev", "test")

    source: Source
    train: Sequence[Example]
    dev: Sequence[Example]
    test: Sequence[Example]

    def split(self, name: str) -> Sequence[Example]:
        """One split by name; ValueError lists the names."""
        if name not in self.SPLITS:
            raise ValueError(f"split: expected one of {', '.join(self.SPLITS)}, got {name!r}")
        return getattr(self, name)

    @property
    def licence(self) -> str:
        """The licence of the text."""
        return self.source.licence

    @property
    def attribution(self) -> str:
        """Whom to name when you use it."""
        return self.source.attribution

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {len(self.split(name)):,}" for name in self.SPLITS)
        return f"{type(self).__name__}({self.source.name!r}: {sizes}; {self.licence})"


def split_of(key: str, dev: float = 0.05, test: float = 0.05) -> str:
    """The split of an example, from a hash of its key: the same for ever, whatever else is in the corpus.

    >>> split_of("the green witch arrived"), split_of("the green witch arrived")
    ('train', 'train')
    """
    digest = hashlib.blake2b(unicodedata.normalize("NFC", key).encode(), digest_size=8).digest()
    share = int.from_bytes(digest, "big") / 2**64
    return "test" if share < test else "dev" if share < test + dev else "train"


def split_by(
    examples: Iterable[Example], key: Callable[[Example], str], dev: float = 0.05, test: float = 0.05
) -> dict[str, list[Example]]:
    """Examples by split; those with the same key are never in two."""
    splits: dict[str, list[Example]] = {name: [] for name in Corpus.SPLITS}
    for example in examples:
        splits[split_of(key(example), dev, test)].append(example)
    return splits
