"""Raw text to tokens and back: one simple rule for English and Spanish.

A token is a number, a word (letters, with the apostrophes and hyphens inside it), or one mark of
punctuation.  English contractions are cut before the apostrophe, as in treebanks: *don't* gives
*do n't*, *it's* gives *it 's*.
"""

import re
import unicodedata
from collections.abc import Sequence

_NUMBER = r"\d+(?:[.,:]\d+)*"
_LETTER = r"[^\W\d_]"
_WORD = rf"{_LETTER}[^\W_]*(?:['-][^\W_]+)*"
_TOKEN = re.compile(rf"{_NUMBER}|{_WORD}|\S")
_CONTRACTION = re.compile(r"(?i)^(.+?)(n't|'(?:s|re|ve|ll|d|m))$")
_CURLY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u200b": None, "\xa0": " "})

_NO_SPACE_BEFORE = frozenset(".,;:!?%)]}»…") | {"n't", "'s", "'re", "'ve", "'ll", "'d", "'m"}
_NO_SPACE_AFTER = frozenset("¿¡([{«$€")


def tokenize(text: str, lower: bool = False) -> list[str]:
    """The tokens of a text, in Unicode's composed form (NFC), curly quotes made straight.

    >>> tokenize("Don't stop!"), tokenize("¿Llegó la Bruja?", lower=True)
    (['Do', "n't", 'stop', '!'], ['¿', 'llegó', 'la', 'bruja', '?'])
    """
    text = text.lower() if lower else text
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_CURLY)
    if "'" not in text:
        return _TOKEN.findall(text)
    tokens: list[str] = []
    for token in _TOKEN.findall(text):
        cut = _CONTRACTION.match(token) if "'" in token else None
        tokens.extend(cut.groups() if cut else (token,))
    return tokens


def detokenize(tokens: Sequence[str]) -> str:
    """Tokens as a line to show: spaces where they belong, straight quotes closed in turn.

    Good for display; not an exact inverse (it cannot know what spaces there were).

    >>> detokenize(["¿", "Llegó", "la", "bruja", "?"])
    '¿Llegó la bruja?'
    """
    line, quoted, glue = "", False, True
    for token in tokens:
        closing = token == '"' and quoted
        line += token if glue or closing or token in _NO_SPACE_BEFORE else f" {token}"
        quoted = quoted != (token == '"')
        glue = token in _NO_SPACE_AFTER or (token == '"' and quoted)
    return line
