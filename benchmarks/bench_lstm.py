"""scratch LSTM and GRU, forward and backward by hand, beside torch.nn with autograd."""

from _timing import print_header, print_row  # isort: skip  (sets the number of threads)
import torch
from _sequence import DTYPES, B, D, H, T, race_with_torch

from unrolled.scratch.cells import GRU, LSTM

BARS = {"float64": 1.0, "float32": 1.6}

if __name__ == "__main__":
    print_header(f"forward + backward, B {B}, T {T}, D {D}, H {H}", "torch.nn")
    for dtype in DTYPES:
        theirs = torch.nn.LSTM(D, H, batch_first=True)
        print_row(f"LSTM {dtype}", race_with_torch(LSTM, theirs, dtype), BARS[dtype])
    for dtype in DTYPES:
        theirs = torch.nn.GRU(D, H, batch_first=True)
        print_row(f"GRU {dtype}", race_with_torch(GRU, theirs, dtype))
