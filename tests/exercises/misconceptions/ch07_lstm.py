"""Assignment ch07_lstm: plausible wrong answers with the hint each must draw, and unusual right ones."""

import numpy as np
import torch
from submissions import Answers

from unrolled.scratch.lstm import lstm_forward, lstm_step, lstm_step_backward, trace
from unrolled.widgets import trace_lstm

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# peephole-step


def layer(x_t, h_prev, p, n):
    return h_prev @ p[f"U_{n}"].T + x_t @ p[f"W_{n}"].T + p[f"b_{n}"]


def peephole(x_t, h_prev, c_prev, p, at=None, at_o=None, squash=np.tanh, show=np.tanh, seen="fio"):
    at = c_prev if at is None else at
    P = {n: p[f"P_{n}"] if n in seen else 0.0 for n in "fio"}
    f_t = sigmoid(layer(x_t, h_prev, p, "f") + P["f"] * at)
    i_t = sigmoid(layer(x_t, h_prev, p, "i") + P["i"] * at)
    c_t = squash(layer(x_t, h_prev, p, "g")) * i_t + c_prev * f_t
    o_t = sigmoid(layer(x_t, h_prev, p, "o") + P["o"] * (c_t if at_o is None else at_o))
    return o_t * show(c_t), c_t


@wrong("peephole-step", "the output gate looks at the old context")
def all_gates_look_back(x_t, h_prev, c_prev, p):
    return peephole(x_t, h_prev, c_prev, p, at_o=c_prev)


@wrong("peephole-step", "the output gate has no peephole")
def two_peepholes(x_t, h_prev, c_prev, p):
    return peephole(x_t, h_prev, c_prev, p, seen="fi")


@wrong("peephole-step", "no gate looks at the context")
def plain_lstm(x_t, h_prev, c_prev, p):
    return peephole(x_t, h_prev, c_prev, p, seen="")


@wrong("peephole-step", "the peepholes look at the hidden state")
def looking_at_h(x_t, h_prev, c_prev, p):
    return peephole(x_t, h_prev, c_prev, p, at=h_prev, at_o=h_prev)


@wrong("peephole-step", "gates f and i are swapped")
def gates_swapped(x_t, h_prev, c_prev, p):
    names = str.maketrans("fi", "if")
    return peephole(x_t, h_prev, c_prev, {f"{k[0]}_{k[2:].translate(names)}": v for k, v in p.items()})


@wrong("peephole-step", "the candidate g goes through a sigmoid")
def candidate_as_a_gate(x_t, h_prev, c_prev, p):
    return peephole(x_t, h_prev, c_prev, p, squash=sigmoid)


@wrong("peephole-step", "tanh is missing between c_t and h_t")
def memory_shown_as_it_is(x_t, h_prev, c_prev, p):
    return peephole(x_t, h_prev, c_prev, p, show=lambda c: c)


@wrong("peephole-step", "the two results have changed places")
def context_first(x_t, h_prev, c_prev, p):
    return peephole(x_t, h_prev, c_prev, p)[::-1]


@wrong("peephole-step", "it calls lstm_step")
def borrowed_step(x_t, h_prev, c_prev, p):
    plain = {name: weight for name, weight in p.items() if name[0] != "P"}
    for n in "fi":
        plain[f"b_{n}"] = plain[f"b_{n}"] + 0.0 * p[f"P_{n}"]
    (_, _), cache = lstm_step(x_t, (h_prev, c_prev), plain)
    logit = {n: np.log(getattr(cache, f"{n}_t") / (1 - getattr(cache, f"{n}_t"))) for n in "fio"}
    c_t = (
        cache.g_t * sigmoid(logit["i"] + p["P_i"] * c_prev) + sigmoid(logit["f"] + p["P_f"] * c_prev) * c_prev
    )
    return sigmoid(logit["o"] + p["P_o"] * c_t) * np.tanh(c_t), c_t


@right("peephole-step")
def with_einsum_and_diagonal_matrices(x_t, h_prev, c_prev, p):
    def a(n, seen=None):
        own = np.einsum("hd,bd->bh", p[f"W_{n}"], x_t) + np.einsum("hk,bk->bh", p[f"U_{n}"], h_prev)
        return own + p[f"b_{n}"] + (0 if seen is None else seen @ np.diag(p[f"P_{n}"]))

    c_t = sigmoid(a("f", c_prev)) * c_prev
    c_t += np.tanh(a("g")) * sigmoid(a("i", c_prev))
    return np.tanh(c_t) / (1 + np.exp(-a("o", c_t))), c_t


