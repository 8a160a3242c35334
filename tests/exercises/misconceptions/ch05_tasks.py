"""Assignment ch05_tasks: plausible wrong answers with the hint each must draw, and unusual right ones."""

import numpy as np
import torch
from submissions import Answers
from torch.nn import functional

from unrolled.scratch.classification import max_pool, max_pool_backward, mean_pool, mean_pool_backward
from unrolled.scratch.generation import generate, reshape
from unrolled.scratch.language_model import next_word_function
from unrolled.scratch.rnn import softmax

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


# read-names


@wrong("read-names", "the last name is lost")
def closed_by_the_next_label_only(words, labels):
    names, name = [], None
    for word, label in zip(words, labels, strict=True):
        goes_on = name and label[0] == "I" and label[2:] == name[0]
        if goes_on:
            name[1].append(word)
            continue
        if name:
            names.append(f"{name[0]}: {' '.join(name[1])}")
        name = None if label == "O" else (label[2:], [word])
    return names


@wrong("read-names", "two names of one kind, side by side")
def grouped_by_kind(words, labels):
    names, before = [], "O"
    for word, label in zip(words, labels, strict=True):
        if label != "O" and before[2:] == label[2:]:
            names[-1] += " " + word
        elif label != "O":
            names.append(f"{label[2:]}: {word}")
        before = label
    return names


@wrong("read-names", "an I of another kind is taken into")
def kind_not_compared(words, labels):
    names, before = [], "O"
    for word, label in zip(words, labels, strict=True):
        if label[0] == "I" and before != "O":
            names[-1] += " " + word
        elif label != "O":
            names.append(f"{label[2:]}: {word}")
        before = label
    return names


@wrong("read-names", "an I that goes on nothing is dropped")
def names_begin_with_b(words, labels):
    names, inside, kind = [], False, ""
    for word, label in zip(words, labels, strict=True):
        if label[0] == "B" or (inside and label[0] == "I" and label[2:] != kind):
            names.append(f"{label[2:]}: {word}")
            inside, kind = True, label[2:]
        elif label == "O":
            inside = False
        elif inside:
            names[-1] += " " + word
    return names


@wrong("read-names", "every word is a name of its own")
def each_word_alone(words, labels):
    return [f"{label[2:]}: {word}" for word, label in zip(words, labels, strict=True) if label != "O"]


@wrong("read-names", "only an O ends them")
def ended_by_o(words, labels):
    names, before = [], "O"
    for word, label in zip(words, labels, strict=True):
        if label != "O" and before != "O":
            names[-1] += " " + word
        elif label != "O":
            names.append(f"{label[2:]}: {word}")
        before = label
    return names


@wrong("read-names", "the B is still there")
def label_as_kind(words, labels):
    names, before = [], "O"
    for word, label in zip(words, labels, strict=True):
        if label[0] == "I" and before[2:] == label[2:]:
            names[-1] += " " + word
        elif label != "O":
            names.append(f"{label}: {word}")
        before = label
    return names


@wrong("read-names", "without a space between them")
def glued(words, labels):
    names, before = [], "O"
    for word, label in zip(words, labels, strict=True):
        if label[0] == "I" and before[2:] == label[2:]:
            names[-1] += word
        elif label != "O":
            names.append(f"{label[2:]}: {word}")
        before = label
    return names


@right("read-names")
def backwards(words, labels):
    names, rest = [], []
    for k in range(len(words) - 1, -1, -1):
        label, before = labels[k], labels[k - 1] if k else "O"
        if label == "O":
            continue
        rest.insert(0, words[k])
        if label.startswith("B-") or before[2:] != label[2:]:
            names.insert(0, label[2:] + ": " + " ".join(rest))
            rest = []
    return names


@right("read-names")
def as_a_tuple_of_lists_joined(words, labels):
    found = []
    for k, (word, label) in enumerate(zip(words, labels, strict=True)):
        kind = label.split("-")[-1]
        new = label[0] == "B" or k == 0 or labels[k - 1].split("-")[-1] != kind
        if label != "O":
            found.append([kind + ":", word]) if new else found[-1].append(word)
    return tuple(" ".join(parts) for parts in found)


