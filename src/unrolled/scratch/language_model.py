"""A recurrent language model: read a word, update the state, give every word its chance to come next.

Chapter 3 builds this module.  Source: Jurafsky & Martin, *Speech and Language Processing*, sections
13.2.1 and 13.2.2, equations (13.4) to (13.11); the model is that of Mikolov et al. (2010).  The state
may be that of any cell.  The two models without a state are in ``ngram`` and ``window_lm``.

    E (D, n_vocab) embeddings    V (n_vocab, H) hidden -> scores    b_y (n_vocab,)    and the cell's own
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from unrolled.axes import Array, Bool, Float, Int, Sizes, expect_finite, expect_ids, expect_shape
from unrolled.scratch.cells import RNN, Cell, Params, State
from unrolled.scratch.embedding import embed, embed_backward, init_embedding
from unrolled.scratch.loss import cross_entropy, log_softmax
from unrolled.scratch.output import output_layer, output_layer_backward
from unrolled.scratch.rnn import softmax

OWN = ("E", "V", "b_y")
"""The parameters of the model itself; all others belong to its cell."""


def init_lm(rng: np.random.Generator, n_vocab: int, D: int, H: int, cell: Cell = RNN) -> Params:
    """Draw all parameters; the book's model dimension d is the case D = H."""
    _expect_one_way(cell)
    r = 1.0 / np.sqrt(H)
    own = {
        "E": init_embedding(rng, n_vocab, D),
        "V": rng.uniform(-r, r, (n_vocab, H)),
        "b_y": np.zeros(n_vocab),
    }
    return {**own, **cell.init(rng, D, H)}


def parameter_count(params: Params) -> int:
    """How many numbers there are to learn."""
    return sum(p.size for p in params.values())


def teacher_forcing(
    sentences: Sequence[Sequence[int]], start: int, end: int, pad: int = 0
) -> tuple[Int[Array, "B T"], Int[Array, "B T"], Bool[Array, "B T"]]:
    """Inputs <s> w_1 … w_n, targets w_1 … w_n </s>, mask: whatever the model guessed, it is fed the true word.

    Raises ValueError where there is no sentence or a word is not an integer id.

    >>> inputs, targets, mask = teacher_forcing([[7, 8], [9]], start=2, end=3)
    >>> inputs.tolist(), targets.tolist()
    ([[2, 7, 8], [2, 9, 0]], [[7, 8, 3], [9, 3, 0]])
    """
    if not len(sentences):
        raise ValueError("sentences: expected at least one, got none")
    lengths = np.array([len(s) + 1 for s in sentences])
    inputs, targets = np.full((2, len(sentences), lengths.max()), pad)
    for row, sentence in enumerate(sentences):
        words = np.asarray(sentence) if len(sentence) else np.zeros(0, int)
        if words.ndim != 1 or not np.issubdtype(words.dtype, np.integer):
            raise ValueError(f"sentences: expected a list of integer ids, got {sentence!r} in sentence {row}")
        inputs[row, : len(words) + 1] = [start, *words]
        targets[row, : len(words) + 1] = [*words, end]
    return inputs, targets, np.arange(lengths.max()) < lengths[:, None]


def lm_forward(
    ids: Int[Array, "*B T"],
    params: Params,
    cell: Cell = RNN,
    state_0: State | None = None,
    mask: Bool[Array, "*B T"] | None = None,
) -> tuple[Float[Array, "*B T n_vocab"], State, Any]:
    """The scores V h_t of every word at every step, (13.4) to (13.6) before the softmax; returns (logits, state_T, cache).

    Where ``mask`` is False the state is carried over, so ``logits[..., -1, :]`` follows each
    sequence's last real word.  Raises ValueError where a shape or an id does not fit.
    """
    _expect_one_way(cell)
    own, rest = _split(params)
    ids = _expect_sequence(ids)
    e, embed_cache = embed(ids, own["E"])  # (13.4)
    h, state_T, cell_cache = cell.forward(e, rest, state_0, mask)  # (13.5)
    logits, output = output_layer(h, own["V"], own.get("b_y"))  # (13.6), its softmax left to the loss
    return logits, state_T, (embed_cache, cell_cache, output, cell, tuple(params))


def lm_backward(
    dlogits: Float[Array, "*B T n_vocab"], cache: Any, dstate_T: State | None = None
) -> tuple[State, Params]:
    """Back through (13.6), (13.5) and (13.4), given dL/dlogits; returns (dstate_0, dparams)."""
    embed_cache, cell_cache, output, cell, names = cache
    dh, dlayer = output_layer_backward(dlogits, output)
    de, dstate_0, dcell = cell.backward(dh, dstate_T, cell_cache)
    dparams = {"E": embed_backward(de, embed_cache), **dlayer, **dcell}
    return dstate_0, {name: dparams[name] for name in names}


