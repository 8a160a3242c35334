"""The unrolled stepper from Python, and its arithmetic in the page against the library's."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from widget_page import node

from unrolled.scratch.rnn import ACTIVATIONS, forward_rnn, rnn_step
from unrolled.widgets import _base, unrolled_stepper
from unrolled.widgets.unrolled_stepper import EMBEDDINGS, VOCAB, _lookup, tokenize

JS = Path(__file__).parent / "js"
TEXTS = [
    "the green witch arrived",
    "  The\tGREEN\u00a0witch,\narrived. ",
    "¿llegó la bruja verde?",
    "zebra 👩‍👩‍👧 <unk> supercalifragilisticexpialidocious",
    "don't a.b “quoted” (so)…",
    "witch",
]


def random_network(seed: int, H: int, D: int, K: int) -> dict:
    rng = np.random.default_rng(seed)
    shapes = {"W": (H, D), "U": (H, H), "V": (K, H), "b": (H,), "h_0": (H,)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def random_widget(seed: int, H: int, D: int, K: int, g: str = "tanh", text: str = "a b a c"):
    rng = np.random.default_rng(seed + 1)
    return unrolled_stepper(
        text,
        **random_network(seed, H, D, K),
        g=g,
        vocab=["<unk>", "a", "b"],
        embeddings=rng.normal(size=(3, D)),
    )


@pytest.mark.parametrize("H", [2, 3, 4])
@pytest.mark.parametrize("g", sorted(ACTIVATIONS))
def test_trace_is_the_librarys_network(H, g):
    w = random_widget(H, H, 3, 2, g)
    network, trace = random_network(H, H, 3, 2), w.trace
    x = np.array(w.embeddings)[[1, 2, 1, 0]]
    h_t = network["h_0"]
    for t in range(4):
        h_t, _ = rnn_step(x[t], h_t, network["W"], network["U"], network["b"], g)
        np.testing.assert_allclose(trace.h[t], h_t, rtol=0, atol=1e-12)
    scores = trace.h @ network["V"].T
    np.testing.assert_allclose(
        trace.y, np.exp(scores) / np.exp(scores).sum(-1, keepdims=True), rtol=0, atol=1e-12
    )


def test_default_is_algorithm_forwardrnn_and_remembers():
    w = unrolled_stepper()
    network = {name: np.array(getattr(w, name)) for name in ("W", "U", "V", "b")}
    np.testing.assert_allclose(
        w.trace.y, forward_rnn(np.array(EMBEDDINGS)[w.trace.ids], network), rtol=0, atol=1e-12
    )
    w.text = "the green " * 10 + "house" + " the green" * 10
    named = w.trace.h[:, 1]
    assert (named[:20] < 0).all() and (named[21:] > 0.5).all() and named[-1] > 0.8


def test_same_words_in_another_order_leave_another_state():
    one, other = (
        unrolled_stepper(t).trace.h[-1] for t in ("the green witch arrived", "the witch green arrived")
    )
    assert np.abs(one - other).max() > 0.1


def test_every_preset_is_a_sound_network():
    w = unrolled_stepper()
    for preset in w.presets:
        with w.hold_trait_notifications():
            w.set_state({k: v for k, v in preset.items() if k != "name"})
        assert np.isfinite(w.trace.y).all() and len(w.units) == len(w.b), preset["name"]


def test_observers_see_every_change():
    w, seen = unrolled_stepper(), []
    w.observe(lambda change: seen.append((change["name"], change["new"])))
    w.step, w.term, w.folded, w.unit = 4, "Wx", True, 1
    w.U = np.eye(2)
    w.text = "witch"
    assert ("step", 1) in seen and ("U", [[1.0, 0.0], [0.0, 1.0]]) in seen
    assert {name for name, _ in seen} == {"step", "term", "folded", "unit", "U", "text"}


def test_a_page_may_change_several_traits_at_once():
    w = unrolled_stepper()
    w.set_state(
        {
            "W": [[1.0] * 3] * 3,
            "U": [[0.0] * 3] * 3,
            "V": [[1.0] * 3] * 2,
            "b": [0.0] * 3,
            "h_0": [0.0] * 3,
            "units": list("pqr"),
        }
    )
    assert w.trace.h.shape == (4, 3)
    w.set_state({"text": "witch", "step": 1})
    assert w.step == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": ""}, r"text: expected 1 to 60 words, got 0"),
        ({"text": " \n\t "}, r"text: expected 1 to 60 words, got 0"),
        ({"text": "a " * 61}, r"text: expected 1 to 60 words, got 61"),
        ({"W": np.eye(2, 3)}, r"U: expected with W, got None"),
        ({"W": np.ones((2, 3)), "U": np.ones((3, 3))}, r"U: expected shape \(H=2, H=2\), got \(3, 3\)"),
        ({"W": np.ones((2, 4)), "U": np.ones((2, 2))}, r"W: expected shape \(H, D=3\), got \(2, 4\); D = 3 comes from embeddings"),
        ({"W": np.ones((5, 3)), "U": np.ones((5, 5))}, r"W: expected 2 to 4 hidden units, got 5"),
        ({"W": np.ones((1, 3)), "U": np.ones((1, 1))}, r"W: expected 2 to 4 hidden units, got 1"),
        ({"b": [0.0] * 3}, r"b: expected shape \(H=2,\), got \(3,\)"),
        ({"V": [[1.0, 2.0, 3.0]]}, r"V: expected shape \(K, H=2\), got \(1, 3\)"),
        ({"V": [[np.nan, 2.0]]}, r"V: expected finite numbers, got 1 NaN"),
        ({"vocab": ["a"]}, r"vocab and embeddings: expected both or neither"),
        ({"vocab": ["a"], "embeddings": [[1.0, 0.0, 0.0]]}, r'vocab: expected "<unk>" among the words'),
        ({"vocab": ["<unk>", "a", "a"], "embeddings": np.zeros((3, 3))}, r"vocab: expected each word once, got 'a' again"),
        ({"vocab": ["<unk>", "a"], "embeddings": np.zeros((3, 3))}, r"vocab: expected shape \(n_vocab=3,\), got \(2,\)"),
        ({"W": [[1.0], [2.0, 3.0]], "U": np.eye(2)}, r"W: expected numbers in 2 regular axes, got \[\[1.0\]"),
        ({"W": [1.0, 2.0], "U": np.eye(2)}, r"W: expected 2 axes, got shape \(2,\)"),
        ({"units": ["one"]}, r"units: expected shape \(H=2,\), got \(1,\)"),
        ({"g": "swish"}, r"g: expected one of 'tanh', 'relu', 'sigmoid', got 'swish'"),
        ({"step": 9}, r"step: expected 1 to 4, the words of the sentence, got 9"),
    ],
)  # fmt: skip
def test_bad_input_says_expected_and_got(arguments, message):
    with pytest.raises(ValueError, match=message):
        unrolled_stepper(**arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("U", [[1.0]]),
        ("step", 0),
        ("term", "Wh"),
        ("unit", 2),
        ("text", ""),
        ("guess", {"way": "up"}),
        ("b", ["x", "y"]),
    ],
)
def test_a_bad_assignment_changes_nothing(name, value):
    w = unrolled_stepper()
    before = getattr(w, name)
    with pytest.raises(ValueError, match=rf"^{name}: expected"):
        setattr(w, name, value)
    assert getattr(w, name) == before


def test_widgets_import_no_torch():
    code = "import sys, unrolled.widgets; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_float16_travels():
    array = np.random.default_rng(0).normal(size=(3, 4)) * 10
    back = _base.from_base64(_base.to_base64(array), (3, 4))
    np.testing.assert_array_equal(back, array.astype(np.float16).astype(float))


def test_javascript_agrees(tmp_path):
    """`node --test`: the kit's laws, and the page's forward pass against fresh fixtures."""
    widgets = [unrolled_stepper(), unrolled_stepper("witch")]
    widgets += [
        random_widget(seed, H, 1 + seed, 1 + seed, g, "a b zebra c " * 5)
        for seed, g in enumerate(sorted(ACTIVATIONS))
        for H in (2, 3, 4)
    ]
    traits = ("text", "W", "U", "V", "b", "h_0", "g", "vocab", "embeddings")
    networks = [
        {
            "state": {n: getattr(w, n) for n in traits},
            **{n: getattr(w.trace, n).tolist() for n in ("x", "h", "y")},
        }
        for w in widgets
    ]
    texts = [
        {"text": s, "tokens": tokenize(s), "ids": _lookup(tokenize(s), list(VOCAB)).tolist()} for s in TEXTS
    ]
    fixtures = tmp_path / "fixtures.json"
    fixtures.write_text(json.dumps({"networks": networks, "texts": texts, "vocab": VOCAB}), encoding="utf-8")
    done = node(
        "--test",
        *(str(JS / f"{n}.test.mjs") for n in ("kit", "unrolled_stepper")),
        UNROLLED_FIXTURES=str(fixtures),
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"pass \d\d", done.stdout), done.stdout[-500:]


def test_float16_of_python_is_read_by_the_kit(tmp_path):
    values = [0.0, -1.5, 1 / 3, 1e-7, 70000.0]
    code = f"import('{(_base.STATIC / '_kit.mjs').as_uri()}').then((k) => console.log(JSON.stringify([...k.decodeF16('{_base.to_base64(values)}')].map(String))))"
    done = node("-e", code)
    with np.errstate(over="ignore"):
        expected = np.array(values, "f2").astype(float)
    np.testing.assert_allclose(
        [float(v.replace("Infinity", "inf")) for v in json.loads(done.stdout)], expected
    )
