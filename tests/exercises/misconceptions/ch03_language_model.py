"""Assignment ch03_language_model: plausible wrong answers with the hint each must draw, and unusual right ones."""

import numpy as np
import torch
from submissions import Answers
from torch.nn import functional

from unrolled.scratch import language_model as scratch
from unrolled.scratch.loss import cross_entropy, log_softmax

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


# forcing-after-prompt


def fill(rows, pad):
    width = max(map(len, rows))
    return np.array([[*row, *[pad] * (width - len(row))] for row in rows])


def plain(sentences, start, end, pad):
    inputs = fill([[start, *s] for s in sentences], pad)
    targets = fill([[*s, end] for s in sentences], pad)
    return inputs, targets, np.array([len(s) for s in sentences])[:, None], np.arange(inputs.shape[1])


@wrong("forcing-after-prompt", "the targets are not shifted by one")
def targets_are_the_inputs(sentences, n_given, start, end, pad):
    inputs, _, lengths, t = plain(sentences, start, end, pad)
    return inputs, inputs.copy(), (t >= np.array(n_given)[:, None]) & (t <= lengths)


@wrong("forcing-after-prompt", "the prompt is not left out")
def prompt_ignored(sentences, n_given, start, end, pad):
    inputs, targets, lengths, t = plain(sentences, start, end, pad)
    return inputs, targets, t <= lengths


@wrong("forcing-after-prompt", "padding is counted")
def padding_counted(sentences, n_given, start, end, pad):
    inputs, targets, lengths, t = plain(sentences, start, end, pad)
    return inputs, targets, t >= np.array(n_given)[:, None] + 0 * lengths


@wrong("forcing-after-prompt", "the mask is one step late")
def mask_of_the_inputs(sentences, n_given, start, end, pad):
    inputs, targets, lengths, t = plain(sentences, start, end, pad)
    return inputs, targets, (t > np.array(n_given)[:, None]) & (t <= lengths)


@wrong("forcing-after-prompt", "the mask is one step early")
def start_counted_as_a_word_of_the_prompt(sentences, n_given, start, end, pad):
    inputs, targets, lengths, t = plain(sentences, start, end, pad)
    return inputs, targets, (t >= np.array(n_given)[:, None] - 1) & (t <= lengths)


@wrong("forcing-after-prompt", "the end is not asked for")
def end_forgotten(sentences, n_given, start, end, pad):
    inputs, _, lengths, t = plain(sentences, start, end, pad)
    targets = np.hstack([inputs[:, 1:], np.full((len(sentences), 1), pad)])
    return inputs, targets, (t >= np.array(n_given)[:, None]) & (t < lengths)


@wrong("forcing-after-prompt", "the end is not among the targets, yet its place counts")
def end_is_padding(sentences, n_given, start, end, pad):
    inputs, _, lengths, t = plain(sentences, start, end, pad)
    targets = np.hstack([inputs[:, 1:], np.full((len(sentences), 1), pad)])
    return inputs, targets, (t >= np.array(n_given)[:, None]) & (t <= lengths)


@wrong("forcing-after-prompt", "the prompt is cut out of the inputs")
def prompt_never_read(sentences, n_given, start, end, pad):
    _, targets, lengths, t = plain(sentences, start, end, pad)
    inputs = np.full(targets.shape, pad)
    for row, (words, n) in enumerate(zip(sentences, n_given, strict=True)):
        inputs[row, : len(words) - n + 1] = [start, *words[n:]]
    return inputs, targets, (t >= np.array(n_given)[:, None]) & (t <= lengths)


@wrong("forcing-after-prompt", "it calls teacher_forcing")
def borrowed_forcing(sentences, n_given, start, end, pad):
    inputs, targets, mask = scratch.teacher_forcing(sentences, start, end, pad)
    return inputs, targets, mask & (np.arange(mask.shape[1]) >= np.array(n_given)[:, None])


