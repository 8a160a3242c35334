"""The torch twin of ``scratch.weight_tying``: one parameter E, used twice; autograd adds up both gradients."""

from torch import Tensor

from unrolled.nn.cells import Make
from unrolled.nn.language_model import LanguageModel


class TiedLanguageModel(LanguageModel):
    """e_t = E x_t (13.12), h_t = g(U h_{t-1} + W e_t) (13.13), scores Eᵀ h_t (13.14): no V, and H must be D."""

    def __init__(
        self, n_vocab: int, D: int, H: int | None = None, cell: str | Make = "rnn", fused: bool = False
    ):
        if H not in (None, D):
            raise ValueError(
                f"H: expected H = D = {D}, got H = {H}; tying needs the state to be as long as an embedding"
            )
        super().__init__(n_vocab, D, D, cell, fused)
        del self.V

    def output_matrix(self) -> Tensor:
        """Eᵀ, (n_vocab, D)."""
        return self.E.T  # (13.14)
