"""Where the real corpora come from: one table of addresses, hashes, licences and people to name.

A file is looked for in the folder that the environment variable ``UNROLLED_DATA`` names, else in the
user's cache.  What is missing is downloaded there once, and used only if its SHA-256 is the one below.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

VARIABLE = "UNROLLED_DATA"
EMBEDDED = "witch"
_GITHUB = "https://raw.githubusercontent.com"


class DataError(RuntimeError):
    """A corpus that cannot be used; the message says why, and what to do."""


class WrongHashError(DataError):
    """A file that is not the one the registry describes."""


class NotAvailableError(DataError):
    """A file that is neither here nor to be had."""


@dataclass(frozen=True)
class File:
    """One file of a corpus: its place below the data folder, where it comes from, and its hash."""

    path: str
    url: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Source:
    """A corpus: what it is for, its licence, whom to name, and its files (none if it is made by the package)."""

    name: str
    title: str
    purpose: str
    licence: str
    attribution: str
    files: tuple[File, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


_EWT = f"{_GITHUB}/UniversalDependencies/UD_English-EWT/r2.16"
_BLIMP = f"{_GITHUB}/alexwarstadt/blimp/3e56b06fcabca9b30822fc66435fca6b1aa40bb1/data"
_BLIMP_FILES = {
    "distractor_agreement_relational_noun": (
        525_650,
        "37c1553f4c6594b162256edce0f6b40bad1898b311c8aaa69605b526b6494a34",
    ),
    "distractor_agreement_relative_clause": (
        564_770,
        "854728b6db8f23f12583f7332b654835351eaedb50783e6f2a3bf6c101b8c422",
    ),
    "irregular_plural_subject_verb_agreement_1": (
        460_705,
        "0066174143671bffa54232d89254d14221afab666273edfefdfb625fbb75e226",
    ),
    "irregular_plural_subject_verb_agreement_2": (
        453_376,
        "9b22db814e7b7251f4abafe8beb9616f2f46eaa58f7cdb701cbc737cc8f1a124",
    ),
    "regular_plural_subject_verb_agreement_1": (
        451_850,
        "1a18d94062c8e792c0a200a3b00dff0e051a92bb084c05e9b5e5c73bee32a620",
    ),
    "regular_plural_subject_verb_agreement_2": (
        456_477,
        "e5b4668811e63b00ac4c9569cb9553281a39c21df43256905ad78e59ae24942c",
    ),
}

_SOURCES = (
    Source(
        EMBEDDED,
        "The green witch arrived: an English-Spanish grammar of ours",
        "translation, gold alignments, tags, agreement; needs no download",
        "MIT",
        "The Unrolled authors",
    ),
    Source(
        "tatoeba",
        "English-Spanish sentence pairs (2018-05-13)",
        "translation; its English side for language models",
        "CC BY 2.0 FR",
        "Sentences from tatoeba.org, selected by www.manythings.org/anki",
        (
            File(
                "tatoeba-spa-eng/spa-eng.zip",
                "https://storage.googleapis.com/download.tensorflow.org/data/spa-eng.zip",
                "0c4fd7825d3d872488d38c157f784e035edab4f2ff0df25a2a208790ecb5b58f",
                2_638_744,
            ),
        ),
    ),
    Source(
        "ewt",
        "Universal Dependencies English Web Treebank (r2.16)",
        "part-of-speech tagging",
        "CC BY-SA 4.0",
        "UD English EWT: Silveira et al. (2014), Nathan Schneider, Christopher Manning and others",
        tuple(
            File(f"ud-english-ewt/en_ewt-ud-{split}.conllu", f"{_EWT}/en_ewt-ud-{split}.conllu", sha256, size)
            for split, size, sha256 in (
                ("train", 14_203_025, "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b"),
                ("dev", 1_805_545, "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6"),
                ("test", 1_804_515, "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd"),
            )
        ),
    ),
    Source(
        "polarity",
        "Sentence polarity dataset v1.0",
        "sentiment: a sentence of a film review, for or against",
        "CC BY 4.0",
        "Bo Pang and Lillian Lee (2005)",
        (
            File(
                "sentence-polarity/sentence_polarity.zip",
                f"{_GITHUB}/nltk/nltk_data/5db857e6f7df11eabb5e5665836db9ec8df07e28/packages/corpora/sentence_polarity.zip",
                "6e1ed4405b65c7eabf1d199a7f7c437091ac21da0ea7467b410a74062574566b",
                490_256,
            ),
        ),
    ),
    Source(
        "blimp",
        "BLiMP, the six paradigms of subject-verb agreement",
        "agreement: which of two sentences a model prefers",
        "CC BY 4.0",
        "Warstadt et al. (2020), BLiMP: The Benchmark of Linguistic Minimal Pairs for English",
        tuple(
            File(f"blimp-agreement/{name}.jsonl", f"{_BLIMP}/{name}.jsonl", sha256, size)
            for name, (size, sha256) in _BLIMP_FILES.items()
        ),
    ),
    Source(
        "shakespeare",
        "Tiny Shakespeare: 40,000 lines of the plays",
        "language models on a long text, by character or word",
        "public domain",
        "William Shakespeare; collected by Andrej Karpathy (2015)",
        (
            File(
                "tinyshakespeare/input.txt",
                f"{_GITHUB}/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                1_115_394,
            ),
        ),
    ),
)
REGISTRY = {source.name: source for source in _SOURCES}


def lookup(name: str) -> Source:
    """The source of that name; ValueError lists the names."""
    if name not in REGISTRY:
        raise ValueError(f"corpus: expected one of {', '.join(REGISTRY)}, got {name!r}")
    return REGISTRY[name]


def data_folder() -> Path:
    """Where corpora lie: the folder in UNROLLED_DATA, else the user's cache."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    import pooch  # late: a bare `import unrolled.data` stays quick

    return Path(pooch.os_cache("unrolled"))