@right("forcing-after-prompt")
def from_the_whole_sentence_by_slices(sentences, n_given, start, end, pad):
    whole = fill([[start, *s, end] for s in sentences], pad)
    asked = fill([[0] * n + [1] * (len(s) - n + 1) for s, n in zip(sentences, n_given, strict=True)], 0)
    inputs = whole[:, :-1].copy()
    for row, words in enumerate(sentences):
        inputs[row, len(words) + 1 :] = pad
    return inputs, whole[:, 1:], asked.astype(bool)


@right("forcing-after-prompt")
def nested_lists(sentences, n_given, start, end, pad):
    width = max(len(s) for s in sentences) + 1
    inputs, targets, mask = [], [], []
    for words, n in zip(sentences, n_given, strict=True):
        rest = width - len(words) - 1
        inputs.append([start] + words + [pad] * rest)
        targets.append(words + [end] + [pad] * rest)
        mask.append([False] * n + [True] * (len(words) + 1 - n) + [False] * rest)
    return [inputs, targets, mask]


# sentence-log-probs


def picked(log_y, targets, mask):
    at = np.take_along_axis(log_y, targets[..., None], axis=-1)[..., 0]
    return np.where(mask, at, 0.0)


def softmax(a, axis=-1):
    powers = np.exp(a - a.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def log_y_of(logits):
    a = logits - logits.max(axis=-1, keepdims=True)
    return a - np.log(np.exp(a).sum(axis=-1, keepdims=True))


@wrong("sentence-log-probs", "the log of a product of probabilities that underflows")
def product_then_log(logits, targets, mask):
    y, found = softmax(logits), np.ones(len(logits))
    for t in range(logits.shape[1]):
        found *= np.where(mask[:, t], y[np.arange(len(y)), t, targets[:, t]], 1.0)
    return np.log(found)


@wrong("sentence-log-probs", "a probability underflows before its logarithm is taken")
def softmax_then_log(logits, targets, mask):
    return picked(np.log(softmax(logits)), targets, mask).sum(axis=1)


@wrong("sentence-log-probs", "exp overflows on large scores")
def naive_log_sum_exp(logits, targets, mask):
    return picked(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)), targets, mask).sum(axis=1)


@wrong("sentence-log-probs", "not over the steps")
def softmax_over_time(logits, targets, mask):
    a = logits - logits.max(axis=1, keepdims=True)
    return picked(a - np.log(np.exp(a).sum(axis=1, keepdims=True)), targets, mask).sum(axis=1)


@wrong("sentence-log-probs", "softmax is taken over all numbers of the batch at once")
def axis_forgotten(logits, targets, mask):
    a = logits - logits.max()
    return picked(a - np.log(np.exp(a).sum()), targets, mask).sum(axis=1)


@wrong("sentence-log-probs", "padding is counted")
def mask_ignored(logits, targets, mask):
    return picked(log_y_of(logits), targets, np.ones_like(mask)).sum(axis=1)


@wrong("sentence-log-probs", "it is the mean over the words")
def mean_of_the_logs(logits, targets, mask):
    return picked(log_y_of(logits), targets, mask).sum(axis=1) / mask.sum(axis=1)


@wrong("sentence-log-probs", "the sign is turned")
def the_loss_instead(logits, targets, mask):
    return -picked(log_y_of(logits), targets, mask).sum(axis=1)


@wrong("sentence-log-probs", "the logarithm has the wrong base")
def in_bits(logits, targets, mask):
    return picked(log_y_of(logits), targets, mask).sum(axis=1) / np.log(2)


@wrong("sentence-log-probs", "it takes the likeliest word at each step")
def of_the_best_words(logits, targets, mask):
    return np.where(mask, log_y_of(logits).max(axis=-1), 0.0).sum(axis=1)


@wrong("sentence-log-probs", "it calls log_softmax")
def borrowed_log_softmax(logits, targets, mask):
    return picked(log_softmax(logits), targets, mask).sum(axis=1)