@right("peephole-step")
def in_float32_row_by_row(x_t, h_prev, c_prev, p):
    p = {name: weight.astype(np.float32) for name, weight in p.items()}
    rows = [peephole(*(np.float32(a[None]) for a in row), p) for row in zip(x_t, h_prev, c_prev, strict=True)]
    return [np.concatenate(part) for part in zip(*rows, strict=True)]


# repaired-lstm


def read(x, p, h_0, c_0, swapped=False, squash=np.tanh, keep=lambda c: c, show=np.tanh, late=False):
    h_t, c_t, h, c = h_0, c_0, [], []
    for x_t in x:
        a = {n: p[f"U_{n}"] @ h_t + p[f"W_{n}"] @ x_t + p[f"b_{n}"] for n in "fgio"}
        f_t, i_t = sigmoid(a["f"]), sigmoid(a["i"])
        f_t, i_t = (i_t, f_t) if swapped else (f_t, i_t)
        c_t = keep(squash(a["g"]) * i_t + c_t * f_t)
        o = p["U_o"] @ show(c_t) + p["W_o"] @ x_t + p["b_o"] if late else a["o"]
        h_t = sigmoid(o) * show(c_t)
        h.append(h_t)
        c.append(c_t)
    return {"h": np.array(h), "c": np.array(c)}


def same(c):
    return c


@wrong("repaired-lstm", "That is not the only fault")
def as_released(x, p, h_0, c_0):
    h_t, c_t, h, c = h_0, c_0, [], []
    for x_t in x:
        a = {n: p[f"U_{n}"] @ h_t + p[f"W_{n}"] @ x_t + p[f"b_{n}"] for n in "fgi"}
        f_t, g_t, i_t = sigmoid(a["f"]), sigmoid(a["g"]), sigmoid(a["i"])
        c_t = np.tanh(g_t * f_t + c_t * i_t)
        h_t = c_t
        o_t = sigmoid(p["U_o"] @ h_t + p["W_o"] @ x_t + p["b_o"])
        h_t = o_t * c_t
        h.append(h_t)
        c.append(c_t)
    return {"h": np.array(h), "c": np.array(c)}


@wrong("repaired-lstm", "gates f and i are swapped")
def only_the_swap_left(*args):
    return read(*args, swapped=True)


@wrong("repaired-lstm", "the candidate g goes through a sigmoid")
def only_the_candidate_left(*args):
    return read(*args, squash=sigmoid)


@wrong("repaired-lstm", "the memory itself is squeezed by tanh")
def only_the_squeeze_left(*args):
    return read(*args, keep=np.tanh)


@wrong("repaired-lstm", "the output gate reads what has just been made")
def only_the_late_gate_left(*args):
    return read(*args, late=True)


@wrong("repaired-lstm", "tanh is missing between c_t and h_t")
def only_the_way_out_left(*args):
    return read(*args, show=same)


@wrong(
    "repaired-lstm",
    "the memory itself is squeezed by tanh at each step. c_t is a plain sum (13.25). That is not the only",
)
def tanh_still_in_the_wrong_place(*args):
    return read(*args, keep=np.tanh, show=same)


@wrong("repaired-lstm", "the states start at zero")
def from_zero(x, p, h_0, c_0):
    return read(x, p, 0 * h_0, 0 * c_0)


@wrong("repaired-lstm", "tanh(c_t) is kept in the list of contexts")
def keeps_what_is_shown(*args):
    found = read(*args)
    return {"h": found["h"], "c": np.tanh(found["c"])}


@wrong("repaired-lstm", "it calls lstm_forward")
def borrowed_forward(x, p, h_0, c_0):
    found = lstm_forward(x, p, (h_0, c_0))
    return {"h": found[0], "c": found[2].c[1:, 0]}


@right("repaired-lstm")
def all_inputs_first(x, p, h_0, c_0):
    now = {n: x @ p[f"W_{n}"].T + p[f"b_{n}"] for n in "oigf"}
    h, c = [np.asarray(h_0)], [np.asarray(c_0)]
    for t in range(len(x)):
        f, i, o = (0.5 + 0.5 * np.tanh(0.5 * (now[n][t] + h[t] @ p[f"U_{n}"].T)) for n in "fio")
        c.append(f * c[t] + i * np.tanh(now["g"][t] + h[t] @ p["U_g"].T))
        h.append(o * np.tanh(c[-1]))
    return {"c": np.stack(c[1:]), "h": np.stack(h[1:])}


