"""Assignment ch02_bptt: plausible wrong answers with the hint each must draw, and unusual right ones."""

import numpy as np
from submissions import Answers

from unrolled.scratch import bptt, rnn
from unrolled.scratch.bptt import bptt_backward, bptt_forward
from unrolled.scratch.loss import cross_entropy
from unrolled.scratch.rnn import rnn_backward, rnn_forward, rnn_step, rnn_step_backward, softmax

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


# weighted-loss


def naive_softmax(a):
    e = np.exp(a)
    return e / e.sum(axis=1, keepdims=True)


def log_softmax(a):
    a = a - a.max(axis=1, keepdims=True)
    return a - np.log(np.exp(a).sum(axis=1, keepdims=True))


def weighted(scores, targets, weights, divide_by=None, in_gradient=None):
    logs, steps = log_softmax(scores), np.arange(len(targets))
    n = weights.sum() if divide_by is None else divide_by
    ds = np.exp(logs)
    ds[steps, targets] -= 1
    return -(weights @ logs[steps, targets]) / n, ds * (weights if in_gradient is None else in_gradient)[
        :, None
    ] / n


@wrong("weighted-loss", "the weights are in the loss and not in its gradient")
def gradient_of_the_plain_mean(scores, targets, weights):
    return weighted(scores, targets, weights)[0], weighted(scores, targets, np.ones(len(weights)))[1]


@wrong("weighted-loss", "the weights are left out")
def weights_ignored(scores, targets, weights):
    return weighted(scores, targets, np.ones(len(weights)))


@wrong("weighted-loss", "it divides by the number of steps")
def mean_over_the_steps(scores, targets, weights):
    return weighted(scores, targets, weights, divide_by=len(weights))


@wrong("weighted-loss", "it adds up and does not divide")
def sum_in_place_of_mean(scores, targets, weights):
    return weighted(scores, targets, weights, divide_by=1)


@wrong("weighted-loss", "nothing is taken off at the right answer")
def probabilities_as_gradient(scores, targets, weights):
    loss, _ = weighted(scores, targets, weights)
    return loss, np.exp(log_softmax(scores)) * weights[:, None] / weights.sum()


@wrong("weighted-loss", "the sign of the gradient is turned")
def gradient_turned(scores, targets, weights):
    loss, ds = weighted(scores, targets, weights)
    return loss, -ds


@wrong("weighted-loss", "softmax is taken over the steps")
def softmax_over_time(scores, targets, weights):
    y = np.exp(scores - scores.max(axis=0)) / np.exp(scores - scores.max(axis=0)).sum(axis=0)
    steps = np.arange(len(targets))
    loss = -(weights @ np.log(y[steps, targets])) / weights.sum()
    y[steps, targets] -= 1
    return loss, y * weights[:, None] / weights.sum()


@wrong("weighted-loss", "exp overflows on large scores")
def overflowing_softmax(scores, targets, weights):
    y, steps = naive_softmax(scores), np.arange(len(targets))
    loss = -(weights @ np.log(y[steps, targets])) / weights.sum()
    y[steps, targets] -= 1
    return loss, y * weights[:, None] / weights.sum()


@wrong("weighted-loss", "a probability rounds to 0 and its logarithm is infinite")
def logarithm_of_zero(scores, targets, weights):
    y, steps = softmax(scores), np.arange(len(targets))
    loss = -(weights @ np.log(y[steps, targets])) / weights.sum()
    y[steps, targets] -= 1
    return loss, y * weights[:, None] / weights.sum()


@wrong("weighted-loss", "expected 2 values")
def loss_only(scores, targets, weights):
    return weighted(scores, targets, weights)[0]


@wrong("weighted-loss", "it calls cross_entropy")
def borrowed_step_by_step(scores, targets, weights):
    loss, ds = 0.0, np.zeros_like(scores)
    for t, w in enumerate(weights / weights.sum()):
        loss_t, d = cross_entropy(scores[t], targets[t])
        loss, ds[t] = loss + w * loss_t, w * d
    return loss, ds


