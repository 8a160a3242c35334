"""Checks of assignment ch08_seq2seq: what an encoder–decoder reads, what it writes, and how its context learns.

Each ``check_<task>(student_function)`` returns nothing or raises ``CheckFailed`` with the likely mistake.
What must come out is numbers here; the functions make the mistakes, each in the way its sentence says.
The last two tasks are in torch: see ``_torch``.
"""

from collections import Counter
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._predict import Hints, check_steps
from unrolled.checks._report import Example, Variant, check_outputs
from unrolled.checks._torch import in_numpy, tensors
from unrolled.checks.gradcheck import numerical_gradient
from unrolled.scratch import decoding, generation, seq2seq
from unrolled.scratch.loss import log_softmax

Params = dict[str, Array]
Faults = tuple[str, ...]


def _faulty(function: Callable[..., Any], *faults: str) -> Callable[..., Any]:
    """The asked function with these mistakes in it."""
    return lambda *args: function(*args, faults=faults)


# pair-arrays


def _pairs(
    sources: list[list[int]], targets: list[list[int]], start: int, end: int, pad: int, faults: Faults = ()
) -> tuple[Array, ...]:
    B, S, T = len(sources), max(map(len, sources)), max(map(len, targets)) + 1
    source, source_mask = np.full((B, S), pad), np.zeros((B, S), bool)
    inputs, asked, mask = np.full((B, T), pad), np.full((B, T), pad), np.zeros((B, T), bool)
    for row, (words, theirs) in enumerate(zip(sources, targets, strict=True)):
        n, m, first = len(words), len(theirs), 0 if "right" in faults else S - len(words)
        source[row, first : first + n] = words if "forwards" in faults else words[::-1]
        source_mask[row, first : first + n] = True
        theirs = theirs[::-1] if "target" in faults else theirs
        inputs[row, : m + 1] = [start, *theirs]
        asked[row, : m + 1] = [start, *theirs] if "unshifted" in faults else [*theirs, end]
        if "end" in faults:
            asked[row, m] = pad
        mask[row, : m if "end" in faults or "short" in faults else m + 1] = True
    source_mask = np.ones_like(source_mask) if "source_mask" in faults else source_mask
    mask = np.ones_like(mask) if "mask" in faults else mask
    return (source, source_mask, *((asked, inputs) if "swapped" in faults else (inputs, asked)), mask)


PAIRS: list[Variant] = [
    ("the source is not reversed: its last word comes first.", _faulty(_pairs, "forwards")),
    (
        "the source is padded on the right. On the left, every sentence ends in the last column.",
        _faulty(_pairs, "right"),
    ),
    (
        "the source is padded on the right and not reversed. Its last word comes first, its padding before all words.",
        _faulty(_pairs, "forwards", "right"),
    ),
    (
        "the target is reversed, too. Only the source is; the decoder writes in reading order.",
        _faulty(_pairs, "target"),
    ),
    (
        "the targets are not shifted by one: at each step the word is asked for that has just been read.",
        _faulty(_pairs, "unshifted"),
    ),
    (
        "the end is not asked for. After its last word a decoder has to say that the sentence is over.",
        _faulty(_pairs, "end"),
    ),
    (
        "the mask leaves out the end: it is asked for like any word, so its place is real.",
        _faulty(_pairs, "short"),
    ),
    ("padding of the source counts as words: its mask is False there.", _faulty(_pairs, "source_mask")),
    ("padding of the target counts as words: its mask is False after the end.", _faulty(_pairs, "mask")),
    (
        "inputs and targets have changed places: the decoder reads <s> first, and is asked for </s> last.",
        _faulty(_pairs, "swapped"),
    ),
]