# concat-pool


def pooled(h, lengths, dr, faults=()):
    r, dh = [], np.zeros_like(h)
    T = h.shape[1]
    for k, (states, n) in enumerate(zip(h, lengths, strict=True)):
        d_last, d_mean, d_max = np.split(dr[k], 3)
        end = T if "end" in faults else n
        seen = states[:T] if "mean of all" in faults else states[:n]
        divisor = T if {"by T", "mean of all"} & set(faults) else n
        could = states if "max of all" in faults else states[:n]
        won = could.argmax(axis=0)
        if "one" in faults:
            won = np.full(h.shape[2], could.sum(axis=1).argmax())
        top = could[won, np.arange(h.shape[2])]
        if "zeros" in faults:
            padded = np.where(np.arange(T)[:, None] < n, states, 0.0)
            won, top = padded.argmax(axis=0), padded.max(axis=0)
        r.append(np.concatenate([states[end - 1], seen.sum(axis=0) / divisor, top]))
        if "no last" not in faults:
            dh[k, end - 1] += d_last
        if "no mean" not in faults:
            to = T if {"mean of all", "blames"} & set(faults) else n
            dh[k, :to] += d_mean / (1 if "undivided" in faults else divisor)
        if "all" in faults:
            dh[k, :n] += d_max
        elif "no max" not in faults:
            dh[k, won, np.arange(h.shape[2])] += d_max
    return np.array(r), dh


def pooling(hint, *faults):
    def answer(h, lengths, dr):
        return pooled(h, lengths, dr, faults)

    answer.__name__ = "_".join(faults).replace(" ", "_")
    return wrong("concat-pool", hint)(answer)


pooling("read at the end of the padding", "end")
pooling("the mean is divided by T", "by T")
pooling("the mean is taken over the padding, too", "mean of all")
pooling("padding wins a maximum", "max of all")
pooling("padding is read everywhere", "end", "mean of all", "max of all")
pooling("padding counts as 0 in the maximum", "zeros")
pooling("picks one state as a whole", "one")
pooling("the mean's gradient is not divided", "undivided")
pooling("the mean's gradient goes to padding", "blames")
pooling("goes to all states", "all")
pooling("by way of the maximum is missing", "no max")
pooling("each part overwrites the one before", "no last", "no mean")


@wrong("concat-pool", "the parts stand in another order")
def mean_max_last(h, lengths, dr):
    d_mean, d_max, d_last = np.split(dr, 3, axis=1)
    r, dh = pooled(h, lengths, np.concatenate([d_last, d_mean, d_max], axis=1))
    last, mean, top = np.split(r, 3, axis=1)
    return np.concatenate([mean, top, last], axis=1), dh


@wrong("concat-pool", "it calls mean_pool")
def with_the_librarys_poolings(h, lengths, dr):
    mask = np.arange(h.shape[1]) < lengths[:, None]
    (mean, shares), (top, winners) = mean_pool(h, mask), max_pool(h, mask)
    d_last, d_mean, d_max = np.split(dr, 3, axis=1)
    dh = mean_pool_backward(d_mean, shares) + max_pool_backward(d_max, winners)
    rows = np.arange(len(h))
    dh[rows, lengths - 1] += d_last
    return np.concatenate([h[rows, lengths - 1], mean, top], axis=1), dh


@right("concat-pool")
def sentence_by_sentence(h, lengths, dr):
    return pooled(h, lengths, dr)


@right("concat-pool")
def with_autograd(h, lengths, dr):
    states = torch.tensor(h, requires_grad=True)
    rows = [torch.cat([s[n - 1], s[:n].mean(0), s[:n].amax(0)]) for s, n in zip(states, lengths, strict=True)]
    r = torch.stack(rows)
    (r * torch.tensor(dr)).sum().backward()
    return r, states.grad


