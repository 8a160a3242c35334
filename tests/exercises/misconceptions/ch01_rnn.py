"""Assignment ch01_rnn: plausible wrong answers with the hint each must draw, and unusual right ones."""

import numpy as np
from submissions import Answers

from unrolled.checks import rnn as checks
from unrolled.scratch import rnn as scratch
from unrolled.scratch.rnn import rnn_forward, rnn_step, softmax

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# leaky-step


@wrong("leaky-step", "λ and 1 − λ have changed places")
def shares_swapped(x_t, h_prev, W, U, b, leak):
    new = np.tanh(h_prev @ U.T + x_t @ W.T + b)
    return leak * h_prev + (1 - leak) * new


@wrong("leaky-step", "the old state is missing outside tanh")
def plain_elman_step(x_t, h_prev, W, U, b, leak):
    return rnn_step(x_t, h_prev, W, U, b)[0]


@wrong("leaky-step", "nothing of the old state is kept")
def new_value_only_weighed(x_t, h_prev, W, U, b, leak):
    return leak * np.tanh(h_prev @ U.T + x_t @ W.T + b)


@wrong("leaky-step", "the whole old state is kept")
def residual(x_t, h_prev, W, U, b, leak):
    return h_prev + leak * np.tanh(h_prev @ U.T + x_t @ W.T + b)


@wrong("leaky-step", "the leak is inside tanh")
def mixed_before_tanh(x_t, h_prev, W, U, b, leak):
    a = h_prev @ U.T + x_t @ W.T + b
    return np.tanh((1 - leak) * h_prev + leak * a)


@wrong("leaky-step", "U multiplies h_{t-1} on the wrong side")
def transposed(x_t, h_prev, W, U, b, leak):
    return (1 - leak) * h_prev + leak * np.tanh(h_prev @ U + x_t @ W.T + b)


@wrong("leaky-step", "the bias b is left out")
def without_bias(x_t, h_prev, W, U, b, leak):
    return (1 - leak) * h_prev + leak * np.tanh(h_prev @ U.T + x_t @ W.T)


@wrong("leaky-step", "a row is one vector, so U h is written h @ U.T")
def one_vector_only(x_t, h_prev, W, U, b, leak):
    return (1 - leak) * h_prev + leak * np.tanh(U @ h_prev + W @ x_t + b)


@wrong("leaky-step", "changes its argument h_prev")
def into_the_callers_array(x_t, h_prev, W, U, b, leak):
    new = np.tanh(h_prev @ U.T + x_t @ W.T + b)
    h_prev *= 1 - leak
    h_prev += leak * new
    return h_prev.copy()


@wrong("leaky-step", "returns None")
def prints_it(x_t, h_prev, W, U, b, leak):
    h_t = (1 - leak) * h_prev + leak * np.tanh(h_prev @ U.T + x_t @ W.T + b)
    str(h_t)


@right("leaky-step")
def with_einsum(x_t, h_prev, W, U, b, leak):
    a = np.einsum("...m,nm->...n", h_prev, U) + np.einsum("...d,nd->...n", x_t, W)
    return h_prev + leak * (np.tanh(a + b) - h_prev)


@right("leaky-step")
def in_float32(x_t, h_prev, W, U, b, leak):
    x_t, h_prev, W, U, b = (np.asarray(a, dtype=np.float32) for a in (x_t, h_prev, W, U, b))
    new = np.tanh((W @ x_t.T + U @ h_prev.T).T + b)
    return np.float32(leak) * new + np.float32(1 - leak) * h_prev


@right("leaky-step")
def on_top_of_the_elman_step(x, h, A, R, bias, rate):
    new, _ = rnn_step(x, h, A, R, bias)
    new *= rate
    new += (1 - rate) * h
    return new


# all-states