@right("sentence-log-probs")
def with_logaddexp(logits, targets, mask):
    rows, steps = np.indices(targets.shape)
    log_y = logits[rows, steps, targets] - np.logaddexp.reduce(logits, axis=-1)
    return np.sum(log_y, axis=-1, where=mask)


@right("sentence-log-probs")
def with_torch(logits, targets, mask):
    log_y = torch.tensor(logits).log_softmax(dim=-1)
    return (
        log_y.gather(-1, torch.tensor(targets)[..., None])[..., 0].masked_fill(~torch.tensor(mask), 0).sum(1)
    )


@right("sentence-log-probs")
def step_by_step(logits, targets, mask):
    found = []
    for rows, words, real in zip(logits, targets, mask, strict=True):
        total = 0.0
        for row, word in zip(rows[real], words[real], strict=True):
            total += row[word] - row.max() - np.log(sum(np.exp(a - row.max()) for a in row))
        found.append(total)
    return found


# corpus-perplexity


@wrong("corpus-perplexity", "That is not the only fault")
def as_released(batches):
    found = []
    for log_p, _ in batches:
        found.append(2 ** -log_p.mean())
    return np.mean(found)


@wrong("corpus-perplexity", "perplexities of batches are averaged")
def mean_of_perplexities(batches):
    return np.mean([np.exp(-log_p[mask].mean()) for log_p, mask in batches])


@wrong("corpus-perplexity", "every batch weighs the same")
def mean_of_means(batches):
    return np.exp(np.mean([-log_p[mask].mean() for log_p, mask in batches]))


@wrong("corpus-perplexity", "padding is counted in the mean")
def padding_in_the_mean(batches):
    every = np.concatenate([log_p.ravel() for log_p, _ in batches])
    return np.exp(-every.mean())


@wrong("corpus-perplexity", "perplexity with the wrong base")
def two_to_the_nats(batches):
    every = np.concatenate([log_p[mask] for log_p, mask in batches])
    return 2 ** -every.mean()


@wrong("corpus-perplexity", "every sentence weighs the same")
def mean_by_sentence(batches):
    means = [row[real].mean() for log_p, mask in batches for row, real in zip(log_p, mask, strict=True)]
    return np.exp(-np.mean(means))


@wrong("corpus-perplexity", "it is the loss, in nats")
def exponential_forgotten(batches):
    return -np.concatenate([log_p[mask] for log_p, mask in batches]).mean()


@wrong("corpus-perplexity", "the sign is turned")
def sign_forgotten(batches):
    return np.exp(np.concatenate([log_p[mask] for log_p, mask in batches]).mean())


@wrong("corpus-perplexity", "only the last batch counts")
def overwritten_in_the_loop(batches):
    for log_p, mask in batches:
        total, n = -log_p[mask].sum(), mask.sum()
    return np.exp(total / n)


@right("corpus-perplexity")
def geometric_mean(batches):
    p = np.exp(np.concatenate([log_p[mask] for log_p, mask in batches]))
    return float(np.prod(p ** (-1 / len(p))))


@right("corpus-perplexity")
def in_bits_throughout(batches):
    bits = sum(np.where(mask, log_p, 0).sum() for log_p, mask in batches) / np.log(2)
    return np.float32(2.0 ** (-bits / sum(np.count_nonzero(mask) for _, mask in batches)))


# smoothed-loss


def smoothed(logits, targets, mask, epsilon, y=None, dy=None, n=None, keep=None, back=None):
    """The loss with chosen truth, gradient truth, divisor and mask of the gradient."""
    K, log_y = logits.shape[-1], log_y_of(logits)
    one_hot = np.eye(K)[targets]
    true = (1 - epsilon) * one_hot + epsilon / K
    y, dy = true if y is None else y(one_hot, K), dy(one_hot, K) if dy else y(one_hot, K) if y else true
    n = mask.sum() if n is None else n
    loss = -(y * log_y).sum(axis=-1)[mask].sum() / n
    d = (np.exp(log_y) - dy) if back is None else back(np.exp(log_y), dy)
    return loss, d * (mask if keep is None else keep)[..., None] / n


