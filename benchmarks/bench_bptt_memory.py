"""Memory of truncated BPTT by the length of the text: it depends on the segment, not on T."""

import tracemalloc

import numpy as np

from unrolled.scratch.bptt import bptt_backward, bptt_forward, init_network, truncated_bptt

B, D, H, K, SEGMENT = 8, 16, 64, 20, 50
LENGTHS = (200, 800, 3200)


def peak(run) -> float:
    """The most that ``run`` held at once, in MB, beyond what stood before it."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (most - before) / 2**20


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    network = init_network(rng, D, H, K)
    print(f"peak memory of both passes in MB, B {B}, H {H}, segments of {SEGMENT} steps; inputs not counted")
    print(f"{'T':>6}{'full BPTT':>12}{'truncated':>12}")
    for T in LENGTHS:
        x, targets = rng.normal(size=(B, T, D)), rng.integers(K, size=(B, T))
        full = peak(lambda x=x, y=targets: bptt_backward(bptt_forward(x, y, network)[-1]))
        cut = peak(lambda x=x, y=targets: [s.loss for s in truncated_bptt(x, y, network, SEGMENT)])
        print(f"{T:6}{full:12.2f}{cut:12.2f}")