def broken(first=0, turned=False, carried=True, copied=True, start=True):
    def all_states(x, W, U, b, h_0):
        h_t = h_0.copy() if start else np.zeros(len(b))
        h_0, states = h_t.copy(), []
        for t in range(first, len(x)):
            h_t[:] = np.tanh((U.T if turned else U) @ (h_t if carried else h_0) + W @ x[t] + b)
            states.append(h_t.copy() if copied else h_t)
        return np.array(states)

    return all_states


@wrong("all-states", "the state is not carried")
def as_released(x, W, U, b, h_0):
    h_t = np.zeros(len(b))
    states = []
    for t in range(1, len(x)):
        h_t[:] = np.tanh(U.T @ h_0 + W @ x[t] + b)
        states.append(h_t)
    return np.array(states)


@wrong("all-states", "the state is not carried")
def only_the_carrying_left(x, W, U, b, h_0):
    return broken(carried=False)(x, W, U, b, h_0)


@wrong("all-states", "the first word is never read")
def only_the_first_word_left(x, W, U, b, h_0):
    return broken(first=1)(x, W, U, b, h_0)


@wrong("all-states", "it is used transposed")
def only_the_transpose_left(x, W, U, b, h_0):
    return broken(turned=True)(x, W, U, b, h_0)


@wrong("all-states", "every row is the last state")
def only_the_shared_array_left(x, W, U, b, h_0):
    return broken(copied=False)(x, W, U, b, h_0)


@wrong("all-states", "That is not the only fault")
def two_faults_left(x, W, U, b, h_0):
    return broken(first=1, turned=True)(x, W, U, b, h_0)


@wrong("all-states", "should start from the h_0 that is given")
def starts_from_zero(x, W, U, b, h_0):
    return broken(start=False)(x, W, U, b, h_0)


@wrong("all-states", "h_0 is among the states")
def start_among_the_states(x, W, U, b, h_0):
    states = [h_0]
    for x_t in x:
        states.append(np.tanh(U @ states[-1] + W @ x_t + b))
    return np.array(states)


@wrong("all-states", "it calls rnn_forward")
def borrowed_sequence(x, W, U, b, h_0):
    return rnn_forward(x, W, U, b, h_0)[0]


@wrong("all-states", "it calls rnn_forward")
def borrowed_by_a_detour(x, W, U, b, h_0):
    from unrolled.scratch.cells import CELLS

    return CELLS["rnn"].forward(x, {"W": W, "U": U, "b": b}, (h_0,))[0]


@wrong("all-states", "the answer itself")
def borrowed_from_the_checks(x, W, U, b, h_0):
    return checks._states(x, W, U, b, h_0, ())


@right("all-states")
def products_first(x, W, U, b, h_0):
    h = x @ W.T + b
    for t in range(len(h)):
        h[t] = np.tanh(h[t] + U @ (h[t - 1] if t else h_0))
    return h


@right("all-states")
def list_of_lists(x, W, U, b, h_0):
    h = list(h_0)
    rows = []
    for word in x.tolist():
        h = [float(np.tanh(np.dot(U[n], h) + np.dot(W[n], word) + b[n])) for n in range(len(b))]
        rows.append(h)
    return rows


@right("all-states")
def steps_of_the_library(x, W, U, b, h_0):
    states = []
    for x_t in x:
        h_0, _ = rnn_step(x_t, h_0, W, U, b)
        states.append(h_0)
    return np.stack(states).astype(np.float32)


# final-states


def sweep(x, W, U, b, keep):
    h_t = np.zeros((len(x), len(b)))
    for t in range(x.shape[1]):
        h_t = keep(t, np.tanh(h_t @ U.T + x[:, t] @ W.T + b), h_t)
    return h_t


@wrong("final-states", "padding is read as if it were words")
def lengths_ignored(x, lengths, W, U, b):
    return sweep(x, W, U, b, lambda t, new, old: new)


@wrong("final-states", "the state is wiped at padding")
def multiplied_by_the_mask(x, lengths, W, U, b):
    return sweep(x, W, U, b, lambda t, new, old: new * (t < lengths)[:, None])