@right("weighted-loss")
def only_the_steps_that_count(scores, targets, weights):
    on = np.flatnonzero(weights)
    ds = np.zeros(scores.shape, np.float32)
    logs = log_softmax(scores[on])
    share = weights[on] / weights[on].sum()
    ds[on] = share[:, None] * (np.exp(logs) - np.eye(scores.shape[1])[targets[on]])
    return float(-np.sum(share * logs[np.arange(len(on)), targets[on]])), ds


@right("weighted-loss")
def with_logaddexp_in_lists(scores, targets, weights):
    loss, rows = 0.0, []
    for s, q, w in zip(scores, targets, weights / np.sum(weights), strict=True):
        logs = s - np.logaddexp.reduce(s)
        loss -= w * logs[q]
        rows.append([w * (np.exp(log) - (k == q)) for k, log in enumerate(logs)])
    return [loss, rows]


# repaired-second-pass


def passes(x, h, ds, W, U, V, faults=()):
    da, T = np.zeros(len(U)), len(x)
    dW, dU, dV, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(V), np.zeros(len(U))
    back = U if "turned" in faults else U.T
    for t in range(T) if "forward" in faults else range(T - 1, -1, -1):
        dh = V.T @ ds[t] + (0 if "deaf" in faults else back @ da)
        da = dh * (1 - h[t + 1] if "slope" in faults else 1 - h[t + 1] ** 2)
        if "overwritten" in faults:
            dW, dU, dV, db = 0 * dW, 0 * dU, 0 * dV, 0 * db
        dU = 0 * dU if "dU overwritten" in faults else dU
        dV = dV + np.outer(ds[t], h[t + 1])
        dU = dU + np.outer(da, h[t + 1] if "late" in faults else h[t])
        dW, db = dW + np.outer(da, x[t]), db + da
    return {"dW": dW, "dU": dU, "dV": dV, "db": db, "dh_0": da if "start" in faults else back @ da}


@wrong("repaired-second-pass", "dU is not summed over time")
def as_released(x, h, ds, W, U, V):
    da = np.zeros(len(U))
    for t in reversed(range(len(x))):
        dh = V.T @ ds[t] + U @ da
        da = dh * (1 - h[t + 1])
        dV = np.outer(ds[t], h[t + 1])
        dU = np.outer(da, h[t + 1])
        dW = np.outer(da, x[t])
        db = da
    return {"dW": dW, "dU": dU, "dV": dV, "db": db, "dh_0": da}


@wrong("repaired-second-pass", "dU is not summed over time")
def only_the_sums_left(*args):
    return passes(*args, faults=("overwritten",))


@wrong("repaired-second-pass", "dU is not summed over time: each step overwrites what the others left")
def one_sum_forgotten(*args):
    return passes(*args, faults=("dU overwritten",))


@wrong("repaired-second-pass", "1 − h stands where 1 − h² belongs")
def only_the_slope_left(*args):
    return passes(*args, faults=("slope",))


@wrong("repaired-second-pass", "h_t is used where h_{t-1} belongs")
def only_the_state_left(*args):
    return passes(*args, faults=("late",))


@wrong("repaired-second-pass", "back through U on the wrong side")
def only_the_transpose_left(*args):
    return passes(*args, faults=("turned",))


@wrong("repaired-second-pass", "dh_0 is the gradient at the start state")
def only_the_start_left(*args):
    return passes(*args, faults=("start",))


@wrong("repaired-second-pass", "That is not the only fault")
def two_faults_left(*args):
    return passes(*args, faults=("slope", "late"))


@wrong("repaired-second-pass", "the future's gradient does not flow back")
def repaired_too_far(*args):
    return passes(*args, faults=("deaf",))


@wrong("repaired-second-pass", "it walks from the first step to the last")
def walks_forward(*args):
    return passes(*args, faults=("forward",))