@wrong("smoothed-loss", "ε is left out")
def plain_cross_entropy(logits, targets, mask, epsilon):
    return cross_entropy(logits, targets, mask)


@wrong("smoothed-loss", "the loss is smoothed, its gradient is not")
def old_gradient(logits, targets, mask, epsilon):
    loss, _ = smoothed(logits, targets, mask, epsilon)
    return loss, cross_entropy(logits, targets, mask)[1]


@wrong("smoothed-loss", "ε is spread over the other words only")
def spread_over_the_others(logits, targets, mask, epsilon):
    return smoothed(
        logits, targets, mask, epsilon, lambda o, K: np.where(o == 1, 1 - epsilon, epsilon / (K - 1))
    )


@wrong("smoothed-loss", "the true word keeps all of its 1")
def nothing_given_away(logits, targets, mask, epsilon):
    return smoothed(logits, targets, mask, epsilon, lambda o, K: o + epsilon / K)


@wrong("smoothed-loss", "every word gets ε")
def epsilon_for_everyone(logits, targets, mask, epsilon):
    return smoothed(logits, targets, mask, epsilon, lambda o, K: (1 - epsilon) * o + epsilon)


@wrong("smoothed-loss", "the sign of dlogits is turned")
def truth_minus_guess(logits, targets, mask, epsilon):
    return smoothed(logits, targets, mask, epsilon, back=lambda y_hat, y: y - y_hat)


@wrong("smoothed-loss", "dlogits is the gradient by the probabilities")
def stopped_before_the_softmax(logits, targets, mask, epsilon):
    return smoothed(logits, targets, mask, epsilon, back=lambda y_hat, y: -y / y_hat)


@wrong("smoothed-loss", "dlogits is not divided by the number of real tokens")
def gradient_of_the_sum(logits, targets, mask, epsilon):
    loss, dlogits = smoothed(logits, targets, mask, epsilon)
    return loss, dlogits * mask.sum()


@wrong("smoothed-loss", "loss and gradient are sums")
def no_mean(logits, targets, mask, epsilon):
    return smoothed(logits, targets, mask, epsilon, n=1)


@wrong("smoothed-loss", "padding is counted in the mean")
def mask_not_used(logits, targets, mask, epsilon):
    return smoothed(logits, targets, np.ones_like(mask), epsilon)


@wrong("smoothed-loss", "the gradient at padding is not 0")
def mask_in_the_loss_only(logits, targets, mask, epsilon):
    return smoothed(logits, targets, mask, epsilon, keep=np.ones_like(mask))


@right("smoothed-loss")
def two_losses_mixed(logits, targets, mask, epsilon):
    hard, dhard = cross_entropy(logits, targets, mask)
    log_y = log_y_of(logits)[mask]
    soft = np.exp(log_y) - 1 / logits.shape[-1]
    dsoft = np.zeros_like(logits)
    dsoft[mask] = soft / len(soft)
    return (1 - epsilon) * hard - epsilon * log_y.mean(), (1 - epsilon) * dhard + epsilon * dsoft


@right("smoothed-loss")
def by_autograd(logits, targets, mask, epsilon):
    a = torch.tensor(logits, requires_grad=True)
    keep = torch.tensor(mask)
    loss = functional.cross_entropy(a[keep], torch.tensor(targets)[keep], label_smoothing=float(epsilon))
    loss.backward()
    return loss, a.grad


@right("smoothed-loss")
def place_by_place(logits, targets, mask, epsilon):
    loss, d, n = 0.0, np.zeros(logits.shape, np.float32), np.count_nonzero(mask)
    for place in np.argwhere(mask):
        row, word = logits[tuple(place)], targets[tuple(place)]
        y_hat = np.exp(row - np.logaddexp.reduce(row))
        y = np.full(len(row), epsilon / len(row))
        y[word] += 1 - epsilon
        loss -= y @ np.log(y_hat) / n
        d[tuple(place)] = (y_hat - y) / n
    return [loss, d]