def find(file: File) -> Path | None:
    """Where the file lies, in its subfolder or straight in the data folder, or None; its hash is not looked at."""
    folder = data_folder()
    return next((path for path in (folder / file.path, folder / file.name) if path.is_file()), None)


def fetch(file: File, downloader: Callable[..., Any] | None = None) -> Path:
    """The path of the file with the right hash, downloaded if it is not there.

    Raises `WrongHashError` if a file with another content lies in its place or comes down the line, and
    `NotAvailableError` if there is none and it cannot be downloaded.  Neither leaves a file behind.
    """
    here = find(file)
    if here is None:
        return _download(file, downloader)
    got = hash_of(here)
    if got != file.sha256:
        raise WrongHashError(
            f"{here}: expected sha256 {file.sha256} ({file.size:,} bytes), "
            f"got {got} ({here.stat().st_size:,} bytes). The file is not used. "
            "Delete it to download it again."
        )
    return here


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(file: File, downloader: Callable[..., Any] | None) -> Path:
    import pooch

    folder = data_folder()
    store = pooch.create(folder, "", registry={file.path: file.sha256}, urls={file.path: file.url})
    get: Callable[..., Any] = downloader or pooch.HTTPDownloader(
        progressbar=True, chunk_size=1 << 15, timeout=30
    )
    received: list[str] = []

    def get_and_note(url: str, output: Any, *rest: Any) -> None:
        get(url, output, *rest)
        received.append(hash_of(Path(output)))

    try:
        return Path(store.fetch(file.path, downloader=cast(Any, get_and_note)))
    except ValueError as error:  # pooch says so of a hash; it has removed the file
        if not received or received[0] == file.sha256:
            raise _not_available(file, folder, error) from error
        raise WrongHashError(
            f"{file.name} from {file.url}: expected sha256 {file.sha256}, got {received[0]}. "
            "It was not kept: the address now serves something else, or a proxy answered in its place."
        ) from None
    except OSError as error:  # requests' errors are among them; so are a full disk and a locked folder
        raise _not_available(file, folder, error) from None


def _not_available(file: File, folder: Path, error: Exception) -> NotAvailableError:
    from requests import ConnectionError as RequestsConnectionError

    reason = type(error).__name__  # what requests adds to a lost connection is pages long
    reason = reason if isinstance(error, RequestsConnectionError) else f"{reason}: {error}"
    return NotAvailableError(
        f"{file.name} is not in {folder} and could not be downloaded from {file.url} ({reason}). "
        f"Without a network, set {VARIABLE} to a folder that holds {file.path}, "
        f"or use the embedded corpus: unrolled.data.load({EMBEDDED!r})."
    )