@wrong("repaired-second-pass", "the dict lacks dh_0")
def start_left_out(*args):
    found = passes(*args)
    del found["dh_0"]
    return found


@wrong("repaired-second-pass", "it calls rnn_backward")
def borrowed_passes(x, h, ds, W, U, V):
    b = np.arctanh(h[1]) - U @ h[0] - W @ x[0]
    _, cache = rnn_forward(x, W, U, b, h[0])
    _, dh_0, d = rnn_backward(ds @ V, cache)
    return {"dW": d["W"], "dU": d["U"], "dV": ds.T @ h[1:], "db": d["b"], "dh_0": dh_0}


@right("repaired-second-pass")
def all_da_first_then_products(x, h, ds, W, U, V):
    da = np.zeros((len(x) + 1, len(U)))
    for t in range(len(x) - 1, -1, -1):
        da[t] = (ds[t] @ V + da[t + 1] @ U) * (1 - h[t + 1]) * (1 + h[t + 1])
    da, start = da[:-1], da[0] @ U
    return {"dh_0": start, "dW": da.T @ x, "dU": da.T @ h[:-1], "dV": ds.T @ h[1:], "db": da.sum(0)}


@right("repaired-second-pass")
def einsum_in_float32(x, h, ds, W, U, V):
    x, h, ds, W, U, V = (np.asarray(a, np.float32) for a in (x, h, ds, W, U, V))
    rows, back = [], np.zeros(len(U), np.float32)
    for gradient, state in zip(ds[::-1], h[:0:-1], strict=True):
        rows.append((np.einsum("k,kh->h", gradient, V) + back) * (1 - state * state))
        back = np.einsum("n,nm->m", rows[-1], U)
    da = np.array(rows[::-1])
    return {
        "dW": np.einsum("th,td->hd", da, x),
        "dU": np.einsum("tn,tm->nm", da, h[:-1]),
        "dV": np.einsum("tk,th->kh", ds, h[1:]),
        "db": da.sum(axis=0),
        "dh_0": back,
    }


@right("repaired-second-pass")
def steps_of_the_library(x, h, ds, W, U, V):
    total, dh = {"W": 0.0, "U": 0.0, "b": 0.0}, np.zeros(len(U))
    for t in reversed(range(len(x))):
        cache = (x[t], h[t], h[t + 1], W, U, "tanh")
        _, dh, d = rnn_step_backward(V.T @ ds[t] + dh, cache)
        total = {name: total[name] + d[name] for name in total}
    return {**{f"d{name}": d for name, d in total.items()}, "dV": ds.T @ h[1:], "dh_0": dh}


# predict-reach

TRUE = {
    "last": [1, 2, 3, 4, 5, 6],
    "third": [1, 2, 3],
    "segments": [4, 5, 6],
    "without_U": [6],
    "without_W": [],
    "padding": [1, 2, 4, 5, 6],
    "state_in_segments": [1, 2, 3, 4, 5, 6],
}


@wrong("predict-reach", "x_6 is not alone")
def only_the_word_of_the_loss():
    return {**TRUE, "last": [6]}


@wrong("predict-reach", "Nothing reaches back in time")
def everything_is_reached():
    return {case: [1, 2, 3, 4, 5, 6] for case in TRUE}


@wrong("predict-reach", "a gradient goes backwards")
def to_the_right():
    return {**TRUE, "third": [3, 4, 5, 6]}


@wrong("predict-reach", "it is not carried into the segment before")
def across_the_border():
    return {**TRUE, "segments": [1, 2, 3, 4, 5, 6]}


@wrong("predict-reach", "x_6 still reaches the loss, through W")
def nothing_without_u():
    return {**TRUE, "without_U": []}


@wrong("predict-reach", "With W = 0 no word has any effect")
def words_without_w():
    return {**TRUE, "without_W": [1, 2, 3, 4, 5, 6]}


