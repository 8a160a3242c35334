"""The torch twin of ``scratch.language_model``: the same letters over any cell, autograd for the way back."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from unrolled.nn.cells import Make, make_cell
from unrolled.nn.embedding import embed, init_embedding
from unrolled.nn.kernel import State
from unrolled.nn.weights import from_model, to_model
from unrolled.scratch import language_model as scratch


class LanguageModel(nn.Module):
    """Words to scores of the next word, (13.4) to (13.6) before the softmax: ids (*B, T) -> logits (*B, T, n_vocab).

    ``cell`` is a name of ``nn.cells.CELLS``, whose own kernel ``fused=True`` switches on, or a function
    ``(D, H) -> module`` that makes another of their shape.  Parameters E (D, n_vocab), V, b_y, and the cell's.
    """

    def __init__(self, n_vocab: int, D: int, H: int, cell: str | Make = "rnn", fused: bool = False):
        super().__init__()
        self.E = init_embedding(n_vocab, D)
        self.V = nn.Parameter(torch.empty(n_vocab, H).uniform_(-(H**-0.5), H**-0.5))
        self.b_y = nn.Parameter(torch.zeros(n_vocab))
        self.cell = make_cell(cell, fused)(D, H)

    def output_matrix(self) -> Tensor:
        """What turns a state into scores; weight tying puts another one here."""
        return self.V

    def forward(
        self, ids: Tensor, state_0: State | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """(logits, state_T); where ``mask`` (*B, T) is False the state is carried over.

        For text in segments, detach ``state_T`` and hand it to the next call.
        """
        e = embed(ids, self.E)  # (13.4)
        h, state_T = self.cell(e, state_0, mask)  # (13.5)
        return h @ self.output_matrix().T + self.b_y, state_T  # (13.6)

    def next_word_distribution(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """P(w_{t+1} = k | w_1 … w_t) = ŷ_t[k] (13.7), after the last real word: (*B, n_vocab)."""
        return self(ids, mask=mask)[0][..., -1, :].softmax(dim=-1)

    def scratch_params(self) -> scratch.Params:
        """The parameters as NumPy arrays under the names of ``scratch``, where the cell's have no prefix."""
        return from_model(self)

    def load_scratch(self, params: scratch.Params) -> None:
        """The way back: take over every parameter from ``scratch``.  Raises ValueError where one does not fit."""
        to_model(params, self)


def teacher_forcing(
    sentences: Sequence[Sequence[int]], start: int, end: int, pad: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs <s> w_1 … w_n, targets w_1 … w_n </s>, and the mask of real tokens, each (B, T)."""
    inputs, targets, mask = scratch.teacher_forcing(sentences, start, end, pad)
    return torch.as_tensor(inputs), torch.as_tensor(targets), torch.as_tensor(mask)


def sequence_log_prob(
    model: LanguageModel, sentences: Sequence[Sequence[int]], start: int, end: int | None
) -> Tensor:
    """log P(w_1 … w_n) of each sentence in nats, (13.8) and (13.9): (B,); with ``end=None`` it may go on."""
    inputs, targets, mask = teacher_forcing(sentences, start, start if end is None else end)
    logits, _ = model(inputs, mask=mask)
    if end is None:
        mask = mask & (torch.arange(mask.shape[-1]) < mask.sum(dim=-1, keepdim=True) - 1)
    log_y = logits.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]  # (13.9)
    return torch.where(mask, log_y, 0.0).sum(dim=-1)  # (13.8)


def next_word_function(model: LanguageModel) -> Callable[[int, State | None], tuple[np.ndarray, State]]:
    """(token, state) -> (ŷ as NumPy, state): the model one word at a time, for ``generation``."""

    @torch.no_grad()
    def next_word(token: int, state: State | None) -> tuple[np.ndarray, State]:
        state_0 = None if state is None else tuple(part[None] for part in state)
        logits, state_T = model(torch.tensor([[token]], device=model.E.device), state_0)
        y = logits[0, 0].double().softmax(dim=-1)
        return y.cpu().numpy(), tuple(part[0] for part in state_T)

    return next_word
