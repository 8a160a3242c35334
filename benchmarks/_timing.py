"""Time two ways to do one thing, turn by turn, so that whatever else the machine does falls on both.

What is counted is processor time: on one thread that is the wall's, less the waiting for other programs.
Each script here runs on one thread, prints its own table and takes a few seconds:
``python benchmarks/bench_lstm.py``.
"""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy and torch are imported: they read it once

import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)


class Race(NamedTuple):
    """Milliseconds of ours and theirs (medians), and the ratio turn by turn: median, 10th, 90th percentile."""

    ours: float
    theirs: float
    ratio: float
    low: float
    high: float


def race(ours: Callable[[], object], theirs: Callable[[], object], turns: int = 40, warm_up: int = 5) -> Race:
    """Run both ``turns`` times, by turns, and compare each of ours with the one of theirs beside it."""
    seconds = np.empty((turns + warm_up, 2))
    for turn in range(len(seconds)):
        pair = ((0, ours), (1, theirs)) if turn % 2 else ((1, theirs), (0, ours))  # neither is always first
        for column, run in pair:
            start = time.process_time()
            run()
            seconds[turn, column] = time.process_time() - start
    seconds = seconds[warm_up:]
    ratios = seconds[:, 0] / seconds[:, 1]
    return Race(*np.median(seconds, axis=0) * 1e3, np.median(ratios), *np.percentile(ratios, [10, 90]))


def print_header(what: str, theirs: str) -> None:
    """The table's head: what is measured, against what, on how large a batch."""
    print(f"{what}, one thread, median of turns")
    print(f"{'':22}{'ours ms':>9}{theirs + ' ms':>15}{'ratio':>8}{'10–90 %':>15}{'bar':>7}")


def print_row(name: str, result: Race, bar: float | None = None) -> None:
    """One line of the table; a ratio above its bar is marked."""
    spread = f"{result.low:.2f}–{result.high:.2f}"
    verdict = "" if bar is None else f"≤ {bar:.1f}" + (" MISSED" if result.ratio > bar else "")
    print(f"{name:22}{result.ours:9.2f}{result.theirs:15.2f}{result.ratio:8.2f}{spread:>15}{verdict:>7}")