@wrong("predict-reach", "it does not stop there")
def stopped_by_padding():
    return {**TRUE, "padding": [4, 5, 6]}


@wrong("predict-reach", "the gradient is cut at the border, the state is not")
def state_cut_as_well():
    return {**TRUE, "state_in_segments": [1, 2, 3]}


@wrong("predict-reach", "count the steps from 1")
def counted_from_zero():
    return {**TRUE, "segments": [0, 1, 2]}


@wrong("predict-reach", "the dict lacks state_in_segments")
def one_left_out():
    return {case: steps for case, steps in TRUE.items() if case != "state_in_segments"}


@right("predict-reach")
def as_sets():
    return {case: set(steps) for case, steps in reversed(TRUE.items())}


@right("predict-reach")
def as_ranges_and_arrays():
    return {**TRUE, "last": range(1, 7), "segments": np.array([6, 5, 4]), "third": (1, 2, 3)}


# final-backward


def back_from_the_ends(dh_T, x, lengths, W, U, b, faults=()):
    B, T, _ = x.shape
    on = (np.arange(T) < lengths[:, None])[..., None]
    h = np.zeros((B, T + 1, len(b)))
    for t in range(T):
        new = np.tanh(h[:, t] @ U.T + x[:, t] @ W.T + b)
        h[:, t + 1] = new if "unmasked" in faults else np.where(on[:, t], new, h[:, t])
    dx, dW, dU, db, dh = np.zeros(x.shape), 0 * W, 0 * U, 0 * b, dh_T
    for t in reversed(range(T)):
        slope = 1 - h[:, t + 1] if "slope" in faults else 1 - h[:, t + 1] ** 2
        read = np.ones_like(on[:, t]) if {"unmasked", "blamed"} & set(faults) else on[:, t]
        da = dh * slope * read
        dx[:, t] = da @ W
        dW, db = dW + da.T @ x[:, t], db + da.sum(axis=0)
        dU = dU * ("last only" not in faults) + da.T @ h[:, t + ("late" in faults)]
        go_on = da @ (U.T if "turned" in faults else U) * ("deaf" not in faults)
        dh = go_on if "lost" in faults else np.where(read, go_on, dh)
    return {"dx": dx, "dW": dW, "dU": dU, "db": db}


@wrong("final-backward", "the gradient is lost at padding")
def multiplied_by_the_mask(*args):
    return back_from_the_ends(*args, faults=("lost",))


@wrong("final-backward", "padding is blamed")
def mask_forgotten_on_the_way_back(*args):
    return back_from_the_ends(*args, faults=("blamed",))


@wrong("final-backward", "padding is read as if it were words")
def lengths_ignored(*args):
    return back_from_the_ends(*args, faults=("unmasked",))


@wrong("final-backward", "the future's gradient does not flow back")
def only_the_last_word(*args):
    return back_from_the_ends(*args, faults=("deaf",))


@wrong("final-backward", "h_t is used where h_{t-1} belongs")
def new_state_in_du(*args):
    return back_from_the_ends(*args, faults=("late",))


@wrong("final-backward", "1 − h stands where 1 − h² belongs")
def square_forgotten(*args):
    return back_from_the_ends(*args, faults=("slope",))


@wrong("final-backward", "dU is not summed over time")
def du_overwritten(*args):
    return back_from_the_ends(*args, faults=("last only",))


@wrong("final-backward", "back through U on the wrong side")
def back_through_the_transpose(*args):
    return back_from_the_ends(*args, faults=("turned",))


@wrong("final-backward", "averaged over the batch")
def mean_over_the_batch(*args):
    found = back_from_the_ends(*args)
    return {name: d if name == "dx" else d / len(args[0]) for name, d in found.items()}


