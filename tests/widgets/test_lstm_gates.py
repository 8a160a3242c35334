"""The gate explorer from Python: anybody's arrays, torch's own modules, and the page's numbers against scratch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from widget_models import WORDS, network
from widget_page import node

from unrolled.scratch import gru, lstm
from unrolled.scratch.cells import CELLS
from unrolled.widgets import gate_explorer, lstm_gates, trace_gru, trace_lstm
from unrolled.widgets._model import pack
from unrolled.widgets.lstm_gates import run

JS = Path(__file__).parent / "js"
TEXT = "the green witch arrived the zebra"


def weights(cell="lstm", **sizes):
    return pack(network(CELLS[cell], **sizes), WORDS, {"cell": cell})


def arrays(T=6, H=4, seed=0):
    rng = np.random.default_rng(seed)
    return lstm.trace(rng.normal(size=(T, 3)), lstm.init_lstm(rng, 3, H))


def test_the_page_computes_what_python_computes(tmp_path):
    cases = []
    for cell in CELLS:
        for off in ([], [0, 3]):
            w = gate_explorer(TEXT, weights(cell))
            w.off = off
            trace = {letter: a.tolist() for letter, a in w.trace.items()}
            case = {"what": cell, "weights": w.weights, "text": TEXT, "off": off, "words": w.words}
            cases.append({**case, "trace": trace, "next": w.next_word.tolist()})
    rng, traces = np.random.default_rng(1), []
    for T, H in ((1, 1), (6, 4), (30, 64)):
        found = arrays(T, H)
        traces.append({"data": lstm_gates(["w"] * T, found).trace_data, "expected": found})
        x, p = rng.normal(size=(T, 3)), gru.init_gru(rng, 3, H)
        h, _, cache = gru.gru_forward(x, p)
        found = {**{letter: cache.gates[:, k, 0] for k, letter in enumerate("rzn")}, "h": h}
        traces.append({"data": lstm_gates(["w"] * T, found).trace_data, "expected": found})
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"live": cases, "traces": traces}, default=lambda a: a.tolist()))
    done = node("--test", str(JS / "lstm_gates.test.mjs"), UNROLLED_FIXTURES=str(file))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_what_is_run_step_by_step_is_scratchs_sequence():
    packed = weights()
    w = gate_explorer(TEXT, packed)
    params = {n: a for n, a in network(CELLS["lstm"]).items()}
    own = {n: a.astype(np.float16).astype(float) for n, a in params.items()}
    x = own["E"][:, [2, 4, 5, 6, 7, 4, 1]].T
    expected = lstm.trace(x, {n: a for n, a in own.items() if n not in ("E", "V", "b_y")})
    assert w.words[0] == "<s>" and w.trace.keys() == expected.keys()
    for letter, values in expected.items():
        np.testing.assert_allclose(w.trace[letter], values, atol=1e-12)
    assert w.next_word.shape == (7, 10) and np.allclose(w.next_word.sum(axis=1), 1)


def test_a_unit_switched_off_is_gone_from_every_step():
    trace, _ = run(weights(), TEXT, [1])
    assert not trace["h"][:, 1].any() and not trace["c"][:, 1].any()
    same, _ = run(weights(), TEXT)
    assert np.array_equal(trace["c"][0, 2:], same["c"][0, 2:]) and not np.allclose(trace["c"][3, 2:], same["c"][3, 2:])  # fmt: skip


def test_what_the_reader_is_to_find_in_the_trained_network():
    """One unit decides between was and were in every preset; its cell says the subject's number; its recipe confirmed it."""
    w = gate_explorer()
    config, words = w.weights["config"], w.weights["vocabularies"]["words"]
    pair = [words.index(word) for word in w.watch]
    assert w.watch == ["was", "were"] and not w.revealed and len(w.presets) >= 3
    for preset in w.presets:
        plural, at = w.watch[1] in preset["text"].split()[preset["step"] - 1], preset["step"] - 1
        w.text = preset["text"]
        w.off = []
        odds = [np.diff(np.log(w.next_word[at, pair]))[0]]
        assert (odds[0] > 0) == plural == (w.trace["c"][at, config["number_unit"]] < 0), preset["name"]
        for unit in range(w.size[1]):
            w.off = [unit]
            odds.append(np.diff(np.log(w.next_word[at, pair]))[0])
        assert np.abs(np.array(odds[1:]) - odds[0]).argmax() == config["number_unit"], preset["name"]