def check_pair_arrays(student: Callable[..., Any]) -> None:
    """(sources, targets, start, end, pad) -> source, source_mask (B, S), inputs, targets, mask (B, T)."""
    markers = {"start": 2, "end": 3, "pad": 0}
    args = {"sources": [[5, 6, 7], [8], [5, 9]], "targets": [[10], [11, 12, 13], [14, 10]], **markers}
    expected = (
        np.array([[7, 6, 5], [0, 0, 8], [0, 9, 5]]),
        np.array([[True, True, True], [False, False, True], [False, True, True]]),
        np.array([[2, 10, 0, 0], [2, 11, 12, 13], [2, 14, 10, 0]]),
        np.array([[10, 3, 0, 0], [11, 12, 13, 3], [14, 10, 3, 0]]),
        np.array([[True, True, False, False], [True, True, True, True], [True, True, True, False]]),
    )
    check_outputs(student, [Example(args, expected)], PAIRS)


# greedy-batch


def _greedy(c: Array, params: Params, start: int, end: int, most: int, faults: Faults = ()) -> Array:
    E, W, U, b, V, b_y = (params[name] for name in ("E_d", "W", "U", "b", "V", "b_y"))
    h, words = np.zeros_like(c) if "zero" in faults else c, np.full(len(c), start)
    written, over = np.full((len(c), most + ("long" in faults)), -1), np.zeros(len(c), bool)
    for t in range(written.shape[1] - ("short" in faults)):
        e, told = E[:, words].T, np.zeros_like(c) if ("first" in faults and t) or "never" in faults else c
        x = np.concatenate([told, e] if "order" in faults else [e, told], axis=-1)
        before, h = h, np.tanh((c if "carry" in faults else h) @ U.T + x @ W.T + b)
        best = ((before if "before" in faults else h) @ V.T + b_y).argmax(axis=-1)
        written[:, t] = best if "on" in faults else np.where(over, -1, best)
        over = over | (best == end)
        if over.any() if "any" in faults else over.all():
            break
        words = np.full(len(c), start) if "start" in faults else best
    if "strip" in faults:
        written[written == end] = -1
    if "close" in faults:
        written[~over, -1] = end
    return written


GREEDY: list[Variant] = [
    ("the first state is zero. It is c, the second line of (13.33).", _faulty(_greedy, "zero")),
    (
        "the context is read at the first step only. By (13.32) every step reads it.",
        _faulty(_greedy, "first"),
    ),
    (
        "the context is the first state, and no step reads it: W has columns for it, too.",
        _faulty(_greedy, "never"),
    ),
    (
        "embedding and context have changed places: W reads the embedding first, then the context.",
        _faulty(_greedy, "order"),
    ),
    (
        "every step reads <s>. From the second on it reads the word that it wrote last.",
        _faulty(_greedy, "start"),
    ),
    (
        "every step starts from c. The state is handed on; only the first one starts from c.",
        _faulty(_greedy, "carry"),
    ),
    ("the scores are made from the state before the step, not from the new one.", _faulty(_greedy, "before")),
    (
        "a sentence that has ended is written on. After </s> nothing follows in it, while the others go on.",
        _faulty(_greedy, "on"),
    ),
    ("all sentences stop when the first one ends. Each has its own end.", _faulty(_greedy, "any")),
    ("the end is left out. A sentence that came to it has it as its last word.", _faulty(_greedy, "strip")),
    (
        "a sentence that was cut off by the limit is given an end that the model never wrote.",
        _faulty(_greedy, "close"),
    ),
    ("there is one word too many: the limit counts words, </s> among them.", _faulty(_greedy, "long")),
    ("the last word is missing: exactly `most` words are allowed.", _faulty(_greedy, "short")),
]


def check_greedy_batch(student: Callable[..., Any]) -> None:
    """(c (B, H), params, start, end, most) -> ids (B, most), </s> included where it came, then −1."""
    args = {"c": CONTEXTS, "params": DECODER, "start": 2, "end": 3, "most": 4}
    about = "One sentence ends early, one late, and one is cut off by the limit."
    borrowed = [generation.generate, decoding.beam_search]
    check_outputs(student, [Example(args, GREEDY_WORDS, about)], GREEDY, borrowed)