# predict-reach

TRUE = {
    "rnn": [2, 3, 4, 5],
    "window": [2, 3],
    "bigram": [2],
    "losses": [1, 2, 3, 4, 5],
    "sure": [2],
    "sure_writing": [2, 3, 4, 5],
}


@wrong("predict-reach", "the state goes on")
def rnn_without_memory():
    return {**TRUE, "rnn": [2]}


@wrong("predict-reach", "would look at the future")
def everything_changes():
    return {**TRUE, "rnn": [1, 2, 3, 4, 5]}


@wrong("predict-reach", "a window carries nothing on")
def window_with_a_state():
    return {**TRUE, "window": [2, 3, 4, 5]}


@wrong("predict-reach", "at step 4 these are words 3 and 4")
def window_of_three():
    return {**TRUE, "window": [2, 3, 4]}


@wrong("predict-reach", "a bigram's context is one word")
def bigram_as_a_trigram():
    return {**TRUE, "bigram": [2, 3]}


@wrong("predict-reach", "which step is asked for word 2?")
def target_forgotten():
    return {**TRUE, "losses": [2, 3, 4, 5]}


@wrong("predict-reach", "step 3 reads the true word 3")
def guess_is_read_in_training():
    return {**TRUE, "sure": [2, 3, 4, 5]}


@wrong("predict-reach", "now step 3 reads what step 2 predicted")
def writing_as_training():
    return {**TRUE, "sure_writing": [2]}


@wrong("predict-reach", "count the steps from 1")
def counted_from_zero():
    return {**TRUE, "losses": [0, 1, 2, 3, 4]}


@right("predict-reach")
def as_sets():
    return {case: set(steps) for case, steps in reversed(TRUE.items())}


@right("predict-reach")
def as_arrays_in_any_order():
    return {case: np.array(steps[::-1]) for case, steps in TRUE.items()}


# next-word-loss


def loss_and_gradient(logits, compute):
    logits = logits.detach().clone().requires_grad_()
    loss = compute(logits)
    return loss, torch.autograd.grad(loss, logits)[0]


def real_targets(ids, lengths, less=1):
    return torch.arange(ids.shape[1] - 1) < (lengths - less)[:, None]


@wrong("next-word-loss", "the targets are not shifted by one")
def same_token_again(logits, ids, lengths):
    on = torch.arange(ids.shape[1]) < lengths[:, None]
    return loss_and_gradient(logits, lambda a: functional.cross_entropy(a[on], ids[on]))


@wrong("next-word-loss", "shifted the wrong way")
def token_before(logits, ids, lengths):
    on = torch.arange(1, ids.shape[1]) < lengths[:, None]
    return loss_and_gradient(logits, lambda a: functional.cross_entropy(a[:, 1:][on], ids[:, :-1][on]))


@wrong("next-word-loss", "padding is counted in the mean")
def lengths_not_used(logits, ids, lengths):
    return loss_and_gradient(
        logits, lambda a: functional.cross_entropy(a[:, :-1].transpose(1, 2), ids[:, 1:])
    )


@wrong("next-word-loss", "the mask is one step too long")
def lengths_of_the_inputs(logits, ids, lengths):
    on = real_targets(ids, lengths, less=0)
    return loss_and_gradient(logits, lambda a: functional.cross_entropy(a[:, :-1][on], ids[:, 1:][on]))


@wrong("next-word-loss", "the mask is one step too short")
def end_not_asked_for(logits, ids, lengths):
    on = real_targets(ids, lengths, less=2)
    return loss_and_gradient(logits, lambda a: functional.cross_entropy(a[:, :-1][on], ids[:, 1:][on]))


@wrong("next-word-loss", "words with id 0 are left out")
def zero_taken_for_padding(logits, ids, lengths):
    return loss_and_gradient(
        logits,
        lambda a: functional.cross_entropy(a[:, :-1].transpose(1, 2), ids[:, 1:], ignore_index=0),
    )