# ---- a student's own torch module -------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("form", ["rows", "batch", "numpy"])
def test_a_torch_lstm_gives_its_gates(bias, batch_first, form):
    torch.manual_seed(0)
    net = nn.LSTM(3, 5, bias=bias, batch_first=batch_first)
    x = torch.randn(7, 3)
    given = {"rows": x, "batch": x[None] if batch_first else x[:, None], "numpy": x.numpy()}[form]
    found = trace_lstm(net, given)
    h, (_, c_T) = net(x)
    np.testing.assert_allclose(found["h"], h.detach(), atol=1e-6)
    np.testing.assert_allclose(found["c"][-1], c_T[0].detach(), atol=1e-6)
    assert lstm_gates(list("abcdefg"), found).size == (7, 5)


@pytest.mark.parametrize("bias", [True, False])
def test_a_torch_gru_gives_its_gates_and_a_first_state_is_used(bias):
    torch.manual_seed(1)
    net, x, h_0 = nn.GRU(3, 4, bias=bias).double(), torch.randn(6, 3, dtype=torch.float64), torch.randn(1, 4)
    found = trace_gru(net, x, h_0.double())
    np.testing.assert_allclose(found["h"], net(x, h_0.double())[0].detach(), atol=1e-12)
    law = (1 - found["z"][1:]) * found["n"][1:] + found["z"][1:] * found["h"][:-1]
    np.testing.assert_allclose(found["h"][1:], law, atol=1e-12)
    assert lstm_gates(list("abcdef"), found).trace_data["kind"] == "gru"
    lstm_net, state = nn.LSTM(3, 4), (torch.randn(1, 4), torch.randn(1, 4))
    expected = lstm_net(x.float(), state)[0].detach()
    np.testing.assert_allclose(trace_lstm(lstm_net, x.float(), state)["h"], expected, atol=1e-6)


class Scaled(nn.LSTM):
    def forward(self, x, state=None):
        h, state = super().forward(x, state)
        return 1.5 * h, state


@pytest.mark.parametrize(
    ("net", "shape", "message"),
    [
        (nn.LSTM(3, 4, num_layers=2), (5, 3), "num_layers: expected 1, since one cell is drawn, got 2"),
        (nn.LSTM(3, 4, bidirectional=True), (5, 3), "bidirectional: expected False"),
        (nn.LSTM(3, 4, proj_size=2), (5, 3), "proj_size: expected 0, since one cell is drawn, got 2"),
        (nn.LSTM(3, 4), (5, 2, 3), r"expected one sequence, got a batch of 2 \(batch_first is False\)"),
        (nn.LSTM(3, 4, batch_first=True), (2, 5, 3), r"a batch of 2 \(batch_first is True\)"),
        (
            nn.LSTM(3, 4),
            (5, 7),
            r"x: expected shape \(T, D=3\), with or without a batch of one, got \(5, 7\)",
        ),
        (nn.LSTM(3, 4), (0, 3), r"x: expected shape \(T, D=3\)"),
        (nn.GRU(3, 4), (5, 3), r"expected a torch.nn.LSTM, whose weight_hh_l0 is \(4H, H\), got \(12, 4\)"),
        (nn.Linear(3, 4), (5, 3), "expected a torch.nn.LSTM, got Linear"),
        (Scaled(3, 4), (5, 3), "expected the module's own output, got one that differs by"),
    ],
)
def test_a_module_that_cannot_be_drawn_is_told(net, shape, message):
    torch.manual_seed(0)
    with pytest.raises(ValueError, match=message):
        trace_lstm(net, torch.randn(shape))


# ---- anybody's arrays ---------------------------------------------------------------------------


@pytest.mark.parametrize(("T", "H"), [(1, 1), (400, 2), (2, 512)])
def test_as_many_words_and_units_as_there_are(T, H):
    w = lstm_gates([f"w{t}" for t in range(T)], arrays(T, H), step=T, unit=H - 1)
    assert w.size == (T, H) and w.own
    for letter in "ifogch":
        np.testing.assert_allclose(w.trace[letter], arrays(T, H)[letter], atol=2e-3)


