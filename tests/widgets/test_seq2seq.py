"""The page's encoder–decoder (``static/_seq2seq.mjs``) against ``unrolled.scratch``."""

import json
import re
from pathlib import Path

import numpy as np
from widget_page import node

from unrolled.scratch.architecture import Architecture, init_seq2seq
from unrolled.scratch.attention import attend
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.scratch.decoding import beam_search, translator
from unrolled.scratch.generation import generate, with_temperature
from unrolled.scratch.seq2seq import seq2seq_forward
from unrolled.widgets._model import pack, unpack

JS = Path(__file__).parent / "js"
CASES = [
    ("rnn", "rnn", False, "first", "dot", 5, 5),
    ("gru", "gru", False, "every", "dot", 5, 7),
    ("lstm", "lstm", False, "attention", "dot", 6, 6),
    ("rnn", "gru", False, "attention", "scaled", 4, 4),
    ("lstm", "lstm", True, "attention", "bilinear", 3, 5),
    ("gru", "lstm", True, "every", "dot", 3, 6),
]


def network(encoder, decoder, both, context, score, H_e, H_d, seed=0):
    """A random encoder–decoder as it travels, and the same for scratch."""
    cell = bidirectional(CELLS[encoder]) if both else CELLS[encoder]
    model = Architecture(cell, CELLS[decoder], context, score)
    params = init_seq2seq(np.random.default_rng(seed), 9, 11, 4, H_e, H_d, model)
    params = {name: 2.5 * p for name, p in params.items()}  # sharp enough that beams differ
    config = {"name": f"{cell.name} to {decoder}, {context}, {score}", "context": context, "score": score}
    packed = pack(
        params, {"source": [f"s{i}" for i in range(9)], "target": [f"t{i}" for i in range(11)]}, config
    )
    return packed, unpack(packed)[0], model


def test_javascript_agrees(tmp_path):
    """`node --test`: logits, weights, greedy and beams of six architectures; attention with masks; temperature."""
    networks = []
    for k, case in enumerate(CASES * 2):
        packed, params, model = network(*case, seed=k)
        rng = np.random.default_rng(k)
        source, fed = rng.integers(4, 9, 6), np.array([2, *rng.integers(4, 11, 4)])
        (logits, alpha), _ = seq2seq_forward(source[None], fed[None], params, model)
        next_word = translator(source, params, model)
        beams = [(width, norm) for width in (1, 3, 5) for norm in (0.0, 0.6, 1.0)]
        networks.append(
            {
                "packed": packed,
                "source": source.tolist(),
                "fed": fed.tolist(),
                "logits": logits[0].tolist(),
                "alpha": None if alpha is None else alpha[0].tolist(),
                "greedy": generate(next_word, [2], 3, 12, greedy=True).tokens,
                "beams": [
                    {"width": w, "norm": a, "hypotheses": [h._asdict() for h in beam_search(next_word, 2, 3, w, 12, a)]}
                    for w, a in beams
                ],
            }
        )  # fmt: skip
    rng, attentions = np.random.default_rng(0), []
    for score, E in (("dot", 4), ("scaled", 4), ("bilinear", 6)):
        for mask in (None, np.array([True, False, True, True, False])):
            h_d, h_e = rng.normal(size=(3, 4)), rng.normal(size=(5, E))
            W_s = rng.normal(size=(4, E)) if score == "bilinear" else None
            (ctx, alpha), _ = attend(h_d, h_e, score, W_s, mask)
            arrays = {"h_d": h_d, "h_e": h_e, "W_s": W_s, "mask": mask, "alpha": alpha, "ctx": ctx}
            attentions.append(
                {"score": score} | {n: None if a is None else a.tolist() for n, a in arrays.items()}
            )
    y = np.array([0.5, 0.0, 0.3, 0.2])
    temperatures = [
        {"y": y.tolist(), "temperature": t, "expected": with_temperature(y, t).tolist()}
        for t in (0.2, 1.0, 3.0)
    ]
    fixtures = tmp_path / "fixtures.json"
    fixtures.write_text(
        json.dumps({"networks": networks, "attentions": attentions, "temperatures": temperatures}),
        encoding="utf-8",
    )
    done = node("--test", str(JS / "seq2seq.test.mjs"), UNROLLED_FIXTURES=str(fixtures))
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"pass \d\d", done.stdout), done.stdout[-500:]
