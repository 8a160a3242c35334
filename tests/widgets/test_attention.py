"""Attention from Python: anybody's arrays, a module of one's own, the trained model, and the sizes of the modules."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.data import witch
from unrolled.nn.attention import Attention as OurAttention
from unrolled.scratch.attention import attend
from unrolled.widgets import attention, attention_explorer, trace_attention
from unrolled.widgets._base import LIMIT, from_base64, module
from unrolled.widgets._translator import SENTENCES, Translator

WORDS = ["the", "green", "witch"], ["la", "bruja", "verde", "."]
RNG = np.random.default_rng(0)
WEIGHTS = RNG.dirichlet(np.ones(3), size=4)


def test_anybodys_weights_survive_the_way():
    w = attention(WEIGHTS, *WORDS, gold=[(2, 1), (1, 2)], step=2)
    np.testing.assert_allclose(w.matrix, WEIGHTS, atol=5e-4)
    assert (w.source, w.target, w.gold, w.step) == (*WORDS, [[2, 1], [1, 2]], 2)
    assert attention(torch.tensor(WEIGHTS)[None].requires_grad_(), *WORDS).matrix.shape == (4, 3)
    big = np.eye(400)
    assert attention(big, [str(i) for i in range(400)], list(map(str, range(400)))).matrix.shape == (400, 400)


@pytest.mark.parametrize(
    ("weights", "source", "target", "message"),
    [
        (WEIGHTS.T, *WORDS, r"weights: expected shape \(T=4, S=3\), a row for each target word, got \(3, 4\); transpose it\?"),
        (WEIGHTS[:3], *WORDS, r"weights: expected shape \(T=4, S=3\).* got \(3, 3\)$"),
        (WEIGHTS * 2, *WORDS, r"weights: expected rows that sum to 1, got 2 in row \d; these look like scores"),
        (WEIGHTS * 0.9, *WORDS, r"weights: expected rows that sum to 1, got 0.9 in row \d$"),
        (WEIGHTS - [2, -1, -1], *WORDS, r"weights: expected no negative number, got -\d\S* at row \d, column 0"),
        (np.where(WEIGHTS > 0.5, np.nan, WEIGHTS), *WORDS, r"weights: expected finite numbers, got \d NaN"),
        (np.ones((2, 4, 3)) / 3, *WORDS, r"weights: expected 2 axes, of one sentence, got shape \(2, 4, 3\)"),
        ([[1, 0], [1]], ["a", "b"], ["c", "d"], r"weights: expected numbers in 2 regular axes"),
        (WEIGHTS, "the green witch", WORDS[1], r"source: expected a list of words, got the string"),
        (WEIGHTS, [], WORDS[1], r"source: expected 1 to 400 words, got 0"),
        (np.ones((401, 1)), ["a"], ["b"] * 401, r"target: expected 1 to 400 words, got 401"),
    ],
)  # fmt: skip
def test_bad_weights_say_expected_and_got(weights, source, target, message):
    with pytest.raises(ValueError, match=message):
        attention(weights, source, target)


def test_gold_and_step_have_their_range():
    with pytest.raises(ValueError, match=r"gold: expected pairs \(source below 3, target below 4\).* got \(3, 0\)"):  # fmt: skip
        attention(WEIGHTS, *WORDS, gold=[(3, 0)])
    with pytest.raises(ValueError, match="step: expected 1 to 4, got 5"):
        attention(WEIGHTS, *WORDS, step=5)
    w = attention(WEIGHTS, *WORDS)
    for name, value in {"score": "cosine", "temperature": 0.0, "over": 4}.items():
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            setattr(w, name, value)


class Students(nn.Module):
    """Not ours: Luong's general score with a linear layer of torch's."""

    def __init__(self, H, E):
        super().__init__()
        self.map = nn.Linear(E, H, bias=False)

    def forward(self, query, keys):
        weights = torch.softmax(query @ self.map(keys).mT, dim=-1)
        return weights @ keys, weights


@pytest.mark.parametrize("score", ["dot", "scaled", "bilinear"])
def test_a_trace_of_our_module(score):
    torch.manual_seed(0)
    E = 6 if score == "bilinear" else 5
    model, h_d, h_e = OurAttention(score, 5, E), torch.randn(1, 4, 5), torch.randn(1, 3, E)
    w = trace_attention(model, h_d, h_e, *WORDS)
    np.testing.assert_allclose(w.matrix, model(h_d, h_e)[1][0].detach().numpy(), atol=1e-3)
    assert (w.score, w.sizes) == (score, [5, E])
    np.testing.assert_allclose(from_base64(w.h_e, (3, E)), h_e[0], atol=2e-3)


def test_a_trace_of_a_students_module_and_of_one_that_errs():
    torch.manual_seed(1)
    model, h_d, h_e = Students(5, 6), torch.randn(4, 5), torch.randn(3, 6)
    w = trace_attention(model, h_d, h_e, *WORDS, score="bilinear", W_s=model.map.weight)
    assert w.W_s and w.matrix.shape == (4, 3)
    with pytest.raises(ValueError, match="weights: expected what bilinear attention gives, got numbers up to"):  # fmt: skip
        trace_attention(model, h_d, h_e, *WORDS, score="bilinear", W_s=2 * model.map.weight)
    with pytest.raises(ValueError, match="contexts: expected what dot attention gives"):
        trace_attention(lambda d, e: (2 * attend(d, e)[0][0], attend(d, e)[0][1]), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2)), *WORDS)  # fmt: skip
    with pytest.raises(ValueError, match=r"model: expected it to return \(contexts, weights\), got Tensor"):
        trace_attention(lambda d, e: d, h_d, h_e, *WORDS)


def test_a_mask_reaches_the_module():
    h_d, h_e, mask = RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2)), np.array([True, True, False])
    w = trace_attention(lambda d, e, m: attend(d, e, mask=m)[0], h_d, h_e, *WORDS, mask=mask)
    assert (w.matrix[:, 2] == 0).all() and not w.h_d


def test_the_explorer_is_the_trained_model():
    w = attention_explorer("the green witch arrived", revealed=True)
    words, alpha = Translator(w.weights).greedy("the green witch arrived")
    assert words == ["llegó", "la", "bruja", "verde", "</s>"]
    np.testing.assert_allclose(w.matrix.sum(axis=1), 1.0)
    assert alpha is not None and alpha.argmax(axis=1)[[0, 2, 3]].tolist() == [3, 2, 1], "it looks where it should"  # fmt: skip
    assert [p["text"] for p in w.presets] == [text for text, _, _ in SENTENCES]
    with pytest.raises(ValueError, match="text: expected 1 to 30 words, got 0"):
        attention_explorer("  ")
    with pytest.raises(ValueError, match="expected a model with attention, got one with context 'every'"):
        attention_explorer(weights="witch_translate")
    with pytest.raises(ValueError, match="expected an encoder–decoder"):
        attention_explorer("a", weights={"W": np.eye(2), "U": np.eye(2)})


def test_presets_are_the_grammars():
    known = {" ".join(e.source): e for e in [witch.green_witch(), *_some_of_the_corpus()]}
    for text, target, pairs in SENTENCES:
        assert (" ".join(known[text].target), known[text].alignment) == (target, pairs)


def _some_of_the_corpus():
    from unrolled import data

    corpus = data.load("witch")
    return [*corpus.split("test"), *corpus.split("long")]


@pytest.mark.parametrize("name", ["attention", "decoder_stepper", "bottleneck"])
def test_modules_are_small_and_self_contained(name):
    source = module(name)
    assert len(source.encode()) <= LIMIT
    assert "import " not in source.replace("important", "") and "fetch(" not in source