@right("concat-pool")
def with_einsum_in_float32(h, lengths, dr):
    h32, H = h.astype(np.float32), h.shape[2]
    real = np.arange(h.shape[1]) < lengths[:, None]
    at_end = np.eye(h.shape[1])[lengths - 1]
    share = real / lengths[:, None]
    low = np.where(real[..., None], h32, -1e9)
    won = low == low.max(axis=1, keepdims=True)
    r = [np.einsum("bt,bth->bh", w, h32) for w in (at_end, share)] + [low.max(axis=1)]
    dh = np.einsum("bt,bh->bth", at_end, dr[:, :H]) + np.einsum("bt,bh->bth", share, dr[:, H : 2 * H])
    return np.hstack(r), (dh + won * dr[:, None, 2 * H :]).astype(np.float32)


# predict-blame

TRUE = {
    "last": [1, 2, 3, 4, 5],
    "last_without_U": [5],
    "mean_without_U": [1, 2, 3, 4, 5],
    "mean_padding": [1, 2, 3],
    "max_without_U": [2, 4],
    "max": [1, 2, 3, 4],
    "tag_third": [1, 2, 3],
}


@wrong("predict-blame", "its gradient goes back through U")
def last_word_only():
    return {**TRUE, "last": [5]}


@wrong("predict-blame", "h_5 is made from word 5 alone")
def u_forgotten():
    return {**TRUE, "last_without_U": [1, 2, 3, 4, 5]}


@wrong("predict-blame", "the mean has a part of every state")
def mean_as_last():
    return {**TRUE, "mean_without_U": [5]}


@wrong("predict-blame", "padding is no part of the mean")
def padding_blamed():
    return {**TRUE, "mean_padding": [1, 2, 3, 4, 5]}


@wrong("predict-blame", "sends its gradient to the winners alone")
def max_as_mean():
    return {**TRUE, "max_without_U": [1, 2, 3, 4, 5]}


@wrong("predict-blame", "each unit has a winner of its own")
def one_winner():
    return {**TRUE, "max_without_U": [4]}


@wrong("predict-blame", "from the winners it goes back through U")
def winners_only():
    return {**TRUE, "max": [2, 4]}


@wrong("predict-blame", "Nothing goes to the right")
def everybody():
    return {**TRUE, "max": [1, 2, 3, 4, 5]}


@wrong("predict-blame", "h_3 was made from the words before it")
def own_word_only():
    return {**TRUE, "tag_third": [3]}


@wrong("predict-blame", "before words 4 and 5 are read")
def whole_sentence():
    return {**TRUE, "tag_third": [1, 2, 3, 4, 5]}


@wrong("predict-blame", "count the steps from 1")
def counted_from_zero():
    return {**TRUE, "max_without_U": [1, 3], "last": [0, 1, 2, 3, 4]}


@right("predict-blame")
def as_sets():
    return {case: set(steps) for case, steps in reversed(TRUE.items())}


@right("predict-blame")
def as_arrays_in_any_order():
    return {case: np.array(steps[::-1]) for case, steps in TRUE.items()}


# sampling-distribution


def cut_k(y, k):
    y = np.where(y >= np.sort(y)[-min(k, len(y))], y, 0.0)
    return y / y.sum()


def cut_p(y, p, more=0, early=False):
    order = np.argsort(-y, kind="stable")
    sums = np.cumsum(y[order])
    n = max(1, int((sums <= p).sum())) if early else int((sums - y[order] < p).sum()) + more
    y = np.where(np.isin(np.arange(len(y)), order[:n]), y, 0.0)
    return y / y.sum()


@wrong("sampling-distribution", "the scores are multiplied by the temperature")
def temperature_turned(scores, temperature, k, p):
    return cut_p(cut_k(softmax(scores * temperature), k), p)


@wrong("sampling-distribution", "the temperature has no effect")
def probabilities_divided(scores, temperature, k, p):
    y = softmax(scores) / temperature
    return cut_p(cut_k(y / y.sum(), k), p)