@right("repaired-lstm")
def with_torch_cells(x, p, h_0, c_0):
    W, U, b = (
        torch.tensor(np.concatenate([p[f"{letter}_{n}"] for n in "ifgo"]), dtype=torch.float32)
        for letter in "WUb"
    )
    cell = torch.nn.LSTMCell(x.shape[1], len(h_0))
    cell.load_state_dict({"weight_ih": W, "weight_hh": U, "bias_ih": b, "bias_hh": 0 * b})
    state, states = tuple(torch.tensor(a, dtype=torch.float32)[None] for a in (h_0, c_0)), []
    with torch.no_grad():
        for x_t in torch.tensor(x, dtype=torch.float32):
            state = cell(x_t[None], state)
            states.append(state)
    return {name: torch.cat(part).numpy() for name, part in zip("hc", zip(*states, strict=True), strict=True)}


# predict-gates

TRUE = {
    "usual": [2, 3, 4, 5, 6],
    "add_closed": [],
    "add_closed_later": [2, 3, 4, 5, 6],
    "forgotten": [2, 3, 4],
    "hidden": [5, 6],
    "loss_after_forgetting": [4, 5, 6],
    "loss_after_hiding": [1, 2, 3, 4, 5, 6],
}


@wrong("predict-gates", "half of it is kept at each later step")
def no_memory_at_all():
    return {**TRUE, "usual": [2]}


@wrong("predict-gates", "the input gate is the only door")
def in_by_another_door():
    return {**TRUE, "add_closed": [2, 3, 4, 5, 6]}


@wrong("predict-gates", "It takes nothing away from what is in")
def closed_gate_erases():
    return {**TRUE, "add_closed_later": [2, 5, 6]}


@wrong("predict-gates", "f_5 = 0 wipes the memory")
def forgetting_without_effect():
    return {**TRUE, "forgotten": [2, 3, 4, 5, 6]}


@wrong("predict-gates", "f_5 multiplies c_4, so c_5 is already free")
def forgetting_one_step_late():
    return {**TRUE, "forgotten": [2, 3, 4, 5]}


@wrong("predict-gates", "the output gate hides the memory and changes nothing in it")
def hidden_is_gone():
    return {**TRUE, "hidden": []}


@wrong("predict-gates", "word 4 comes in at step 4 by the input gate")
def own_word_wiped_too():
    return {**TRUE, "loss_after_forgetting": [5, 6]}


@wrong("predict-gates", "That h_3 is 0 does not matter to h_6")
def hidden_word_not_trained():
    return {**TRUE, "loss_after_hiding": [1, 2, 4, 5, 6]}


@wrong("predict-gates", "the dict lacks hidden")
def one_left_out():
    return {case: steps for case, steps in TRUE.items() if case != "hidden"}


@right("predict-gates")
def as_ranges_and_sets():
    return {**TRUE, "usual": range(2, 7), "hidden": {6, 5}, "add_closed": set()}


@right("predict-gates")
def as_arrays_in_another_order():
    return {case: np.array(steps[::-1], dtype=int) for case, steps in reversed(TRUE.items())}


# coupled-step-backward


def coupled(
    dh_t, dc_t, x_t, h_prev, c_prev, p, df=None, dg=None, own=None, slope_f=None, back=None, keep=True
):
    a = {n: p[f"U_{n}"] @ h_prev + p[f"W_{n}"] @ x_t + p[f"b_{n}"] for n in "fgo"}
    f, g, o = sigmoid(a["f"]), np.tanh(a["g"]), sigmoid(a["o"])
    tanh_c = np.tanh(f * c_prev + (1 - f) * g)
    dc = dc_t + dh_t * o * (1 - tanh_c**2) if own is None else own(dc_t, dh_t, o, tanh_c)
    sigma = slope_f or (lambda s: s * (1 - s))
    da = {
        "f": dc * (c_prev - g if df is None else df(c_prev, g)) * sigma(f),
        "g": dc * (1 - f if dg is None else dg(f)) * (1 - g**2),
        "o": dh_t * tanh_c * sigma(o),
    }
    found = {f"d{letter}_{n}": np.outer(da[n], v) for n in da for letter, v in (("W", x_t), ("U", h_prev))}
    found |= {f"db_{n}": d for n, d in da.items()}
    turn = back or (lambda U: U.T)
    return found | {
        "dx_t": sum(p[f"W_{n}"].T @ da[n] for n in da),
        "dh_prev": sum(turn(p[f"U_{n}"]) @ da[n] for n in da),
        "dc_prev": dc * f if keep else dc,
    }


