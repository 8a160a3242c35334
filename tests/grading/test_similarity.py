"""Which pairs stand out: copies in disguise do, what many write or were given does not."""

import random

import pytest

from unrolled.grading.similarity import RUN, Class, most, runs, tokens

STUB = "def leaky_step(x_t, h_prev, W, U, b, leak):\n    raise NotImplementedError()\n"
REFERENCE = """def leaky_step(x_t, h_prev, W, U, b, leak):
    new = np.tanh(h_prev @ U.T + x_t @ W.T + b)
    return (1 - leak) * h_prev + leak * new
"""
CANON = """def leaky_step(x, h, W, U, b, leak):
    z = x @ W.T + h @ U.T + b
    return (1 - leak) * h + leak * np.tanh(z)
"""
OWN = """def leaky_step(x_t, h_prev, W, U, b, leak):
    # every unit for itself, slowly
    result = []
    for row, old in zip(np.atleast_2d(x_t), np.atleast_2d(h_prev)):
        units = []
        for n in range(len(b)):
            total = b[n]
            for m in range(len(old)):
                total += U[n, m] * old[m]
            for d in range(len(row)):
                total += W[n, d] * row[d]
            units.append((1 - leak) * old[n] + leak * np.tanh(total))
        result.append(units)
    return np.array(result).reshape(h_prev.shape)
"""
DISGUISED = '''def helper():
    """Nothing to see here."""


def leaky_step(inp, state, w_in, w_rec, bias, lam):
    out = []
    for vec, prev in zip(np.atleast_2d(inp), np.atleast_2d(state)):
        vals = []

        for i in range(len(bias)):
            acc = bias[i]   # my own accumulator
            for j in range(len(prev)):
                acc += w_rec[i, j] * prev[j]
            for k in range(len(vec)):
                acc += w_in[i, k] * vec[k]
            vals.append((1 - lam) * prev[i] + lam * np.tanh(acc))
        out.append(vals)
    return np.array(out).reshape(state.shape)
'''
OTHERS = [
    "def leaky_step(x_t, h_prev, W, U, b, leak):\n    def mix(a, c):\n        return a + leak * (c - a)\n"
    "    return mix(h_prev, np.tanh(sum((h_prev @ U.T, x_t @ W.T, b))))\n",
    "leaky_step = lambda x, h, W, U, b, k: h - k * (h - np.tanh(np.dot(h, U.T) + np.dot(x, W.T) + b))\n",
    "def leaky_step(x_t, h_prev, W, U, b, leak):\n    joined = np.concatenate([h_prev, x_t], axis=-1)\n"
    "    both = np.concatenate([U, W], axis=1)\n    inner = np.einsum('...k,nk->...n', joined, both)\n"
    "    inner = np.add(inner, b)\n    return np.average([h_prev, np.tanh(inner)], axis=0, weights=[1 - leak, leak])\n",
    "def leaky_step(x_t, h_prev, W, U, b, leak):\n    assert 0 <= leak <= 1\n    gate = {'old': 1 - leak, 'new': leak}\n"
    "    return gate['old'] * h_prev + gate['new'] * np.tanh(np.matmul(h_prev, U.T) + np.matmul(x_t, W.T) + b)\n",
]


def a_class(**more):
    people = {f"canon{n}": {"leaky-step": CANON} for n in range(8)}
    people |= {f"other{n}": {"leaky-step": text} for n, text in enumerate(OTHERS)}
    return Class({**people, **{name: {"leaky-step": text} for name, text in more.items()}}, [STUB, REFERENCE])


def test_a_disguised_copy_stands_out_and_nobody_else():
    pairs = a_class(ana=OWN, ben=DISGUISED).pairs()
    assert [(p.first, p.second, p.tasks) for p in pairs] == [("ana", "ben", ("leaky-step",))]
    assert pairs[0].share > 0.8 and pairs[0].shared > 60


def test_what_many_write_says_nothing():
    assert a_class().pairs() == []


def test_what_was_given_says_nothing():
    everyone = {
        f"s{n}": {"leaky-step": text} for n, text in enumerate([STUB, STUB, REFERENCE, REFERENCE, *OTHERS])
    }
    assert Class(everyone, [STUB, REFERENCE]).pairs() == []
    assert (
        Class(
            {**everyone, "a": {"leaky-step": OWN}, "b": {"leaky-step": OWN}}, [STUB, REFERENCE, OWN]
        ).pairs()
        == []
    )


def test_tasks_count_for_themselves():
    """The same helper in two different tasks is not the same answer."""
    two = Class({"a": {"x": OWN}, "b": {"y": OWN}, "c": {"x": CANON}}, [])
    assert two.pairs() == []


def test_shared_lines_are_marked_and_others_not():
    whole = a_class(ana=OWN, ben=DISGUISED)
    marked = whole.lines("ben", "ana", "leaky-step")
    assert {11, 12, 13, 14, 15} <= marked and not {1, 2, 3} & marked
    assert whole.lines("canon1", "canon2", "leaky-step") == set()


@pytest.mark.parametrize(
    "text", ["def f(:\n  x = 'open\n", "%matplotlib inline\n!ls\nx = 1\n", "", "\x00", "  x\n y", "\ud800"]
)
def test_any_text_has_tokens(text):
    assert isinstance(tokens(text), list) and isinstance(runs(text), dict)


def test_code_that_is_no_python_is_compared_too():
    broken = OWN.replace("leak):", "leak)", 1), DISGUISED.replace("lam):", "lam)", 1)
    pairs = a_class(ana=broken[0], ben=broken[1]).pairs()
    assert [(p.first, p.second) for p in pairs] == [("ana", "ben")]


def test_names_of_libraries_and_methods_stay():
    kept = [text for text, _ in tokens("import numpy as np\ny = np.tanh(len(x))")]
    assert kept == [
        "import",
        "numpy",
        "as",
        "np",
        ";",
        "n",
        "=",
        "np",
        ".",
        "tanh",
        "(",
        "len",
        "(",
        "n",
        ")",
        ")",
        ";",
    ]


def test_how_many_may_share_a_run():
    assert [most(n) for n in (2, 6, 12, 30, 200, 2000)] == [2, 2, 4, 4, 10, 30]


def test_a_large_class_is_quick():
    draw = random.Random(0)
    words = ["+", "-", "*", "(", ")", "[", "]", "for", "in", "if", ".dot", ".sum", "0"]
    texts = {
        f"s{n}": {"t": "\n".join(" ".join(draw.choices(words, k=8)) for _ in range(25))} for n in range(300)
    }
    assert len(runs(texts["s0"]["t"])) > 5 * RUN
    assert Class(texts).pairs() == []