# context-gradient


def _context_gradient(
    dh: Array, e: Array, c: Array, W: Array, U: Array, C: Array, W_b: Array, faults: Faults = ()
) -> Params:
    h = [np.tanh(W_b @ c)]
    for e_t in e:
        h.append(np.tanh(U @ h[-1] + W @ e_t + C @ c))
    dc, dC, back = np.zeros_like(c), np.zeros_like(C), np.zeros(len(U))
    for t in reversed(range(len(e))):
        arrived = dh[t] + (0.0 if "deaf" in faults else back)
        slope = 1.0 - h[t if "slope_before" in faults else t + 1] ** 2
        da = arrived * (1.0 - h[t + 1] if "linear" in faults else 1.0 if "flat" in faults else slope)
        back = (U if "U" in faults else U.T) @ da
        if "last" not in faults or t == len(e) - 1:
            dc = dc + C.T @ da
            dC = dC + np.outer(da, c)
    n = len(e) if "mean" in faults else 1
    da_0 = back * (1.0 if "flat_0" in faults else 1.0 - h[0] ** 2)
    dc = dc / n * ("steps" not in faults) + (W_b.T @ da_0) * ("no_first" not in faults)
    return {"dc": dc, "dC": dC / n, "dW_b": np.outer(da_0, c)}


CONTEXT: list[Variant] = [
    (
        "the slope of tanh is missing at h_0 = tanh(W_b c): what comes back to h_0 is multiplied by 1 − h_0².",
        _faulty(_context_gradient, "flat_0"),
    ),
    (
        "the way through h_0 is missing in dc: the context makes the decoder's first state, too.",
        _faulty(_context_gradient, "no_first"),
    ),
    (
        "dc has only what comes through h_0. Every step reads c as well: its gradient is a sum over all uses.",
        _faulty(_context_gradient, "steps"),
    ),
    (
        "only the last step sends something back to c. All steps read it, and dC and dc are sums over them.",
        _faulty(_context_gradient, "last"),
    ),
    ("dc and dC are not summed over the steps but averaged.", _faulty(_context_gradient, "mean")),
    (
        "nothing comes back from the next step: a state has a part in all later ones, through U.",
        _faulty(_context_gradient, "deaf"),
    ),
    ("1 − h where 1 − h² belongs: that is the slope of tanh.", _faulty(_context_gradient, "linear")),
    ("the slope of tanh is missing.", _faulty(_context_gradient, "flat", "flat_0")),
    (
        "the slope is taken at h_{t-1}. It is that of the state that the step makes.",
        _faulty(_context_gradient, "slope_before"),
    ),
    ("U is not transposed on the way back.", _faulty(_context_gradient, "U")),
]


def check_context_gradient(student: Callable[..., Any]) -> None:
    """(dh (T, H), e (T, D), c (E,), W, U, C, W_b) -> {"dc", "dC", "dW_b"}; the numbers are central differences."""
    args = {"dh": DH, "e": EMBEDDED, "c": ONE_CONTEXT, "W": W, "U": U, "C": C, "W_b": W_B}
    check_outputs(student, [Example(args, CONTEXT_GRADIENT)], CONTEXT, [seq2seq.seq2seq_backward])


# beam-step


def _beam_step(
    log_p: Array, log_y: Array, lengths: Array, finished: Array, width: int, alpha: float, faults: Faults = ()
) -> tuple[Array, Array, Array]:
    alpha = 0.0 if "plain" in faults else -alpha if "turned" in faults else alpha
    found = []
    for row in range(len(log_p)):
        over = bool(finished[row])
        if over and "lost" in faults:
            continue
        over = over and "continued" not in faults
        length = lengths[row] + (0 if over or "old" in faults else 1)
        norm = length**alpha if "simple" in faults else ((5.0 + length) / 6.0) ** alpha
        before = 0.0 if "last" in faults else log_p[row]
        choices = [(word, before + more) for word, more in enumerate(log_y[row])]
        choices = [(-1, log_p[row])] if over else choices
        if "one_each" in faults:
            choices = [max(choices, key=lambda choice: choice[1])]
        found += [(total / norm, row, word, total) for word, total in choices]
    best = sorted(found, key=lambda one: one[0], reverse="worst" not in faults)[:width]
    scores, rows, words, totals = (np.array(column) for column in zip(*best, strict=True))
    return rows, words, scores if "scores" in faults else totals


