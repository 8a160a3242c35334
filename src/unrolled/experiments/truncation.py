"""Claim 2: truncation hides from learning what lies further back than a segment, and costs the same however long the text.

A stream of random words.  Now and then one is in CAPITALS, and exactly d steps later comes "?": there the network has to
say which word it was, and at every other step that nothing is asked.  It is trained with truncated backpropagation: a segment
of ``length`` steps at a time, the state carried over and detached.  Where a segment ends between word and question
the gradient never reaches the word; with d >= length no question ever has its word in the same segment.

What is truncated is the gradient, not the state.  So a network that learns to hold a word over short distances may hold it
over longer ones, as the figures ``mixed`` ask; the claim is about a dependency of one distance.
"""

import hashlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from unrolled.nn.bptt import Network, truncated_bptt
from unrolled.train import seeded

TITLE = "What truncated backpropagation can learn"
CHAPTER, SECTION = "ch02_bptt", "13.1.2"
STATEMENT = (
    "Trained in segments, with the state carried over and detached, an RNN learns a dependency that fits well into "
    "a segment and not one that is as long as a segment or longer; in exchange the memory that training takes does not "
    "grow with the length of the text."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"chance": 0.0, "bytes_*": 0.0, "growth_*": 0.0, "past_*": 0.06, "mixed_*": 0.6, "*": 0.1}

N = 8  # words; their capitals and "?" are symbols of their own
ASK, SYMBOLS = 2 * N, 2 * N + 1
CHANCE = 1.0 / N
H = 32
LENGTHS = (4, 8)  # steps in a segment
DISTANCES = (2, 4, 8, 12)
MIXED = 8  # the segments of the network that is asked at all the distances
STREAM, STREAMS = 192, 32  # a set is STREAMS streams of STREAM steps, trained on once
UPDATES = 1536
N_TEST = 128  # streams of the test
# Chosen by tune() on the development streams of seed 0, which is not among SEEDS; 3e-3 learns the same pairs, more slowly.
LEARNING_RATE, CLIP = 1e-2, 1.0
TEXTS = (64, 256, 1024)  # lengths whose memory is measured


def streams(rng: np.random.Generator, n: int, d: int | None, length: int = STREAM) -> tuple[Tensor, Tensor]:
    """n streams of ``length`` symbols and their targets, 0 where nothing is asked; d steps from word to question.

    Where ``d`` is None each question draws its distance from DISTANCES.  The gaps between are random,
    so that a question may stand anywhere in a segment.
    """
    symbols = rng.integers(0, N, (n, length))
    targets = np.zeros((n, length), int)
    for row in range(n):
        t = int(rng.integers(0, max(DISTANCES)))
        while True:
            back = int(rng.choice(DISTANCES)) if d is None else d
            if t + back >= length:
                break
            targets[row, t + back] = 1 + symbols[row, t]
            symbols[row, t] += N
            symbols[row, t + back] = ASK
            t += back + 1 + int(rng.integers(0, 4))
    return torch.from_numpy(symbols), torch.from_numpy(targets)


