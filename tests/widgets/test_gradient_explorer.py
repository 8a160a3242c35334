"""The gradient explorer from Python, its arithmetic against the library's, and the page's against both."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from widget_page import node

from unrolled.scratch.bptt import clip_by_norm, global_norm
from unrolled.scratch.cells import CELLS
from unrolled.scratch.rnn import rnn_backward, rnn_forward
from unrolled.widgets import gradient_explorer, gradient_flow
from unrolled.widgets.gradient_explorer import GAINS, GATES, PRESETS, uniform

JS = Path(__file__).parent / "js"
CASES = [
    *({"cell": "rnn", "g": g, "rho": rho, "T": 12, "H": 5} for g in GAINS for rho in (0.5, 1.1)),
    {"cell": "rnn", "T": 1, "H": 1},
    {"cell": "gru", "rho": 0.8, "T": 20, "H": 6, "forget_bias": 2.0},
    {"cell": "gru", "T": 1, "H": 1},
    {"cell": "lstm", "rho": 0.8, "T": 20, "H": 6, "forget_bias": 2.0, "seed": 9999},
    {"cell": "lstm", "rho": 0.6, "T": 100, "H": 32, "seed": 0},
    {"cell": "lstm", "rho": 0.0, "T": 2, "H": 2},
]


def test_an_rnns_flow_is_that_of_rnn_backward():
    """dL/dh_t is the dh_0 of a sequence that begins after step t, and step t's own loss if it has one."""
    w = gradient_explorer(T=15, H=6, rho=1.2)
    (params, x, v), flow = w.network, w.flow
    weights = [params[name] for name in ("W", "U", "b")]
    h, _ = rnn_forward(x, *weights)
    last = v * (np.arange(15) == 14)[:, None]
    for t in range(1, 15):
        _, cache = rnn_forward(x[t:], *weights, h_0=h[t - 1])
        for norms, dh in ((flow.direct, last), (flow.total, v)):
            _, dh_0, _ = rnn_backward(dh[t:], cache)
            assert norms[t - 1] == pytest.approx(np.linalg.norm(dh_0 + dh[t - 1]), rel=1e-12)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_gated_flow_is_the_slope_of_the_loss(cell):
    """Central differences of L_T by every number of the state at step t."""
    w = gradient_explorer(cell, T=6, H=3, forget_bias=1.5)
    (params, x, v), flow = w.network, w.flow

    def loss(state, t):
        for x_t in x[t:]:
            state, _ = CELLS[cell].step(x_t, state, params)
        return v[-1] @ state[0]

    state = tuple(np.zeros(3) for _ in CELLS[cell].state_names)
    for t in range(1, 6):
        state, cache = CELLS[cell].step(x[t - 1], state, params)
        slopes = np.empty((len(state), 3))
        for part in range(len(state)):
            for i in range(3):
                moved = [tuple(s + e * 1e-6 * (k == part) * (np.arange(3) == i) for k, s in enumerate(state)) for e in (1, -1)]  # fmt: skip
                slopes[part, i] = (loss(moved[0], t) - loss(moved[1], t)) / 2e-6
        assert np.linalg.norm(slopes[0]) == pytest.approx(flow.direct[t - 1], rel=1e-6)
        if cell == "lstm":  # c_t is heard in h_t as well (13.27)
            through_h = slopes[0] * cache.o_t * (1 - np.tanh(cache.c_t) ** 2)
            assert np.linalg.norm(slopes[1] + through_h) == pytest.approx(flow.cell[t - 1], rel=1e-6)


def test_what_the_reader_is_to_find():
    """Geometric in an RNN, by the forget gates in the cell of an LSTM, flat where every step has a loss."""
    d = np.arange(30)[::-1]
    linear = gradient_explorer(g="linear", rho=1.2, T=100).flow.direct
    np.testing.assert_allclose(linear[:50] / linear[1:51], 1.2, rtol=0.01)
    tanh = gradient_explorer().flow
    assert tanh.direct[0] < 1e-5 and tanh.total.min() > 0.5
    for bias in (0.0, 1.0, 5.0):
        flow = gradient_explorer("lstm", rho=0.0, forget_bias=bias).flow
        np.testing.assert_allclose(flow.cell, flow.path, rtol=1e-12)
        f = 1 / (1 + np.exp(-bias))
        slope = np.polyfit(d, np.log(flow.path), 1)[0]
        assert np.exp(slope) == pytest.approx(f, abs=0.02)