@wrong("sampling-distribution", "the temperature comes last")
def temperature_at_the_end(scores, temperature, k, p):
    y = cut_p(cut_k(softmax(scores), k), p) ** (1 / temperature)
    return y / y.sum()


@wrong("sampling-distribution", "it is no distribution")
def sum_forgotten(scores, temperature, k, p):
    y = cut_k(softmax(scores / temperature), k)
    return np.where(cut_p(y, p) > 0, y, 0.0)


@wrong("sampling-distribution", "top-p stops one word too early")
def below_p(scores, temperature, k, p):
    return cut_p(cut_k(softmax(scores / temperature), k), p, early=True)


@wrong("sampling-distribution", "top-p keeps one word too many")
def one_beyond_p(scores, temperature, k, p):
    return cut_p(cut_k(softmax(scores / temperature), k), p, more=1)


@wrong("sampling-distribution", "as they were before top-k")
def p_before_k(scores, temperature, k, p):
    return cut_k(cut_p(softmax(scores / temperature), p), k)


@wrong("sampling-distribution", "top-k keeps the k least likely words")
def argsort_as_it_is(scores, temperature, k, p):
    y = softmax(scores / temperature)
    y[np.argsort(y)[k:]] = 0.0
    return cut_p(y / y.sum(), p)


@wrong("sampling-distribution", "top-p is left out")
def only_k(scores, temperature, k, p):
    return cut_k(softmax(scores / temperature), k)


@wrong("sampling-distribution", "top-k is left out")
def only_p(scores, temperature, k, p):
    return cut_p(softmax(scores / temperature), p)


@wrong("sampling-distribution", "exp overflows on large scores")
def plain_exp(scores, temperature, k, p):
    y = np.exp(scores / temperature)
    return cut_p(cut_k(y / y.sum(), k), p)


@wrong("sampling-distribution", "it calls reshape")
def borrowed_from_the_library(scores, temperature, k, p):
    return reshape(softmax(scores / temperature), top_k=k, top_p=p)


@right("sampling-distribution")
def in_another_style(scores, temperature, k, p):
    return cut_p(cut_k(softmax(scores / temperature), k), p)


@right("sampling-distribution")
def on_the_scores(scores, temperature, k, p):
    a = scores / temperature
    a = np.where(np.argsort(np.argsort(-a)) < k, a, -np.inf)
    y = softmax(a)
    better = np.array([y[a > own].sum() for own in a])
    return softmax(np.where(better < p, a, -np.inf))


@right("sampling-distribution")
def in_torch(scores, temperature, k, p):
    y, words = torch.tensor(scores / temperature).softmax(0).sort(descending=True)
    y[k:] = 0
    y = y / y.sum()
    y[y.cumsum(0) - y >= p] = 0
    found = torch.zeros(len(scores), dtype=torch.float64)
    found[words] = y / y.sum()
    return found


# write-text


def written(params, prefix, end, limit, u, faults=()):
    E, W, U, V = params["E"], params["W"], params["U"], params["V"]
    h, words = np.zeros(len(U)), []
    read = prefix[-1:] if "last" in faults else prefix[:1] if "first" in faults else prefix
    for word in read:
        h = np.tanh(U @ h + W @ E[:, word])
    for k in range(limit + ("long" in faults)):
        y = softmax(V @ h)
        word = int(np.searchsorted(np.cumsum(y), u[0 if "one" in faults else k], side="right"))
        word = int(y.argmax()) if "greedy" in faults else word
        if word == end and "cut" in faults:
            break
        words.append(word)
        if word == end and "on" not in faults:
            break
        heard = prefix[-1] if "deaf" in faults else word
        h = np.tanh(U @ (h * ("forgets" not in faults)) + W @ E[:, heard])
    return prefix + words if "prefix" in faults else words


def writer(hint, *faults):
    def answer(params, prefix, end, limit, u):
        return written(params, prefix, end, limit, u, faults)

    answer.__name__ = "writer_" + "_".join(faults)
    return wrong("write-text", hint)(answer)