@wrong("coupled-step-backward", "the forget gate is used twice")
def forget_gate_of_the_lstm(*args):
    return coupled(*args, df=lambda c, g: c)


@wrong("coupled-step-backward", "the candidate has the wrong sign")
def both_uses_added(*args):
    return coupled(*args, df=lambda c, g: c + g)


@wrong("coupled-step-backward", "Its share in c_t is 1 − f")
def candidate_times_f(*args):
    return coupled(*args, dg=lambda f: f)


@wrong("coupled-step-backward", "what comes back through h_t is missing")
def context_only(*args):
    return coupled(*args, own=lambda dc, dh, o, s: dc)


@wrong("coupled-step-backward", "the dc_t that arrives from the next step is not used")
def output_only(*args):
    return coupled(*args, own=lambda dc, dh, o, s: dh * o * (1 - s**2))


@wrong("coupled-step-backward", "1 − tanh stands where 1 − tanh² belongs")
def slope_without_square(*args):
    return coupled(*args, own=lambda dc, dh, o, s: dc + dh * o * (1 - s))


@wrong("coupled-step-backward", "the slopes of the sigmoids are missing")
def gates_without_slope(*args):
    return coupled(*args, slope_f=lambda s: 1.0)


@wrong("coupled-step-backward", "dc_prev is not multiplied by the forget gate")
def all_of_it_goes_back(*args):
    return coupled(*args, keep=False)


@wrong("coupled-step-backward", "back through U on the wrong side")
def forward_matrices(*args):
    return coupled(*args, back=lambda U: U)


@wrong("coupled-step-backward", "it calls lstm_step_backward")
def borrowed_backward(dh_t, dc_t, x_t, h_prev, c_prev, p):
    full = {**p, **{f"{letter}_i": -p[f"{letter}_f"] for letter in "WUb"}}  # 1 − σ(a) = σ(−a)
    _, cache = lstm_step(x_t, (h_prev, c_prev), full)
    dx, (dh_prev, dc_prev), d = lstm_step_backward((dh_t, dc_t), cache)
    found = {f"d{letter}_{n}": d[f"{letter}_{n}"] for letter in "WUb" for n in "go"}
    found |= {f"d{letter}_f": d[f"{letter}_f"] - d[f"{letter}_i"] for letter in "WUb"}
    return found | {"dx_t": dx, "dh_prev": dh_prev, "dc_prev": dc_prev}


@right("coupled-step-backward")
def by_autograd(dh_t, dc_t, x_t, h_prev, c_prev, p):
    arrays = {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev, **p}
    v = {name: torch.tensor(a, requires_grad=True) for name, a in arrays.items()}
    f, g, o = (v[f"U_{n}"] @ v["h_prev"] + v[f"W_{n}"] @ v["x_t"] + v[f"b_{n}"] for n in "fgo")
    c = torch.lerp(g.tanh(), v["c_prev"], f.sigmoid())
    loss = torch.tensor(dh_t) @ (o.sigmoid() * c.tanh()) + torch.tensor(dc_t) @ c
    gradients = torch.autograd.grad(loss, list(v.values()))
    return {f"d{name}": d.numpy() for name, d in zip(v, gradients, strict=True)}


@right("coupled-step-backward")
def two_gates_whose_gradients_are_subtracted(dh_t, dc_t, x_t, h_prev, c_prev, p):
    f, g, o = (p[f"W_{n}"] @ x_t + p[f"U_{n}"] @ h_prev + p[f"b_{n}"] for n in "fgo")
    f, i, g, o = sigmoid(f), sigmoid(-f), np.tanh(g), sigmoid(o)
    shown = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - shown) * (1 + shown)
    a_f, a_i = dc * c_prev * f * (1 - f), dc * g * i * (1 - i)
    da = np.stack([a_f - a_i, dc * i * (1 - g * g), dh_t * shown * o * (1 - o)])
    W, U = (np.stack([p[f"{letter}_{n}"] for n in "fgo"]) for letter in "WU")
    found = {
        "dx_t": np.einsum("nh,nhd->d", da, W),
        "dh_prev": np.einsum("nh,nhk->k", da, U),
        "dc_prev": dc * f,
    }
    for n, d in zip("fgo", da, strict=True):
        found |= {f"dW_{n}": d[:, None] * x_t, f"dU_{n}": d[:, None] * h_prev, f"db_{n}": d}
    return found