@wrong("final-states", "padding is turned into zero vectors")
def inputs_zeroed(x, lengths, W, U, b):
    mask = np.arange(x.shape[1]) < lengths[:, None]
    return sweep(x * mask[..., None], W, U, b, lambda t, new, old: new)


@wrong("final-states", "one word too early")
def stops_too_early(x, lengths, W, U, b):
    return sweep(x, W, U, b, lambda t, new, old: np.where((t + 1 < lengths)[:, None], new, old))


@wrong("final-states", "one step too many")
def stops_too_late(x, lengths, W, U, b):
    return sweep(x, W, U, b, lambda t, new, old: np.where((t <= lengths)[:, None], new, old))


@wrong("final-states", "cut to the length of the shortest")
def cut_to_the_shortest(x, lengths, W, U, b):
    return sweep(x[:, : lengths.min()], W, U, b, lambda t, new, old: new)


@wrong("final-states", "it averages over the states")
def averaged(x, lengths, W, U, b):
    total = np.zeros((len(x), len(b)))
    h_t = np.zeros_like(total)
    for t in range(x.shape[1]):
        h_t = np.tanh(h_t @ U.T + x[:, t] @ W.T + b)
        total += h_t * (t < lengths)[:, None]
    return total / lengths[:, None]


@wrong("final-states", "One state a sentence is asked for")
def all_of_them(x, lengths, W, U, b):
    h = [np.zeros((len(x), len(b)))]
    for t in range(x.shape[1]):
        h.append(np.where((t < lengths)[:, None], np.tanh(h[-1] @ U.T + x[:, t] @ W.T + b), h[-1]))
    return np.stack(h[1:], axis=1)


@wrong("final-states", "it calls rnn_forward")
def borrowed_with_a_mask(x, lengths, W, U, b):
    return scratch.rnn_forward(x, W, U, b, mask=np.arange(x.shape[1]) < lengths[:, None])[0][:, -1]


@right("final-states")
def all_then_picked(x, lengths, W, U, b):
    h = np.zeros((len(x), x.shape[1] + 1, len(b)), np.float32)
    for t in range(x.shape[1]):
        h[:, t + 1] = np.tanh(h[:, t] @ U.T + x[:, t] @ W.T + b)
    return h[np.arange(len(x)), lengths]


@right("final-states")
def only_the_rows_that_go_on(x, lengths, W, U, b):
    h = np.zeros((len(x), len(b)))
    for t in range(max(lengths)):
        on = lengths > t
        h[on] = np.tanh(np.einsum("bm,nm->bn", h[on], U) + np.einsum("bd,nd->bn", x[on, t], W) + b)
    return h


@right("final-states")
def one_by_one(x, lengths, W, U, b):
    out = []
    for n in range(len(x)):
        h = np.zeros(len(b))
        for t in range(lengths[n]):
            h = rnn_step(x[n, t], h, W, U, b)[0]
        out.append(h)
    return out


# predict-changes

TRUE = {
    "swap": [2, 3, 4, 5],
    "swap_without_U": [2, 3],
    "last_word": [5],
    "swap_without_W": [],
    "new_start": [1, 2, 3, 4, 5],
}


@wrong("predict-changes", "what does step 4 start from?")
def only_the_swapped_steps():
    return {**TRUE, "swap": [2, 3]}


@wrong("predict-changes", "the words are the same but not their order")
def order_does_not_matter():
    return {**TRUE, "swap": []}


@wrong("predict-changes", "h_1 is computed before word 2 is read")
def everything_changes():
    return {**TRUE, "swap": [1, 2, 3, 4, 5]}


@wrong("predict-changes", "with U = 0 no state reaches the next one")
def carried_without_u():
    return {**TRUE, "swap_without_U": [2, 3, 4, 5]}


@wrong("predict-changes", "Nothing reaches back in time")
def back_from_the_last_word():
    return {**TRUE, "last_word": [1, 2, 3, 4, 5]}


@wrong("predict-changes", "with W = 0 no word reaches any state")
def words_without_w():
    return {**TRUE, "swap_without_W": [2, 3, 4, 5]}