BEAM: list[Variant] = [
    ("the new word is not counted in the length of what is continued.", _faulty(_beam_step, "old")),
    (
        "the sums are compared as they stand: log p has to be divided by ((5 + length) / 6)^α first.",
        _faulty(_beam_step, "plain"),
    ),
    (
        "log p is multiplied by ((5 + length) / 6)^α, which punishes long ones twice. It is divided.",
        _faulty(_beam_step, "turned"),
    ),
    (
        "the sum is divided by length^α. Asked for is ((5 + length) / 6)^α.",
        _faulty(_beam_step, "simple"),
    ),
    (
        "what is finished is continued. After </s> nothing follows: it stands as it is, with word −1.",
        _faulty(_beam_step, "continued"),
    ),
    (
        "what is finished gets lost. It keeps its place as long as nothing beats it.",
        _faulty(_beam_step, "lost"),
    ),
    (
        "only the last word counts. log p of a beginning is the sum over all its words.",
        _faulty(_beam_step, "last"),
    ),
    (
        "each beginning has one continuation only. Two of the best may come from the same one.",
        _faulty(_beam_step, "one_each"),
    ),
    ("the worst are kept, or the best stand last.", _faulty(_beam_step, "worst")),
    (
        "the normalised score is returned as log p. It is for ranking alone; the next step needs the sum.",
        _faulty(_beam_step, "scores"),
    ),
]


def check_beam_step(student: Callable[..., Any]) -> None:
    """(log_p (k,), log_y (k, n), lengths (k,), finished (k,), width, alpha) -> rows, words, log_p, each (width,)."""
    beginnings = {"lengths": np.array([2, 6, 1]), "finished": np.array([False, False, True])}
    args = {"log_p": BEGUN, "log_y": np.log(NEXT), **beginnings, "width": 4, "alpha": 0.8}
    check_outputs(student, [Example(args, BEST)], BEAM, [decoding.beam_search])


# corpus-bleu

REPAIRS = {
    "clip": "an n-gram counts more often than the reference has it. Each is a hit at most as often as in the reference.",
    "mean": "the four shares are averaged by a sum. It is their product, under a fourth root.",
    "free": "there is no penalty for outputs that are shorter than the references.",
    "long": "the penalty is paid for outputs that are too long. It is for those that are shorter than the references.",
    "sentences": "it is the mean of the sentences' BLEU. Hits and numbers are added up over the whole corpus first.",
    "recall": "hits are divided by the n-grams of the references. The shares are of the output's own n-grams.",
}


def _bleu(written: list[list], references: list[list], faults: Faults = ()) -> float:
    if "sentences" in faults:
        rest = tuple(fault for fault in faults if fault != "sentences")
        pairs = zip(written, references, strict=True)
        return float(np.mean([_bleu([own], [right], rest) for own, right in pairs]))
    shares = []
    for n in range(1, 5):
        hits = total = 0
        for own, right in zip(written, references, strict=True):
            ours, theirs = (
                Counter(tuple(words[k : k + n]) for k in range(len(words) - n + 1)) for words in (own, right)
            )
            for gram, count in ours.items():
                most = count if "clip" in faults and gram in theirs else theirs[gram]
                hits += min(count, most)
            total += sum((theirs if "recall" in faults else ours).values())
        shares.append(hits / total if total else 0.0)
    w, r = sum(map(len, written)), sum(map(len, references))
    penalty = min(1.0, float(np.exp(1.0 - (w / r if "long" in faults else r / w))))
    penalty = 1.0 if "free" in faults else penalty
    mean = float(np.mean(shares)) if "mean" in faults else float(np.prod(shares)) ** 0.25
    return (1.0 if "share" in faults else 100.0) * penalty * mean


