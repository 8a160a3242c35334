"""Assignment ch08_seq2seq: plausible wrong answers with the hint each must draw, and unusual right ones."""

from collections import Counter

import numpy as np
import torch
from submissions import Answers
from torch.nn import functional

from unrolled.scratch.rnn import rnn_backward, rnn_forward

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


# pair-arrays


def fill(rows, pad, left=False):
    width = max(map(len, rows))
    blank = [[pad] * (width - len(row)) for row in rows]
    return np.array([[*b, *row] if left else [*row, *b] for row, b in zip(rows, blank, strict=True)])


def arrays(sources, targets, start, end, pad, turn=True, left=True, closed=True):
    source = fill([words[::-1] if turn else words for words in sources], pad, left)
    source_mask = fill([[True] * len(words) for words in sources], False, left)
    inputs = fill([[start, *words] for words in targets], pad)
    asked = fill([[*words, end if closed else pad] for words in targets], pad)
    return source, source_mask, inputs, asked, fill([[True] * (len(words) + 1) for words in targets], False)


@wrong("pair-arrays", "the source is not reversed")
def in_reading_order(*args):
    return arrays(*args, turn=False)


@wrong("pair-arrays", "the source is padded on the right")
def padding_where_it_always_was(*args):
    return arrays(*args, left=False)


@wrong("pair-arrays", "padded on the right and not reversed")
def as_in_chapter_8(*args):
    return arrays(*args, turn=False, left=False)


@wrong("pair-arrays", "the target is reversed, too")
def both_backwards(sources, targets, *markers):
    return arrays(sources, [words[::-1] for words in targets], *markers)


@wrong("pair-arrays", "the targets are not shifted by one")
def asked_for_what_it_reads(*args):
    source, real, inputs, _, mask = arrays(*args)
    return source, real, inputs, inputs.copy(), mask


@wrong("pair-arrays", "the end is not asked for")
def never_over(*args):
    source, real, inputs, asked, mask = arrays(*args, closed=False)
    return source, real, inputs, asked, mask & (asked != args[4])


@wrong("pair-arrays", "the mask leaves out the end")
def as_many_as_there_are_words(sources, targets, *markers):
    *rest, mask = arrays(sources, targets, *markers)
    return *rest, np.arange(mask.shape[1]) < np.array([len(words) for words in targets])[:, None]


@wrong("pair-arrays", "padding of the source counts as words")
def no_source_mask(*args):
    source, real, *rest = arrays(*args)
    return source, np.ones_like(real), *rest


@right("pair-arrays")
def by_turning_what_is_padded_on_the_right(*args):
    source, real, *rest = arrays(*args, turn=False, left=False)
    return source[:, ::-1], real[:, ::-1], *rest


@right("pair-arrays")
def with_masks_first(sources, targets, start, end, pad):
    n, m = (np.array([[len(words)] for words in side]) for side in (sources, targets))
    real, mask = np.arange(n.max())[::-1] < n, np.arange(m.max() + 1) <= m
    source, inputs, asked = (np.full(part.shape, pad) for part in (real, mask, mask))
    source[real] = [w for words in sources for w in reversed(words)]
    inputs[mask] = [w for words in targets for w in (start, *words)]
    asked[mask] = [w for words in targets for w in (*words, end)]
    return source, real, inputs, asked, mask


# greedy-batch


def write(c, p, start, end, most, first=None, told=None, again=False, reset=False, stop=True, order=False):
    h, word, written = c if first is None else first, start, []
    for t in range(most):
        e, ctx = p["E_d"][:, word], c if told is None else told(t, c)
        x = np.concatenate([ctx, e] if order else [e, ctx])
        h = np.tanh(p["U"] @ (c if reset else h) + p["W"] @ x + p["b"])
        best = int(np.argmax(p["V"] @ h + p["b_y"]))
        written.append(best)
        if best == end and stop:
            break
        word = start if again else best
    return written


