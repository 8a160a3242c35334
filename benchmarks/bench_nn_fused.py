"""Our torch modules with ``fused=True`` beside plain torch.nn: what the readable parameters cost."""

from _timing import print_header, print_row, race  # isort: skip  (sets the number of threads)
import torch
from _sequence import B, D, H, T

from unrolled.nn.cells import CELLS

THEIRS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
BAR = 1.1


def step(module: torch.nn.Module, x: torch.Tensor, dh: torch.Tensor):
    def run():
        module.zero_grad()
        x.grad = None
        module(x)[0].backward(dh)

    return run


if __name__ == "__main__":
    print_header(f"forward + backward, float32, B {B}, T {T}, D {D}, H {H}", "torch.nn")
    x, dh = torch.randn(B, T, D, requires_grad=True), torch.randn(B, T, H)
    for name, make in THEIRS.items():
        theirs = make(D, H, batch_first=True)
        print_row(f"{name} fused", race(step(CELLS[name](D, H, fused=True), x, dh), step(theirs, x, dh)), BAR)