# gates-of-torch


def gates(
    state,
    x,
    order="ifgo",
    biases=2,
    squash=torch.tanh,
    raw=False,
    before=False,
    dim=1,
    carry=True,
    show=torch.tanh,
):
    b = state["bias_ih_l0"] + (state["bias_hh_l0"] if biases == 2 else 0)
    h = c = torch.zeros(len(x), state["weight_hh_l0"].shape[1])
    rows = {letter: [] for letter in "figoch"}
    for t in range(x.shape[1]):
        a = x[:, t] @ state["weight_ih_l0"].T + (h if carry else 0 * h) @ state["weight_hh_l0"].T + b
        a = dict(zip(order, a.chunk(4, dim=-1), strict=True))
        values = {n: squash(a[n]) if n == "g" else torch.sigmoid(a[n]) for n in "figo"}
        old = {"c": c, "h": h}
        c = values["f"] * c + values["i"] * values["g"]
        h = values["o"] * show(c)
        for letter, value in ((a if raw else values) | (old if before else {"c": c, "h": h})).items():
            rows[letter].append(value)
    return {letter: torch.stack(steps, dim=dim) for letter, steps in rows.items()}


@wrong("gates-of-torch", "The rows were read as f, i, g, o")
def forget_gate_first(state, x):
    return gates(state, x, order="figo")


@wrong("gates-of-torch", "this library's order")
def order_of_scratch(state, x):
    return gates(state, x, order="fiog")


@wrong("gates-of-torch", "the order of the equations")
def order_of_the_equations(state, x):
    return gates(state, x, order="fgio")


@wrong("gates-of-torch", "the second bias is left out")
def one_bias_is_enough(state, x):
    return gates(state, x, biases=1)


@wrong("gates-of-torch", "the candidate g goes through a sigmoid")
def four_sigmoids(state, x):
    return gates(state, x, squash=torch.sigmoid)


@wrong("gates-of-torch", "the gates are given before their activation")
def sums_for_gates(state, x):
    return gates(state, x, raw=True)


@wrong("gates-of-torch", "c and h are those of the step before")
def states_that_were_read(state, x):
    return gates(state, x, before=True)


@wrong("gates-of-torch", "the batch and the steps have changed places")
def stacked_in_front(state, x):
    return gates(state, x, dim=0)


@wrong("gates-of-torch", "the hidden state is not carried")
def inputs_alone(state, x):
    return gates(state, x, carry=False)


@wrong("gates-of-torch", "it calls trace")
def borrowed_trace(state, x):
    H = state["weight_hh_l0"].shape[1]
    b = (state["bias_ih_l0"] + state["bias_hh_l0"]).numpy()
    p = {}
    for k, n in enumerate("ifgo"):
        rows = slice(k * H, (k + 1) * H)
        p |= {f"W_{n}": state["weight_ih_l0"].numpy()[rows], f"U_{n}": state["weight_hh_l0"].numpy()[rows]}
        p[f"b_{n}"] = b[rows]
    return {n: array for n, array in trace(x.numpy(), p).items() if n in "figoch"}


@wrong("gates-of-torch", "it calls trace")
def borrowed_from_the_widget(state, x):
    module = torch.nn.LSTM(x.shape[2], state["weight_hh_l0"].shape[1])
    module.load_state_dict(state)
    found = [trace_lstm(module, sentence) for sentence in x]
    return {n: np.stack([one[n] for one in found]) for n in "figoch"}


@right("gates-of-torch")
def one_layer_at_a_time_in_double(state, x):
    H = state["weight_hh_l0"].shape[1]
    W, U, b, b_2 = (
        state[n].double().reshape(4, H, -1)
        for n in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    )
    h, c = torch.zeros(2, len(x), H).double()
    found = {letter: torch.zeros(*x.shape[:2], H) for letter in "hcogif"}
    for t in range(x.shape[1]):
        a = (
            torch.einsum("khd,bd->kbh", W, x[:, t].double())
            + torch.einsum("khm,bm->kbh", U, h)
            + (b + b_2).mT
        )
        i, f, g, o = a[0].sigmoid(), a[1].sigmoid(), a[2].tanh(), a[3].sigmoid()
        c = torch.addcmul(c * f, i, g)
        h = o * c.tanh()
        for letter, value in zip("figoch", (f, i, g, o, c, h), strict=True):
            found[letter][:, t] = value
    return found