def table(rows, most):
    return np.array([[*row, *[-1] * (most - len(row))] for row in rows])


def each(c, p, start, end, most, **options):
    return table([write(row, p, start, end, most, **options) for row in c], most)


@wrong("greedy-batch", "the first state is zero")
def from_nothing(c, *args):
    return table([write(row, *args, first=np.zeros_like(row)) for row in c], args[-1])


@wrong("greedy-batch", "the context is read at the first step only")
def told_once(*args):
    return each(*args, told=lambda t, c: c if t == 0 else np.zeros_like(c))


@wrong("greedy-batch", "no step reads it")
def never_told(*args):
    return each(*args, told=lambda t, c: np.zeros_like(c))


@wrong("greedy-batch", "have changed places")
def context_first(*args):
    return each(*args, order=True)


@wrong("greedy-batch", "every step reads <s>")
def the_separator_again(*args):
    return each(*args, again=True)


@wrong("greedy-batch", "every step starts from c")
def no_memory(*args):
    return each(*args, reset=True)


@wrong("greedy-batch", "all sentences stop when the first one ends")
def one_end_for_all(*args):
    written = each(*args)
    over = np.cumsum((written == args[3]).any(axis=0)) > 0
    return np.where(np.append(False, over[:-1]), -1, written)


@wrong("greedy-batch", "a sentence that has ended is written on")
def all_rows_to_the_last_end(*args):
    whole, stopped = each(*args, stop=False), each(*args)
    return np.where((stopped >= 0).any(axis=0), whole, -1)


@wrong("greedy-batch", "the end is left out")
def without_the_marker(*args):
    written = each(*args)
    return np.where(written == args[3], -1, written)


@wrong("greedy-batch", "an end that the model never wrote")
def closed_by_force(*args):
    written = each(*args)
    written[(written != args[3]).all(axis=1), -1] = args[3]
    return written


@wrong("greedy-batch", "one word too many")
def limit_off_by_one(c, p, start, end, most):
    return each(c, p, start, end, most + 1)


@wrong("greedy-batch", "the last word is missing")
def separator_counted(c, p, start, end, most):
    return (
        np.hstack([each(c, p, start, end, most - 1), np.full((len(c), 1), -1)])
        if most > 1
        else np.full((len(c), 1), -1)
    )


@right("greedy-batch")
def sentence_by_sentence(*args):
    return each(*args)


@right("greedy-batch")
def the_whole_table_then_cut(c, p, start, end, most):
    h, words, columns = c, np.full(len(c), start), []
    for _ in range(most):
        a = np.einsum("bi,hi->bh", np.hstack([p["E_d"].T[words], c]), p["W"]) + h @ p["U"].T + p["b"]
        h = np.tanh(a)
        words = (h @ p["V"].T + p["b_y"]).argmax(-1)
        columns.append(words)
    written = np.stack(columns, axis=1)
    over = np.cumsum(written == end, axis=1) - (written == end)
    return np.where(over > 0, -1, written)


# context-gradient


def back_through(dh, e, c, W, U, C, W_b, carry=True, slope=None, turned=False, first=True):
    h = [np.tanh(W_b @ c)]
    for e_t in e:
        h.append(np.tanh(U @ h[-1] + W @ e_t + C @ c))
    slope = slope or (lambda h, t: 1 - h[t] ** 2)
    das, back = [], np.zeros(len(U))
    for t in range(len(e), 0, -1):
        das.append((dh[t - 1] + (back if carry else 0)) * slope(h, t))
        back = (U if turned else U.T) @ das[-1]
    da_0 = back * (slope(h, 0) if first else 1.0)
    return das[::-1], da_0


def gather(das, da_0, c, C, W_b):
    dc = sum(C.T @ da for da in das) + W_b.T @ da_0
    return {"dc": dc, "dC": sum(np.outer(da, c) for da in das), "dW_b": np.outer(da_0, c)}