@pytest.mark.parametrize(
    ("cell", "g"), [("rnn", "tanh"), ("rnn", "linear"), ("gru", "tanh"), ("lstm", "tanh")]
)
def test_clipping_looks_at_the_slopes_by_all_weights(cell, g):
    """Central differences of L_T by every single weight; clip_by_norm gives the factor."""
    w = gradient_explorer(cell, T=5, H=3, g=g, rho=1.2)
    (params, x, v), flow = w.network, w.flow

    def loss(params):
        state = tuple(np.zeros(3) for _ in CELLS[cell].state_names)
        for x_t in x:
            if g == "linear":
                state = (params["U"] @ state[0] + params["W"] @ x_t + params["b"],)
            else:
                state, _ = CELLS[cell].step(x_t, state, params)
        return v[-1] @ state[0]

    slopes = {}
    for name, p in params.items():
        slopes[name] = np.zeros_like(p)
        for at in np.ndindex(p.shape):
            moved = [
                {
                    **params,
                    name: p
                    + e * 1e-6 * (np.arange(p.size) == np.ravel_multi_index(at, p.shape)).reshape(p.shape),
                }
                for e in (1, -1)
            ]
            slopes[name][at] = (loss(moved[0]) - loss(moved[1])) / 2e-6
    assert global_norm(slopes) == pytest.approx(flow.weights, rel=1e-6)
    w.clip = float(flow.weights) / 4
    clipped, norm = clip_by_norm(slopes, w.clip)
    assert global_norm(clipped) / norm == pytest.approx(w.clipped, rel=1e-6) == 0.25
    w.clip = 100.0
    assert w.clipped == 1.0


@pytest.mark.parametrize("cell", sorted(GATES))
def test_every_u_has_the_radius_asked_for(cell):
    params = gradient_explorer(cell, rho=1.3).network.params
    radii = [np.abs(np.linalg.eigvals(U)).max() for name, U in params.items() if name.startswith("U")]
    np.testing.assert_allclose(radii, 1.3, rtol=1e-12)


def test_each_loss_pulls_with_length_one_and_changing_t_keeps_the_rest():
    one, other = gradient_explorer(T=30).network, gradient_explorer(T=10).network
    np.testing.assert_allclose(np.linalg.norm(one.v, axis=-1), 1.0)
    np.testing.assert_array_equal(one.x[:10], other.x)
    np.testing.assert_array_equal(one.params["U"], other.params["U"])
    assert not np.array_equal(one.params["U"], gradient_explorer(seed=2).network.params["U"])


def test_presets_are_what_they_say():
    left = {}
    for preset in PRESETS:
        w = gradient_explorer()
        w.set_state({k: v for k, v in preset.items() if k != "name"})
        left[preset["name"].split(":")[0]] = w.flow.direct[0]
    assert left["Vanishing"] < 0.01 and left["Exploding"] > 100 and 0.1 < left["On the edge"] < 10
    assert left["LSTM, forget bias 1"] < 0.01 < left["LSTM, forget bias 5"]