writer("only the last word of the prefix is read", "last")
writer("only the first word of the prefix is read", "first")
writer("the text is one word too long", "long")
writer("the end marker is missing", "cut")
writer("the word that was drawn is never read", "deaf")
writer("it takes the likeliest word", "greedy")
writer("the state is thrown away", "forgets")
writer("the same number u is used", "one")
writer("it goes on after the end marker", "on")
writer("the prefix stands in the text", "prefix")
writer("That is not the only fault", "last", "long", "cut", "deaf")
writer("That is not the only fault", "cut", "deaf")


@wrong("write-text", "which is the answer itself")
def with_the_librarys_loop(params, prefix, end, limit, u):
    class Given:
        def __init__(self):
            self.n = 0

        def choice(self, n, p):
            self.n += 1
            return int(np.searchsorted(np.cumsum(p), u[self.n - 1], side="right"))

    model = {**params, "b": np.zeros(len(params["U"])), "b_y": np.zeros(len(params["V"]))}
    return generate(next_word_function(model), prefix, end, limit, Given()).tokens


@right("write-text")
def by_recursion(params, prefix, end, limit, u):
    def state(words):
        if not words:
            return np.zeros(len(params["U"]))
        return np.tanh(params["U"] @ state(words[:-1]) + params["W"] @ params["E"][:, words[-1]])

    def go_on(words, left):
        y = softmax(params["V"] @ state(words))
        word = next(k for k, total in enumerate(np.cumsum(y)) if total > u[limit - left])
        return [word] if word == end or left == 1 else [word, *go_on([*words, word], left - 1)]

    return go_on(list(prefix), limit)


@right("write-text")
def as_an_array(params, prefix, end, limit, u):
    return np.array(written(params, prefix, end, limit, u))


@right("write-text")
def with_a_queue(params, prefix, end, limit, u):
    h, to_read, found = np.zeros(len(params["U"])), list(prefix), []
    while len(found) < limit and end not in found:
        while to_read:
            h = np.tanh(params["W"] @ params["E"][:, to_read.pop(0)] + params["U"] @ h)
        scores = params["V"] @ h
        shares = np.exp(scores) / np.exp(scores).sum()
        found.append(int((np.cumsum(shares) <= u[len(found)]).sum()))
        to_read.append(found[-1])
    return found


# padded-tagger


def tagger_parts(lstm, E, V, b_y, ids, batch_first=True):
    E = E.detach().clone().requires_grad_()
    module = torch.nn.LSTM(E.shape[0], V.shape[1], batch_first=batch_first)
    module.load_state_dict(lstm)
    h, _ = module(E.T[ids])
    return E, h @ V.T + b_y


def words_of(ids, lengths):
    return torch.arange(ids.shape[1]) < lengths[:, None]


def judged(E, logits, tags, counted, judged_on=None, reduction="mean"):
    loss = functional.cross_entropy(logits[counted], tags[counted], reduction=reduction)
    hits = (logits.argmax(dim=-1) == tags)[counted if judged_on is None else judged_on]
    return loss, hits.float().mean(), torch.autograd.grad(loss, E)[0]


@wrong("padded-tagger", "padding is counted in the loss")
def loss_over_padding(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids)
    real = words_of(ids, lengths)
    return judged(E, logits, tags, torch.ones_like(real), real)


@wrong("padded-tagger", "padding is counted in the accuracy")
def accuracy_over_padding(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids)
    real = words_of(ids, lengths)
    return judged(E, logits, tags, real, torch.ones_like(real))


@wrong("padded-tagger", "padding is counted, in the loss and in the accuracy")
def lengths_not_used(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids)
    return judged(E, logits, tags, torch.ones_like(words_of(ids, lengths)))


@wrong("padded-tagger", "words with tag 0 are left out")
def zero_taken_for_padding(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids)
    real = words_of(ids, lengths)
    return judged(E, logits, tags, real & (tags != 0), real)