def gradient(dh, e, c, W, U, C, W_b, **options):
    return gather(*back_through(dh, e, c, W, U, C, W_b, **options), c, C, W_b)


@wrong("context-gradient", "the slope of tanh is missing at h_0")
def bridge_taken_as_linear(*args):
    return gradient(*args, first=False)


@wrong("context-gradient", "the way through h_0 is missing")
def context_as_input_only(dh, e, c, W, U, C, W_b):
    das, da_0 = back_through(dh, e, c, W, U, C, W_b)
    return gather(das, da_0, c, C, W_b) | {"dc": sum(C.T @ da for da in das)}


@wrong("context-gradient", "dc has only what comes through h_0")
def context_as_first_state_only(dh, e, c, W, U, C, W_b):
    das, da_0 = back_through(dh, e, c, W, U, C, W_b)
    return gather(das, da_0, c, C, W_b) | {"dc": W_b.T @ da_0}


@wrong("context-gradient", "only the last step sends something back")
def overwritten_in_the_loop(dh, e, c, W, U, C, W_b):
    das, da_0 = back_through(dh, e, c, W, U, C, W_b)
    return gather(das[-1:], da_0, c, C, W_b)


@wrong("context-gradient", "averaged")
def mean_over_steps(dh, e, c, W, U, C, W_b):
    das, da_0 = back_through(dh, e, c, W, U, C, W_b)
    found = gather(das, da_0, c, C, W_b)
    return found | {
        "dc": np.mean([C.T @ da for da in das], axis=0) + W_b.T @ da_0,
        "dC": found["dC"] / len(e),
    }


@wrong("context-gradient", "nothing comes back from the next step")
def each_step_for_itself(*args):
    return gradient(*args, carry=False)


@wrong("context-gradient", "1 − h where 1 − h² belongs")
def slope_of_something(*args):
    return gradient(*args, slope=lambda h, t: 1 - (h[t] if t else h[0] ** 2))


@wrong("context-gradient", "the slope of tanh is missing.")
def all_linear(*args):
    return gradient(*args, slope=lambda h, t: 1.0)


@wrong("context-gradient", "U is not transposed")
def wrong_side(*args):
    return gradient(*args, turned=True)


@right("context-gradient")
def with_the_cells_of_chapter_1(dh, e, c, W, U, C, W_b):
    h_0 = np.tanh(W_b @ c)
    x = np.hstack([e, np.tile(c, (len(e), 1))])
    _, cache = rnn_forward(x, np.hstack([W, C]), U, h_0=h_0)
    dx, dh_0, grads = rnn_backward(dh, cache)
    da_0, D = dh_0 * (1 - h_0**2), e.shape[1]
    return {"dc": dx[:, D:].sum(axis=0) + da_0 @ W_b, "dC": grads["W"][:, D:], "dW_b": np.outer(da_0, c)}


@right("context-gradient")
def by_autograd(dh, e, c, W, U, C, W_b):
    c, C, W_b = (torch.tensor(a, requires_grad=True) for a in (c, C, W_b))
    W, U = torch.tensor(W), torch.tensor(U)
    h, total = torch.tanh(W_b @ c), 0.0
    for own, word in zip(torch.tensor(dh), torch.tensor(e), strict=True):
        h = torch.tanh(U @ h + W @ word + C @ c)
        total = total + own @ h
    found = torch.autograd.grad(total, (c, C, W_b))
    return {name: g.numpy() for name, g in zip(("dc", "dC", "dW_b"), found, strict=True)}


# beam-step


def candidates(log_p, log_y, lengths, finished):
    for row, p in enumerate(log_p):
        if finished[row]:
            yield row, -1, p, lengths[row]
        else:
            yield from ((row, word, p + more, lengths[row] + 1) for word, more in enumerate(log_y[row]))


