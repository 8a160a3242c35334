"""The numbers that chapter 9 works out by hand are the ones the library gives."""

import re
from pathlib import Path

import numpy as np

from unrolled.checkpoints import load
from unrolled.scratch.attention import attend, dot_score
from unrolled.widgets._model import pack
from unrolled.widgets._translator import Translator

PAGE = (Path(__file__).parents[2] / "book" / "ch09_attention.md").read_text(encoding="utf-8")
BY_HAND = PAGE.split("### One step, by hand")[1].split("\n## ")[0]
H_E, H_D = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]), np.array([[1.0, 1.0]])
ROUNDED = 5.1e-5


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


def named(before):
    """The numbers that follow these words of the page."""
    return numbers(BY_HAND.split(before)[1].split("$")[0])


def test_the_table():
    rows = [
        [numbers(cell) for cell in line.strip("|").split("|")]
        for line in BY_HAND.splitlines()
        if re.match(r"\| \d", line)
    ]
    (_, alpha), _ = attend(H_D, H_E)
    scores = dot_score(H_D, H_E)[0]
    assert [row[0] for row in rows] == [[1], [2], [3]]
    for j, (_, state, score, power, weight, share) in enumerate(rows):
        np.testing.assert_allclose(state, H_E[j])
        np.testing.assert_allclose(score, scores[j])
        np.testing.assert_allclose(power, np.exp(scores[j]), atol=ROUNDED)
        np.testing.assert_allclose(weight, alpha[0, j], atol=ROUNDED)
        np.testing.assert_allclose(share, alpha[0, j] * H_E[j], atol=ROUNDED)


def test_the_context_and_the_state_that_reads_it():
    (ctx, _), _ = attend(H_D, H_E)
    np.testing.assert_allclose(named("$c_i = "), ctx[0], atol=ROUNDED)
    e = named("With the embedding $")
    inside = 0.5 * H_D[0] + e + ctx[0]
    np.testing.assert_allclose(named("the sum is $"), inside, atol=ROUNDED)
    np.testing.assert_allclose(named("$h^d_i = "), np.tanh(inside), atol=ROUNDED)


def test_the_bilinear_score_turns_the_look():
    W_s = np.array(numbers(re.search(r"\\begin\{pmatrix\}(.*?)\\end", BY_HAND)[1])).reshape(2, 2)
    (_, alpha), _ = attend(H_D, H_E, "bilinear", W_s)
    told = numbers(BY_HAND.split("The scores become ")[1].split(": now")[0])
    np.testing.assert_allclose(told, [2, 0, -2, *alpha[0]], atol=ROUNDED)


def test_the_first_translation_is_what_the_network_writes():
    source, written = re.findall(r"\*([^*]+)\*", PAGE.split("{lede}")[1])[:2]
    assert Translator(pack(load("witch_translate"))).greedy(source)[0] == [*written.split(), "</s>"]


def test_the_failure_is_longer_than_any_sentence_of_the_training():
    long = re.search(r'long = \("(.*?)"\n\s+"(.*?)"\)', PAGE)
    longest = max(map(len, load("witch_attention").sample["source"]))
    assert len("".join(long.groups()).split()) > longest
