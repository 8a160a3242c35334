"""Encoder–decoder: one network reads the source, a second writes the target from what the first kept.

Chapter 8 builds this module, chapter 9 adds attention.  Source: Jurafsky & Martin, *Speech and Language
Processing*, sections 13.7 and 13.8, equations (13.28) to (13.34); the architecture is that of Cho et al.
(2014) and Sutskever et al. (2014), its attention that of Bahdanau et al. (2015).
Which cells, contexts and parameters there are is in ``architecture``.
"""

from typing import Any, NamedTuple

import numpy as np

from unrolled.axes import Array, Bool, Float, Int, Sizes, expect_ids, expect_mask, expect_shape
from unrolled.scratch.architecture import Architecture
from unrolled.scratch.attention import attend, attend_backward
from unrolled.scratch.embedding import embed, embed_backward
from unrolled.scratch.loss import cross_entropy, log_softmax
from unrolled.scratch.output import output_layer, output_layer_backward
from unrolled.scratch.sequences import Params, State
from unrolled.scratch.stacked import join


class Source(NamedTuple):
    """What the decoder may know of the source: all states h_e (*B, S, E), the last one c (*B, C), the mask."""

    h_e: Array
    c: Array
    mask: Array | None


def encode(
    source: Int[Array, "*B S"], params: Params, model: Architecture, mask: Bool[Array, "*B S"] | None = None
) -> tuple[Source, State, Any]:
    """Read the source; returns (what the decoder may know, the decoder's first state, cache).

    c = h_n^e and h_0^d = c (13.33), both sides' context layers included; with a bridge, W_b c is every part
    of the first state.
    """
    x, embedding = embed(_expect_words("source", source, mask), params["E_e"])
    h_e, final, cache = model.encoder.forward(x, _cell(params, "encoder"), None, mask)  # (13.29)
    c = np.concatenate([final[place] for place in model.encoder.shown], axis=-1)  # c = h_n^e
    bridge = params.get("W_b")
    state_0 = final if bridge is None else tuple(c @ bridge.T for _ in model.decoder.state_names)  # (13.33)
    return Source(h_e, c, mask), state_0, (embedding, cache, final)


def decode_step(
    e_t: Float[Array, "*B D"], state: State, source: Source, params: Params, model: Architecture
) -> tuple[State, Array | None, Any]:
    """h_t^d = g(ŷ_{t-1}, h_{t-1}^d, c) (13.32), with c_t made anew under attention (13.34); returns (state, alpha, cache)."""
    alpha = attention = None
    if model.context == "every":
        e_t = np.concatenate([e_t, source.c], axis=-1)
    elif model.context == "attention":
        W_s = params.get("W_s")
        (ctx, alpha), attention = attend(state[0][..., None, :], source.h_e, model.score, W_s, source.mask)
        e_t, alpha = np.concatenate([e_t, ctx[..., 0, :]], axis=-1), alpha[..., 0, :]
    state, cell = model.decoder.step(e_t, state, _cell(params, "decoder"))  # (13.32), (13.34)
    return state, alpha, (cell, attention)


def seq2seq_forward(
    source: Int[Array, "*B S"],
    inputs: Int[Array, "*B T"],
    params: Params,
    model: Architecture,
    source_mask: Bool[Array, "*B S"] | None = None,
    forcing: float = 1.0,
    rng: np.random.Generator | None = None,
) -> tuple[tuple[Float[Array, "*B T n_target"], Float[Array, "*B T S"] | None], Any]:
    """Scores of every target word at every step, and the attention weights if any; returns ((logits, alpha), cache).

    ``inputs`` are <s> y_1 … y_{T-1}.  With ``forcing`` 1 each is fed as it stands (teacher forcing); with 0
    the model's own best word of the step before is, after <s>; between, a coin of ``rng`` decides each time.
    """
    told, state, encoding = encode(source, params, model, source_mask)
    fed = _expect_words("inputs", inputs, None).copy()
    use_own = own_words(fed.shape, forcing, rng)
    steps, states, alphas = [], [], []
    for t in range(fed.shape[-1]):
        if t and use_own[..., t].any():
            best = output_layer(states[-1], params["V"], params["b_y"])[0].argmax(axis=-1)
            fed[..., t] = np.where(use_own[..., t], best, fed[..., t])
        e_t, embedding = embed(fed[..., t], params["E_d"])
        state, alpha, cache = decode_step(e_t, state, told, params, model)
        steps.append((embedding, *cache))
        states.append(state[0])
        alphas.append(alpha)
    logits, output = output_layer(np.stack(states, axis=-2), params["V"], params["b_y"])  # (13.33), last line
    alpha = None if alphas[0] is None else np.stack(alphas, axis=-2)
    return (logits, alpha), (told, encoding, steps, output, params, model)