def ranked(found, width, score):
    best = sorted(found, key=score, reverse=True)[:width]
    rows, words, sums, _ = zip(*best, strict=True)
    return np.array(rows), np.array(words), np.array(sums)


def norm(length, alpha):
    return ((5 + length) / 6) ** alpha


@wrong("beam-step", "the new word is not counted in the length")
def length_of_before(log_p, log_y, lengths, finished, width, alpha):
    found = candidates(log_p, log_y, lengths, finished)
    return ranked(found, width, lambda one: one[2] / norm(lengths[one[0]], alpha))


@wrong("beam-step", "the sums are compared as they stand")
def short_ones_preferred(log_p, log_y, lengths, finished, width, alpha):
    return ranked(candidates(log_p, log_y, lengths, finished), width, lambda one: one[2])


@wrong("beam-step", "punishes long ones twice")
def multiplied(log_p, log_y, lengths, finished, width, alpha):
    found = candidates(log_p, log_y, lengths, finished)
    return ranked(found, width, lambda one: one[2] * norm(one[3], alpha))


@wrong("beam-step", "the sum is divided by length^α")
def plain_power(log_p, log_y, lengths, finished, width, alpha):
    found = candidates(log_p, log_y, lengths, finished)
    return ranked(found, width, lambda one: one[2] / one[3] ** alpha)


@wrong("beam-step", "what is finished is continued")
def after_the_end(log_p, log_y, lengths, finished, width, alpha):
    found = candidates(log_p, log_y, lengths, np.zeros_like(finished))
    return ranked(found, width, lambda one: one[2] / norm(one[3], alpha))


@wrong("beam-step", "what is finished gets lost")
def only_the_living(log_p, log_y, lengths, finished, width, alpha):
    found = (one for one in candidates(log_p, log_y, lengths, finished) if one[1] >= 0)
    return ranked(found, width, lambda one: one[2] / norm(one[3], alpha))


@wrong("beam-step", "only the last word counts")
def sums_forgotten(log_p, log_y, lengths, finished, width, alpha):
    from_zero = np.where(finished, log_p, 0.0)
    found = candidates(from_zero, log_y, lengths, finished)
    return ranked(found, width, lambda one: one[2] / norm(one[3], alpha))


@wrong("beam-step", "one continuation only")
def greedy_in_each_row(log_p, log_y, lengths, finished, width, alpha):
    by_row = {}
    for one in candidates(log_p, log_y, lengths, finished):
        by_row.setdefault(one[0], []).append(one)
    found = [max(own, key=lambda one: one[2]) for own in by_row.values()]
    return ranked(found, width, lambda one: one[2] / norm(one[3], alpha))


@wrong("beam-step", "the normalised score is returned")
def scores_instead_of_sums(log_p, log_y, lengths, finished, width, alpha):
    found = [(r, w, s / norm(n, alpha), n) for r, w, s, n in candidates(log_p, log_y, lengths, finished)]
    return ranked(found, width, lambda one: one[2])


@right("beam-step")
def by_hand_with_sorted(log_p, log_y, lengths, finished, width, alpha):
    found = candidates(log_p, log_y, lengths, finished)
    return ranked(found, width, lambda one: one[2] / norm(one[3], alpha))


@right("beam-step")
def finished_as_a_column_of_its_own(log_p, log_y, lengths, finished, width, alpha):
    going = np.flatnonzero(~finished)
    sums = np.concatenate([log_p[finished], (log_p[going, None] + log_y[going]).ravel()])
    rows = np.concatenate([np.flatnonzero(finished), np.repeat(going, log_y.shape[1])])
    words = np.concatenate([np.full(finished.sum(), -1), np.tile(np.arange(log_y.shape[1]), len(going))])
    order = np.lexsort((-sums / norm(lengths[rows] + (words >= 0), alpha),))[:width]
    return rows[order], words[order], sums[order]


# corpus-bleu