def _repairs(faults: Faults) -> Variant:
    rest = " That is not the only fault." if len(faults) > 1 else ""
    return REPAIRS[next(iter(faults))] + rest, _faulty(_bleu, *faults)


BLEU: list[Variant] = [
    _repairs(faults)
    for n in (1, 2, 3)
    for faults in combinations(REPAIRS, n)
    if not {"long", "free"} <= set(faults)
] + [("BLEU goes from 0 to 100 here, not from 0 to 1.", _faulty(_bleu, "share"))]


def check_corpus_bleu(student: Callable[..., Any]) -> None:
    """(written, references), lists of B lists of words -> BLEU, 0 … 100."""
    longer = "la bruja verde no llegó ayer ayer al lago", "el gato la ve la ve la ve"
    shorter = "bruja verde no llegó", "el gato la ve la ve"
    references = [text.split() for text in ("la bruja verde no llegó ayer", "el gato la ve en la torre")]
    examples = [
        Example({"written": [text.split() for text in texts], "references": references}, expected, about)
        for texts, expected, about in (
            (longer, BLEU_LONGER, "The outputs are longer than the references here."),
            (shorter, BLEU_SHORTER, "The outputs are shorter than the references here."),
        )
    ]
    check_outputs(student, examples, BLEU)


# predict-context

STEPS: Hints = {
    "source": [
        ([2, 3, 4, 5], "the word is read before any writing: c is another one, and the first step reads c already."),
        ([2], "source word 2 is not bound to target word 2. All that the decoder knows comes through c."),
        ([1], "every step reads c, and every state goes on to the next."),
        ([], "the encoder hands its state on to the end of the source: c is another one."),
    ],
    "gold_word": [
        ([3, 4, 5], "prediction 3 is made from gold words 1 and 2. Word 3 is asked for there, and read at step 4."),
        ([4], "the state goes on: step 5 starts from a state that is another."),
        ([3], "word 3 is what step 3 is asked for. Its prediction is made without it."),
        ([1, 2, 3, 4, 5], "a decoder reads from left to right: what comes at step 4 cannot change prediction 1."),
    ],
    "gold_word_loss": [
        ([4, 5], "the loss at step 3 asks for word 3, so it is another, though its prediction is not."),
        ([3], "word 3 is read at step 4: the later predictions change, and with them the losses."),
        ([1, 2, 3, 4, 5], "losses 1 and 2 are made of predictions and words that are as before."),
    ],
    "own_word": [
        ([4], "the state goes on, and so step 5 starts from a state that is another."),
        ([3, 4, 5], "the prediction at step 3 is made before its word is overwritten."),
        ([], "in use the decoder reads what was written, right or wrong."),
    ],
    "wiped_first": [
        ([1, 3, 4, 5], "the only way from c to steps 3, 4 and 5 leads through h_2, which is zero."),
        ([1, 2], "prediction 2 is made from h_2, which is zero."),
        ([1, 2, 3, 4, 5], "prediction 2 is made from h_2, which is zero, and so is all that comes after."),
        ([], "prediction 1 is made from h_1, before anything is wiped."),
    ],
    "wiped_every": [
        ([1], "steps 3, 4 and 5 read c again, whatever became of the state."),
        ([1, 2, 3, 4, 5], "prediction 2 is made from h_2 alone, which is zero."),
        ([3, 4, 5], "prediction 1 is made from h_1, before anything is wiped."),
    ],
}  # fmt: skip


def check_predict_context(student: Callable[..., Any]) -> None:
    """() -> the steps of each case; a run of networks decided."""
    check_steps(student, WHERE, STEPS, last=5, what="step is meant")


# encode-both-ways