@wrong("final-backward", "it calls rnn_backward")
def borrowed_with_a_mask(dh_T, x, lengths, W, U, b):
    h, cache = rnn_forward(x, W, U, b, mask=np.arange(x.shape[1]) < lengths[:, None])
    dh = np.zeros_like(h)
    dh[:, -1] = dh_T
    dx, _, d = rnn_backward(dh, cache)
    return {"dx": dx, "dW": d["W"], "dU": d["U"], "db": d["b"]}


@right("final-backward")
def put_in_where_it_ends(dh_T, x, lengths, W, U, b):
    h, _ = rnn_forward(x, W, U, b)  # beyond a sentence's end nothing is used
    h = np.concatenate([np.zeros((len(x), 1, len(b))), h], axis=1)
    da, dh = np.zeros_like(h[:, 1:]), np.zeros_like(dh_T)
    for t in reversed(range(x.shape[1])):
        dh = dh + np.where((lengths == t + 1)[:, None], dh_T, 0)
        da[:, t] = dh * (1 - h[:, t + 1] ** 2)
        dh = da[:, t] @ U
    return {
        "dx": da @ W,
        "dW": np.einsum("bth,btd->hd", da, x),
        "dU": np.einsum("btn,btm->nm", da, h[:, :-1]),
        "db": da.sum(axis=(0, 1)),
    }


@right("final-backward")
def sentence_by_sentence(dh_T, x, lengths, W, U, b):
    dx, dW, dU, db = np.zeros(x.shape, np.float32), np.zeros(W.shape), np.zeros(U.shape), np.zeros(b.shape)
    for n in range(len(x)):
        steps, h = [], np.zeros(len(b))
        for t in range(lengths[n]):
            h, cache = rnn_step(x[n, t], h, W, U, b)
            steps.append(cache)
        dh = dh_T[n]
        for t in reversed(range(lengths[n])):
            dx[n, t], dh, d = rnn_step_backward(dh, steps[t])
            dW, dU, db = dW + d["W"], dU + d["U"], db + d["b"]
    return {"db": db, "dU": dU, "dW": dW, "dx": dx}


# two-back-backward


def long_arm(dh, x, W, U, S, faults=()):
    T, H = dh.shape
    h = np.zeros((T + 2, H))
    for t in range(T):
        h[t + 2] = np.tanh(U @ h[t + 1] + S @ h[t] + W @ x[t])
    one, two = np.zeros(H), np.zeros(H)  # da of the next step, and of the one after it
    dx, dW, dU, dS = np.zeros(x.shape), 0 * W, 0 * U, 0 * S
    for t in range(T - 1, -1, -1):
        from_U = (U if "U turned" in faults else U.T) @ one
        from_S = (S if "S turned" in faults else S.T) @ (one if "S at once" in faults else two)
        total = dh[t] + from_U * ("only S" not in faults) + from_S * ("only U" not in faults)
        da = total * (1 - h[t + 2] if "slope" in faults else 1 - h[t + 2] ** 2)
        one, two = da, one
        dx[t], dW = W.T @ da, dW + np.outer(da, x[t])
        dU = dU * ("overwritten" not in faults) + np.outer(da, h[t + 2 if "late" in faults else t + 1])
        dS = dS * ("overwritten" not in faults) + np.outer(da, h[t + 1 if "S late" in faults else t])
    return {"dx": dx, "dW": dW, "dU": dU, "dS": dS}


@wrong("two-back-backward", "what comes back through S is missing")
def one_arm_only(*args):
    return long_arm(*args, faults=("only U",))


@wrong("two-back-backward", "what comes back through U is missing")
def the_other_arm_only(*args):
    return long_arm(*args, faults=("only S",))


@wrong("two-back-backward", "the future's gradient does not flow back")
def no_arm(*args):
    return long_arm(*args, faults=("only U", "only S"))


@wrong("two-back-backward", "S sends its share to the wrong step")
def both_arms_to_the_same_step(*args):
    return long_arm(*args, faults=("S at once",))


@wrong("two-back-backward", "h_{t-1} is used in dS where h_{t-2} belongs")
def nearer_state_in_ds(*args):
    return long_arm(*args, faults=("S late",))