def grams(words, n):
    return Counter(tuple(words[k : k + n]) for k in range(len(words) - n + 1))


def score(
    written, references, clip=True, product=True, penalty=lambda w, r: 1 - r / w, recall=False, scale=100
):
    shares = []
    for n in (1, 2, 3, 4):
        hits = total = 0
        for own, ref in zip(written, references, strict=True):
            ours, theirs = grams(own, n), grams(ref, n)
            hits += sum((ours & theirs).values()) if clip else sum(ours[g] for g in ours if g in theirs)
            total += sum((theirs if recall else ours).values())
        shares.append(hits / total if total else 0.0)
    w, r = sum(map(len, written)), sum(map(len, references))
    mean = np.prod(shares) ** 0.25 if product else np.mean(shares)
    return scale * min(1.0, np.exp(penalty(w, r))) * mean


@wrong("corpus-bleu", "an n-gram counts more often")
def as_it_was_given(written, references):
    return score(written, references, clip=False, product=False, penalty=lambda w, r: 1 - w / r)


@wrong("corpus-bleu", "an n-gram counts more often")
def mean_and_penalty_repaired(*args):
    return score(*args, clip=False)


@wrong("corpus-bleu", "the four shares are averaged by a sum")
def counts_and_penalty_repaired(*args):
    return score(*args, product=False)


@wrong("corpus-bleu", "the penalty is paid for outputs that are too long")
def counts_and_mean_repaired(*args):
    return score(*args, penalty=lambda w, r: 1 - w / r)


@wrong("corpus-bleu", "there is no penalty")
def penalty_removed(*args):
    return score(*args, penalty=lambda w, r: 0.0)


@wrong("corpus-bleu", "it is the mean of the sentences' BLEU")
def sentence_by_sentence_mean(written, references):
    return np.mean([score([own], [ref]) for own, ref in zip(written, references, strict=True)])


@wrong("corpus-bleu", "hits are divided by the n-grams of the references")
def shares_of_the_references(*args):
    return score(*args, recall=True)


@wrong("corpus-bleu", "from 0 to 100")
def between_zero_and_one(*args):
    return score(*args, scale=1)


@right("corpus-bleu")
def with_counters(*args):
    return score(*args)


@right("corpus-bleu")
def in_logarithms(written, references):
    log_shares = []
    for n in range(4, 0, -1):
        pairs = [(grams(own, n), grams(ref, n)) for own, ref in zip(written, references, strict=True)]
        hits = sum(min(count, theirs[g]) for ours, theirs in pairs for g, count in ours.items())
        if hits == 0:
            return 0
        log_shares.append(np.log(hits) - np.log(sum(ours.total() for ours, _ in pairs)))
    w, r = len([g for own in written for g in own]), len([g for ref in references for g in ref])
    return 100 * np.exp(np.mean(log_shares)) * (np.exp(1 - r / w) if w < r else 1)


# predict-context

TRUE = {
    "source": [1, 2, 3, 4, 5],
    "gold_word": [4, 5],
    "gold_word_loss": [3, 4, 5],
    "own_word": [4, 5],
    "wiped_first": [1],
    "wiped_every": [1, 3, 4, 5],
}


@wrong("predict-context", "the word is read before any writing")
def from_the_same_place_on():
    return TRUE | {"source": [2, 3, 4, 5]}


@wrong("predict-context", "source word 2 is not bound to target word 2")
def word_for_word():
    return TRUE | {"source": [2]}


@wrong("predict-context", "prediction 3 is made from gold words 1 and 2")
def read_where_it_is_asked_for():
    return TRUE | {"gold_word": [3, 4, 5]}


@wrong("predict-context", "the loss at step 3 asks for word 3")
def losses_as_predictions():
    return TRUE | {"gold_word_loss": [4, 5]}


@wrong("predict-context", "the prediction at step 3 is made before")
def overwritten_too_early():
    return TRUE | {"own_word": [3, 4, 5]}