@wrong("predict-changes", "a state that changed is handed on, and on")
def start_forgotten_after_one_step():
    return {**TRUE, "new_start": [1]}


@wrong("predict-changes", "count the steps from 1")
def counted_from_zero():
    return {**TRUE, "new_start": [0, 1, 2, 3, 4]}


@wrong("predict-changes", "the dict lacks swap_without_W, new_start")
def two_left_out():
    return {case: TRUE[case] for case in ("swap", "swap_without_U", "last_word")}


@right("predict-changes")
def as_sets():
    return {case: set(steps) for case, steps in reversed(TRUE.items())}


@right("predict-changes")
def as_arrays_in_any_order():
    return {case: np.array(steps[::-1]) for case, steps in TRUE.items()}


# tag-words


def tagger(words, vectors, network, tags, carry=True, f=softmax, bias=True, skip=False, pick=np.argmax):
    W, U, V, h_t, scores = network["W"], network["U"], network["V"], 0, []
    h_t = np.zeros(len(U))
    for word in words:
        if skip and word not in vectors:
            continue
        x_t = vectors[word] if word in vectors else np.zeros(W.shape[1])
        h_t = np.tanh((U @ h_t if carry else 0) + W @ x_t + network["b"])
        scores.append(V @ h_t + (network["b_y"] if bias else 0))
    y = f(np.array(scores))
    return [tags[k] for k in pick(y, axis=1)], y


def naive_softmax(a):
    with np.errstate(all="ignore"):
        return np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)


@wrong("tag-words", "the state is not carried")
def word_by_word(words, vectors, network, tags):
    return tagger(words, vectors, network, tags, carry=False)


@wrong("tag-words", "softmax is taken over the words")
def softmax_over_time(words, vectors, network, tags):
    return tagger(words, vectors, network, tags, f=lambda a: np.exp(a) / np.exp(a).sum(axis=0))


@wrong("tag-words", "softmax is taken over all numbers at once")
def softmax_over_everything(words, vectors, network, tags):
    return tagger(words, vectors, network, tags, f=lambda a: np.exp(a) / np.exp(a).sum())


@wrong("tag-words", "softmax is missing")
def scores_only(words, vectors, network, tags):
    return tagger(words, vectors, network, tags, f=lambda a: a)


@wrong("tag-words", "f is the sigmoid here")
def sigmoid_outputs(words, vectors, network, tags):
    return tagger(words, vectors, network, tags, f=sigmoid)


@wrong("tag-words", "exp overflows")
def overflowing_softmax(words, vectors, network, tags):
    return tagger(words, vectors, network, tags, f=naive_softmax)


@wrong("tag-words", "the output's bias b_y is left out")
def no_output_bias(words, vectors, network, tags):
    return tagger(words, vectors, network, tags, bias=False)


@wrong("tag-words", "'purple' has no vector")
def unknown_word_fails(words, vectors, network, tags):
    {word: vectors[word] for word in words}
    return tagger(words, vectors, network, tags)


@wrong("tag-words", "unknown words are skipped")
def unknown_word_skipped(words, vectors, network, tags):
    return tagger(words, vectors, network, tags, skip=True)


@wrong("tag-words", "expected 2 values")
def tags_only(words, vectors, network, tags):
    return tagger(words, vectors, network, tags)[0]


@wrong("tag-words", "the two results have changed places")
def results_swapped(words, vectors, network, tags):
    chosen, y = tagger(words, vectors, network, tags)
    return y, chosen


@wrong("tag-words", "it calls forward_rnn")
def borrowed_algorithm(words, vectors, network, tags):
    x = np.array([vectors.get(word, np.zeros(network["W"].shape[1])) for word in words])
    y = scratch.forward_rnn(x, network)
    return [tags[k] for k in y.argmax(axis=-1)], y


