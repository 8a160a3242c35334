"""The torch twin of ``scratch.seq2seq``: the same letters over any two modules, autograd for the way back."""

from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from unrolled.nn.attention import attend, comparable
from unrolled.nn.cells import Make, make_cell
from unrolled.nn.embedding import embed, init_embedding
from unrolled.nn.kernel import State, Stepper
from unrolled.nn.loss import cross_entropy
from unrolled.nn.rnn import expect_mask
from unrolled.nn.weights import from_module, to_module
from unrolled.scratch.architecture import expect_known
from unrolled.scratch.seq2seq import own_words
from unrolled.scratch.sequences import Params


class Source(NamedTuple):
    """What the decoder may know of the source; ``keys`` is what its state is compared with under attention."""

    h_e: Tensor
    c: Tensor
    mask: Tensor | None
    keys: Tensor | None

    def rows(self, which: Tensor) -> "Source":
        """These sequences of the batch alone."""
        mask, keys = (None if part is None else part[which] for part in (self.mask, self.keys))
        return Source(self.h_e[which], self.c[which], mask, keys)


class Seq2Seq(nn.Module):
    """Source and target words to scores of the next target word: (*B, S), (*B, T) -> logits (*B, T, n_target).

    ``encoder`` and ``decoder`` are names of ``nn.cells.CELLS``, whose kernels ``fused=True`` switches on, or
    functions ``(D, H) -> module``.  ``context`` and ``score`` as in ``scratch.architecture``.
    Parameters E_e, E_d, V, b_y, "encoder.…", "decoder.…" and, where they are needed, W_b and W_s.
    """

    def __init__(
        self,
        n_source: int,
        n_target: int,
        D: int,
        H_e: int,
        H_d: int | None = None,
        encoder: str | Make = "rnn",
        decoder: str | Make = "rnn",
        context: str = "every",
        score: str = "dot",
        fused: bool = False,
    ):
        super().__init__()
        expect_known(context, score)
        H_d = H_e if H_d is None else H_d
        self.context, self.score = context, score
        self.encoder = make_cell(encoder, fused and isinstance(encoder, str))(D, H_e)
        self.shown = cast(tuple[int, ...], self.encoder.shown)
        E, C = cast(int, self.encoder.width) * H_e, len(self.shown) * H_e
        extra = {"first": 0, "every": C, "attention": E}[context]
        self.decoder = make_cell(decoder, fused and isinstance(decoder, str))(D + extra, H_d)
        if not hasattr(self.decoder, "stepper"):
            raise ValueError(
                f"decoder: expected a module that reads one way, got {type(self.decoder).__name__}"
            )
        self.E_e = init_embedding(n_source, D)
        self.E_d = init_embedding(n_target, D)
        self.V = nn.Parameter(torch.empty(n_target, H_d).uniform_(-(H_d**-0.5), H_d**-0.5))
        self.b_y = nn.Parameter(torch.zeros(n_target))
        same_state = self.encoder.state_names == self.decoder.state_names and H_e == H_d
        bilinear = context == "attention" and score == "bilinear"
        self.W_b = None if same_state else nn.Parameter(torch.empty(H_d, C).uniform_(-(C**-0.5), C**-0.5))
        self.W_s = nn.Parameter(torch.randn(H_d, E) * (H_d * E) ** -0.25) if bilinear else None

    def encode(self, source: Tensor, mask: Tensor | None = None) -> tuple[Source, State]:
        """Read the source; c = h_n^e and h_0^d = c (13.33), or W_b c where the two states differ."""
        e = embed(source, self.E_e, "source")
        if mask is not None:
            expect_mask("source_mask", mask, tuple(source.shape))
        h_e, final = self.encoder(e, None, mask)
        c = torch.cat([final[place] for place in self.shown], dim=-1)
        names = cast(tuple[str, ...], self.decoder.state_names)
        state_0 = final if self.W_b is None else (c @ self.W_b.T,) * len(names)
        keys = comparable(h_e, self.score, self.W_s, self.V.shape[1]) if self.context == "attention" else None
        return Source(h_e, c, mask, keys), state_0

    def states(
        self,
        source: Tensor,
        inputs: Tensor,
        source_mask: Tensor | None = None,
        forcing: float = 1.0,
        rng: np.random.Generator | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """The decoder's states h^d (*B, T, H), and the attention weights (*B, T, S) if there are any.

        With the true words as inputs and no attention, nothing has to wait: the decoder reads all at once.
        """
        use_own = own_words(tuple(inputs.shape), forcing, rng)
        told, state_0 = self.encode(source, source_mask)
        e = embed(inputs, self.E_d, "inputs")
        if self.context == "attention" or use_own.any():
            return self._step_by_step(e, use_own, told, state_0)
        if self.context == "every":
            e = torch.cat([e, told.c[..., None, :].expand(*e.shape[:-1], -1)], dim=-1)  # (13.32)
        return self.decoder(e, state_0)[0], None

    def forward(
        self,
        source: Tensor,
        inputs: Tensor,
        source_mask: Tensor | None = None,
        forcing: float = 1.0,
        rng: np.random.Generator | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """(logits, alpha); ``inputs`` are <s> y_1 … y_{T-1}, ``forcing`` the share of them that is fed as it stands."""
        h, alpha = self.states(source, inputs, source_mask, forcing, rng)
        return self.output(h), alpha

    def output(self, h: Tensor) -> Tensor:
        """The scores V h^d + b_y of every target word, the last line of (13.33)."""
        return functional.linear(h, self.V, self.b_y)

    def loss(
        self,
        source: Tensor,
        inputs: Tensor,
        targets: Tensor,
        source_mask: Tensor | None = None,
        target_mask: Tensor | None = None,
        forcing: float = 1.0,
        rng: np.random.Generator | None = None,
    ) -> Tensor:
        """Cross-entropy in nats per target token, mean over real ones; padding is not even scored."""
        h, _ = self.states(source, inputs, source_mask, forcing, rng)
        if target_mask is None:
            return cross_entropy(self.output(h), targets)
        if not targets.shape == target_mask.shape == inputs.shape:
            got = f"{tuple(targets.shape)} and {tuple(target_mask.shape)}"
            raise ValueError(f"targets, target_mask: expected shape {tuple(inputs.shape)}, got {got}")
        return cross_entropy(self.output(h[target_mask]), targets[target_mask])

    def stepper(self) -> Callable[[Tensor, State, Source], tuple[State, Tensor | None]]:
        """``decode_step`` of scratch, (e_t (*B, D), state, source) -> (state, alpha), with the weights packed once."""
        step = cast(Stepper, self.decoder).stepper()

        def decode_step(e_t: Tensor, state: State, told: Source) -> tuple[State, Tensor | None]:
            alpha = None
            if self.context == "every":
                e_t = torch.cat([e_t, told.c], dim=-1)
            elif told.keys is not None:
                ctx, alpha = attend(state[0][..., None, :], told.keys, told.h_e, told.mask)
                e_t, alpha = torch.cat([e_t, ctx[..., 0, :]], dim=-1), alpha[..., 0, :]
            return step(e_t, state), alpha  # (13.32), (13.34)

        return decode_step

    def scratch_params(self) -> Params:
        """The parameters as NumPy arrays under the names of ``scratch``."""
        return from_module(self)

    def load_scratch(self, params: Params) -> None:
        """The way back: take over every parameter from ``scratch``.  Raises ValueError where one does not fit."""
        to_module(params, self)

    def best(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """The model's own best word after the state h (*B, H), and its embedding."""
        words = self.output(h.detach()).argmax(dim=-1)
        return words, functional.embedding(words, self.E_d.T)

    def _step_by_step(
        self, e: Tensor, use_own: np.ndarray, told: Source, state: State
    ) -> tuple[Tensor, Tensor | None]:
        decode_step, own = self.stepper(), torch.as_tensor(use_own, device=e.device)[..., None]
        h, alphas = [], []
        for t in range(e.shape[-2]):
            e_t = e[..., t, :]
            if t and use_own[..., t].any():
                e_t = torch.where(own[..., t, :], self.best(h[-1])[1], e_t)
            state, alpha = decode_step(e_t, state, told)
            h.append(state[0])
            alphas.append(alpha)
        return torch.stack(h, dim=-2), torch.stack(alphas, dim=-2) if told.keys is not None else None


@torch.no_grad()
def translate(
    model: Seq2Seq, source: Tensor, start: int, end: int, max_length: int, mask: Tensor | None = None
) -> list[list[int]]:
    """The greedy translation of each source of a batch (B, S), </s> included if it came; all at once.

    A sentence that is over waits for the others; those that are left go on alone.
    """
    if max_length < 1:
        raise ValueError(f"max_length: expected at least 1, got {max_length}")
    (told, state), decode_step = model.encode(source, mask), model.stepper()
    out: list[list[int]] = [[] for _ in source]
    going = torch.arange(len(source))
    e_t = embed(torch.full_like(source[:, 0], start), model.E_d, "start")
    for _ in range(max_length):
        state, _ = decode_step(e_t, state, told)
        words, e_t = model.best(state[0])
        for row, word in zip(going.tolist(), words.tolist(), strict=True):
            out[row].append(word)
        left = words != end
        if not left.any():
            break
        if not left.all():
            going, e_t, state = going[left], e_t[left], tuple(part[left] for part in state)
            told = told.rows(left)
    return out


def translator(model: Seq2Seq, source: Tensor) -> Callable[[int, State | None], tuple[np.ndarray, State]]:
    """(token, state) -> (ŷ as NumPy, state) for one source sentence (S,): for ``generation`` and ``decoding``."""
    with torch.no_grad():
        (told, state_0), decode_step = model.encode(source[None]), model.stepper()

    @torch.no_grad()
    def next_word(token: int, state: State | None) -> tuple[np.ndarray, State]:
        e_t = embed(torch.tensor([token], device=source.device), model.E_d, "token")
        state, _ = decode_step(e_t, state_0 if state is None else state, told)
        return model.output(state[0])[0].double().softmax(dim=-1).cpu().numpy(), state  # (13.30)

    return next_word