@wrong("predict-context", "in use the decoder reads what was written")
def always_the_gold_word():
    return TRUE | {"own_word": []}


@wrong("predict-context", "leads through h_2, which is zero")
def told_again_without_being_told():
    return TRUE | {"wiped_first": [1, 3, 4, 5]}


@wrong("predict-context", "steps 3, 4 and 5 read c again")
def lost_for_ever():
    return TRUE | {"wiped_every": [1]}


@wrong("predict-context", "prediction 2 is made from h_2 alone")
def context_next_to_the_state():
    return TRUE | {"wiped_every": [1, 2, 3, 4, 5]}


@right("predict-context")
def as_sets():
    return {case: set(steps) for case, steps in TRUE.items()}


@right("predict-context")
def as_arrays():
    return {case: np.array(steps[::-1]) for case, steps in TRUE.items()}


# encode-both-ways


def last(words, cell):
    h = torch.zeros(len(cell["U"]))
    for x_t in words:
        h = torch.tanh(cell["W"] @ x_t + cell["U"] @ h + cell["b"])
    return h


def rows(x, lengths, forward, backward, fwd=lambda s, n: s[:n], bwd=lambda s, n: s[:n].flip(0)):
    pairs = zip(x, lengths.tolist(), strict=True)
    return torch.stack([torch.cat([last(fwd(s, n), forward), last(bwd(s, n), backward)]) for s, n in pairs])


@wrong("encode-both-ways", "the forward network reads on through the padding")
def last_column(*args):
    return rows(*args, fwd=lambda s, n: s)


@wrong("encode-both-ways", "the backward network reads the padding first")
def flipped_with_its_padding(*args):
    return rows(*args, bwd=lambda s, n: s.flip(0))


@wrong("encode-both-ways", "both networks read through the padding")
def lengths_never_used(*args):
    return rows(*args, fwd=lambda s, n: s, bwd=lambda s, n: s.flip(0))


@wrong("encode-both-ways", "has read one word only")
def both_halves_at_the_last_word(*args):
    return rows(*args, bwd=lambda s, n: s[n - 1 : n])


@wrong("encode-both-ways", "both networks read from left to right")
def never_turned(*args):
    return rows(*args, bwd=lambda s, n: s[:n])


@wrong("encode-both-ways", "both directions have the same weights")
def one_network_twice(x, lengths, forward, backward):
    return rows(x, lengths, forward, forward)


@wrong("encode-both-ways", "the two halves have changed places")
def backward_first(*args):
    return rows(*args).roll(args[2]["U"].shape[0], dims=1)


@wrong("encode-both-ways", "the two states are added")
def summed(*args):
    return sum(rows(*args).chunk(2, dim=1))


@right("encode-both-ways")
def one_row_at_a_time(*args):
    return rows(*args)


@right("encode-both-ways")
def torch_s_own_packed(x, lengths, forward, backward):
    H, D = forward["W"].shape
    rnn = torch.nn.RNN(D, H, batch_first=True, bidirectional=True)
    weights = {}
    for cell, suffix in ((forward, ""), (backward, "_reverse")):
        weights |= {f"weight_ih_l0{suffix}": cell["W"], f"weight_hh_l0{suffix}": cell["U"]}
        weights |= {f"bias_ih_l0{suffix}": cell["b"], f"bias_hh_l0{suffix}": torch.zeros(H)}
    rnn.load_state_dict(weights)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    return torch.cat(list(rnn(packed)[1]), dim=-1)


# scheduled-loss


