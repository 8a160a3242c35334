"""Checks of assignment ch03_language_model: what is asked for, how probable it was, and how training counts it.

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
from unrolled.scratch import language_model, loss, rnn, window_lm


def _log_softmax(logits: Array, axis: int | tuple[int, ...] = -1, shift: bool = True) -> Array:
    a = logits - logits.max(axis=axis, keepdims=True) if shift else logits
    return a - np.log(np.exp(a).sum(axis=axis, keepdims=True))


def _pick(of_words: Array, targets: Array) -> Array:
    return np.take_along_axis(of_words, targets[..., None], axis=-1)[..., 0]


# forcing-after-prompt

Forced = tuple[Array, Array, Array]


def _forced(
    sentences: list[list[int]], n_given: list[int], start: int, end: int, pad: int,
    shift: int = 0, asked: Callable[..., Any] = lambda words, start, end, pad: [*words, end],
    read: Callable[..., Any] = lambda words, n, start, pad: [start, *words], padded: bool = False, left: bool = False,
) -> Forced:  # fmt: skip
    lengths = np.array([len(words) for words in sentences])
    T = int(lengths.max()) + 1
    inputs, targets = np.full((2, len(sentences), T), pad)
    mask = np.zeros((len(sentences), T), bool)
    for row, (words, n) in enumerate(zip(sentences, n_given, strict=True)):
        first = T - len(words) - 1 if left else 0
        ins, outs = read(words, n, start, pad), asked(words, start, end, pad)
        inputs[row, first : first + len(ins)] = ins
        targets[row, first : first + len(outs)] = outs
        mask[row, first + max(0, n + shift) : T if padded else first + len(words) + 1] = True
    return inputs, targets, mask


def _without_end(*args: Any) -> Forced:
    inputs, targets, mask = _forced(*args, asked=lambda words, start, end, pad: [*words, pad])
    return inputs, targets, mask & (targets != args[4])


def _prompt_wiped(*args: Any) -> Forced:
    inputs, targets, mask = _forced(*args)
    for row, n in enumerate(args[1]):
        targets[row, :n] = args[4]
    return inputs, targets, mask


FORCING: list[Variant] = [
    (
        "the targets are not shifted by one: at each step the word is asked for that has just been read.",
        lambda *args: _forced(*args, asked=lambda words, start, end, pad: [start, *words]),
    ),
    (
        "the prompt is not left out: its words have to be read, but their targets do not count.",
        lambda sentences, n_given, *markers: _forced(sentences, [0] * len(n_given), *markers),
    ),
    (
        "padding is counted: the mask goes on after the end of a short sentence.",
        lambda *args: _forced(*args, padded=True),
    ),
    (
        "the mask is one step late. It belongs to the targets: the first word after n words of prompt is target number n, counted from 0.",
        lambda *args: _forced(*args, shift=1),
    ),
    (
        "the mask is one step early: the last word of the prompt counts, and it is given.",
        lambda *args: _forced(*args, shift=-1),
    ),
    (
        "the end is not asked for. After its last word a model has to say that the sentence is over.",
        _without_end,
    ),
    (
        "the end is not among the targets, yet its place counts: there the model is asked for padding.",
        lambda *args: _forced(*args, asked=lambda words, start, end, pad: [*words, pad]),
    ),
    (
        "the prompt is cut out of the inputs. The model has to read it, or it is no prompt.",
        lambda *args: _forced(*args, read=lambda words, n, start, pad: [start, *words[n:]]),
    ),
    (
        "the prompt's targets are overwritten. The mask alone leaves them out; the targets stay the words that come next.",
        _prompt_wiped,
    ),
    ("the padding is on the left. It belongs on the right.", lambda *args: _forced(*args, left=True)),
    (
        "inputs and targets have changed places: the model reads <s> first, and is asked for </s> last.",
        lambda *args: (_forced(*args)[1], _forced(*args)[0], _forced(*args)[2]),
    ),
    (
        "the mask says False where the loss counts. True is for what counts.",
        lambda *args: (*_forced(*args)[:2], ~_forced(*args)[2]),
    ),
]


def check_forcing_after_prompt(student: Callable[..., Any]) -> None:
    """(sentences, n_given, start, end, pad) -> inputs, targets, mask, each (B, T)."""
    markers = {"start": 2, "end": 3, "pad": 0}
    expected = (
        np.array([[2, 7, 8, 9], [2, 5, 0, 0], [2, 6, 4, 0]]),
        np.array([[7, 8, 9, 3], [5, 3, 0, 0], [6, 4, 3, 0]]),
        np.array([[False, True, True, True], [True, True, False, False], [False, False, True, False]]),
    )
    args = {"sentences": [[7, 8, 9], [5], [6, 4]], "n_given": [1, 0, 2], **markers}
    check_outputs(student, [Example(args, expected)], FORCING, [language_model.teacher_forcing])


# sentence-log-probs

LOGITS = np.array([
    [[1.0, 0.5, -1.0, 0.0], [0.2, -0.3, 2.0, 0.7], [-1.5, 0.4, 0.1, 1.2]],
    [[0.0, 1.5, 0.5, -0.5], [2.0, -2.0, 1.0, 0.3], [0.6, 0.6, -0.9, 3.0]],
])  # fmt: skip
TARGETS = np.array([[1, 2, 0], [3, 0, 1]])
MASK = np.array([[True, True, True], [True, False, False]])
UNLIKELY = np.array([[[0.0, 400.0]] * 3])  # e^-400 is a number still, its third power is none
LARGE, APART = np.array([[[1500.0, 1499.0]]]), np.array([[[0.0, -2000.0]]])


def _log_probs(logits: Array, targets: Array, mask: Array, log_y: Callable = _log_softmax) -> Array:
    return np.where(mask, _pick(log_y(logits), targets), 0.0).sum(axis=-1)


def _product(logits: Array, targets: Array, mask: Array) -> Array:
    y = np.where(mask, _pick(rnn.softmax(logits), targets), 1.0)
    return np.log(y.prod(axis=-1))


LOG_PROBS: list[Variant] = [
    (
        "a probability underflows before its logarithm is taken. Take log and softmax in one: a_k − log Σ exp(a).",
        lambda *args: _log_probs(*args, log_y=lambda a: np.log(rnn.softmax(a))),
    ),
    (
        "exp overflows on large scores. Take the largest score of a row off first; the softmax stays the same.",
        lambda *args: _log_probs(*args, log_y=lambda a: _log_softmax(a, shift=False)),
    ),
    (
        "the log of a product of probabilities that underflows: the product becomes 0. Add up logarithms, and take none of a product.",
        _product,
    ),
    (
        "softmax over the wrong axis: it goes over the words of the vocabulary, not over the steps.",
        lambda *args: _log_probs(*args, log_y=lambda a: _log_softmax(a, axis=-2)),
    ),
    (
        "softmax over the wrong axis: it goes over the words of the vocabulary, not over the batch.",
        lambda *args: _log_probs(*args, log_y=lambda a: _log_softmax(a, axis=0)),
    ),
    (
        "softmax is taken over all numbers of the batch at once. It goes over the vocabulary, at each step anew.",
        lambda *args: _log_probs(*args, log_y=lambda a: _log_softmax(a, axis=tuple(range(a.ndim)))),
    ),
    ("softmax is missing: these are sums of scores.", lambda *args: _log_probs(*args, log_y=lambda a: a)),
    (
        "padding is counted: where the mask is False there is no word.",
        lambda logits, targets, mask: _log_probs(logits, targets, np.ones_like(mask)),
    ),
    (
        "it is the mean over the words. The logarithm of a product is the sum of the logarithms.",
        lambda logits, targets, mask: _log_probs(logits, targets, mask) / mask.sum(axis=-1),
    ),
    (
        "the sign is turned: a logarithm of a probability is never above 0. Minus it would be the loss.",
        lambda *args: -_log_probs(*args),
    ),
    (
        "the logarithm has the wrong base: 2, where the natural one is asked for.",
        lambda *args: _log_probs(*args) / np.log(2),
    ),
    (
        "it takes the likeliest word at each step. Asked for is the probability of the word that did come, the target.",
        lambda logits, targets, mask: _log_probs(logits, logits.argmax(axis=-1), mask),
    ),
    (
        "it gives the probability itself, not its logarithm.",
        lambda *args: np.exp(_log_probs(*args)),
    ),
    (
        "it adds up the sentences, too. One number for each sentence is asked for.",
        lambda *args: _log_probs(*args).sum(),
    ),
    (
        "it gives a number for each word. They add up to one for each sentence.",
        lambda logits, targets, mask: np.where(mask, _pick(_log_softmax(logits), targets), 0.0),
    ),
]


def check_sentence_log_probs(student: Callable[..., Any]) -> None:
    """(logits (B, T, n_vocab), targets (B, T), mask (B, T)) -> log P (B,), in nats."""
    every = {"targets": np.array([[0, 0, 0]]), "mask": np.ones((1, 3), bool)}
    one = {"targets": np.array([[1]]), "mask": np.ones((1, 1), bool)}
    check_outputs(
        student,
        [
            Example({"logits": LOGITS, "targets": TARGETS, "mask": MASK}, np.array([-4.991973, -2.546006])),
            Example({"logits": UNLIKELY, **every}, np.array([-1200.0]), "Each word is very improbable here."),
            Example({"logits": LARGE, **one}, np.array([-1.313262]), "The scores are large here."),
            Example({"logits": APART, **one}, np.array([-2000.0]), "The scores are far apart here."),
        ],
        LOG_PROBS,
        [loss.log_softmax, loss.cross_entropy, language_model.sequence_log_prob],
    )


# corpus-perplexity

Batches = list[tuple[Array, Array]]
REPAIRS = {
    "order": "perplexities of batches are averaged. First comes the mean of −log p over all tokens, then one exponential.",
    "padding": "padding is counted in the mean. Only places where the mask is True are words.",
    "base": "perplexity with the wrong base: log p is a natural logarithm, which e undoes and 2 does not.",
    "batches": "every batch weighs the same, whatever its number of tokens. Add up sums and numbers of tokens, and divide once.",
    "sentences": "every sentence weighs the same, whatever its length. The mean goes over tokens.",
}


def _perplexity(batches: Batches, faults: tuple[str, ...]) -> float:
    power = np.exp2 if "base" in faults else np.exp
    sums, counts = [], []
    for log_p, mask in batches:
        real = np.ones_like(mask) if "padding" in faults else mask
        sums.append(-np.where(real, log_p, 0.0).sum(axis=-1))
        counts.append(real.sum(axis=-1))
    if "sentences" in faults:
        return float(power(np.mean(np.concatenate(sums) / np.concatenate(counts))))
    means = np.array([s.sum() / n.sum() for s, n in zip(sums, counts, strict=True)])
    if "order" in faults:
        return float(power(means).mean())
    if "batches" in faults:
        return float(power(means.mean()))
    return float(power(sum(s.sum() for s in sums) / sum(n.sum() for n in counts)))


def _faults(faults: tuple[str, ...]) -> Variant:
    rest = " That is not the only fault." if len(faults) > 1 else ""
    return REPAIRS[next(iter(faults))] + rest, lambda batches: _perplexity(batches, faults)


PERPLEXITY: list[Variant] = [
    _faults(faults)
    for n in (1, 2, 3)
    for faults in combinations(REPAIRS, n)
    if len({"order", "batches", "sentences"} & set(faults)) < 2
] + [
    (
        "it is the loss, in nats. Perplexity is its exponential.",
        lambda batches: float(np.log(_perplexity(batches, ()))),
    ),
    (
        "the sign is turned: log p is negative, and perplexity is the exponential of minus its mean, never below 1.",
        lambda batches: 1 / _perplexity(batches, ()),
    ),
    (
        "only the last batch counts.",
        lambda batches: _perplexity(batches[-1:], ()),
    ),
    (
        "it is the exponential of the sum, which is one over the probability of the whole text. It has to be the mean a token.",
        lambda batches: np.exp(-sum(log_p[mask].sum() for log_p, mask in batches)),
    ),
]


def check_corpus_perplexity(student: Callable[..., Any]) -> None:
    """([(log_p (B, T), mask (B, T)), …]) -> exp of the mean of -log p over all real tokens."""
    first = np.log([[0.5, 0.1, 0.25], [0.2, 0.9, 0.7]]), np.array([[True, True, True], [True, False, False]])
    second = np.log([[0.05, 0.4]]), np.array([[True, True]])
    about = "Both batches are one text. The number of real tokens differs from batch to batch."
    check_outputs(student, [Example({"batches": [first, second]}, np.array(5.210007), about)], PERPLEXITY)


# smoothed-loss


def _smoothed(
    logits: Array, targets: Array, mask: Array, epsilon: float, y: Callable | None = None, dy: Callable | None = None,
    axis: int = -1, n: Callable = lambda mask: mask.sum(), real: Callable = lambda mask: mask,
    back: Callable = lambda y_hat, y: y_hat - y,
) -> tuple[float, Array]:  # fmt: skip
    K = logits.shape[-1]
    log_y_hat, one_hot = _log_softmax(logits, axis), np.eye(K)[targets]
    true = (1 - epsilon) * one_hot + epsilon / K if y is None else y(one_hot, epsilon, K)
    in_gradient = true if dy is None else dy(one_hot, epsilon, K)
    total = -(real(mask)[..., None] * true * log_y_hat).sum()
    dlogits = back(np.exp(log_y_hat), in_gradient) * real(mask)[..., None] / n(mask)
    return float(total / n(mask)), dlogits


def _hard(one_hot: Array, epsilon: float, K: int) -> Array:
    return one_hot


SMOOTHED: list[Variant] = [
    (
        "the truth is one-hot here, as in (13.11): ε is left out.",
        lambda *args: _smoothed(*args, y=_hard),
    ),
    (
        "the loss is smoothed, its gradient is not: it is ŷ − y with the same y that is in the loss.",
        lambda *args: _smoothed(*args, dy=_hard),
    ),
    (
        "ε is spread over the other words only. It goes to all words of the vocabulary, the true one included.",
        lambda *args: _smoothed(*args, y=lambda o, e, K: (1 - e) * o + e / (K - 1) * (1 - o)),
    ),
    (
        "the true word keeps all of its 1: then y adds up to 1 + ε. It gives ε away.",
        lambda *args: _smoothed(*args, y=lambda o, e, K: o + e / K),
    ),
    (
        "every word gets ε, where all words together get it: each has a share of ε / |V|.",
        lambda *args: _smoothed(*args, y=lambda o, e, K: (1 - e) * o + e),
    ),
    (
        "ε and 1 − ε have changed places: the true word gets nearly all.",
        lambda *args: _smoothed(*args, y=lambda o, e, K: e * o + (1 - e) / K),
    ),
    (
        "the sign of dlogits is turned: with it, descent would make the loss larger.",
        lambda *args: _smoothed(*args, back=lambda y_hat, y: y - y_hat),
    ),
    (
        "the softmax is missing in dlogits: the scores are in the sum Σ exp(a) as well, which brings in ŷ.",
        lambda *args: _smoothed(*args, back=lambda y_hat, y: -y),
    ),
    (
        "dlogits is the gradient by the probabilities ŷ. The way back goes on through the softmax to the scores.",
        lambda *args: _smoothed(*args, back=lambda y_hat, y: -y / y_hat),
    ),
    (
        "the loss is a mean and its gradient is not: dlogits is not divided by the number of real tokens.",
        lambda *args: (_smoothed(*args)[0], _smoothed(*args, n=lambda mask: 1)[1]),
    ),
    (
        "loss and gradient are sums. The mean over the real tokens is asked for.",
        lambda *args: _smoothed(*args, n=lambda mask: 1),
    ),
    (
        "padding is counted in the mean: loss and gradient there must be 0, and the number to divide by is that of the real tokens.",
        lambda *args: _smoothed(*args, n=lambda mask: mask.size, real=np.ones_like),
    ),
    (
        "padding is left out of the sum but counted in the number to divide by.",
        lambda *args: _smoothed(*args, n=lambda mask: mask.size),
    ),
    (
        "the gradient at padding is not 0: places that have no loss send nothing back.",
        lambda *args: (_smoothed(*args)[0], _smoothed(*args, real=np.ones_like)[1]),
    ),
    (
        "it is divided by the number of sentences. The mean goes over tokens.",
        lambda *args: _smoothed(*args, n=len),
    ),
    (
        "softmax over the wrong axis: it goes over the words of the vocabulary, not over the steps.",
        lambda *args: _smoothed(*args, axis=-2),
    ),
    (
        "the two results have changed places: first the loss, then dlogits.",
        lambda *args: _smoothed(*args)[::-1],
    ),
]

DLOGITS = np.array([
    [[0.105998, -0.140628, 0.003537, 0.031093], [0.014368, 0.003796, -0.049961, 0.031797], [-0.203415, 0.048240, 0.032497, 0.122679]],
    [[0.019813, 0.132315, 0.040774, -0.192901], [0.0] * 4, [0.0] * 4],
])  # fmt: skip


def check_smoothed_loss(student: Callable[..., Any]) -> None:
    """(logits, targets, mask, epsilon) -> loss, dlogits; the numbers of dlogits are central differences."""
    args = {"logits": LOGITS, "targets": TARGETS, "mask": MASK, "epsilon": 0.2}
    check_outputs(
        student, [Example(args, (np.array(1.849495), DLOGITS))], SMOOTHED, [language_model.cross_entropy_of]
    )


# predict-reach

REACH: Hints = {
    "rnn": [
        ([2], "the state goes on: step 3 starts from a state that is another."),
        ([2, 3], "no window ends here: the state is handed on to the end of the sentence."),
        ([1, 2, 3, 4, 5], "prediction 1 is made before word 2 is read. A model that changed it would look at the future."),
        ([3, 4, 5], "step 2 reads the new word, and predicts from it."),
        ([1], "word 2 is what step 1 is asked for. Its prediction is made without it."),
    ],
    "window": [
        ([2, 3, 4, 5], "a window carries nothing on: at step 4 it holds words 3 and 4."),
        ([2], "the window of step 3 still holds word 2."),
        ([2, 3, 4], "the window holds two words, that of the step included: at step 4 these are words 3 and 4."),
        ([1, 2], "a window looks back only: at step 1 word 2 has not come. A model that saw it would look at the future."),
    ],
    "bigram": [
        ([2, 3], "a bigram's context is one word: at step 3 that is word 3."),
        ([2, 3, 4, 5], "a bigram's context is one word: at step 3 that is word 3."),
        ([1, 2], "prediction 1 is made from word 1 alone."),
        ([1], "that is where word 2 is asked for. The prediction there is made from word 1 alone."),
    ],
    "losses": [
        ([2, 3, 4, 5], "a word is read at one step and asked for at another: which step is asked for word 2?"),
        ([1], "the predictions after word 2 are others, too, and with them their losses."),
        ([1, 2], "the predictions after word 2 are others, too, and with them their losses."),
        ([2], "word 2 is asked for at step 1, and its state goes on to the end."),
    ],
    "sure": [
        ([2, 3, 4, 5], "teacher forcing: step 3 reads the true word 3, whatever the prediction was."),
        ([3, 4, 5], "teacher forcing: step 3 reads the true word 3, whatever the prediction was. And prediction 2 itself was overwritten."),
        ([3], "teacher forcing: step 3 reads the true word 3, whatever the prediction was. And prediction 2 itself was overwritten."),
        ([], "prediction 2 itself was overwritten."),
    ],
    "sure_writing": [
        ([2], "now step 3 reads what step 2 predicted, and that is another word."),
        ([2, 3], "a wrong word that is read changes the state, and the state goes on."),
        ([3, 4, 5], "prediction 2 itself was overwritten."),
        ([1, 2, 3, 4, 5], "step 1 comes before the change. Nothing reaches back."),
    ],
}  # fmt: skip
WORDS, OTHER = np.array([3, 5, 1, 4, 2]), np.array([3, 6, 1, 4, 2])


def check_predict_reach(student: Callable[..., Any]) -> None:
    """() -> {case: the steps, counted from 1, whose prediction or loss is another than before}, compared with a run."""
    check_steps(student, {case: _run_reach(case) for case in REACH}, REACH, 5, "step changes")


def _run_reach(case: str) -> list[int]:
    """The same question put to models with fixed weights."""
    before, after = (
        _run(case, WORDS, False),
        _run(case, OTHER if "sure" not in case else WORDS, "sure" in case),
    )
    return [t + 1 for t in range(5) if not np.allclose(before[t], after[t])]


def _run(case: str, words: Array, overwrite: bool) -> Array:
    rng = np.random.default_rng(3)
    if case == "bigram":
        return rnn.softmax(rng.normal(size=(8, 8)))[words]
    if case == "window":
        return window_lm.window_forward(words, window_lm.init_window_lm(rng, 8, 4, 4, 2), start=0)[0]
    params = {name: 3 * p for name, p in language_model.init_lm(rng, 8, 4, 4).items()}
    next_word, state, y = language_model.next_word_function(params), None, []
    for t, word in enumerate(words):
        read = int(y[-1].argmax()) if case == "sure_writing" and t else int(word)
        y_t, state = next_word(read, state)
        y.append(np.eye(8)[y_t.argmin()] if overwrite and t == 1 else y_t)
    asked = [*words[1:], 0]
    return np.array([-np.log(y_t[k]) for y_t, k in zip(y, asked, strict=True)] if case == "losses" else y)


# next-word-loss (torch)

IDS, LENGTHS = np.array([[2, 1, 0, 3], [2, 3, 1, 0]]), np.array([4, 2])
READ = np.array([
    [[1.0, 0.5, -1.0, 0.0], [0.2, -0.3, 2.0, 0.7], [-1.5, 0.4, 0.1, 1.2], [0.3, 0.8, -0.6, 1.1]],
    [[0.0, 1.5, 0.5, -0.5], [2.0, -2.0, 1.0, 0.3], [0.6, 0.6, -0.9, 3.0], [-0.4, 0.9, 1.3, 0.2]],
])  # fmt: skip


def _next_word(
    logits: Array, ids: Array, lengths: Array, move: int = 1, real: Callable | None = None, mean: str = "tokens",
    first: Callable | None = None, axis: int = -1,
) -> tuple[float, Array]:  # fmt: skip
    """The loss from moved targets and its gradient; ``first`` is what somebody did to the scores before."""
    given = logits if first is None else first(logits)
    T = ids.shape[1]
    scores = given[:, : T - move] if move >= 0 else given[:, -move:]
    targets = ids[:, move:] if move >= 0 else ids[:, :move]
    on = (
        (np.arange(scores.shape[1]) < (lengths - abs(move))[:, None])
        if real is None
        else real(targets, lengths)
    )
    log_y = _log_softmax(scores, axis)
    weight = on / on.sum()
    if mean == "sentences":
        weight = on / on.sum(axis=1, keepdims=True) / len(ids)
    if mean == "sum":
        weight = on * 1.0
    total = -(weight * _pick(log_y, targets)).sum()
    dlogits = np.zeros_like(logits)
    kept = dlogits[:, : T - move] if move >= 0 else dlogits[:, -move:]
    kept += (np.exp(log_y) - np.eye(logits.shape[-1])[targets]) * weight[..., None]
    return float(total), dlogits


def _softmax_twice(logits: Array, ids: Array, lengths: Array) -> tuple[float, Array]:
    y = rnn.softmax(logits)
    total, dy = _next_word(y, ids, lengths)
    return total, y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def _reshaped(logits: Array, ids: Array, lengths: Array) -> tuple[float, Array]:
    """(B, T - 1, n_vocab) read as (B, n_vocab, T - 1) without a transposition."""
    B, T, K = logits.shape
    scores = logits[:, :-1].reshape(B, K, T - 1).transpose(0, 2, 1)
    padded = np.concatenate([scores, np.zeros((B, 1, K))], axis=1)
    total, dlogits = _next_word(padded, ids, lengths)
    found = np.zeros_like(logits)
    found[:, :-1] = dlogits[:, :-1].transpose(0, 2, 1).reshape(B, T - 1, K)
    return total, found


NEXT_WORD: list[Variant] = [
    (
        "the targets are not shifted by one: after each token the model is asked for the same token again.",
        lambda *args: _next_word(*args, move=0),
    ),
    (
        "the targets are shifted the wrong way: after each token the model is asked for the one before it.",
        lambda *args: _next_word(*args, move=-1),
    ),
    (
        "padding is counted in the mean: beyond its length a sentence has no words.",
        lambda *args: _next_word(*args, real=lambda targets, lengths: np.ones(targets.shape, bool)),
    ),
    (
        "the mask is one step too long: a sentence of n tokens has n − 1 that are asked for, since nothing is asked after </s>.",
        lambda *args: _next_word(
            *args, real=lambda targets, lengths: np.arange(targets.shape[1]) < lengths[:, None]
        ),
    ),
    (
        "the mask is one step too short: the last real word, </s>, is asked for as well.",
        lambda *args: _next_word(
            *args, real=lambda targets, lengths: np.arange(targets.shape[1]) < lengths[:, None] - 2
        ),
    ),
    (
        "words with id 0 are left out as if they were padding. No id says what is padding here, only the lengths do.",
        lambda *args: _next_word(*args, real=lambda targets, lengths: targets != 0),
    ),
    (
        "softmax is taken twice: cross_entropy wants the scores and takes the softmax itself.",
        _softmax_twice,
    ),
    (
        "(B, T, n_vocab) is reshaped to (B, n_vocab, T): that mixes steps and words. It has to be transposed, or flattened to (N, n_vocab).",
        _reshaped,
    ),
    (
        "every sentence weighs the same, whatever its length: the mean goes over all tokens of the batch.",
        lambda *args: _next_word(*args, mean="sentences"),
    ),
    ("it is the sum. The mean over the tokens is asked for.", lambda *args: _next_word(*args, mean="sum")),
    (
        "softmax over the wrong axis: it goes over the words of the vocabulary, not over the steps.",
        lambda *args: _next_word(*args, axis=-2),
    ),
    (
        "the two results have changed places: first the loss, then its gradient.",
        lambda *args: _next_word(*args)[::-1],
    ),
]
DLOSS = np.array([
    [[0.118498, -0.178128, 0.016037, 0.043593], [-0.223132, 0.016296, 0.162539, 0.044297], [0.009085, 0.060740, 0.044997, -0.114821], [0.0, 0.0, 0.0, 0.0]],
    [[0.032313, 0.144815, 0.053274, -0.230401], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
])  # fmt: skip


def check_next_word_loss(student: Callable[..., Any]) -> None:
    """(logits (B, T, n_vocab), ids (B, T), lengths (B,)) -> loss, dlogits, as tensors."""
    args = tensors({"logits": READ, "ids": IDS, "lengths": LENGTHS})
    about = "The second sentence has two tokens; what stands in the third place is no word."
    variants = [(hint, in_numpy(variant)) for hint, variant in NEXT_WORD]
    check_outputs(student, [Example(args, (np.array(1.659495), DLOSS), about)], variants)


# fit-lm (torch)

PARAMS = {
    "E": np.array([[0.5, -1.0, 0.3, 0.8], [-0.2, 0.6, 1.0, -0.7]]),
    "W": np.array([[0.7, -0.4], [0.2, 0.9]]), "U": np.array([[0.3, 0.8], [-0.6, 0.1]]), "b": np.array([0.1, -0.2]),
    "V": np.array([[0.4, -0.3], [-0.5, 0.6], [0.9, 0.2], [-0.1, -0.8]]), "b_y": np.array([0.0, 0.3, -0.1, 0.2]),
}  # fmt: skip
FIT = {
    "params": PARAMS,
    "inputs": np.array([[2, 1, 3], [2, 3, 0]]), "targets": np.array([[1, 3, 0], [3, 0, 0]]),
    "mask": np.array([[True, True, True], [True, True, False]]), "rate": 0.5, "n_updates": 3,
}  # fmt: skip


def _fit(
    params: dict[str, Array], inputs: Array, targets: Array, mask: Array, rate: float, n_updates: int,
    gather: bool = False, sign: int = 1, late: bool = False, drop: str = "", real: Callable = lambda mask: mask,
    sums: bool = False, turned: bool = False, seen: Callable = lambda p, inputs: inputs, still: tuple[str, ...] = (),
) -> tuple[Array, dict[str, Array]]:  # fmt: skip
    """Gradient descent with one mistake."""
    p = {name: array * (name not in drop.split()) for name, array in params.items()}
    losses, kept = [], {name: 0.0 for name in p}
    for _ in range(n_updates + late):
        used = {**p, "U": p["U"].T} if turned else p
        value, gradients, _ = language_model.lm_loss(seen(used, inputs), targets, used, mask=real(mask))
        gradients = {**gradients, "U": gradients["U"].T} if turned else gradients
        scale = float(real(mask).sum()) if sums else 1.0
        losses.append(scale * value)
        kept = {name: gather * kept[name] + scale * gradients[name] for name in p}
        kept = {name: g * (name not in drop.split() and name not in still) for name, g in kept.items()}
        p = {name: array - sign * rate * kept[name] for name, array in p.items()}
    return np.array(losses[late:]), {
        name: p[name] if name not in drop.split() else params[name] for name in p
    }


def _own_guesses(p: dict[str, Array], inputs: Array) -> Array:
    """What the model reads where it is fed its own likeliest words."""
    fed = inputs.copy()
    for t in range(1, inputs.shape[1]):
        logits, _, _ = language_model.lm_forward(fed[:, :t], p)
        fed[:, t] = logits[:, -1].argmax(axis=-1)
    return fed


def _no_memory(params: dict[str, Array], *rest: Any) -> tuple[Array, dict[str, Array]]:
    losses, p = _fit({**params, "U": 0 * params["U"]}, *rest, still=("U",))
    return losses, {**p, "U": params["U"]}


FIT_LM: list[Variant] = [
    (
        "the gradients add up from update to update: backward() adds to those that are there. Set them to zero, or to None, before it.",
        lambda *args: _fit(*args, gather=True),
    ),
    (
        "the weights go up the gradient. Descent takes rate times the gradient away.",
        lambda *args: _fit(*args, sign=-1),
    ),
    (
        "the losses are those after the updates. Each is computed before its own update.",
        lambda *args: (_fit(*args, late=True)[0], _fit(*args)[1]),
    ),
    (
        "the model reads its own guesses. With teacher forcing it reads the true words, inputs[:, t], at every step.",
        lambda *args: _fit(*args, seen=_own_guesses),
    ),
    (
        "padding is counted in the mean: where the mask is False there is no word to guess.",
        lambda *args: _fit(*args, real=np.ones_like),
    ),
    ("the loss is a sum. The mean over the real tokens is asked for.", lambda *args: _fit(*args, sums=True)),
    (
        "the state is not carried: every word is read as if it were the first, and U does nothing.",
        _no_memory,
    ),
    (
        "U multiplies h_{t-1} on the wrong side: it is used transposed.",
        lambda *args: _fit(*args, turned=True),
    ),
    ("the output's bias b_y is left out.", lambda *args: _fit(*args, drop="b_y")),
    ("the bias b is left out.", lambda *args: _fit(*args, drop="b")),
    ("both biases are left out.", lambda *args: _fit(*args, drop="b b_y")),
    (
        "the biases are not trained. Every tensor of params is.",
        lambda *args: _fit(*args, still=("b", "b_y")),
    ),
    (
        "the embeddings E are not trained. Every tensor of params is.",
        lambda *args: _fit(*args, still=("E",)),
    ),
    (
        "the weights never change: these are the losses of an untrained model, over and over.",
        lambda *args: _fit(*args, still=tuple(PARAMS)),
    ),
    (
        "the losses fall as they should, but what is returned are the weights from before the training.",
        lambda params, *rest: (_fit(params, *rest)[0], params),
    ),
]
LOSSES = np.array([1.315839, 1.124253, 0.998178])
TRAINED = {
    "E": np.array([[0.500000, -1.040773, 0.225598, 0.823198], [-0.200000, 0.465620, 0.994584, -0.787054]]),
    "W": np.array([[0.728268, -0.533236], [0.287046, 0.814038]]),
    "U": np.array([[0.277669, 0.800169], [-0.558699, -0.002442]]),
    "b": np.array([0.063623, -0.482564]),
    "V": np.array([[0.743514, -0.550216], [-0.512374, 0.653259], [0.810433, 0.215227], [-0.341573, -0.618269]]),
    "b_y": np.array([0.221655, 0.172251, -0.398177, 0.404271]),
}  # fmt: skip


def check_fit_lm(student: Callable[..., Any]) -> None:
    """(params, inputs, targets, mask, rate, n_updates) -> losses (n_updates,), the trained params, as tensors."""
    variants = [(hint, in_numpy(variant)) for hint, variant in FIT_LM]
    check_outputs(student, [Example(tensors(FIT), (LOSSES, TRAINED))], variants)