def _both_ways(x: Array, lengths: Array, forward: Params, backward: Params, faults: Faults = ()) -> Array:
    rows = []
    for sentence, n in zip(x, lengths.astype(int), strict=True):
        fwd = sentence if "padding" in faults else sentence[:n]
        bwd = sentence[::-1] if "padding_first" in faults else sentence[:n][::-1]
        bwd = fwd if "same_way" in faults else bwd[:1] if "at_last" in faults else bwd
        states = []
        for words, cell in ((fwd, forward), (bwd, forward if "shared" in faults else backward)):
            h = np.zeros(len(cell["U"]))
            for x_t in words:
                h = np.tanh(cell["W"] @ x_t + cell["U"] @ h + (0.0 if "bias" in faults else cell["b"]))
            states.append(h)
        states = states[::-1] if "swapped" in faults else states
        rows.append(states[0] + states[1] if "sum" in faults else np.concatenate(states))
    return np.stack(rows)


BOTH_WAYS: list[Variant] = [
    (
        "the forward network reads on through the padding. Its state after the last real word is asked for.",
        _faulty(_both_ways, "padding"),
    ),
    (
        "the backward network reads the padding first, so it does not start from zero at the last word.",
        _faulty(_both_ways, "padding_first"),
    ),
    (
        "both networks read through the padding. Each sentence ends at its own length.",
        _faulty(_both_ways, "padding", "padding_first"),
    ),
    (
        "the backward state is that at the last word, where this network has read one word only. Its last state is at the first word.",
        _faulty(_both_ways, "at_last"),
    ),
    (
        "both networks read from left to right. The second starts at the last word.",
        _faulty(_both_ways, "same_way"),
    ),
    ("both directions have the same weights. Each network has its own.", _faulty(_both_ways, "shared")),
    ("the two halves have changed places: forward first.", _faulty(_both_ways, "swapped")),
    ("the two states are added. They stand side by side, (B, 2 H).", _faulty(_both_ways, "sum")),
    ("the bias b is left out.", _faulty(_both_ways, "bias")),
]


def check_encode_both_ways(student: Callable[..., Any]) -> None:
    """x (B, S, D), lengths (B,), two cells -> c (B, 2 H): each direction's last state."""
    args = {"x": WORDS, "lengths": np.array([3, 1]), "forward": FORWARD, "backward": BACKWARD}
    variants = [(hint, in_numpy(variant)) for hint, variant in BOTH_WAYS]
    check_outputs(student, [Example(tensors(args), BOTH_WAYS_EXPECTED)], variants)


# scheduled-loss


def _scheduled(
    params: Params, c: Array, inputs: Array, targets: Array, mask: Array, own: Array, faults: Faults = ()
) -> tuple[float, Array]:
    coins = ~own if "inverted" in faults else np.zeros_like(own) if "gold" in faults else own
    coins = np.ones_like(own) if "always" in faults else coins
    coins = np.repeat(coins[:1], len(own), axis=0) if "row" in faults else coins
    coins = np.roll(coins, 1, axis=1) if "early" in faults else coins
    at_steps, at_start = c.copy(), np.zeros_like(c) if "zero" in faults else c.copy()

    def loss() -> float:
        return _own_words_loss(params, at_steps, at_start, inputs, targets, mask, coins, faults)

    dc = np.zeros_like(c)
    if "only_start" not in faults:
        dc = dc + numerical_gradient(loss, at_steps)
    if "only_steps" not in faults and "zero" not in faults:
        dc = dc + numerical_gradient(loss, at_start)
    return loss(), dc