def run(p, c, inputs, targets, mask, own, feed=None, start=None, told=None, ask=None, mean=None):
    c = c.detach().clone().requires_grad_()
    h, scores, asked = c if start is None else start(c), [], targets.clone()
    for t in range(inputs.shape[1]):
        e = p["E_d"].T[inputs[:, t]]
        if t:
            best = scores[-1].argmax(dim=-1)
            instead = p["E_d"].T[best] if feed is None else feed(scores[-1], p["E_d"])
            e = torch.where(own[:, t, None], instead, e)
            if ask:
                asked[:, t - 1] = torch.where(own[:, t], best, asked[:, t - 1])
        x = torch.cat([e, c if told is None else told(c)], dim=-1)
        h = torch.tanh(h @ p["U"].T + x @ p["W"].T + p["b"])
        scores.append(h @ p["V"].T + p["b_y"])
    logits = torch.stack(scores, dim=1)
    minus = functional.cross_entropy(logits.transpose(1, 2), asked, reduction="none")
    loss = (minus * mask).sum() / mask.sum() if mean is None else mean(minus, mask)
    return loss, torch.autograd.grad(loss, c)[0]


@wrong("scheduled-loss", "the coin is read the wrong way round")
def own_where_gold_belongs(p, c, inputs, targets, mask, own):
    return run(p, c, inputs, targets, mask, ~own)


@wrong("scheduled-loss", "the gold word is fed everywhere")
def plain_teacher_forcing(p, c, inputs, targets, mask, own):
    return run(p, c, inputs, targets, mask, torch.zeros_like(own))


@wrong("scheduled-loss", "the model's own word is fed everywhere")
def as_in_use(p, c, inputs, targets, mask, own):
    return run(p, c, inputs, targets, mask, torch.ones_like(own))


@wrong("scheduled-loss", "the coin of the step before decides")
def coin_one_step_late(p, c, inputs, targets, mask, own):
    return run(p, c, inputs, targets, mask, own.roll(1, dims=1))


@wrong("scheduled-loss", "the softmax is fed")
def a_mixture_of_words(*args):
    return run(*args, feed=lambda scores, E: scores.softmax(dim=-1) @ E.T)


@wrong("scheduled-loss", "the model is asked for its own word")
def its_own_teacher(*args):
    return run(*args, ask=True)


@wrong("scheduled-loss", "padding is counted")
def mean_over_all_places(*args):
    return run(*args, mean=lambda minus, mask: minus.mean())


@wrong("scheduled-loss", "every sentence weighs the same")
def mean_of_means(*args):
    return run(*args, mean=lambda minus, mask: ((minus * mask).sum(1) / mask.sum(1)).mean())


@wrong("scheduled-loss", "the first state is zero")
def empty_start(*args):
    return run(*args, start=torch.zeros_like)


@wrong("scheduled-loss", "dc has only what comes through the first state")
def detached_at_every_step(*args):
    return run(*args, told=lambda c: c.detach())


@wrong("scheduled-loss", "dc lacks what comes through the first state")
def detached_at_the_start(*args):
    return run(*args, start=lambda c: c.detach())


@right("scheduled-loss")
def with_the_loss_unreduced(*args):
    return run(*args)


@right("scheduled-loss")
def with_backward_and_a_ratio_of_masks(p, c, inputs, targets, mask, own):
    leaf = c.clone().requires_grad_(True)
    cell = torch.nn.RNNCell(p["W"].shape[1], len(p["U"]))
    weights = {"weight_ih": p["W"], "weight_hh": p["U"], "bias_ih": p["b"], "bias_hh": 0 * p["b"]}
    h, word, total = leaf, inputs[:, 0], 0.0
    for t in range(inputs.shape[1]):
        x = torch.cat((p["E_d"][:, word].T, leaf), 1)
        h = torch.func.functional_call(cell, weights, (x, h))
        log_y = torch.log_softmax(h @ p["V"].T + p["b_y"], dim=1)
        total = total - log_y[range(len(c)), targets[:, t]][mask[:, t]].sum()
        if t + 1 < inputs.shape[1]:
            word = torch.where(own[:, t + 1], log_y.argmax(1), inputs[:, t + 1])
    loss = total / mask.sum()
    loss.backward()
    return float(loss), leaf.grad