@wrong("padded-tagger", "the tag of the next word")
def as_a_language_model(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids)
    return judged(E, logits, tags.roll(-1, dims=1), words_of(ids, lengths))


@wrong("padded-tagger", "the network goes down the batch")
def batch_first_forgotten(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids, batch_first=False)
    return judged(E, logits, tags, words_of(ids, lengths))


@wrong("padded-tagger", "every sentence weighs the same")
def mean_of_means(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids)
    rows = [(logits[k, :n], tags[k, :n]) for k, n in enumerate(lengths.tolist())]
    loss = torch.stack([functional.cross_entropy(a, q) for a, q in rows]).mean()
    accuracy = torch.stack([(a.argmax(-1) == q).float().mean() for a, q in rows]).mean()
    return loss, accuracy, torch.autograd.grad(loss, E)[0]


@wrong("padded-tagger", "softmax is taken twice")
def probabilities_into_cross_entropy(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids)
    return judged(E, logits.softmax(dim=-1), tags, words_of(ids, lengths))


@wrong("padded-tagger", "the loss is a sum")
def summed(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids)
    return judged(E, logits, tags, words_of(ids, lengths), reduction="sum")


@wrong("padded-tagger", "the accuracy is a number of words")
def counted_not_shared(lstm, E, V, b_y, ids, tags, lengths):
    E, logits = tagger_parts(lstm, E, V, b_y, ids)
    real = words_of(ids, lengths)
    loss, share, dE = judged(E, logits, tags, real)
    return loss, share * real.sum(), dE


@right("padded-tagger")
def with_ignore_index_and_packing(lstm, E, V, b_y, ids, tags, lengths):
    E = E.clone().requires_grad_()
    module = torch.nn.LSTM(E.shape[0], V.shape[1], batch_first=True)
    module.load_state_dict(lstm)
    packed = torch.nn.utils.rnn.pack_padded_sequence(E.T[ids], lengths, True, False)
    h, _ = torch.nn.utils.rnn.pad_packed_sequence(module(packed)[0], True, total_length=ids.shape[1])
    asked = torch.where(words_of(ids, lengths), tags, -100)
    logits = functional.linear(h, V, b_y)
    loss = functional.cross_entropy(logits.transpose(1, 2), asked)
    loss.backward()
    return loss.item(), float((logits.argmax(-1) == asked).sum() / lengths.sum()), E.grad


@right("padded-tagger")
def sentence_by_sentence_in_double(lstm, E, V, b_y, ids, tags, lengths):
    E = E.double().requires_grad_()
    module = torch.nn.LSTM(E.shape[0], V.shape[1]).double()
    module.load_state_dict(lstm)
    scores = [
        module(E.T[row[:n]])[0] @ V.double().T + b_y for row, n in zip(ids, lengths.tolist(), strict=True)
    ]
    logits = torch.cat(scores)
    answers = torch.cat([row[:n] for row, n in zip(tags, lengths.tolist(), strict=True)])
    loss = functional.cross_entropy(logits, answers)
    return loss, (logits.argmax(1) == answers).double().mean(), torch.autograd.grad(loss, E)[0]


# fit-classifier


def own(params):
    return {name: p.detach().clone().requires_grad_() for name, p in params.items()}


def scores_of(p, ids, lengths, how="mean"):
    h, states = torch.zeros(len(ids), len(p["U"])), []
    for t in range(ids.shape[1]):
        h = torch.tanh(h @ p["U"].T + p["E"].T[ids[:, t]] @ p["W"].T + p["b"])
        states.append(h)
    h, n = torch.stack(states, dim=1), lengths[:, None]
    real = words_of(ids, lengths)[..., None]
    r = {
        "mean": lambda: (h * real).sum(1) / n,
        "detached": lambda: ((h * real).sum(1) / n).detach(),
        "padded": lambda: h.mean(1),
        "by T": lambda: (h * real).mean(1),
        "last": lambda: h[torch.arange(len(ids)), lengths - 1],
        "max": lambda: torch.where(real, h, -torch.inf).amax(1),
    }[how]()
    return torch.tanh(r @ p["W_ff"].T + p["b_ff"]) @ p["V"].T + p["b_y"]