def swapped():
    found = arrays()
    return {**found, "i": found["f"], "f": found["i"]}


@pytest.mark.parametrize(
    ("tokens", "trace", "message"),
    [
        (6, lambda: {"h": np.zeros((6, 2))}, "expected i, f, o, g, c, h .or r, z, n, h of a GRU., got h"),
        (6, lambda: [1.0], "expected a dict of arrays by letter, got list"),
        (5, arrays, r"i: expected shape \(5, H\), got \(6, 4\); T = 5 comes from tokens"),
        (6, lambda: {**arrays(), "c": np.zeros((6, 3))}, r"c: expected shape .*H=4.*got \(6, 3\)"),
        (6, lambda: {**arrays(), "f": np.full((6, 4), np.nan)}, "f: expected finite numbers, got 24"),
        (6, lambda: {**arrays(), "f": np.full((6, 4), 3.0)}, "f: expected numbers from 0 to 1, after the activation, got 3"),
        (6, swapped, r"c: expected c_t = f_t .* \(13.25\), so .* torch's order of gates is i, f, g, o"),
        (6, lambda: {**arrays(), "o": arrays()["i"]}, r"h: expected h_t = o_t ⊙ tanh c_t \(13.27\)"),
        (0, arrays, "tokens: expected 1 to 400, got 0"),
        (401, arrays, "tokens: expected 1 to 400, got 401"),
        (1, lambda: {k: np.zeros((1, 513)) for k in "ifogch"}, "trace: expected 1 to 512 units, got 513"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_told(tokens, trace, message):
    with pytest.raises(ValueError, match=message):
        lstm_gates(["w"] * tokens, trace())
    assert lstm_gates(["w"] * 6, swapped(), check=False).size == (6, 4)


def test_places_are_checked_and_a_shorter_text_moves_the_step():
    w = gate_explorer(TEXT, weights(), step=7)
    for name, value, message in (
        ("step", 8, "step: expected 1 to 7, got 8"),
        ("unit", 5, "unit: expected 0 to 4, got 5"),
        ("off", [5], "off: expected units from 0 to 4, got 5"),
        ("sort", "size", "sort: expected one of number, moves, keeps, effect"),
        ("watch", ["zebra"], "watch: expected words that the model can give, got 'zebra'"),
        ("text", "a " * 400, "tokens: expected 1 to 400, got 401"),
    ):
        with pytest.raises(ValueError, match=message):
            setattr(w, name, value)
    w.text = "the witch"
    assert w.step == 3 and w.size == (3, 5)
    w.off = [3, 1, 3]
    assert w.off == [1, 3]
    with pytest.raises(ValueError, match="next_word: expected a widget with weights"):
        _ = lstm_gates(["a"] * 6, arrays()).next_word


def test_a_model_that_is_none_of_these_is_told():
    both = {f"fwd.{n}": a for n, a in network(CELLS["lstm"]).items() if n[0] in "WUb" and n != "b_y"}
    with pytest.raises(ValueError, match="expected E, one cell that reads one way and words, got"):
        gate_explorer(TEXT, pack({"E": np.zeros((3, 10)), **both}, WORDS))
    with pytest.raises(ValueError, match="expected V of H columns"):
        gate_explorer(TEXT, pack({**network(CELLS["lstm"]), "V": np.zeros((10, 3))}, WORDS))


def test_every_change_is_heard():
    w, heard = gate_explorer(TEXT, weights()), []
    w.observe(lambda change: heard.append(change["name"]))
    w.unit, w.step, w.off, w.text = 2, 1, [2], "witch"
    assert heard == ["unit", "step", "off", "text"]


def test_what_the_page_sends_arrives_and_all_that_travels_is_json():
    w = gate_explorer(TEXT, weights())
    state = json.loads(json.dumps(w.get_state(["weights", "text", "step", "off", "presets", "watch"])))
    assert state["weights"] == w.weights
    w.set_state({"text": "the witch", "step": 3, "unit": 4, "off": [4, 0], "sort": "effect"})
    assert (w.words, w.step, w.unit, w.off) == (["<s>", "the", "witch"], 3, 4, [0, 4])