@wrong("next-word-loss", "softmax is taken twice")
def probabilities_into_cross_entropy(logits, ids, lengths):
    on = real_targets(ids, lengths)
    return loss_and_gradient(
        logits, lambda a: functional.cross_entropy(a.softmax(-1)[:, :-1][on], ids[:, 1:][on])
    )


@wrong("next-word-loss", "that mixes steps and words")
def reshaped_not_transposed(logits, ids, lengths):
    B, T, K = logits.shape
    targets = torch.where(real_targets(ids, lengths), ids[:, 1:], -100)
    return loss_and_gradient(
        logits, lambda a: functional.cross_entropy(a[:, :-1].reshape(B, K, T - 1), targets)
    )


@wrong("next-word-loss", "every sentence weighs the same")
def mean_of_sentence_means(logits, ids, lengths):
    def compute(a):
        parts = [functional.cross_entropy(a[n, : k - 1], ids[n, 1:k]) for n, k in enumerate(lengths.tolist())]
        return torch.stack(parts).mean()

    return loss_and_gradient(logits, compute)


@wrong("next-word-loss", "it is the sum")
def summed(logits, ids, lengths):
    on = real_targets(ids, lengths)
    return loss_and_gradient(
        logits, lambda a: functional.cross_entropy(a[:, :-1][on], ids[:, 1:][on], reduction="sum")
    )


@wrong("next-word-loss", "expected 2 values")
def gradient_forgotten(logits, ids, lengths):
    on = real_targets(ids, lengths)
    return functional.cross_entropy(logits[:, :-1][on], ids[:, 1:][on])


@right("next-word-loss")
def with_ignore_index_and_backward(logits, ids, lengths):
    a = logits.double().requires_grad_()
    hidden = torch.full_like(ids, -100)
    for n, length in enumerate(lengths):
        hidden[n, : length - 1] = ids[n, 1:length]
    loss = functional.cross_entropy(a.transpose(1, 2), hidden)
    loss.backward()
    return loss.item(), a.grad


@right("next-word-loss")
def with_log_softmax_and_gather(logits, ids, lengths):
    on = real_targets(ids, lengths).float()

    def compute(a):
        log_y = a[:, :-1].log_softmax(dim=-1).gather(-1, ids[:, 1:, None])[..., 0]
        return -(log_y * on).sum() / on.sum()

    return loss_and_gradient(logits, compute)


@right("next-word-loss")
def gradient_by_hand_in_numpy(logits, ids, lengths):
    on = real_targets(ids, lengths).numpy()
    loss, dlogits = cross_entropy(logits[:, :-1].numpy(), ids[:, 1:].numpy(), on)
    return loss, np.concatenate([dlogits, 0 * dlogits[:, :1]], axis=1)


# fit-lm


def own(params):
    return {name: p.detach().clone().requires_grad_() for name, p in params.items()}


def forward(p, inputs, carry=True, turned=False, bias=True, guess=False):
    h, scores, read = torch.zeros(len(inputs), len(p["U"])), [], inputs[:, 0]
    U = p["U"] if turned else p["U"].T
    for t in range(inputs.shape[1]):
        read = scores[-1].argmax(-1) if guess and t else inputs[:, t]
        h = torch.tanh((h if carry else 0 * h) @ U + p["E"].T[read] @ p["W"].T + p["b"])
        scores.append(h @ p["V"].T + (p["b_y"] if bias else 0))
    return torch.stack(scores, dim=1)


def train(params, inputs, targets, mask, rate, n_updates, zero=True, sign=1, late=False, total=False, **how):
    p, losses = own(params), []
    for _ in range(n_updates):
        scores = forward(p, inputs, **how)
        loss = functional.cross_entropy(scores[mask], targets[mask], reduction="sum" if total else "mean")
        loss.backward()
        with torch.no_grad():
            for value in p.values():
                if value.grad is not None:
                    value -= sign * rate * value.grad
                    value.grad = None if zero else value.grad
        losses.append(loss.item())
        if late:
            losses[-1] = functional.cross_entropy(forward(p, inputs)[mask], targets[mask]).item()
    return torch.tensor(losses), {name: value.detach() for name, value in p.items()}