def test_anybodys_arrays():
    w = gradient_flow([0.1, 0.2, 0.4])
    assert (w.norms, w.labels, w.words, w.step) == ([[0.1, 0.2, 0.4]], ["curve 1"], [], 1)
    w = gradient_flow({"mine": np.ones(4), "yours": [1, 2, 3, 0]}, words=["a", "b", "c", "d"], step=4)
    assert w.labels == ["mine", "yours"] and w.norms[1] == [1.0, 2.0, 3.0, 0.0]
    w.follow = 1
    assert [(p["name"], p.get("follow"), p["step"]) for p in w.presets] == [
        ("The first step", None, 1),
        ("The last step", None, 4),
        ("Where mine is smallest", 0, 1),
        ("Where mine is largest", 0, 1),
        ("Where yours is smallest", 1, 4),
        ("Where yours is largest", 1, 3),
    ]
    assert gradient_flow([1.0]).presets == [] and gradient_flow(np.ones(9), revealed=False).step == 6
    assert len(gradient_flow(np.ones((6, 400))).norms) == 6


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (gradient_explorer, {"cell": "elman"}, r"cell: expected one of 'rnn', 'gru', 'lstm', got 'elman'"),
        (gradient_explorer, {"g": "sigmoid"}, r"g: expected one of 'tanh', 'relu', 'linear', got 'sigmoid'"),
        (gradient_explorer, {"T": 0}, r"T: expected 1 to 100, got 0"),
        (gradient_explorer, {"T": 101}, r"T: expected 1 to 100, got 101"),
        (gradient_explorer, {"H": 33}, r"H: expected 1 to 32, got 33"),
        (gradient_explorer, {"rho": 3.5}, r"rho: expected 0.0 to 3.0, got 3.5"),
        (gradient_explorer, {"rho": float("nan")}, r"rho: expected 0.0 to 3.0, got nan"),
        (gradient_explorer, {"forget_bias": 9}, r"forget_bias: expected -2.0 to 8.0, got 9"),
        (gradient_explorer, {"clip": -1}, r"clip: expected 0.0 to 100.0, got -1"),
        (gradient_explorer, {"seed": -1}, r"seed: expected 0 to 9999, got -1"),
        (gradient_explorer, {"step": 31}, r"step: expected 1 to 30, got 31"),
        (gradient_flow, {"norms": []}, r"norms: expected 1 to 400 steps, got 0"),
        (gradient_flow, {"norms": {}}, r"norms: expected 1 to 400 steps, got 0"),
        (gradient_flow, {"norms": np.ones(401)}, r"norms: expected 1 to 400 steps, got 401"),
        (gradient_flow, {"norms": np.ones((7, 3))}, r"norms: expected 1 to 6 curves, got 7"),
        (gradient_flow, {"norms": 3.0}, r"norms: expected 1 axes, got shape \(\)"),
        (gradient_flow, {"norms": np.ones((2, 2, 2))}, r"norms: expected 2 axes, got shape \(2, 2, 2\)"),
        (gradient_flow, {"norms": [1.0, np.nan]}, r"norms: expected finite numbers, got 1 NaN"),
        (gradient_flow, {"norms": [1.0, -1.0]}, r"norms: expected no negative number, got -1"),
        (gradient_flow, {"norms": [[1.0, 2.0], [1.0]]}, r"norms: expected numbers in 2 regular axes"),
        (gradient_flow, {"norms": [1.0], "labels": ["a", "b"]}, r"labels: expected 1, one for each curve, got 2"),
        (gradient_flow, {"norms": [1.0], "words": ["a", "b"]}, r"words: expected 1, one for each step, got 2"),
        (gradient_flow, {"norms": [1.0], "step": 2}, r"step: expected 1 to 1, got 2"),
    ],
)  # fmt: skip
def test_bad_input_says_expected_and_got(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


def test_state_stays_sound():
    w, seen = gradient_explorer(step=30), []
    w.observe(lambda change: seen.append(change["name"]))
    w.T = 7
    assert w.step == 7 and {"T", "step"} <= set(seen)
    for name, value in {
        "step": 8,
        "follow": 2,
        "guess": "up",
        "cell": "",
        "norms": [1.0],
        "over": -1,
    }.items():
        before = getattr(w, name)
        with pytest.raises(ValueError, match=rf"^{name}: expected"):
            setattr(w, name, value)
        assert getattr(w, name) == before
    w.set_state({"cell": "lstm", "T": 60, "step": 60, "revealed": True})
    assert w.flow.cell.shape == (60,)


def test_javascript_agrees(tmp_path):
    """`node --test`: the same weights drawn, and every gradient to 1e-5 of its size."""
    flows = []
    for case in CASES:
        w = gradient_explorer(**case)
        network, flow = w.network, w.flow
        flows.append(
            {
                "state": {n: getattr(w, n) for n in ("cell", "g", "rho", "T", "H", "forget_bias", "seed")},
                "network": {"p": {n: a.tolist() for n, a in network.params.items()}, "x": network.x.tolist(), "v": network.v.tolist()},
                "expected": {n: a.tolist() if isinstance(a, np.ndarray) else a for n, a in flow._asdict().items()},
            }
        )  # fmt: skip
    draws = []
    for seed in (0, 1, 640050, 2**31):
        draw = uniform(seed)
        draws.append({"seed": seed, "numbers": [next(draw) for _ in range(100)]})
    fixtures = tmp_path / "fixtures.json"
    fixtures.write_text(json.dumps({"flows": flows, "draws": draws}), encoding="utf-8")
    done = node("--test", str(JS / "gradient_explorer.test.mjs"), UNROLLED_FIXTURES=str(fixtures))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"pass \d\d", done.stdout), done.stdout[-500:]
