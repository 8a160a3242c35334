"""What an encoder–decoder is made of: which cells, what the decoder is told of the source, and the parameters drawn for it.

Chapters 8 and 9 choose among these; ``seq2seq`` runs them.  Source: Jurafsky & Martin, *Speech and Language
Processing*, sections 13.7 and 13.8.

    E_e (D, n_source), E_d (D, n_target) embeddings    V (n_target, H), b_y (n_target,) state -> scores
    "encoder.…", "decoder.…" the cells' own    W_b (H, E) bridge, where the two states differ    W_s (H, E)
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.attention import SCORES
from unrolled.scratch.cells import RNN, Cell
from unrolled.scratch.embedding import init_embedding
from unrolled.scratch.sequences import Params
from unrolled.scratch.stacked import join

CONTEXTS = ("first", "every", "attention")


class Architecture(NamedTuple):
    """What an encoder–decoder is made of.

    ``encoder`` is any cell, a stack or a bidirectional one too; ``decoder`` reads one way.  ``context``:
    "first" hands c to the decoder's first state only, "every" to each step as well (13.32), "attention"
    makes a new c_i for each (13.34), from scores of kind ``score``.
    """

    encoder: Cell = RNN
    decoder: Cell = RNN
    context: str = "every"
    score: str = "dot"

    def same_state(self, H_e: int, H_d: int) -> bool:
        """Whether the decoder can start from the encoder's state as it is; else a bridge W_b is learned."""
        return self.encoder.state_names == self.decoder.state_names and H_e == H_d


def init_seq2seq(
    rng: np.random.Generator,
    n_source: int,
    n_target: int,
    D: int,
    H_e: int,
    H_d: int | None = None,
    model: Architecture = Architecture(),  # noqa: B008 (a tuple: it cannot change)
) -> Params:
    """Draw all parameters; the decoder has H_d = H_e units unless told otherwise."""
    expect_known(model.context, model.score)
    H_d = H_e if H_d is None else H_d
    enc, dec = model.encoder, model.decoder
    E, C = enc.width * H_e, len(enc.shown) * H_e
    extra = {"first": 0, "every": C, "attention": E}[model.context]
    r = H_d**-0.5
    params = {
        "E_e": init_embedding(rng, n_source, D),
        "E_d": init_embedding(rng, n_target, D),
        "V": rng.uniform(-r, r, (n_target, H_d)),
        "b_y": np.zeros(n_target),
        **join(["encoder", "decoder"], [enc.init(rng, D, H_e), dec.init(rng, D + extra, H_d)]),
    }
    if not model.same_state(H_e, H_d):
        params["W_b"] = rng.uniform(-(C**-0.5), C**-0.5, (H_d, C))
    if model.context == "attention" and model.score == "bilinear":
        params["W_s"] = rng.normal(scale=(H_d * E) ** -0.25, size=(H_d, E))
    return params


def expect_known(context: str, score: str) -> None:
    """Raise ValueError unless there is such a context, and such a score."""
    for name, choice, choices in (("context", context, CONTEXTS), ("score", score, SCORES)):
        if choice not in choices:
            raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {choice!r}")