def train(params, ids, lengths, classes, rate, n_updates, frozen, how="mean", zero=True, sign=1, still=None):
    p, losses = own(params), []
    still = (("E",) if frozen else ()) if still is None else still
    for _ in range(n_updates):
        loss = functional.cross_entropy(scores_of(p, ids, lengths, how), classes)
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for name, value in p.items():
                if value.grad is not None and name not in still:
                    value -= sign * rate * value.grad
                    value.grad = None if zero else value.grad
                elif zero:
                    value.grad = None
    return torch.tensor(losses), {name: value.detach() for name, value in p.items()}


@wrong("fit-classifier", "although frozen is True")
def frozen_ignored(*args):
    return train(*args, still=())


@wrong("fit-classifier", "the embeddings are never trained")
def always_frozen(*args):
    return train(*args, still=("E",))


@wrong("fit-classifier", "the whole network that reads is frozen")
def reader_frozen(*args):
    return train(*args, still=("E", "W", "U", "b") if args[-1] else ())


@wrong("fit-classifier", "only the classifier learns")
def detached_after_pooling(*args):
    return train(*args, how="detached")


@wrong("fit-classifier", "the embeddings are never trained")
def frozen_negated(*args):
    return train(*args, still=() if args[-1] else ("E",))


@wrong("fit-classifier", "padding is pooled")
def mean_over_padding(*args):
    return train(*args, how="padded")


@wrong("fit-classifier", "the mean is divided by T")
def divided_by_the_longest(*args):
    return train(*args, how="by T")


@wrong("fit-classifier", "the last state is taken")
def last_state(*args):
    return train(*args, how="last")


@wrong("fit-classifier", "the gradients add up from update to update")
def zero_grad_forgotten(*args):
    return train(*args, zero=False)


@wrong("fit-classifier", "the weights go up the gradient")
def ascent(*args):
    return train(*args, sign=-1)


@wrong("fit-classifier", "the weights from before the training")
def a_copy_is_trained_and_forgotten(params, *rest):
    return train(params, *rest)[0], params


@wrong("fit-classifier", "it changes its argument params")
def into_the_callers_tensors(params, *rest):
    losses, trained = train(params, *rest)
    for name, value in trained.items():
        params[name] += value - params[name]
    return losses, trained


@right("fit-classifier")
def with_an_optimizer(params, ids, lengths, classes, rate, n_updates, frozen):
    p = own(params)
    p["E"].requires_grad_(not frozen)
    descent, losses = torch.optim.SGD([v for v in p.values() if v.requires_grad], lr=rate), []
    for _ in range(n_updates):
        descent.zero_grad()
        loss = functional.cross_entropy(scores_of(p, ids, lengths), classes)
        loss.backward()
        descent.step()
        losses.append(loss)
    return torch.stack(losses), p


@right("fit-classifier")
def text_by_text_in_double(params, ids, lengths, classes, rate, n_updates, frozen):
    p = {name: value.double().detach().clone().requires_grad_() for name, value in params.items()}
    losses = []
    for _ in range(n_updates):
        parts = []
        for row, n, q in zip(ids, lengths.tolist(), classes, strict=True):
            h, total = 0 * p["b"], 0 * p["b"]
            for word in row[:n]:
                h = torch.tanh(p["U"] @ h + p["W"] @ p["E"][:, word] + p["b"])
                total = total + h / n
            z = torch.tanh(p["W_ff"] @ total + p["b_ff"])
            parts.append(-(p["V"] @ z + p["b_y"]).log_softmax(0)[q])
        loss = torch.stack(parts).mean()
        losses.append(loss.item())
        gradients = dict(zip(p, torch.autograd.grad(loss, list(p.values())), strict=True))
        p = {
            name: (v - rate * gradients[name] * (not (frozen and name == "E"))).detach().requires_grad_()
            for name, v in p.items()
        }
    return losses, p