@wrong("two-back-backward", "h_t is used where h_{t-1} belongs in dU, and h_{t-1} where h_{t-2} belongs")
def both_states_one_too_late(*args):
    return long_arm(*args, faults=("late", "S late"))


@wrong("two-back-backward", "1 − h stands where 1 − h² belongs")
def slope_without_square(*args):
    return long_arm(*args, faults=("slope",))


@wrong("two-back-backward", "back through S on the wrong side")
def s_turned(*args):
    return long_arm(*args, faults=("S turned",))


@wrong("two-back-backward", "back through U on the wrong side")
def u_turned(*args):
    return long_arm(*args, faults=("U turned",))


@wrong("two-back-backward", "dU and dS are not summed over time")
def sums_overwritten(*args):
    return long_arm(*args, faults=("overwritten",))


@wrong("two-back-backward", "changes its argument dh")
def into_the_callers_dh(dh, x, W, U, S):
    T, H = dh.shape
    found = long_arm(dh, x, W, U, S)
    h = np.zeros((T + 2, H))
    for t in range(T):
        h[t + 2] = np.tanh(U @ h[t + 1] + S @ h[t] + W @ x[t])
    for t in reversed(range(T)):
        da = dh[t] * (1 - h[t + 2] ** 2)
        if t > 0:
            dh[t - 1] += U.T @ da
        if t > 1:
            dh[t - 2] += S.T @ da
    return found


@right("two-back-backward")
def as_one_network_of_double_width(dh, x, W, U, S):
    H = len(U)
    z, states = np.zeros(2 * H), []
    for word in x:
        states.append(z)
        z = np.concatenate([np.tanh(np.hstack([U, S]) @ z + W @ word), z[:H]])
    newest = [s[:H] for s in [*states[1:], z]]
    dW, dUS, dz, rows = 0.0, 0.0, np.zeros(2 * H), []
    for t in reversed(range(len(x))):
        dz[:H] += dh[t]
        da = dz[:H] * (1 - newest[t] ** 2)
        dW, dUS = dW + np.outer(da, x[t]), dUS + np.outer(da, states[t])
        rows.insert(0, da @ W)
        before = np.hstack([U, S]).T @ da
        before[:H] += dz[H:]  # the copy of the state that was handed on
        dz = before
    return {"dx": rows, "dW": dW, "dU": dUS[:, :H], "dS": dUS[:, H:]}


@right("two-back-backward")
def lists_with_guards(dh, x, W, U, S):
    h = []
    for t in range(len(x)):
        a = W @ x[t]
        a = a + U @ h[t - 1] if t >= 1 else a
        h.append(np.tanh(a + S @ h[t - 2] if t >= 2 else a))
    da = [None] * len(x)
    for t in range(len(x))[::-1]:
        whole = dh[t].copy()
        whole += da[t + 1] @ U if t + 1 < len(x) else 0
        whole += da[t + 2] @ S if t + 2 < len(x) else 0
        da[t] = (whole * (1 - h[t] ** 2)).astype(np.float32)
    dU = sum((np.outer(da[t], h[t - 1]) for t in range(1, len(x))), np.zeros(U.shape))
    dS = sum((np.outer(da[t], h[t - 2]) for t in range(2, len(x))), np.zeros(S.shape))
    return {"dx": np.array(da) @ W, "dW": np.array(da).T @ x, "dU": dU, "dS": dS}


# train-in-segments


def one_segment(x, targets, network, h_0):
    loss, cache = bptt_forward(x, targets, network, h_0)
    return loss, bptt_backward(cache)[2], cache[0][-1]