@right("tag-words")
def states_first_then_one_product(words, vectors, network, tags):
    x = np.array([vectors.get(word, [0.0] * network["W"].shape[1]) for word in words], np.float32)
    h, a = np.zeros((len(words) + 1, len(network["U"]))), x @ network["W"].T
    for t in range(len(words)):
        h[t + 1] = np.tanh(a[t] + network["U"] @ h[t] + network["b"])
    y = softmax(h[1:] @ network["V"].T + network["b_y"])
    return tuple(tags[int(row.argmax())] for row in y), y


@right("tag-words")
def lists_and_helpers(words, vectors, network, tags):
    h, y = np.zeros(len(network["b"])), []
    for word in words:
        h = rnn_step(vectors.get(word, np.zeros(network["W"].shape[1])), h, *(network[n] for n in "WUb"))[0]
        y.append(scratch.rnn_output(h, network["V"], network["b_y"]).tolist())
    return [[tags[row.index(max(row))] for row in y], y]


# leaky-step-backward


def gradients(args, slope=None, keep=None, take=None, back=None, turned=False, share=1.0):
    dh_t, x_t, h_prev, W, U, b, leak = args
    v = np.tanh(h_prev @ U.T + x_t @ W.T + b)
    h_t = (1 - leak) * h_prev + leak * v
    da = (leak if take is None else take) * dh_t * (1 - v**2 if slope is None else slope(v, h_t))
    dU = da.T @ h_prev * share
    return {
        "dx_t": da @ W,
        "dh_prev": (1 - leak if keep is None else keep) * dh_t + da @ (U if back is None else back),
        "dW": da.T @ x_t * share,
        "dU": dU.T if turned else dU,
        "db": da.sum(axis=0) * share,
    }


@wrong("leaky-step-backward", "the share 1 − λ passes by tanh")
def bypass_forgotten(*args):
    return gradients(args, keep=0)


@wrong("leaky-step-backward", "the factor λ is missing")
def leak_forgotten(*args):
    return gradients(args, take=1)


@wrong("leaky-step-backward", "the way back through Elman's step")
def elman_s_backward(*args):
    return gradients(args, take=1, keep=0)


@wrong("leaky-step-backward", "tanh's slope is taken at h_t")
def slope_at_the_mixture(*args):
    return gradients(args, slope=lambda v, h_t: 1 - h_t * h_t)


@wrong("leaky-step-backward", "1 − v stands where 1 − v² belongs")
def square_forgotten(*args):
    return gradients(args, slope=lambda v, h_t: 1 - v)


@wrong("leaky-step-backward", "the slope of tanh is missing")
def slope_forgotten(*args):
    return gradients(args, slope=lambda v, h_t: np.ones_like(v))


@wrong("leaky-step-backward", "back through U on the wrong side")
def back_through_the_transpose(*args):
    return gradients(args, back=args[4].T)


@wrong("leaky-step-backward", "dU is transposed")
def du_transposed(*args):
    return gradients(args, turned=True)


@wrong("leaky-step-backward", "averaged over the batch")
def mean_over_the_batch(*args):
    return gradients(args, share=1 / len(args[0]))


@wrong("leaky-step-backward", "in db, the shape is off")
def bias_not_summed(*args):
    dh_t, x_t, h_prev, W, U, b, leak = args
    da = leak * dh_t * (1 - np.tanh(h_prev @ U.T + x_t @ W.T + b) ** 2)
    return {**gradients(args), "db": da}


@right("leaky-step-backward")
def sentence_by_sentence(dh_t, x_t, h_prev, W, U, b, leak):
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dx_t, dh_prev = np.zeros_like(x_t), np.zeros_like(h_prev)
    for n in range(len(dh_t)):
        v = np.tanh(U @ h_prev[n] + W @ x_t[n] + b)
        da = leak * (dh_t[n] - dh_t[n] * v * v)
        dx_t[n], dh_prev[n] = W.T @ da, U.T @ da + (1 - leak) * dh_t[n]
        dW += np.outer(da, x_t[n])
        dU += np.outer(da, h_prev[n])
        db += da
    return {"db": db, "dU": dU, "dW": dW, "dh_prev": dh_prev, "dx_t": dx_t}


