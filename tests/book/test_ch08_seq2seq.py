"""The numbers that chapter 8 works out by hand, for (13.28) to (13.33), are the ones that the library gives."""

import re
from pathlib import Path

import numpy as np

from unrolled.scratch.architecture import Architecture
from unrolled.scratch.decoding import translator
from unrolled.scratch.generation import generate
from unrolled.scratch.rnn import rnn_forward, softmax
from unrolled.scratch.seq2seq import encode, seq2seq_forward, translation_log_prob

PAGE = (Path(__file__).parents[2] / "book" / "ch08_seq2seq.md").read_text(encoding="utf-8")
BY_HAND = PAGE.split("### One sentence, by hand")[1].split("\n## ")[0]
ROUNDED = 5.1e-5
SHE, ARRIVED, START = 0, 1, 3
SOURCE, INPUTS, TARGETS = np.array([SHE, ARRIVED]), np.array([START, 1]), np.array([1, 0])


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


def matrices():
    """The encoder's U, and the decoder's W, U and V, as the page has them."""
    found = re.findall(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", BY_HAND)
    return [np.array([numbers(row) for row in matrix.split(r"\\")]) for matrix in found]


def rows():
    """The cells of both tables by the word that is read, numbers only."""
    tables = {"encoder": {}, "decoder": {}}
    side = "encoder"
    for line in BY_HAND.splitlines():
        side = "decoder" if line.startswith("| decoder") else side
        word, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if line.startswith(("| *", "| `")):
            tables[side][word.strip("*`")] = [tuple(numbers(cell)) for cell in cells]
    return tables


def params():
    U_e, W_d, U_d, V = matrices()
    start, arrived = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    return {
        "E_e": np.stack([start, arrived], axis=1),
        "E_d": np.stack([np.zeros(2), arrived, np.ones(2), start], axis=1),
        "encoder.W": np.eye(2), "encoder.U": U_e, "encoder.b": np.zeros(2),
        "decoder.W": W_d, "decoder.U": U_d, "decoder.b": np.zeros(2),
        "V": V, "b_y": np.zeros(3),
    }  # fmt: skip


def test_the_encoders_table():
    x, expected = np.array([[0.0, 1.0], [1.0, 0.0]]), rows()["encoder"]
    U_e = matrices()[0]
    h, _ = rnn_forward(x, np.eye(2), U_e)
    before = [np.zeros(2), h[0]]
    for t, word in enumerate(["she", "arrived"]):
        np.testing.assert_allclose(expected[word], [x[t], U_e @ before[t], h[t]], atol=ROUNDED)
    (told, _, _) = encode(SOURCE, params(), Architecture())
    np.testing.assert_allclose(told.c, h[-1], rtol=1e-12)


def test_the_decoders_table():
    net, expected = params(), rows()["decoder"]
    c = encode(SOURCE, net, Architecture())[0].c
    W, U, h = net["decoder.W"], net["decoder.U"], c
    for word, read, asked in (("<s>", START, 1), ("llegó", 1, 0)):
        parts = [W[:, :2] @ net["E_d"][:, read], W[:, 2:] @ c, U @ h]
        h = np.tanh(sum(parts))
        y = softmax(net["V"] @ h)
        *vectors, probabilities, _, loss = expected[word]
        np.testing.assert_allclose(vectors, [*parts, h], atol=ROUNDED)
        np.testing.assert_allclose(probabilities, y, atol=ROUNDED)
        np.testing.assert_allclose(loss, [-np.log(y[asked])], atol=ROUNDED)


def test_the_probability_and_the_loss_that_the_text_names():
    net = params()
    log_p = translation_log_prob(SOURCE, INPUTS, TARGETS, net, Architecture())
    first, second, product = numbers(re.search(r"probability (0\.\d+ · 0\.\d+ = 0\.\d+)", BY_HAND)[1])
    (logits, _), _ = seq2seq_forward(SOURCE, INPUTS, net, Architecture())
    y = softmax(logits)
    np.testing.assert_allclose([first, second], [y[0, 1], y[1, 0]], atol=ROUNDED)
    np.testing.assert_allclose(product, np.exp(log_p), atol=ROUNDED)
    loss = float(re.search(r"last column, (0\.\d+) nats", BY_HAND)[1])
    np.testing.assert_allclose(loss, -log_p / 2, atol=ROUNDED)


def test_the_example_translates_itself():
    net = params()
    net["V"] = np.vstack([net["V"], [-9.0, -9.0]])  # <s> is never written
    net["b_y"] = np.array([0.0, 0.0, 0.0, -99.0])
    found = generate(translator(SOURCE, net, Architecture()), [START], 0, 10, greedy=True)
    assert found.tokens == [1, 0]