@wrong("fit-lm", "the gradients add up from update to update")
def zero_grad_forgotten(*args):
    return train(*args, zero=False)


@wrong("fit-lm", "the weights go up the gradient")
def ascent(*args):
    return train(*args, sign=-1)


@wrong("fit-lm", "the losses are those after the updates")
def losses_too_late(*args):
    return train(*args, late=True)


@wrong("fit-lm", "the model reads its own guesses")
def free_running(*args):
    return train(*args, guess=True)


@wrong("fit-lm", "padding is counted in the mean")
def no_mask(params, inputs, targets, mask, rate, n_updates):
    return train(params, inputs, targets, torch.ones_like(mask), rate, n_updates)


@wrong("fit-lm", "the loss is a sum")
def loss_not_averaged(*args):
    return train(*args, total=True)


@wrong("fit-lm", "the state is not carried")
def every_word_the_first(*args):
    return train(*args, carry=False)


@wrong("fit-lm", "it is used transposed")
def wrong_side(*args):
    return train(*args, turned=True)


@wrong("fit-lm", "the output's bias b_y is left out")
def without_output_bias(*args):
    return train(*args, bias=False)


@wrong("fit-lm", "it changes its argument params")
def into_the_callers_tensors(params, inputs, targets, mask, rate, n_updates):
    losses, trained = train(params, inputs, targets, mask, rate, n_updates)
    for name, value in trained.items():
        params[name] += value - params[name]
    return losses, trained


@wrong("fit-lm", "the weights from before the training")
def a_copy_is_trained_and_forgotten(params, *rest):
    return train(params, *rest)[0], params


@right("fit-lm")
def with_an_optimizer(params, inputs, targets, mask, rate, n_updates):
    p = own(params)
    descent, losses = torch.optim.SGD(p.values(), lr=rate), []
    for _ in range(n_updates):
        descent.zero_grad()
        hidden = torch.where(mask, targets, -100)
        loss = functional.cross_entropy(forward(p, inputs).transpose(1, 2), hidden)
        loss.backward()
        descent.step()
        losses.append(loss)
    return torch.stack(losses), p


@right("fit-lm")
def with_torch_s_rnn(params, inputs, targets, mask, rate, n_updates):
    D, H = len(params["E"]), len(params["U"])
    rnn = torch.nn.RNN(D, H, batch_first=True)
    names = {"weight_ih_l0": "W", "weight_hh_l0": "U", "bias_ih_l0": "b"}
    p = own(params)
    losses = []
    for _ in range(n_updates):
        weights = {long: p[short] for long, short in names.items()} | {"bias_hh_l0": torch.zeros(H)}
        h, _ = torch.func.functional_call(rnn, weights, (p["E"].T[inputs],))
        loss = functional.cross_entropy((h @ p["V"].T + p["b_y"])[mask], targets[mask])
        losses.append(float(loss))
        gradients = dict(zip(p, torch.autograd.grad(loss, list(p.values())), strict=True))
        p = {name: (value - rate * gradients[name]).detach().requires_grad_() for name, value in p.items()}
    return losses, p


@right("fit-lm")
def in_double_precision_by_hand(params, inputs, targets, mask, rate, n_updates):
    arrays, losses = {name: p.double().numpy().copy() for name, p in params.items()}, []
    for _ in range(n_updates):
        loss, gradients, _ = scratch.lm_loss(inputs.numpy(), targets.numpy(), arrays, mask=mask.numpy())
        losses.append(loss)
        arrays = {name: array - rate * gradients[name] for name, array in arrays.items()}
    return losses, {name: torch.tensor(array) for name, array in arrays.items()}