def _own_words_loss(
    params: Params, at_steps: Array, at_start: Array, inputs: Array, targets: Array, mask: Array, own: Array,
    faults: Faults,
) -> float:  # fmt: skip
    E, W, U, b, V, b_y = (params[name] for name in ("E_d", "W", "U", "b", "V", "b_y"))
    h, scores, asked = at_start, [], targets.copy()
    for t in range(inputs.shape[1]):
        e = E[:, inputs[:, t]].T
        if t:
            best, coin = scores[-1].argmax(axis=-1), own[:, t]
            mixture = np.exp(log_softmax(scores[-1])) @ E.T
            e = np.where(coin[:, None], mixture if "mixture" in faults else E[:, best].T, e)
            if "targets" in faults:
                asked[:, t - 1] = np.where(coin, best, asked[:, t - 1])
        h = np.tanh(h @ U.T + np.concatenate([e, at_steps], axis=-1) @ W.T + b)
        scores.append(h @ V.T + b_y)
    log_y = log_softmax(np.stack(scores, axis=1))
    real = np.ones_like(mask) if "padding" in faults else mask
    minus = -np.where(real, np.take_along_axis(log_y, asked[..., None], axis=-1)[..., 0], 0.0)
    if "sentences" in faults:
        return float((minus.sum(axis=1) / real.sum(axis=1)).mean())
    return float(minus.sum() / (1 if "sum" in faults else real.sum()))


SCHEDULED: list[Variant] = [
    (
        "the coin is read the wrong way round: where own is True, the model's own word is fed.",
        _faulty(_scheduled, "inverted"),
    ),
    ("the gold word is fed everywhere, as in plain teacher forcing.", _faulty(_scheduled, "gold")),
    (
        "the model's own word is fed everywhere. Where own is False the gold word is.",
        _faulty(_scheduled, "always"),
    ),
    (
        "the coin of the step before decides. own[:, t] says what is fed at step t.",
        _faulty(_scheduled, "early"),
    ),
    ("one coin decides for all sentences. Each has its own.", _faulty(_scheduled, "row")),
    (
        "the softmax is fed, as a mixture of all embeddings. Fed is the embedding of the likeliest word.",
        _faulty(_scheduled, "mixture"),
    ),
    (
        "the model is asked for its own word. What it reads may be its own; what it is asked for is always the gold word.",
        _faulty(_scheduled, "targets"),
    ),
    (
        "padding is counted: only places where the mask is True have a loss.",
        _faulty(_scheduled, "padding"),
    ),
    (
        "every sentence weighs the same, whatever its length. The mean goes over tokens.",
        _faulty(_scheduled, "sentences"),
    ),
    ("it is the sum. The mean over the real tokens is asked for.", _faulty(_scheduled, "sum")),
    ("the first state is zero. It is c, the second line of (13.33).", _faulty(_scheduled, "zero")),
    (
        "dc has only what comes through the first state. Every step reads c as well.",
        _faulty(_scheduled, "only_start"),
    ),
    (
        "dc lacks what comes through the first state, which is c, too.",
        _faulty(_scheduled, "only_steps"),
    ),
]


def check_scheduled_loss(student: Callable[..., Any]) -> None:
    """(params, c, inputs, targets, mask, own) -> loss, dc (B, H)."""
    words = {"inputs": INPUTS, "targets": TARGETS, "mask": MASK, "own": OWN}
    variants = [(hint, in_numpy(variant)) for hint, variant in SCHEDULED]
    example = Example(tensors({"params": DECODER, "c": CONTEXTS, **words}), SCHEDULED_EXPECTED)
    check_outputs(student, [example], variants)


# what must come out

