"""Tokens hold every letter of the text, and show it again as it was where spaces follow the rules."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.data import detokenize, tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The green witch arrived.", ["The", "green", "witch", "arrived", "."]),
        ("¿Llegó la bruja? ¡Sí!", ["¿", "Llegó", "la", "bruja", "?", "¡", "Sí", "!"]),
        ("Don't! I'm Tom's brother-in-law.", "Do n't ! I 'm Tom 's brother-in-law .".split()),
        ("It costs $3,000.50, at 10:30.", "It costs $ 3,000.50 , at 10:30 .".split()),
        ("El pingüino español…", ["El", "pingüino", "español", "…"]),
        ('She said, "Go."', ["She", "said", ",", '"', "Go", ".", '"']),
        ("Tom’s “cat”", ["Tom", "'s", '"', "cat", '"']),
        ("a_b", ["a", "_", "b"]),
        ("", []),
    ],
)
def test_tokens(text, tokens):
    assert tokenize(text) == tokens


@pytest.mark.parametrize(
    "text",
    [
        "The green witch arrived.",
        "¿Llegó la bruja? ¡Sí!",
        "Don't! I'm Tom's brother-in-law (or not).",
        'She said, "Go." and "Stay."',
        "It costs $3,000.50, at 10:30.",
    ],
)
def test_there_and_back(text):
    assert detokenize(tokenize(text)) == text


def test_lower_case_and_composed_accents():
    apart = unicodedata.normalize("NFD", "LLEGÓ la niña")
    assert tokenize(apart, lower=True) == ["llegó", "la", "niña"]


@given(st.text())
def test_no_character_is_lost_but_spaces(text):
    joined = "".join(tokenize(text))
    straight = unicodedata.normalize("NFC", text).translate(str.maketrans("’‘“”", "''\"\"", "\u200b"))
    assert joined == "".join(straight.split())


@given(st.text())
def test_tokens_are_not_cut_again(text):
    tokens = tokenize(text)
    assert all(token and not any(map(str.isspace, token)) for token in tokens)
    apart = [t for token in tokens for t in tokenize(token)]
    assert "".join(apart) == "".join(tokens)
    assert tokenize(" ".join(tokens)) == apart
