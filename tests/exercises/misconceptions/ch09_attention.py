"""Assignment ch09_attention: plausible wrong answers with the hint each must draw, and unusual right ones."""

import numpy as np
import torch
from submissions import Answers
from torch.nn import functional

from unrolled.scratch import attention as scratch

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


def softmax(a, axis=-1):
    powers = np.exp(a - a.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


# repaired-contexts


def masked(h_d, h_e, mask):
    return np.where(mask[:, None], h_d @ h_e.transpose(0, 2, 1), -np.inf)


@wrong("repaired-contexts", "That is not the only fault")
def as_released(h_d, h_e, mask):
    scores = h_d @ h_e.swapaxes(-1, -2)
    powers = np.exp(scores)
    alpha = powers / powers.sum(axis=1, keepdims=True)
    alpha = alpha * mask[:, None, :]
    return alpha @ h_e / h_e.shape[1], alpha


@wrong("repaired-contexts", "softmax over the target axis")
def columns_sum_to_one(h_d, h_e, mask):
    alpha = np.zeros((*h_d.shape[:2], h_e.shape[1]))
    for b, real in enumerate(mask):
        alpha[b][:, real] = softmax(h_d[b] @ h_e[b][real].T, axis=0)
        alpha[b][:, ~real] = np.nan
    return alpha @ h_e, alpha


@wrong("repaired-contexts", "softmax over the target axis")
def right_order_wrong_axis(h_d, h_e, mask):
    alpha = softmax(h_d @ h_e.swapaxes(-1, -2), axis=1) * mask[:, None]
    return alpha @ h_e, alpha


@wrong("repaired-contexts", "the mask comes after the softmax")
def share_thrown_away(h_d, h_e, mask):
    alpha = softmax(h_d @ h_e.swapaxes(-1, -2)) * mask[:, None, :]
    return alpha @ h_e, alpha


@wrong("repaired-contexts", "exp overflows on large scores")
def no_shift(h_d, h_e, mask):
    powers = np.exp(masked(h_d, h_e, mask))
    alpha = powers / powers.sum(axis=-1, keepdims=True)
    return alpha @ h_e, alpha


@wrong("repaired-contexts", "the context is divided by S")
def mean_of_the_mean(h_d, h_e, mask):
    alpha = softmax(masked(h_d, h_e, mask))
    return np.einsum("bts,bsh->bth", alpha, h_e) / alpha.shape[-1], alpha


@wrong("repaired-contexts", "padding has the score 0")
def scores_times_mask(h_d, h_e, mask):
    alpha = softmax((h_d @ h_e.swapaxes(-1, -2)) * mask[:, None, :])
    return alpha @ h_e, alpha


@wrong("repaired-contexts", "padding is not masked")
def mask_forgotten(h_d, h_e, mask):
    alpha = softmax(h_d @ h_e.swapaxes(-1, -2))
    return alpha @ h_e, alpha


@wrong("repaired-contexts", "it calls attend")
def borrowed_attend(h_d, h_e, mask):
    return scratch.attend(h_d, h_e, mask=mask)[0]


@right("repaired-contexts")
def renormalised_after_the_mask(h_d, h_e, mask):
    scores = h_d @ h_e.swapaxes(-1, -2)
    powers = np.exp(scores - np.where(mask[:, None], scores, -np.inf).max(-1, keepdims=True), where=mask[:, None] & np.isfinite(scores), out=np.zeros_like(scores))  # fmt: skip
    alpha = powers / powers.sum(-1, keepdims=True)
    return alpha @ h_e, alpha


@right("repaired-contexts")
def with_torch(h_d, h_e, mask):
    h_d, h_e, mask = map(torch.tensor, (h_d, h_e, mask))
    alpha = (h_d @ h_e.mT).masked_fill(~mask[:, None], -torch.inf).softmax(-1)
    return alpha @ h_e, alpha


@right("repaired-contexts")
def sentence_by_sentence(h_d, h_e, mask):
    contexts, weights = [], []
    for asks, answers, real in zip(h_d, h_e, mask, strict=True):
        alpha = np.zeros((len(asks), len(answers)), np.float32)
        alpha[:, real] = softmax(asks @ answers[real].T)
        contexts.append(alpha @ answers)
        weights.append(alpha)
    return [np.stack(contexts), np.stack(weights)]


# additive-backward


def additive(dctx, h_d, h_e, W, U, v, ds=None, slope=None, da=None, dh_e=None, both=None, dv=None):
    inside = W @ h_d + h_e @ U.T
    a = np.tanh(inside)
    alpha, dalpha = softmax(a @ v), h_e @ dctx
    d = alpha * (dalpha - alpha @ dalpha) if ds is None else ds(alpha, dalpha)
    g = 1 - a * a if slope is None else slope(a)
    back = d[:, None] * v * g if da is None else da(d, v, g)
    parts = np.outer(alpha, dctx), back @ U
    shared = back.sum(0) if both is None else both(back)
    return {
        "dh_d": W.T @ shared,
        "dh_e": sum(parts) if dh_e is None else dh_e(*parts),
        "dW": np.outer(shared, h_d),
        "dU": back.T @ h_e,
        "dv": d @ a if dv is None else dv(d, inside, alpha, a),
    }


@wrong("additive-backward", "the softmax passes on too much")
def alpha_times_dalpha(*args):
    return additive(*args, ds=lambda alpha, dalpha: alpha * dalpha)


@wrong("additive-backward", "the softmax is missing on the way back")
def softmax_skipped(*args):
    return additive(*args, ds=lambda alpha, dalpha: dalpha)


@wrong("additive-backward", "is averaged, and it is compared as well")
def only_averaged(*args):
    return additive(*args, dh_e=lambda averaged, compared: averaged)


@wrong("additive-backward", "is compared, and it is averaged as well")
def only_compared(*args):
    return additive(*args, dh_e=lambda averaged, compared: compared)


@wrong("additive-backward", "1 − a stands where 1 − a² belongs")
def wrong_slope(*args):
    return additive(*args, slope=lambda a: 1 - a)


@wrong("additive-backward", "the slope of tanh is missing")
def straight_line(*args):
    return additive(*args, slope=lambda a: 1.0)


@wrong("additive-backward", "v is missing on the way into tanh")
def v_forgotten(*args):
    return additive(*args, da=lambda ds, v, g: ds[:, None] * g)


@wrong("additive-backward", "only the last word's share is in dW and dh_d")
def overwritten_in_the_loop(*args):
    return additive(*args, both=lambda back: back[-1])


@wrong("additive-backward", "dv multiplies the sum inside tanh")
def v_times_the_wrong_thing(*args):
    return additive(*args, dv=lambda ds, inside, alpha, a: ds @ inside)


@right("additive-backward")
def by_autograd(dctx, *arrays):
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
    h_d, h_e, W, U, v = leaves
    alpha = (torch.tanh(W @ h_d + h_e @ U.T) @ v).softmax(0)
    grads = torch.autograd.grad(alpha @ h_e @ torch.tensor(dctx), leaves)
    return dict(zip(["dh_d", "dh_e", "dW", "dU", "dv"], grads, strict=True))


@right("additive-backward")
def word_by_word_with_the_jacobian(dctx, h_d, h_e, W, U, v):
    a = np.array([np.tanh(W @ h_d + U @ h_j) for h_j in h_e])
    alpha = softmax(a @ v)
    ds = (np.diag(alpha) - np.outer(alpha, alpha)) @ (h_e @ dctx)
    grads = {"dh_d": 0 * h_d, "dh_e": 0 * h_e, "dW": 0 * W, "dU": 0 * U, "dv": 0 * v}
    for j in range(len(h_e)):
        da = ds[j] * v * (1 - a[j] ** 2)
        grads["dv"] += ds[j] * a[j]
        grads["dW"] += np.outer(da, h_d)
        grads["dU"] += np.outer(da, h_e[j])
        grads["dh_d"] += W.T @ da
        grads["dh_e"][j] = alpha[j] * dctx + U.T @ da
    return grads


# causal-self-attention


def look_back(x, lengths, W_q, W_k, W_v, see=None, scale=None, swap=False, axis=-1, rows=True, late=False):
    T = x.shape[1]
    real = np.arange(T) < lengths[:, None]
    q, k, v = x @ W_q.T, x @ W_k.T, x @ W_v.T
    if swap:
        q, k = k, q
    scores = q @ k.transpose(0, 2, 1) / (np.sqrt(len(W_q)) if scale is None else scale)
    on = np.tril(np.ones((T, T), bool)) if see is None else see(T, real)
    if late:
        alpha = softmax(scores) * on
    else:
        alpha = softmax(np.where(on, scores, -np.inf), axis)
    if rows:
        alpha = np.where(real[..., None], alpha, 0)
    return alpha @ v, alpha


@wrong("causal-self-attention", "it looks at the future")
def padding_masked_only(*args):
    return look_back(*args, see=lambda T, real: np.broadcast_to(real[:, None], (len(real), T, T)))


@wrong("causal-self-attention", "its row is empty")
def not_at_itself(*args):
    with np.errstate(all="ignore"):
        return look_back(*args, see=lambda T, real: np.tril(np.ones((T, T), bool), -1))


@wrong("causal-self-attention", "the mask is turned over")
def upper_triangle(*args):
    return look_back(
        *args, see=lambda T, real: (np.triu(np.ones((T, T), bool)) & real[:, None]) | (~real[..., None])
    )


@wrong("causal-self-attention", "the scores are not scaled")
def no_scale(*args):
    return look_back(*args, scale=1.0)


@wrong("causal-self-attention", "the scores are divided by A")
def root_forgotten(*args):
    return look_back(*args, scale=len(args[2]))


@wrong("causal-self-attention", "scaled by the size of the values")
def scaled_by_the_values(*args):
    return look_back(*args, scale=np.sqrt(len(args[4])))


@wrong("causal-self-attention", "scaled by the size of x")
def scaled_by_the_input(*args):
    return look_back(*args, scale=np.sqrt(args[0].shape[-1]))


@wrong("causal-self-attention", "queries and keys have changed places")
def keys_ask(*args):
    return look_back(*args, swap=True)


@wrong("causal-self-attention", "padded steps are not 0")
def rows_of_padding_kept(*args):
    return look_back(*args, rows=False)


@wrong("causal-self-attention", "the mask comes after the softmax")
def triangle_too_late(*args):
    return look_back(*args, late=True)


@wrong("causal-self-attention", "it calls self_attention")
def borrowed_self_attention(x, lengths, W_q, W_k, W_v):
    z, alpha = np.zeros((*x.shape[:2], len(W_v))), np.zeros((len(x), x.shape[1], x.shape[1]))
    for b, length in enumerate(lengths):
        for t in range(length):
            (rows, weights), _ = scratch.self_attention(x[b, : t + 1], W_q, W_k, W_v)
            z[b, t], alpha[b, t, : t + 1] = rows[-1], weights[-1]
    return z, alpha


@right("causal-self-attention")
def with_torch_s_own(x, lengths, W_q, W_k, W_v):
    x, W_q, W_k, W_v = (torch.tensor(a, dtype=torch.float64) for a in (x, W_q, W_k, W_v))
    T = x.shape[1]
    q, k, eye = x @ W_q.mT, x @ W_k.mT, torch.eye(T, dtype=torch.float64).expand(len(x), T, T)
    alpha = functional.scaled_dot_product_attention(q, k, eye, is_causal=True)
    alpha = alpha * (torch.arange(T) < torch.tensor(lengths)[:, None])[..., None]
    return alpha @ (x @ W_v.mT), alpha


@right("causal-self-attention")
def as_a_bilinear_score(x, lengths, W_q, W_k, W_v):
    W_s = W_q.T @ W_k / len(W_q) ** 0.5
    z, alpha = np.zeros((*x.shape[:2], len(W_v))), np.zeros((len(x), x.shape[1], x.shape[1]))
    for b in range(len(x)):
        for t in range(lengths[b]):
            past = x[b, : t + 1]
            alpha[b, t, : t + 1] = softmax(x[b, t] @ W_s @ past.T)
            z[b, t] = alpha[b, t, : t + 1] @ past @ W_v.T
    return z, alpha


# predict-changes

TRUE = {
    "forced": [3, 4, 5],
    "output_only": [3],
    "shifted": [],
    "sharper": [2, 3, 4, 5],
    "read": [4, 5],
    "states": [3, 4, 5],
    "contexts": [1, 2, 3, 4, 5],
}


@wrong("predict-changes", "h_3 is made with it")
def forced_for_one_step():
    return {**TRUE, "forced": [3]}


@wrong("predict-changes", "step 3 itself counts")
def forced_shows_later_only():
    return {**TRUE, "forced": [4, 5]}


@wrong("predict-changes", "the next state does not read the context")
def output_feeds_back():
    return {**TRUE, "output_only": [3, 4, 5]}


@wrong("predict-changes", "a constant added to all scores of a softmax cancels")
def constant_matters():
    return {**TRUE, "shifted": [2, 3, 4, 5]}


@wrong("predict-changes", "a factor does not cancel")
def factor_cancels():
    return {**TRUE, "sharper": []}


@wrong("predict-changes", "c_3 is made from h_2, before the word")
def read_at_once():
    return {**TRUE, "read": [3, 4, 5]}


@wrong("predict-changes", "it reads from left to right only")
def encoder_reads_both_ways():
    return {**TRUE, "states": [1, 2, 3, 4, 5]}


@wrong("predict-changes", "at every step of the decoder")
def contexts_like_states():
    return {**TRUE, "contexts": [3, 4, 5]}


@wrong("predict-changes", "the dict lacks contexts")
def one_case_left_out():
    return {case: steps for case, steps in TRUE.items() if case != "contexts"}


@right("predict-changes")
def in_another_order_as_tuples():
    return {case: tuple(steps[::-1]) for case, steps in reversed(TRUE.items())}


@right("predict-changes")
def as_arrays():
    return {case: np.array(steps, dtype=float) for case, steps in TRUE.items()}


# corpus-error-rate


def strongest(alpha):
    return {(int(j), i) for i, j in enumerate(alpha.argmax(axis=1))}


def rate(found, sure, possible, denominator=None):
    agreed = sum(len(A & set(S)) + len(A & (set(S) | set(P))) for A, S, P in zip(found, sure, possible, strict=True))  # fmt: skip
    return 1 - agreed / (denominator or sum(map(len, found)) + sum(map(len, sure)))


@wrong("corpus-error-rate", "the rates of the sentences are averaged")
def mean_of_rates(alphas, sure, possible):
    each = zip(alphas, sure, possible, strict=True)
    return np.mean([rate([strongest(a[:-1])], [S], [P]) for a, S, P in each])


@wrong("corpus-error-rate", "the end is aligned")
def end_linked(alphas, sure, possible):
    return rate([strongest(a) for a in alphas], sure, possible)


@wrong("corpus-error-rate", "links are turned around")
def target_first(alphas, sure, possible):
    return rate([{(i, j) for j, i in strongest(a[:-1])} for a in alphas], sure, possible)


@wrong("corpus-error-rate", "each source word is linked")
def largest_of_each_column(alphas, sure, possible):
    return rate([set(enumerate(a[:-1].argmax(axis=0).tolist())) for a in alphas], sure, possible)


@wrong("corpus-error-rate", "possible links are left out")
def doubts_ignored(alphas, sure, possible):
    return rate([strongest(a[:-1]) for a in alphas], sure, [[] for _ in sure])


@wrong("corpus-error-rate", "the sure links are not counted as possible ones")
def only_the_merely_possible(alphas, sure, possible):
    agreed = links = 0
    for a, S, P in zip(alphas, sure, possible, strict=True):
        A = strongest(a[:-1])
        agreed += len(A.intersection(S)) + len(A.intersection(P))
        links += len(A) + len(S)
    return 1 - agreed / links


@wrong("corpus-error-rate", "the possible links are in the denominator")
def possible_ones_asked_for(alphas, sure, possible):
    found = [strongest(a[:-1]) for a in alphas]
    return rate(found, sure, possible, sum(map(len, [*found, *sure, *possible])))


@wrong("corpus-error-rate", "The error rate is 1 minus that")
def agreement_rate(alphas, sure, possible):
    return 1 - rate([strongest(a[:-1]) for a in alphas], sure, possible)


@wrong("corpus-error-rate", "it divides by |A| alone")
def precision_only(alphas, sure, possible):
    found = [strongest(a[:-1]) for a in alphas]
    return rate(found, sure, possible, 2 * sum(map(len, found)))


@right("corpus-error-rate")
def by_counting_places(alphas, sure, possible):
    agreed = links = 0
    for n, alpha in enumerate(alphas):
        for i, row in enumerate(alpha[:-1]):
            link = (int(np.argmax(row)), i)
            agreed += 2 * (link in sure[n]) + (link in possible[n])
            links += 1
        links += len(sure[n])
    return np.float32(1 - agreed / links)


@right("corpus-error-rate")
def one_set_for_the_corpus(alphas, sure, possible):
    A = {(n, *link) for n, alpha in enumerate(alphas) for link in strongest(alpha[:-1])}
    S = {(n, *link) for n, links in enumerate(sure) for link in links}
    P = S | {(n, *link) for n, links in enumerate(possible) for link in links}
    return (len(A) + len(S) - len(A & S) - len(A & P)) / (len(A) + len(S))


# decode-with-attention


def decode(
    h_e, lengths, e, h_0, W, U, W_s, mask="before", asks=None, dim=-1, carry=True, order=False, turned=False,
    context=True, uniform=False, memory=True,
):  # fmt: skip
    padded, h, found = torch.arange(h_e.shape[1]) >= lengths[:, None], h_0, []
    for i in range(e.shape[1]):
        query = h_0 if asks == "start" else h
        scores = (h_e @ (query @ W_s)[..., None])[..., 0]
        if mask == "before":
            scores = scores.masked_fill(padded, -torch.inf)
        alpha = torch.softmax(scores if mask != "zero" else scores * ~padded, dim=dim)
        alpha = alpha * ~padded if mask == "after" else alpha
        shares = ~padded / (~padded).sum(1, keepdim=True) if uniform else alpha
        ctx = (shares[:, None] @ h_e)[:, 0] * context
        x = torch.cat([ctx, e[:, i]] if order else [e[:, i], ctx], dim=1)
        before = (h if carry else h_0) * memory
        h = torch.tanh(before @ (U if turned else U.T) + x @ W.T)
        found.append((h, alpha))
    return tuple(torch.stack(part, dim=1) for part in zip(*found, strict=True))


@wrong("decode-with-attention", "every step asks with h_0")
def asked_once(*args):
    return decode(*args, asks="start")


@wrong("decode-with-attention", "words beyond the length get a weight")
def no_mask(*args):
    return decode(*args, mask=None)


@wrong("decode-with-attention", "padding has the score 0")
def mask_times_scores(*args):
    return decode(*args, mask="zero")


@wrong("decode-with-attention", "the mask comes after the softmax")
def mask_after_softmax(*args):
    return decode(*args, mask="after")


@wrong("decode-with-attention", "the state is not carried")
def every_step_the_first(*args):
    return decode(*args, carry=False)


@wrong("decode-with-attention", "have changed places: it is [e_i; c_i]")
def context_in_front(*args):
    return decode(*args, order=True)


@wrong("decode-with-attention", "U is used transposed")
def wrong_side(*args):
    return decode(*args, turned=True)


@wrong("decode-with-attention", "the context is missing in the state")
def looked_and_forgot(*args):
    return decode(*args, context=False)


@wrong("decode-with-attention", "the plain mean of the encoder's states")
def plain_mean(*args):
    return decode(*args, uniform=True)


@wrong("decode-with-attention", "the state before is missing")
def no_recurrence(*args):
    return decode(*args, memory=False)


@right("decode-with-attention")
def keys_made_once(h_e, lengths, e, h_0, W, U, W_s):
    D, keys = e.shape[-1], h_e @ W_s.T
    real = torch.arange(h_e.shape[1])[None] < lengths[:, None]
    bias = torch.zeros(real.shape).masked_fill(~real, float("-inf"))
    read, h, states, weights = e @ W[:, :D].T, h_0, [], []
    for x in read.unbind(dim=1):
        alpha = torch.softmax(torch.einsum("bh,bsh->bs", h, keys) + bias, dim=1)
        h = (x + torch.einsum("bs,bse,he->bh", alpha, h_e, W[:, D:]) + h @ U.T).tanh()
        states.append(h)
        weights.append(alpha)
    return torch.stack(states, 1), torch.stack(weights, 1)


@right("decode-with-attention")
def with_torch_s_rnn_cell(h_e, lengths, e, h_0, W, U, W_s):
    cell = torch.nn.RNNCell(W.shape[1], len(U), bias=False)
    with torch.no_grad():
        cell.weight_ih.copy_(W)
        cell.weight_hh.copy_(U)
        states, weights = torch.zeros(*e.shape[:2], len(U)), torch.zeros(*e.shape[:2], h_e.shape[1])
        for b, length in enumerate(lengths.tolist()):
            h = h_0[b]
            for i in range(e.shape[1]):
                weights[b, i, :length] = (h_e[b, :length] @ (W_s.T @ h)).softmax(0)
                h = cell(torch.cat([e[b, i], weights[b, i, :length] @ h_e[b, :length]]), h)
                states[b, i] = h
    return states, weights


@right("decode-with-attention")
def in_double_by_numpy(h_e, lengths, e, h_0, W, U, W_s):
    h_e, e, h, W, U, W_s = (t.double().numpy() for t in (h_e, e, h_0, W, U, W_s))
    real, states, weights = np.arange(h_e.shape[1]) < lengths.numpy()[:, None], [], []
    for i in range(e.shape[1]):
        alpha = softmax(np.where(real, np.einsum("bh,he,bse->bs", h, W_s, h_e), -np.inf))
        h = np.tanh(h @ U.T + np.hstack([e[:, i], np.einsum("bs,bse->be", alpha, h_e)]) @ W.T)
        states.append(h)
        weights.append(alpha)
    return np.stack(states, 1), np.stack(weights, 1)


# fit-score


def fit(W_s, h_d, h_e, gold, rate, n_updates, loss_of=None, sign=-1, zero=True, late=False):
    W = W_s.detach().clone().requires_grad_()

    def loss_now():
        scores = h_d @ W @ h_e.T
        return functional.cross_entropy(scores, gold) if loss_of is None else loss_of(scores)

    losses = []
    for _ in range(n_updates):
        loss = loss_now()
        loss.backward()
        with torch.no_grad():
            W += sign * rate * W.grad
        if zero:
            W.grad = None
        losses.append((loss_now() if late else loss).item())
    return torch.tensor(losses), W.detach()


@wrong("fit-score", "the gradients add up from update to update")
def zero_grad_forgotten(*args):
    return fit(*args, zero=False)


@wrong("fit-score", "the weights go up the gradient")
def ascent(*args):
    return fit(*args, sign=1)


@wrong("fit-score", "the loss is a sum over the steps")
def not_averaged(*args):
    return fit(*args, loss_of=lambda scores: functional.cross_entropy(scores, args[3], reduction="sum"))


@wrong("fit-score", "the losses are those after the updates")
def losses_too_late(*args):
    return fit(*args, late=True)


@wrong("fit-score", "the logarithm is missing")
def probability_as_loss(*args):
    return fit(*args, loss_of=lambda scores: -scores.softmax(-1).gather(1, args[3][:, None]).mean())


@wrong("fit-score", "softmax is taken twice")
def cross_entropy_of_weights(*args):
    return fit(*args, loss_of=lambda scores: functional.cross_entropy(scores.softmax(-1), args[3]))


@wrong("fit-score", "softmax over the target axis")
def softmax_over_steps(*args):
    return fit(
        *args, loss_of=lambda scores: -scores.log_softmax(0)[torch.arange(len(scores)), args[3]].mean()
    )


@wrong("fit-score", "it changes its argument W_s")
def into_the_callers_tensor(W_s, *rest):
    losses, trained = fit(W_s, *rest)
    W_s += trained - W_s
    return losses, trained


@wrong("fit-score", "it returns W_s as it was before the training")
def trained_and_forgotten(W_s, *rest):
    return fit(W_s, *rest)[0], W_s


@right("fit-score")
def with_an_optimizer(W_s, h_d, h_e, gold, rate, n_updates):
    W = torch.nn.Parameter(W_s.clone())
    descent, losses = torch.optim.SGD([W], lr=rate), []
    for _ in range(n_updates):
        descent.zero_grad()
        loss = functional.nll_loss(torch.log_softmax(h_d @ W @ h_e.T, dim=-1), gold)
        loss.backward()
        descent.step()
        losses.append(loss)
    return torch.stack(losses), W


@right("fit-score")
def gradient_by_hand(W_s, h_d, h_e, gold, rate, n_updates):
    W, losses = W_s.double(), []
    h_d, h_e = h_d.double(), h_e.double()
    for _ in range(n_updates):
        log_alpha = (h_d @ W @ h_e.T).log_softmax(-1)
        losses.append(float(-log_alpha[range(len(gold)), gold].mean()))
        W = W - rate * h_d.T @ (log_alpha.exp() @ h_e - h_e[gold]) / len(gold)
    return losses, W