def train(seed: int, length: int, d: int | None, learning_rate: float = LEARNING_RATE) -> Network:
    """A network after UPDATES updates, one a segment; longer segments see more text."""
    rng = np.random.default_rng([seed, 0, d or 0])
    with seeded(seed):
        network = Network(SYMBOLS, H, N + 1, fused=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    for _ in range(UPDATES * length // STREAM):
        symbols, targets = streams(rng, STREAMS, d)
        x = F.one_hot(symbols, SYMBOLS).float()
        for segment in truncated_bptt(network, x, targets, length):
            optimizer.zero_grad()
            segment.loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
            optimizer.step()
    return network


def accuracy(network: Network, seed: int, d: int, part: int = 1) -> float:
    """The share of questions of other streams that are answered rightly; the state runs through, nothing is cut."""
    symbols, targets = streams(np.random.default_rng([seed, part, d]), N_TEST, d)
    asked = symbols == ASK
    with torch.no_grad():
        logits, _ = network(F.one_hot(symbols, SYMBOLS).float())
    answers = logits[..., 1:].argmax(dim=-1) + 1  # among the words: whether it is asked is plain to see
    return (answers == targets)[asked].double().mean().item()


def bytes_kept(T: int, length: int) -> float:
    """The most that autograd keeps for a way back, in bytes, over one text of T steps cut into segments.

    Counted exactly, one tensor once; the text and the weights, which no way of training can do without, are left out.
    """
    with seeded(0):
        network = Network(SYMBOLS, H, N + 1)
    symbols, targets = streams(np.random.default_rng(0), STREAMS, 8, T)
    x = F.one_hot(symbols, SYMBOLS).float()
    given = {tensor.untyped_storage().data_ptr() for tensor in (x, targets, *network.parameters())}
    most, kept = 0, {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in given:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        for segment in truncated_bptt(network, x, targets, length):
            most = max(most, sum(kept.values()))
            segment.loss.backward()
            kept.clear()
    return float(most)


def tune(seed: int = 0) -> None:
    """Print the development accuracy of each learning rate: how LEARNING_RATE was chosen."""
    for rate in (3e-3, 1e-2, 3e-2):
        for length in LENGTHS:
            found = {d: accuracy(train(seed, length, d, rate), seed, d, 2) for d in DISTANCES}
            print(f"{rate:g}, segments of {length}:", {d: f"{share:.3f}" for d, share in found.items()})


def run(seed: int) -> dict[str, float]:
    """Accuracy by segment and distance, each pair a network of its own; the mixed network's; and bytes by length of text."""
    figures = {"chance": CHANCE}
    for length in LENGTHS:
        figures |= {f"L{length}_d{d}": accuracy(train(seed, length, d), seed, d) for d in DISTANCES}
    mixed = train(seed, MIXED, None)
    figures |= {f"mixed_L{MIXED}_d{d}": accuracy(mixed, seed, d) for d in DISTANCES}
    fits = [figures[f"L{length}_d{d}"] for length in LENGTHS for d in DISTANCES if d <= length // 2]
    past = [figures[f"L{length}_d{d}"] for length in LENGTHS for d in DISTANCES if d >= length]
    figures |= {"fits_worst": min(fits), "past_best": max(past), "past_mean": float(np.mean(past))}
    return figures | memory()


def memory() -> dict[str, float]:
    """Bytes kept by length of text, in segments of LENGTHS[1] and in one piece; the growth over TEXTS."""
    figures = {}
    for name, length in (("truncated", LENGTHS[1]), ("whole", max(TEXTS))):
        figures |= {f"bytes_{name}_T{T}": bytes_kept(T, length) for T in TEXTS}
        figures[f"growth_{name}"] = (
            figures[f"bytes_{name}_T{TEXTS[-1]}"] / figures[f"bytes_{name}_T{TEXTS[0]}"]
        )
    return figures


def quick(seed: int) -> dict[str, float]:
    """The memory, and one distance on either side of the edge."""
    L = min(LENGTHS)
    return memory() | {f"L{L}_d{d}": accuracy(train(seed, L, d), seed, d) for d in (L // 2, L)}


def criterion(summary: dict[str, dict]) -> str:
    """Holds if, by the whole 95 % interval, the worst distance of at most half a segment is answered above 80 % and the
    best distance of a segment or more below twice chance, and the bytes kept for the way back are the same at every length of text in
    segments and grow more than tenfold without; does not hold if some distance of a segment or more is above twice chance by the
    whole interval, or the bytes grow.
    """
    fits, past = summary["fits_worst"]["ci95"], summary["past_best"]["ci95"]
    flat = summary["growth_truncated"]["mean"] == 1.0 and summary["growth_whole"]["mean"] > 10.0
    if not flat or past[0] > 2 * CHANCE:
        return "does not hold"
    return "holds" if fits[0] > 0.8 and past[1] < 2 * CHANCE else "undecided"


def data() -> dict[str, str | int]:
    """The streams are made: what they are, and a hash of the first seed's."""
    symbols, targets = streams(np.random.default_rng([SEEDS[0], 0, DISTANCES[0]]), STREAMS, DISTANCES[0])
    made = hashlib.sha256(symbols.numpy().astype("<i8").tobytes() + targets.numpy().astype("<i8").tobytes())
    return {
        "name": "streams of random words, some asked for later (made by the experiment)",
        "sha256": made.hexdigest(),
        "words": N,
        "trained_on": f"{UPDATES} segments of {STREAMS} streams, each seen once",
        "tested_on": f"{N_TEST} other streams a distance and seed",
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    tune()