def seq2seq_backward(dlogits: Float[Array, "*B T n_target"], cache: Any) -> Params:
    """The gradient of every parameter, given dL/dlogits: back through the decoder, then through the encoder."""
    told, (embedding_e, cache_e, final), steps, output, params, model = cache
    dh, grads = output_layer_backward(dlogits, output)
    dh_e, dc = np.zeros_like(told.h_e), np.zeros_like(told.c)
    dstate = tuple(np.zeros_like(dh[..., 0, :]) for _ in model.decoder.state_names)
    for t in reversed(range(len(steps))):
        embedding, cell, attention = steps[t]
        dx, dstate, dcell = model.decoder.step_backward((dstate[0] + dh[..., t, :], *dstate[1:]), cell)
        D = embedding[1][0]
        _add(grads, {"E_d": embed_backward(dx[..., :D], embedding), **join(["decoder"], [dcell])})
        if attention is not None:
            dq, dh_e_t, dW_s = attend_backward(dx[..., None, D:], attention)
            dstate = (dstate[0] + dq[..., 0, :], *dstate[1:])
            dh_e += dh_e_t
            _add(grads, dW_s)
        elif model.context == "every":
            dc += dx[..., D:]
    dfinal = _through_handover(dstate, dc, told.c, final, params, model, grads)
    dx, _, dcell = model.encoder.backward(dh_e, dfinal, cache_e)
    return {**grads, "E_e": embed_backward(dx, embedding_e), **join(["encoder"], [dcell])}


def seq2seq_loss(
    source: Int[Array, "*B S"],
    inputs: Int[Array, "*B T"],
    targets: Int[Array, "*B T"],
    params: Params,
    model: Architecture,
    source_mask: Bool[Array, "*B S"] | None = None,
    target_mask: Bool[Array, "*B T"] | None = None,
    forcing: float = 1.0,
    rng: np.random.Generator | None = None,
) -> tuple[float, Params]:
    """Cross-entropy in nats per target token, mean over real ones, and every gradient: (loss, dparams)."""
    (logits, _), cache = seq2seq_forward(source, inputs, params, model, source_mask, forcing, rng)
    loss, dlogits = cross_entropy(logits, targets, target_mask)
    return loss, seq2seq_backward(dlogits, cache)


def translation_log_prob(
    source: Int[Array, "*B S"],
    inputs: Int[Array, "*B T"],
    targets: Int[Array, "*B T"],
    params: Params,
    model: Architecture,
    source_mask: Bool[Array, "*B S"] | None = None,
    target_mask: Bool[Array, "*B T"] | None = None,
) -> Float[Array, "*B"]:
    """log p(y | x) in nats: the product over the target's words (13.31), which is (13.28) with x given in every factor."""
    (logits, _), _ = seq2seq_forward(source, inputs, params, model, source_mask)
    real = np.ones(logits.shape[:-1], bool) if target_mask is None else np.asarray(target_mask)
    targets = expect_shape("targets", targets, real.shape)
    targets = expect_ids("targets", np.where(real, targets, 0), logits.shape[-1])
    at_target = np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]
    return np.where(real, at_target, 0.0).sum(axis=-1)


def _through_handover(
    dstate: State, dc: Array, c: Array, final: State, params: Params, model: Architecture, grads: Params
) -> State:
    """From the decoder's first state, and from c, to the parts of the encoder's final state."""
    dfinal = [np.zeros_like(part) for part in final]
    if "W_b" in params:
        da = np.sum(dstate, axis=0)
        grads["W_b"] = da.reshape(-1, da.shape[-1]).T @ c.reshape(-1, c.shape[-1])
        dc = dc + da @ params["W_b"]
    else:
        dfinal = [part + new for part, new in zip(dfinal, dstate, strict=True)]
    for place, part in zip(model.encoder.shown, np.split(dc, len(model.encoder.shown), axis=-1), strict=True):
        dfinal[place] = dfinal[place] + part
    return tuple(dfinal)


def own_words(shape: tuple[int, ...], forcing: float, rng: np.random.Generator | None) -> Array:
    """Where the model's own word is fed, (*B, T); raises ValueError for a share outside 0 … 1, or a coin nobody tosses."""
    if not 0.0 <= forcing <= 1.0:
        raise ValueError(f"forcing: expected a share from 0 to 1, got {forcing}")
    if forcing in (0.0, 1.0):
        return np.full(shape, forcing == 0.0)
    if rng is None:
        raise ValueError(
            f"rng: expected a np.random.Generator to toss the coin of forcing={forcing}, got None"
        )
    return rng.random(shape) >= forcing


def _expect_words(name: str, ids: Array, mask: Array | None) -> Array:
    sizes: Sizes = {}
    ids = expect_shape(name, ids, ("*B", "T"), sizes)
    if ids.shape[-1] == 0:
        raise ValueError(f"{name}: expected at least one word, got an empty sequence")
    if mask is not None:
        expect_mask(f"{name}_mask", mask, sizes)
    return expect_ids(name, ids, np.iinfo(np.int64).max)


def _cell(params: Params, side: str) -> Params:
    return {name.partition(".")[2]: p for name, p in params.items() if name.startswith(side + ".")}


def _add(grads: Params, more: Params) -> None:
    for name, grad in more.items():
        grads[name] = grads[name] + grad if name in grads else grad