@right("leaky-step-backward")
def einsum_in_float32(*args):
    dh, x, h, W, U, b = (np.asarray(a, np.float32) for a in args[:6])
    lam = np.float32(args[6])
    v = np.tanh(np.einsum("bm,nm->bn", h, U) + np.einsum("bd,hd->bh", x, W) + b)
    da = np.einsum("bn,bn->bn", lam * dh, (1 - v) * (1 + v))
    return {
        "dx_t": np.einsum("bh,hd->bd", da, W),
        "dh_prev": np.einsum("bn,nm->bm", da, U) + dh - lam * dh,
        "dW": np.einsum("bh,bd->hd", da, x),
        "dU": np.einsum("bn,bm->nm", da, h),
        "db": np.einsum("bn->n", da),
    }


@right("leaky-step-backward")
def on_top_of_the_elman_backward(dh_t, x_t, h_prev, W, U, b, leak):
    _, cache = rnn_step(x_t, h_prev, W, U, b)
    dx_t, dh_prev, d = scratch.rnn_step_backward(leak * dh_t, cache)
    dh_prev += (1 - leak) * dh_t
    return {"dx_t": dx_t, "dh_prev": dh_prev, "dW": d["W"], "dU": d["U"], "db": d["b"]}


# parity-weights


def network(W, U, b, V):
    return {"W": np.array(W), "U": np.array(U), "b": np.array(b), "V": np.array(V)}


@wrong("parity-weights", "it knows whether a 1 was seen")
def has_seen_a_one():
    return network([[1.0], [1.0]], [[1, -1], [1, -1]], [0.0, -1.0], [[1, -1]])


@wrong("parity-weights", "it answers with the bit of the moment")
def no_recurrence():
    return network([[1.0], [1.0]], np.zeros((2, 2)), [0.0, -1.0], [[1, -2]])


@wrong("parity-weights", "the answer at step 2 is wrong")
def output_reads_one_unit():
    return network([[1.0], [1.0]], [[1, -2], [1, -2]], [0.0, -1.0], [[1, 0]])


@wrong("parity-weights", "it always answers 1")
def bias_in_place_of_memory():
    return network([[0.0], [0.0]], np.zeros((2, 2)), [1.0, 0.0], [[1, 0]])


@wrong("parity-weights", "it always answers 0")
def all_zero():
    return network([[0.0], [0.0]], np.zeros((2, 2)), [0.0, 0.0], [[0, 0]])


@wrong("parity-weights", "it counts and never comes back")
def a_tent_that_is_not_fed_back():
    return network([[1.0], [1.0]], [[1, 0], [1, 0]], [0.0, -1.0], [[1, -2]])


@wrong("parity-weights", "the answer at step 4 is wrong")
def units_fed_back_with_wrong_weights():
    return network([[1.0], [1.0]], [[1, -2], [1, -1]], [0.0, -1.0], [[1, -2]])


@wrong("parity-weights", "in W, the shape is off: expected (2, 1), got (1, 2)")
def input_weights_lying_down():
    return network([[1.0, 1.0]], [[1, -2], [1, -2]], [0.0, -1.0], [[1, -2]])


@wrong("parity-weights", "the dict lacks V")
def output_forgotten():
    return {key: value for key, value in units_fed_back_with_wrong_weights().items() if key != "V"}


@right("parity-weights")
def units_in_the_other_order():
    return network([[1], [1]], [[-2, 1], [-2, 1]], [-1, 0], [[-2, 1]])


@right("parity-weights")
def scaled_units_as_lists():
    return {"W": [[10], [4]], "U": [[1, -5], [0.4, -2]], "b": [0, -4], "V": [[0.1, -0.5]]}


@right("parity-weights")
def in_half_the_digits():
    return {k: v.astype(np.float32) for k, v in units_in_the_other_order().items()}