def trained(x, targets, network, length, rate, carry=True, sign=-1, names="WUV", drop=False):
    network, h, losses = {n: w.copy() for n, w in network.items()}, np.zeros(len(network["U"])), []
    for begin in range(0, len(x) - (length - 1 if drop else 0), length):
        part = slice(begin, begin + length)
        loss, grads, h_T = one_segment(x[part], targets[part], network, h)
        for name in names:
            network[name] = network[name] + sign * rate * grads[name]
        losses.append(loss)
        h = h_T if carry else h
    return losses, network


@wrong("train-in-segments", "each segment starts from zero")
def state_forgotten(*args):
    return trained(*args, carry=False)


@wrong("train-in-segments", "the weights are changed once, at the end")
def one_update_at_the_end(x, targets, network, length, rate):
    h, losses, total = np.zeros(len(network["U"])), [], dict.fromkeys(network, 0.0)
    for begin in range(0, len(x), length):
        part = slice(begin, begin + length)
        loss, grads, h = one_segment(x[part], targets[part], network, h)
        losses.append(loss)
        total = {n: total[n] + grads[n] for n in total}
    return losses, {n: network[n] - rate * total[n] for n in network}


@wrong("train-in-segments", "the weights move along the gradient")
def uphill(*args):
    return trained(*args, sign=1)


@wrong("train-in-segments", "the last segment is dropped")
def last_segment_dropped(*args):
    return trained(*args, drop=True)


@wrong("train-in-segments", "V is not trained")
def output_weights_forgotten(*args):
    return trained(*args, names="WU")


@wrong("train-in-segments", "the network comes back as it was")
def the_old_network_returned(x, targets, network, length, rate):
    return trained(x, targets, network, length, rate)[0], network


@wrong("train-in-segments", "the text is not cut")
def in_one_piece(x, targets, network, length, rate):
    return trained(x, targets, network, len(x), rate)


@wrong("train-in-segments", "changes its argument network")
def into_the_callers_network(x, targets, network, length, rate):
    losses, new = trained(x, targets, network, length, rate)
    for name in network:
        network[name] -= 1e-2
    return losses, new


@wrong("train-in-segments", "read a second time with the new weights")
def state_of_a_second_reading(x, targets, network, length, rate):
    h, losses = np.zeros(len(network["U"])), []
    for begin in range(0, len(x), length):
        part = slice(begin, begin + length)
        loss, grads, _ = one_segment(x[part], targets[part], network, h)
        network = {n: network[n] - rate * grads[n] for n in network}
        h = one_segment(x[part], targets[part], network, h)[2]
        losses.append(loss)
    return losses, network


@wrong("train-in-segments", "first the losses, then the network")
def results_swapped(*args):
    return trained(*args)[::-1]


@wrong("train-in-segments", "it calls truncated_bptt")
def borrowed_segments(x, targets, network, length, rate):
    network, losses = {n: w.copy() for n, w in network.items()}, []
    for segment in bptt.truncated_bptt(x, targets, network, length):
        losses.append(segment.loss)
        for name in network:
            network[name] -= rate * segment.dnetwork[name]
    return losses, network


@right("train-in-segments")
def until_the_text_is_used_up(x, targets, network, length, rate):
    network, h, losses = dict(network), np.zeros(len(network["U"])), []
    while len(x):
        loss, grads, h = one_segment(x[:length], targets[:length], network, h)
        losses.append(np.float32(loss))
        for name in network:
            network[name] = network[name] - rate * grads[name]
        x, targets = x[length:], targets[length:]
    return np.array(losses), network


@right("train-in-segments")
def on_top_of_the_step_by_step_passes(x, targets, network, length, rate):
    names, h, losses = ("V", "U", "W"), np.zeros(len(network["U"])), []
    for part in np.split(np.arange(len(x)), range(length, len(x), length)):
        loss, saved = bptt.first_pass(x[part], targets[part], network, h)
        _, _, d = bptt.second_pass(saved)
        h = rnn.rnn_forward(x[part], network["W"], network["U"], h_0=h)[0][-1]
        network = {n: network[n] - rate * d[n] for n in names}
        losses.append(loss)
    return tuple(losses), network