def lm_loss(
    inputs: Int[Array, "*B T"],
    targets: Int[Array, "*B T"],
    params: Params,
    cell: Cell = RNN,
    state_0: State | None = None,
    mask: Bool[Array, "*B T"] | None = None,
) -> tuple[float, Params, State]:
    """Cross-entropy (13.11) in nats per token, mean over real tokens; returns (loss, dparams, state_T).

    For text in segments, hand ``state_T`` to the next call: the state goes on, its gradient does not.
    """
    logits, state_T, cache = lm_forward(inputs, params, cell, state_0, mask)
    loss, dlogits = cross_entropy(logits, targets, mask)
    _, dparams = lm_backward(dlogits, cache)
    return loss, dparams, state_T


def cross_entropy_of(y: Float[Array, "*B K"], y_hat: Float[Array, "*B K"]) -> Float[Array, "*B"]:
    """L_CE = -sum over w of y[w] log ŷ[w] (13.10), for any true distribution y, in nats.

    Where y is one-hot, one term is left, and that is (13.11): ``loss.cross_entropy``.
    """
    y_hat = expect_shape("y_hat", y_hat, np.shape(y))
    possible = np.asarray(y) > 0  # 0 log 0 = 0: what never happens costs nothing
    with np.errstate(divide="ignore"):
        return -np.where(possible, y * np.log(np.where(possible, y_hat, 1.0)), 0.0).sum(axis=-1)  # (13.10)


def perplexity(loss: float) -> float:
    """exp(cross-entropy): between how many equally likely words the model is left to guess."""
    return float(np.exp(loss))


def next_word_distribution(
    ids: Int[Array, "*B T"], params: Params, cell: Cell = RNN, mask: Bool[Array, "*B T"] | None = None
) -> Float[Array, "*B n_vocab"]:
    """P(w_{t+1} = k | w_1 … w_t) = ŷ_t[k] (13.7), after the last real word of each sequence."""
    logits, _, _ = lm_forward(ids, params, cell, mask=mask)
    return softmax(logits[..., -1, :])  # (13.6), (13.7)


def sequence_log_prob(
    sentences: Sequence[Sequence[int]], params: Params, start: int, end: int | None, cell: Cell = RNN
) -> Float[Array, " B"]:
    """log P(w_1 … w_n) of each sentence, in nats: the product (13.8) is a sum of logs, or it would underflow.

    With ``end`` the sentence must stop there, and all sentences together have probability 1;
    with ``end=None`` it may go on, and all sentences of one length have probability 1.
    Scores take B · T · n_vocab numbers, so give a long list in batches.
    """
    inputs, targets, mask = teacher_forcing(sentences, start, start if end is None else end)
    logits, _, _ = lm_forward(inputs, params, cell, mask=mask)
    if end is None:
        mask = mask & (np.arange(mask.shape[-1]) < mask.sum(axis=-1, keepdims=True) - 1)
    log_y = np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]  # (13.9)
    return np.where(mask, log_y, 0.0).sum(axis=-1)  # (13.8)


def next_word_function(params: Params, cell: Cell = RNN) -> Callable[[int, Any], tuple[Array, State]]:
    """(token, state) -> (ŷ, state): the model one word at a time, for ``generation``; state None is the start."""
    own, rest = _split(params)
    sizes: Sizes = {}
    H = expect_shape("V", own["V"], ("n_vocab", "H"), sizes).shape[1]

    def next_word(token: int, state: State | None) -> tuple[Array, State]:
        e_t, _ = embed(expect_ids("token", token, own["E"].shape[1]), own["E"])  # (13.4)
        state = tuple(np.zeros(H) for _ in cell.state_names) if state is None else state
        state, _ = cell.step(e_t, state, rest)  # (13.5)
        logits, _ = output_layer(state[0], own["V"], own.get("b_y"))
        return softmax(logits), state  # (13.6)

    return next_word


def _split(params: Params) -> tuple[Params, Params]:
    """The model's own parameters, checked as far as they concern each other, and the cell's."""
    missing = [name for name in ("E", "V") if name not in params]
    if missing:
        raise ValueError(f"params: expected E and V beside the cell's, got no {' and no '.join(missing)}")
    sizes: Sizes = {}
    own = {name: np.asarray(params[name]) for name in OWN if name in params}
    for name, axes in (("E", ("D", "n_vocab")), ("V", ("n_vocab", "H")), ("b_y", ("n_vocab",))):
        if name in own:
            expect_finite(name, expect_shape(name, own[name], axes, sizes))
    return own, {name: p for name, p in params.items() if name not in OWN}


def _expect_sequence(ids: Array) -> Array:
    ids = expect_shape("ids", ids, ("*B", "T"))
    if ids.shape[-1] == 0:
        raise ValueError("ids: expected at least one word, got an empty sequence (T = 0)")
    return ids


def _expect_one_way(cell: Cell) -> None:
    if cell.width != 1:
        raise ValueError(
            f"cell: expected one that reads left to right only, got {cell.name}, which sees the next word"
        )
