"""scratch RNN, forward and backward by hand, beside torch.nn.RNN with autograd."""

from _timing import print_header, print_row  # isort: skip  (sets the number of threads)
import torch
from _sequence import DTYPES, B, D, H, T, race_with_torch

from unrolled.scratch.cells import RNN

BARS = {"float64": 1.0, "float32": 1.6}

if __name__ == "__main__":
    print_header(f"forward + backward, B {B}, T {T}, D {D}, H {H}", "torch.nn")
    for dtype in DTYPES:
        theirs = torch.nn.RNN(D, H, batch_first=True)
        print_row(f"RNN {dtype}", race_with_torch(RNN, theirs, dtype), BARS[dtype])
