"""Word embeddings: a one-hot vector picks one column of E, and its gradient goes back to that column.

Source: Jurafsky & Martin, *Speech and Language Processing*, section 13.2.1, equation (13.4).

    E (D, n_vocab): one column a word, as in the book
"""

from typing import Any

import numpy as np

from unrolled.axes import Array, Float, Int, expect_ids, expect_shape


def init_embedding(rng: np.random.Generator, n_vocab: int, D: int) -> Float[Array, "D n_vocab"]:
    """Draw E from a normal distribution with variance 1/D, so that an embedding's length is about 1."""
    return rng.normal(scale=D**-0.5, size=(D, n_vocab))


def one_hot(ids: Int[Array, "*B"], n_vocab: int) -> Float[Array, "*B n_vocab"]:
    """The vector x_t of the book: 1 at the word's id, 0 at every other."""
    return np.eye(n_vocab)[expect_ids("ids", ids, n_vocab)]


def embed(ids: Int[Array, "*B"], E: Float[Array, "D n_vocab"]) -> tuple[Float[Array, "*B D"], Any]:
    """e_t = E x_t (13.4); returns (e, cache).  The product with a one-hot x_t is a look-up of its column.

    Raises ValueError at an id that is not a column of E.

    >>> embed(np.array([2, 0]), np.array([[1.0, 2.0, 3.0]]))[0]
    array([[3.],
           [1.]])
    """
    E = expect_shape("E", E, ("D", "n_vocab"))
    ids = expect_ids("ids", ids, E.shape[1])
    return E.T[ids], (ids, E.shape)  # (13.4)


def embed_backward(de: Float[Array, "*B D"], cache: Any) -> Float[Array, "D n_vocab"]:
    """dE, given dL/de: a word that occurs twice adds up both gradients, one that does not occur gets 0."""
    ids, (D, n_vocab) = cache
    de = expect_shape("de", de, (*ids.shape, D))
    dE = np.zeros((n_vocab, D), de.dtype)  # the book's E has words in columns; rows are faster to add to
    np.add.at(dE, ids.ravel(), de.reshape(-1, D))  # dE = de x_tᵀ, summed over the batch and time
    return dE.T