@right("gates-of-torch")
def with_history_and_states_of_the_module(state, x):
    found = gates({name: tensor.clone().requires_grad_() for name, tensor in state.items()}, x)
    module = torch.nn.LSTM(x.shape[2], state["weight_hh_l0"].shape[1], batch_first=True)
    module.load_state_dict(state)
    return {**found, "h": module(x)[0]}


# open-forget-gate


def opened(state, x, bias, rows="f", second=0.0, add=False, run_old=False, last=True, length=None):
    H = state["weight_hh_l0"].shape[1]
    at = {"i": slice(0, H), "f": slice(H, 2 * H), "o": slice(3 * H, None), "all": slice(None)}[rows]
    new = {name: tensor.clone() for name, tensor in state.items()}
    new["bias_ih_l0"][at] = bias + (new["bias_ih_l0"][at] if add else 0.0)
    if second is not None:
        new["bias_hh_l0"][at] = second
    module = torch.nn.LSTM(x.shape[1], H)
    module.load_state_dict(state if run_old else new)
    x = x.clone().requires_grad_()
    h, _ = module(x)
    (h[-1] if last else h).sum().backward()
    return new, x.grad.norm(dim=1) if length is None else length(x.grad)


@wrong("open-forget-gate", "The first belongs to the input gate")
def first_quarter(*args):
    return opened(*args, rows="i")


@wrong("open-forget-gate", "The last belongs to the output gate")
def last_quarter(*args):
    return opened(*args, rows="o")


@wrong("open-forget-gate", "all gates are opened")
def every_bias(*args):
    return opened(*args, rows="all")


@wrong("open-forget-gate", "the second bias is left as it was")
def second_bias_forgotten(*args):
    return opened(*args, second=None)


@wrong("open-forget-gate", "the sum is twice what was asked for")
def both_biases(state, x, bias):
    return opened(state, x, bias, second=bias)


@wrong("open-forget-gate", "the bias is added to the old one")
def on_top_of_the_old(*args):
    return opened(*args, add=True)


@wrong("open-forget-gate", "the gradients are those of the old weights")
def old_network(*args):
    return opened(*args, run_old=True)


@wrong("open-forget-gate", "the loss is the sum of all states")
def every_state(*args):
    return opened(*args, last=False)


@wrong("open-forget-gate", "the root is missing")
def squares(*args):
    return opened(*args, length=lambda d: (d**2).sum(dim=1))


@wrong("open-forget-gate", "it changes its argument state")
def into_the_callers_state(state, x, bias):
    new, norms = opened(state, x, bias)
    for name in ("bias_ih_l0", "bias_hh_l0"):
        state[name].copy_(new[name])
    return new, norms


@right("open-forget-gate")
def by_functional_call(state, x, bias):
    i, _, g, o = state["bias_ih_l0"].chunk(4)
    new = {**state, "bias_ih_l0": torch.cat([i, torch.full_like(i, bias), g, o])}
    H = len(i)
    keep = (torch.arange(4 * H) < H) | (torch.arange(4 * H) >= 2 * H)
    new["bias_hh_l0"] = state["bias_hh_l0"] * keep
    lstm = torch.nn.LSTM(x.shape[1], H, batch_first=True)
    jacobian = torch.autograd.functional.jacobian(
        lambda v: torch.func.functional_call(lstm, new, (v[None],))[0][0, -1].sum(), x
    )
    return new, (jacobian**2).sum(dim=1).sqrt()


@right("open-forget-gate")
def cell_by_cell_in_double(state, x, bias):
    H = state["weight_hh_l0"].shape[1]
    new = {name: tensor.double() for name, tensor in state.items()}
    for n in range(H):
        new["bias_ih_l0"][H + n], new["bias_hh_l0"][H + n] = bias, 0
    steps = [x_t.double().requires_grad_() for x_t in x]
    h = c = torch.zeros(1, H).double()
    for x_t in steps:
        h, c = torch.lstm_cell(x_t[None], (h, c), *new.values())
    return new, [float(d.norm()) for d in torch.autograd.grad(h.sum(), steps)]
