"""Checks of assignment ch04_weight_tying: one matrix at both ends, and the gradient of both uses.

Each ``check_<task>(student_function)`` returns nothing or raises ``CheckFailed`` with the likely mistake.
What must come out is numbers here; the functions make the mistakes, each in the way its sentence says.
The last two tasks are in torch: see ``_torch``.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._predict import Hints, check_steps
from unrolled.checks._report import Example, Variant, check_outputs
from unrolled.checks._torch import in_numpy, tensors
from unrolled.scratch import language_model, weight_tying
from unrolled.scratch.loss import cross_entropy
from unrolled.scratch.rnn import softmax

Params = dict[str, Array]

# tied-step

SQUARE = {
    "words": np.array([2, 0]),
    "h_prev": np.array([[0.3, -0.6, 0.1], [-0.2, 0.5, 0.8]]),
    "E": np.array([[0.9, -0.4, 0.2], [0.1, 0.7, -1.1], [-0.5, 0.3, 0.6]]),
    "W": np.array([[0.5, -0.8, 0.3], [0.9, 0.2, -0.7], [-0.1, 0.6, 0.4]]),
    "U": np.array([[0.2, 0.7, -0.5], [-0.9, 0.4, 0.1], [0.3, -0.2, 0.8]]),
    "b_y": np.array([0.2, -0.5, 0.1]),
}
OBLONG = {
    "words": np.array([3, 1, 3]),
    "h_prev": np.array([[0.4, -0.3], [0.0, 0.9], [-0.7, 0.2]]),
    "E": np.array([[0.8, -0.6, 0.3, 1.1], [-0.2, 0.9, -1.0, 0.4]]),
    "W": np.array([[0.6, -0.9], [0.4, 0.7]]),
    "U": np.array([[0.1, 0.8], [-0.5, 0.3]]),
    "b_y": np.array([0.3, -0.1, 0.0, 0.6]),
}


def _step(
    words: Array, h_prev: Array, E: Array, W: Array, U: Array, b_y: Array, faults: tuple[str, ...] = ()
) -> tuple[Array, Array]:
    e = E[words] if "row" in faults else E.T[words]
    a = e @ (W if "W" in faults else W.T)
    if "deaf" not in faults:
        a = a + h_prev @ (U if "U" in faults else U.T)
    h = a if "linear" in faults else np.tanh(a)
    read = h_prev if "early" in faults else e if "skips" in faults else h
    scores = read @ (E.T if "E" in faults else E)
    scores = scores if "bias" in faults else scores + b_y
    if "scores" in faults:
        return h, scores
    return h, softmax(scores.T).T if "axis" in faults else softmax(scores)


def _stepped(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _step(*args, faults=faults)


STEP: list[Variant] = [
    _stepped(
        "the output takes E on the wrong side: the score of word w is the product of h with column w of E, so for rows of states it is h @ E.",
        "E",
    ),
    _stepped("a row of E is looked up. The word's embedding is its column.", "row"),
    _stepped(
        "rows and columns of E are exchanged at both ends. Here a word is a column, on the way in and on the way out.",
        "row", "E",
    ),
    _stepped("U multiplies h_{t-1} on the wrong side: it is used transposed.", "U"),
    _stepped("W multiplies e_t on the wrong side: it is used transposed.", "W"),
    _stepped("W and U are used transposed: for rows of states it is h @ U.T.", "W", "U"),
    _stepped("the output's bias b_y is left out.", "bias"),
    _stepped("the softmax is missing: these are the scores.", "scores"),
    _stepped("softmax over the wrong axis: it goes over the words of the vocabulary, not over the batch.", "axis"),
    _stepped("tanh is missing.", "linear"),
    _stepped("the state before is left out: U h_{t-1} belongs into the sum.", "deaf"),
    _stepped("the scores are made of h_{t-1}. The word has been read by then: it is h_t that is compared with the words.", "early"),
    _stepped("the scores are made of the embedding, past the network. It is the state h_t that is compared with the words.", "skips"),
    (
        "the two results have changed places: first the state, then the probabilities.",
        lambda *args: _step(*args)[::-1],
    ),
]  # fmt: skip


def check_tied_step(student: Callable[..., Any]) -> None:
    """(words (B,), h_prev (B, D), E (D, n_vocab), W, U, b_y) -> h (B, D), ŷ (B, n_vocab)."""
    about = "E is square here: three words of three numbers."
    examples = [Example(SQUARE, SQUARE_OUT, about), Example(OBLONG, OBLONG_OUT)]
    borrowed = [weight_tying.tied_forward, language_model.lm_forward]
    check_outputs(student, examples, STEP, borrowed)


# tied-gradient

WORDS = np.array([[2, 4, 2], [4, 1, 0], [0, 3, 3]])
REAL = np.array([[True, True, True], [True, True, False], [True, False, False]])


def _gradient(
    words: Array, de: Array, h: Array, ds: Array, mask: Array, faults: tuple[str, ...] = ()
) -> Array:
    D, n_vocab = de.shape[-1], ds.shape[-1]
    on = mask[..., None]
    de = de if "rubbish read" in faults else de * on
    ds = ds if "rubbish guessed" in faults else ds * on
    reading, states = np.zeros((n_vocab, D)), h
    if "once" in faults:
        reading[words] += de
    elif "sentence once" in faults:
        for row, of_row in zip(words, de, strict=True):
            reading[row] += of_row
    else:
        np.add.at(reading, words, de)
    if "late" in faults:
        states = np.concatenate([np.zeros_like(h[:, :1]), h[:, :-1]], axis=1)
    guessing = np.einsum("btd,btv->dv", states, ds)
    parts = {"reading": reading.T, "guessing": guessing}
    kept = [name for name in parts if name in faults] or list(parts)
    total = np.sum([parts[name] for name in kept], axis=0)
    total = total / 2 if "mean" in faults else total
    return total / len(words) if "batch mean" in faults else total


def _graded(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _gradient(*args, faults=faults)


GRADIENT: list[Variant] = [
    _graded("only the reading is there. E is used once more: what the scores send back is h dsᵀ.", "reading"),
    _graded(
        "only the guessing is there. E is used once more: each column that was read gets its de.",
        "guessing",
    ),
    _graded("it is the mean of the two uses. The loss feels both at once, so they add up.", "mean"),
    _graded(
        "a word that is read twice gets only one of its gradients: in NumPy, a[ids] += b writes each place once. np.add.at adds all of them.",
        "once",
    ),
    _graded(
        "a word that is read twice in one sentence gets only one of its gradients: a[ids] += b writes each place once.",
        "sentence once",
    ),
    _graded("padding is counted: where the mask is False nothing was read and nothing guessed.", "rubbish read", "rubbish guessed"),
    _graded("padding is counted in the reading: what stands in de there is arbitrary.", "rubbish read"),
    _graded("padding is counted in the guessing: what stands in ds there is arbitrary.", "rubbish guessed"),
    _graded("h_{t-1} is used where h_t belongs: the scores of step t were made of h_t.", "late"),
    _graded("it is divided by the number of sentences. A mean is in de and ds already; here all is added up.", "batch mean"),
    (
        "it has a row for each word. E has a column for each, and its gradient has the shape of E.",
        lambda *args: _gradient(*args).T,
    ),
    (
        "the sign is turned.",
        lambda *args: -_gradient(*args),
    ),
]  # fmt: skip


def check_tied_gradient(student: Callable[..., Any]) -> None:
    """(words (B, T), de, h (B, T, D), ds (B, T, n_vocab), mask) -> dE (D, n_vocab), as central differences give it."""
    args = {"words": WORDS, "de": DE, "h": STATES, "ds": DS, "mask": REAL}
    about = "Words 2 and 4 are read twice; the second sentence has two words, the third one."
    borrowed = [weight_tying.tied_backward, language_model.lm_backward]
    check_outputs(student, [Example(args, BOTH, about)], GRADIENT, borrowed)


# predict-columns

COLUMNS: Hints = {
    "untied_E": [
        ([1, 2, 3, 4, 5, 6], "untied, E is only looked up: a word that is not read has no part in the loss by E."),
        ([2, 3, 5, 6], "word 6 is asked for at the end, but it is never read."),
        ([1, 2, 4], "these are counted from 0, it seems: count the words from 1 to 6."),
        ([3, 5, 6], "those are the words that are asked for. E belongs to those that are read, and word 2 is read at the start and at step 4."),
    ],
    "untied_V": [
        ([2, 3, 5, 6], "every word has a score, and all scores are in the softmax."),
        ([3, 5, 6], "the right answers are pushed up, but all others are pushed down: every score is in the softmax."),
        ([2, 3, 5], "V is not looked up by the word that is read. It makes a score for every word."),
        ([1, 4], "the right answers have a gradient, too: their probability minus 1."),
        ([1, 2, 4], "the right answers have a gradient, too: their probability minus 1."),
    ],
    "tied": [
        ([2, 3, 5], "that is the reading alone. The same columns make the scores, of all words."),
        ([2, 3, 5, 6], "every word has a score, and all scores are in the softmax."),
        ([3, 5, 6], "every word has a score, and all scores are in the softmax."),
        ([], "a gradient of two uses is a sum; it does not cancel but by chance."),
    ],
    "detached": [
        ([1, 2, 3, 4, 5, 6], "no gradient goes back through the use at the output. What is left is the reading."),
        ([], "the reading still sends its gradient back."),
        ([2, 3, 5, 6], "word 6 is only asked for, and that use sends nothing back now."),
    ],
    "second_only": [
        ([2, 3, 5], "word 3 is read at step 3, after the loss. Nothing that comes later has a part in it."),
        ([5], "the state of step 2 was made of both words, so word 2 has a part in that loss, too."),
        ([3], "word 3 is asked for there. E belongs to the words that are read."),
        ([1, 2, 3, 4, 5, 6], "untied, E is only looked up, and only words 2 and 5 are read by then."),
        ([2], "step 2 reads word 5."),
        ([2, 3], "step 2 reads word 5; word 3 is asked for there, not read."),
    ],
    "without_W": [
        ([2, 3, 5], "de_t is Wᵀ da_t, and W is zero: the reading sends nothing back. And the guessing?"),
        ([], "the reading sends nothing back, but b makes a state that is not zero, and every score is a product with it."),
        ([2, 3, 5, 6], "every word has a score, and all scores are in the softmax."),
    ],
    "candidates": [
        ([1, 2, 3, 4, 5, 6], "the softmax leaves words 1 and 4 out, and they are not read: nothing reaches them."),
        ([2, 3, 5], "that is the reading alone. Word 6 has a score."),
        ([3, 5, 6], "word 2 is read, and asked for as well."),
        ([6], "the words that are read get their gradient as ever."),
    ],
}  # fmt: skip


def check_predict_columns(student: Callable[..., Any]) -> None:
    """() -> {case: the words, counted from 1, whose vector gets a gradient}, compared with a run."""
    found = {case: _run_columns(case) for case in COLUMNS}
    check_steps(student, found, COLUMNS, 6, "word gets a gradient", "words")


def _run_columns(case: str) -> list[int]:
    """The same question put to a model with fixed weights, drawn at random."""
    rng, ids, targets = np.random.default_rng(4), np.array([1, 4, 2, 1]), np.array([4, 2, 1, 5])
    params = {name: rng.normal(size=p.shape) for name, p in weight_tying.init_tied(rng, 6, 3).items()}
    if case == "without_W":
        params["W"] *= 0
    logits, _, cache = language_model.lm_forward(ids, weight_tying.untie(params))
    if case == "candidates":
        logits = logits - np.where(np.isin(np.arange(6), targets), 0.0, 1e4)  # e to the power of it is 0
    _, ds = cross_entropy(logits, targets, np.arange(4) == 1 if case == "second_only" else None)
    _, grads = language_model.lm_backward(ds, cache)
    reading, guessing = np.abs(grads["E"]).max(axis=0), np.abs(grads["V"]).max(axis=1)
    parts = {"untied_V": guessing, "untied_E": reading, "detached": reading, "second_only": reading}
    moved = parts.get(case, reading + guessing)
    return [w + 1 for w in range(6) if moved[w] > 1e-12]


# repaired-training

TABLE = np.array([[0.5, -1.0, 0.3, 0.8], [-0.2, 0.6, 1.0, -0.7]])
TRAIN = {
    "ids": np.array([2, 1, 3, 1, 2]), "targets": np.array([1, 3, 1, 2, 0]), "E": TABLE,
    "W": np.array([[0.7, -0.4], [0.2, 0.9]]), "U": np.array([[0.3, 0.8], [-0.6, 0.1]]), "rate": 0.5, "n_updates": 3,
}  # fmt: skip


def _one_pass(
    ids: Array, targets: Array, E: Array, W: Array, U: Array, V: Array
) -> tuple[float, dict[str, Array]]:
    params = {"E": E, "W": W, "U": U, "b": np.zeros(len(U)), "V": V}
    loss, grads, _ = language_model.lm_loss(ids, targets, params)
    return loss, grads


def _train(
    ids: Array, targets: Array, E: Array, W: Array, U: Array, rate: float, n_updates: int, how: str = "",
    still: str = "", sign: float = 1.0, late: bool = False,
) -> tuple[Array, Params]:  # fmt: skip
    p, V, losses = {"E": E, "W": W, "U": U}, E.T, []
    for _ in range(n_updates + late):
        loss, g = _one_pass(ids, targets, **p, V=V)
        losses.append(loss)
        both = {
            "reading": g["E"], "guessing": g["V"].T, "mean": (g["E"] + g["V"].T) / 2, "untied": g["E"], "joined": g["E"],
        }  # fmt: skip
        g["E"] = both.get(how, g["E"] + g["V"].T)
        p = {name: w - sign * rate * g[name] * (name not in still) for name, w in p.items()}
        V = V - rate * g["V"] if how in ("untied", "joined") else V if how == "stale" else p["E"].T
    if how == "joined":
        p["E"] = (p["E"] + V.T) / 2
    return np.array(losses[late:]), p


def _trained(hint: str, **how: Any) -> Variant:
    return hint, lambda *args: _train(*args, **how)


TRAINING: list[Variant] = [
    _trained(
        "there are two tables: V is a copy of E, and each goes its own way from the first update on. One table gets both gradients.",
        how="untied",
    ),
    _trained("the two tables are trained apart and averaged in the end. There has to be one, at every update.", how="joined"),
    _trained("E gets the gradient of the reading alone: what comes back for V belongs to E, too, transposed.", how="reading"),
    _trained("E gets the gradient of the guessing alone: what comes back for E itself belongs to it, too.", how="guessing"),
    _trained("the two gradients are averaged. Both uses are felt at once, so they add up.", how="mean"),
    _trained("E moves, and V stays as it was drawn: write V out anew from the E of now, or keep it a view of E.", how="stale"),
    _trained("W and U are not trained any more.", still="WU"),
    _trained("W is not trained any more.", still="W"),
    _trained("U is not trained any more.", still="U"),
    _trained("the weights go up the gradient. Descent takes rate times the gradient away.", sign=-1.0),
    _trained("the losses are those after the updates. Each is computed before its own update.", late=True),
    (
        "the losses are right, and what is returned are the weights from before the training.",
        lambda *args: (_train(*args)[0], {"E": args[2], "W": args[3], "U": args[4]}),
    ),
]  # fmt: skip


def check_repaired_training(student: Callable[..., Any]) -> None:
    """(ids, targets, E, W, U, rate, n_updates) -> losses (n_updates,), {E, W, U}: one table, trained."""
    check_outputs(student, [Example(TRAIN, TRAINED)], TRAINING, [weight_tying.tied_loss])


# count-parameters

COUNT_FAULTS = {
    "no b_y": "the bias of the scores is left out: b_y has a number for each word.",
    "no b": "the bias of the cell is left out: each of its W and U has a b with H numbers.",
    "one bias": "a cell with several gates has a bias for each of them.",
    "U": "U leads from state to state: it is H × H.",
    "no P": "P is left out: where H is not D, a tied model needs a D × H matrix between the state and Eᵀ.",
    "always P": "P is counted where H = D: there nothing has to stand in between.",
    "E twice": "E is counted twice in the tied model. It is one matrix, however often it is used.",
    "V": "V has a row of H numbers for each word, not of D: it multiplies a state.",
    "of tied": "the share is that of the tied model's numbers. How much of the untied model's goes?",
    "left": "the share is what is left, not what goes.",
}


def _count(n_vocab: int, D: int, H: int, gates: int, faults: tuple[str, ...] = ()) -> dict[str, float]:
    biases = 0 if "no b" in faults else H if "one bias" in faults else gates * H
    rest = gates * (H * D + (H * D if "U" in faults else H * H)) + biases
    rest += 0 if "no b_y" in faults else n_vocab
    E, V = n_vocab * D, n_vocab * (D if "V" in faults else H)
    P = D * H if (H != D and "no P" not in faults) or "always P" in faults else 0
    untied, tied = rest + E + V, rest + (2 * E if "E twice" in faults else E) + P
    share = (untied - tied) / (tied if "of tied" in faults else untied)
    return {"untied": untied, "tied": tied, "share": 1 - share if "left" in faults else share}


def _counted(*faults: str) -> Variant:
    rest = " That is not the only fault." if len(faults) > 1 else ""
    return COUNT_FAULTS[next(iter(faults))] + rest, lambda *args: _count(*args, faults=faults)


COUNT: list[Variant] = [_counted(*faults) for n in (1, 2) for faults in combinations(COUNT_FAULTS, n)]
COUNT += [
    (
        "untied and tied have changed places.",
        lambda *args: (lambda c: {**c, "untied": c["tied"], "tied": c["untied"]})(_count(*args)),
    ),
    (
        "the share is in per cent. Give it as a number from 0 to 1.",
        lambda *args: (lambda c: {**c, "share": 100 * c["share"]})(_count(*args)),
    ),
    (
        "the share is how many numbers are saved. Divide it by the untied model's.",
        lambda *args: (lambda c: {**c, "share": c["untied"] - c["tied"]})(_count(*args)),
    ),
]


def check_count_parameters(student: Callable[..., Any]) -> None:
    """(n_vocab, D, H, gates) -> {untied, tied, share}."""
    examples = [
        Example(
            {"n_vocab": 20, "D": 5, "H": 3, "gates": 4}, {"untied": 288, "tied": 243, "share": 0.15625},
            "H is not D here, so the tied model has P.",
        ),
        Example(
            {"n_vocab": 50, "D": 4, "H": 4, "gates": 1}, {"untied": 486, "tied": 286, "share": 0.411523},
            "H is D here, so there is no P.",
        ),
    ]  # fmt: skip
    borrowed = [weight_tying.parameter_counts, language_model.parameter_count]
    check_outputs(student, examples, COUNT, borrowed)


# tied-update (torch)

UPDATE = {
    "E": np.array([[0.5, -1.0, 0.3], [-0.2, 0.6, 1.0]]), "b_y": np.array([0.3, -0.1, 0.2]),
    "ids": np.array([2, 1, 2, 0]), "targets": np.array([1, 2, 0, 1]), "rate": 0.5,
}  # fmt: skip


def _update(
    E: Array, b_y: Array, ids: Array, targets: Array, rate: float, faults: tuple[str, ...] = ()
) -> tuple[int, Array, Array, Array]:
    table = E.reshape(E.shape[::-1]) if "reshaped" in faults else E.T
    e = table[ids]
    h = e if "linear" in faults else np.tanh(e)
    _, ds = cross_entropy(h @ table.T + b_y, targets)
    dh = ds @ table
    de = dh if "linear" in faults else dh * (1 - h**2)
    ds_all, n = ds, len(ids)
    if "sum" in faults:
        ds_all, de = n * ds, n * de
    reading, guessing = np.zeros_like(table), ds_all.T @ h
    np.add.at(reading, ids, de)
    g_in = {"copied": reading, "read": reading, "guess": guessing, "still": 0 * reading}
    g_out = {"copied": guessing, "read": reading, "guess": guessing, "still": 0 * reading}
    one = next((f for f in g_in if f in faults), "")
    d_in, d_out = g_in.get(one, reading + guessing), g_out.get(one, reading + guessing)
    times = 2 if "twice" in faults else 1
    db = 0 if "bias still" in faults else ds_all.sum(axis=0)
    count = table.size * (2 if "count" in faults else 1) + (0 if "no bias" in faults else len(b_y))
    return count, table - times * rate * d_in, table - times * rate * d_out, b_y - rate * db


def _updated(hint: str, *faults: str) -> Variant:
    return hint, in_numpy(lambda *args: _update(*args, faults=faults))


UPDATES: list[Variant] = [
    _updated(
        "the two tables are equal at first and apart after one update: the numbers were copied. Tied means the same Parameter: output.weight = embedding.weight.",
        "copied", "count",
    ),
    _updated(
        "the two tables are equal at first and apart after one update: the numbers were copied. Tied means the same Parameter: output.weight = embedding.weight.",
        "copied",
    ),
    _updated("the one table is counted twice. A Parameter that is used twice is still one.", "count"),
    _updated("the bias is not counted: it has a number for each word, and they are learned.", "no bias"),
    _updated(
        "E is reshaped to (n_vocab, D): that mixes the words. A row of torch's table is a column of E, so it has to be transposed.",
        "reshaped",
    ),
    _updated(
        "no gradient comes back from the use at the output: there the table was detached, or is not the same Parameter.",
        "read",
    ),
    _updated(
        "no gradient comes back from the look-up: there the table was detached, or is frozen.",
        "guess",
    ),
    _updated(
        "the bias has moved and the table has not: the optimizer holds a Parameter that is no longer in use. Tie first, then make the optimizer.",
        "still",
    ),
    _updated("the bias has not moved. It is trained, too.", "bias still"),
    _updated("the step is taken twice: the one Parameter stands twice in the list that is gone through.", "twice"),
    _updated("tanh is missing: h = tanh(e).", "linear"),
    _updated("the loss is a sum. The mean over the words is asked for.", "sum"),
    (
        "nothing has moved: is there a backward(), and a step after it?",
        in_numpy(lambda *args: _update(*args, faults=("still", "bias still"))),
    ),
]  # fmt: skip


def check_tied_update(student: Callable[..., Any]) -> None:
    """(E (D, n_vocab), b_y, ids (B,), targets (B,), rate) -> how many numbers, both tables (n_vocab, D), the bias."""
    check_outputs(student, [Example(tensors(UPDATE), UPDATED)], UPDATES)


# fit-projected (torch)

PROJECTED = {
    "params": {
        "E": TABLE, "W": np.array([[0.7, -0.4], [0.2, 0.9], [-0.5, 0.3]]),
        "U": np.array([[0.3, 0.8, -0.2], [-0.6, 0.1, 0.5], [0.4, -0.7, 0.2]]), "b": np.array([0.1, -0.2, 0.3]),
        "P": np.array([[0.9, -0.3, 0.4], [-0.6, 0.8, 0.2]]), "b_y": np.array([0.0, 0.3, -0.1, 0.2]),
    },
    "inputs": np.array([[2, 1, 3], [2, 3, 0]]), "targets": np.array([[1, 3, 0], [3, 0, 0]]),
    "mask": np.array([[True, True, True], [True, True, False]]), "rate": 0.5, "n_updates": 3,
}  # fmt: skip


def _fit(
    params: Params, inputs: Array, targets: Array, mask: Array, rate: float, n_updates: int, how: str = "",
    still: tuple[str, ...] = (), sign: float = 1.0, late: bool = False, gather: bool = False, sums: bool = False,
    real: Callable = lambda mask: mask,
) -> tuple[Array, Params]:  # fmt: skip
    p, losses = dict(params), []
    kept, V = dict.fromkeys(p, 0.0), p["E"].T @ p["P"]
    for _ in range(n_updates + late):
        V = V if how == "stale" else p["E"].T @ p["P"]
        plain = {name: p[name] for name in ("E", "W", "U", "b", "b_y")} | {"V": V}
        loss, g, _ = language_model.lm_loss(inputs, targets, plain, mask=real(mask))
        scale = float(real(mask).sum()) if sums else 1.0
        dV = g.pop("V")
        guessing = p["P"] @ dV.T
        g["E"] = {"reading": g["E"], "stale": g["E"], "guessing": guessing}.get(how, g["E"] + guessing)
        g["P"] = 0 * p["P"] if how == "stale" else p["E"] @ dV
        kept = {name: gather * kept[name] + scale * g[name] * (name not in still) for name in p}
        p = {name: w - sign * rate * kept[name] for name, w in p.items()}
        losses.append(scale * loss)
    return np.array(losses[late:]), p


def _fitted(hint: str, **how: Any) -> Variant:
    return hint, in_numpy(lambda *args: _fit(*args, **how))


FIT: list[Variant] = [
    _fitted("E gets no gradient from the output: there it was detached, or copied. It has two uses.", how="reading"),
    _fitted("E gets no gradient from the look-up: there it was detached, or copied. It has two uses.", how="guessing"),
    _fitted("Eᵀ P is made once, before the training. It changes with every update of E and of P.", how="stale"),
    _fitted("P is not trained. Every tensor of params is.", still=("P",)),
    _fitted("the embeddings E are not trained. Every tensor of params is.", still=("E",)),
    _fitted("the biases are not trained. Every tensor of params is.", still=("b", "b_y")),
    _fitted("padding is counted in the mean: where the mask is False there is no word to guess.", real=np.ones_like),
    _fitted("the loss is a sum. The mean over the real tokens is asked for.", sums=True),
    _fitted(
        "the gradients add up from update to update: backward() adds to those that are there. Set them to zero, or to None, before it.",
        gather=True,
    ),
    _fitted("the weights go up the gradient. Descent takes rate times the gradient away.", sign=-1.0),
    _fitted("the losses are those after the updates. Each is computed before its own update.", late=True),
    (
        "the bias b_y of the scores is left out.",
        in_numpy(
            lambda params, *rest: _fit({**params, "b_y": 0 * params["b_y"]}, *rest, still=("b_y",))[:1]
            + ({**_fit({**params, "b_y": 0 * params["b_y"]}, *rest, still=("b_y",))[1], "b_y": params["b_y"]},)
        ),
    ),
    (
        "the losses fall as they should, but what is returned are the weights from before the training.",
        in_numpy(lambda params, *rest: (_fit(params, *rest)[0], params)),
    ),
]  # fmt: skip


def check_fit_projected(student: Callable[..., Any]) -> None:
    """(params, inputs, targets, mask, rate, n_updates) -> losses (n_updates,), the trained params, as tensors."""
    check_outputs(student, [Example(tensors(PROJECTED), FITTED)], FIT)


# what must come out

SQUARE_OUT = (
    np.array([[0.635149, -0.744277, -0.148885], [0.129273, 0.927473, 0.244919]]),
    np.array([[0.429841, 0.053093, 0.517066], [0.445164, 0.396552, 0.158285]]),
)
OBLONG_OUT = (
    np.array([[0.099668, 0.405321], [-0.421899, 0.578363], [0.37136, 0.811019]]),
    np.array(
        [
            [0.238439, 0.217116, 0.121513, 0.422931],
            [0.180347, 0.412297, 0.10387, 0.303485],
            [0.210574, 0.204804, 0.067717, 0.516904],
        ]
    ),
)
BOTH = np.array(
    [
        [-0.366684, 0.273782, 0.398255, -0.15168, -0.729583],
        [-0.023877, 0.180684, -0.029162, -0.039119, -0.056911],
    ]
)
DE = np.array(
    [
        [[0.146821, -0.018217], [-0.113478, 0.006291], [0.078415, -0.010388]],
        [[-0.453074, 0.03608], [-0.01507, 0.003499], [0.7, -0.4]],
        [[-0.219525, 0.014349], [-0.5, 0.3], [-0.5, 0.6]],
    ]
)
STATES = np.array(
    [
        [[0.958733, 0.691069], [-0.325654, 0.536176], [0.981183, 0.448037]],
        [[-0.291313, -0.029991], [0.979355, 0.599873], [-0.3, 0.9]],
        [[0.049958, 0.049958], [0.4, -0.2], [0.4, -0.4]],
    ]
)
DS = np.array(
    [
        [
            [0.011055, 0.090495, 0.046053, 0.015687, -0.16329],
            [0.028884, 0.033021, -0.142452, 0.064684, 0.015862],
            [-0.153659, 0.084102, 0.05051, 0.013634, 0.005413],
        ],
        [
            [0.036305, -0.143304, 0.02529, 0.040513, 0.041196],
            [0.011623, 0.088585, 0.047855, -0.152035, 0.003972],
            [0.5, -0.2, 0.1, 0.3, -0.6],
        ],
        [
            [0.032206, 0.03649, -0.131781, 0.033352, 0.029732],
            [0.2, 0.4, -0.7, 0.1, -0.1],
            [0.2, 0.4, -0.7, 0.2, -0.1],
        ],
    ]
)
TRAINED = (
    np.array([1.93294, 1.68355, 1.535916]),
    {
        "E": np.array(
            [[0.408714, -0.694998, 0.245514, 0.627942], [-0.032515, 0.475983, 0.725472, -0.377249]]
        ),
        "W": np.array([[0.43257, -0.102933], [0.46804, 0.644978]]),
        "U": np.array([[0.347257, 0.698398], [-0.412439, -0.115811]]),
    },
)
UPDATED = (
    9,
    np.array([[0.384242, -0.117872], [-0.846192, 0.636326], [0.099385, 0.907169]]),
    np.array([[0.384242, -0.117872], [-0.846192, 0.636326], [0.099385, 0.907169]]),
    np.array([0.276739, 0.016096, 0.107165]),
)
FITTED = (
    np.array([1.574829, 1.154598, 1.078847]),
    {
        "E": np.array(
            [[0.686472, -0.890483, 0.428478, 0.671582], [-0.511463, 0.459574, 0.942221, -0.418709]]
        ),
        "W": np.array([[0.53453, -0.182745], [0.348018, 0.898454], [-0.571147, 0.14534]]),
        "U": np.array(
            [
                [0.341522, 0.918489, -0.113907],
                [-0.624626, 0.033245, 0.442484],
                [0.403825, -0.689508, 0.213037],
            ]
        ),
        "b": np.array([0.449216, -0.276026, 0.161979]),
        "P": np.array([[0.818337, -0.368469, 0.46034], [-0.59084, 0.720101, 0.045985]]),
        "b_y": np.array([0.178655, 0.31869, -0.352668, 0.255323]),
    },
)