CONTEXTS = np.array([[0.3, 1.5, 0.1], [0.1, 1.2, -1.3], [0.9, -0.3, 1.1]])
DECODER = {
    "E_d": np.array([[-0.5, 2.2, 0.0, 0.2, 0.1], [1.1, -0.5, -1.6, 0.4, 1.4]]),
    "W": np.array([[0.7, -1.9, -2.1, 0.1, 0.1], [-0.9, -2.8, -1.6, 0.4, -0.9], [0.2, 1.6, 1.3, -0.2, 2.8]]),
    "U": np.array([[-1.5, 0.6, -1.0], [-0.8, -1.1, -1.4], [-0.8, 1.4, -0.1]]),
    "b": np.array([1.1, 0.7, 1.7]),
    "V": np.array(
        [[4.7, -1.3, -0.2], [-2.4, 1.4, -0.8], [0.0, 1.6, 0.9], [-1.7, 0.0, 0.3], [-0.7, -0.6, -0.5]]
    ),
    "b_y": np.array([0.3, -0.1, -3.2, -0.9, 0.0]),
}
GREEDY_WORDS = np.array([[0, 3, -1, -1], [0, 4, 1, 0], [1, 0, 3, -1]])
DH = np.array([[-0.8, -1.3], [-0.2, 0.4], [1.1, 0.1]])
EMBEDDED = np.array([[-0.6, -0.8], [0.7, 1.6], [0.3, -1.2]])
ONE_CONTEXT = np.array([-1.0, 1.6, 0.2, -1.7])
W = np.array([[-0.1, -1.2], [-0.6, -0.5]])
U = np.array([[-0.7, 0.6], [-0.1, -0.6]])
C = np.array([[0.4, 0.8, -1.6, -0.3], [-1.0, -0.2, -1.3, 0.0]])
W_B = np.array([[0.0, -0.3, -1.0, -0.4], [-1.1, -1.4, 0.2, -1.1]])
CONTEXT_GRADIENT = {
    "dc": np.array([0.347236, -0.319811, 0.923983, -0.315529]),
    "dC": np.array([[0.060405, -0.096648, -0.012081, 0.102688], [0.667404, -1.067847, -0.133481, 1.134588]]),
    "dW_b": np.array([[-0.09411, 0.150576, 0.018822, -0.159987], [-0.269096, 0.430554, 0.053819, -0.457464]]),
}
BEGUN = np.array([-2.69, -3.64, -3.21])
NEXT = np.array([[0.06, 0.68, 0.18, 0.08], [0.37, 0.54, 0.08, 0.01], [0.13, 0.71, 0.13, 0.03]])
BEST = (np.array([0, 1, 1, 2]), np.array([1, 1, 0, -1]), np.array([-3.075662, -4.256186, -4.634252, -3.21]))
BLEU_LONGER = np.array(49.057388)
BLEU_SHORTER = np.array(51.021977)
WHERE = {
    "source": [1, 2, 3, 4, 5],
    "gold_word": [4, 5],
    "gold_word_loss": [3, 4, 5],
    "own_word": [4, 5],
    "wiped_first": [1],
    "wiped_every": [1, 3, 4, 5],
}
WORDS = np.array([[[0.0, 0.3], [-0.3, -0.9], [-0.5, -1.0]], [[0.1, 1.3], [-0.5, -0.6], [0.5, 0.4]]])
FORWARD = {
    "W": np.array([[-1.7, -1.3], [-1.4, -0.4]]),
    "U": np.array([[-2.3, -0.2], [-1.0, 0.9]]),
    "b": np.array([1.0, 1.4]),
}
BACKWARD = {
    "W": np.array([[0.8, -0.1], [0.9, 1.5]]),
    "U": np.array([[-0.7, 0.6], [0.0, 1.4]]),
    "b": np.array([-0.8, -0.3]),
}
BOTH_WAYS_EXPECTED = np.array(
    [[0.760562, 0.987519, -0.717397, -0.84719], [-0.696258, 0.629145, -0.691069, 0.940227]]
)
INPUTS = np.array([[2, 4, 0, 1], [2, 1, 4, 3], [2, 0, 0, 0]])
TARGETS = np.array([[4, 0, 1, 3], [1, 4, 3, 0], [0, 3, 0, 0]])
MASK = np.array([[True, True, True, True], [True, True, True, False], [True, True, False, False]])
OWN = np.array([[False, False, True, False], [True, True, False, True], [False, True, False, False]])
SCHEDULED_EXPECTED = (
    np.array(4.250272),
    np.array(
        [[-0.443679, -0.022296, 0.206341], [-0.118716, 0.021297, -0.263834], [2.162544, -0.673304, 0.282229]]
    ),
)
