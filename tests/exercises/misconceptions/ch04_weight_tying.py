"""Assignment ch04_weight_tying: plausible wrong answers with the hint each must draw, and unusual right ones."""

import numpy as np
import torch
from submissions import Answers
from torch.nn import functional

from unrolled.scratch import weight_tying as scratch
from unrolled.scratch.language_model import lm_loss

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


def softmax(a, axis=-1):
    powers = np.exp(a - a.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


# tied-step


@wrong("tied-step", "the output takes E on the wrong side")
def transposed_as_in_the_equation(words, h_prev, E, W, U, b_y):
    h = np.tanh(h_prev @ U.T + E[:, words].T @ W.T)
    return h, softmax(h @ E.T + b_y)


@wrong("tied-step", "a row of E is looked up")
def row_looked_up(words, h_prev, E, W, U, b_y):
    h = np.tanh(h_prev @ U.T + E[words] @ W.T)
    return h, softmax(h @ E + b_y)


@wrong("tied-step", "rows and columns of E are exchanged at both ends")
def torchs_table(words, h_prev, E, W, U, b_y):
    h = np.tanh(h_prev @ U.T + E[words] @ W.T)
    return h, softmax(h @ E.T + b_y)


@wrong("tied-step", "the output's bias b_y is left out")
def bias_forgotten(words, h_prev, E, W, U, b_y):
    h = np.tanh(h_prev @ U.T + E.T[words] @ W.T)
    return h, softmax(h @ E)


@wrong("tied-step", "softmax over the wrong axis")
def softmax_over_the_batch(words, h_prev, E, W, U, b_y):
    h = np.tanh(h_prev @ U.T + E.T[words] @ W.T)
    return h, softmax(h @ E + b_y, axis=0)


@wrong("tied-step", "W and U are used transposed")
def wrong_sides(words, h_prev, E, W, U, b_y):
    h = np.tanh(h_prev @ U + E.T[words] @ W)
    return h, softmax(h @ E + b_y)


@wrong("tied-step", "the softmax is missing")
def scores_only(words, h_prev, E, W, U, b_y):
    h = np.tanh(h_prev @ U.T + E.T[words] @ W.T)
    return h, h @ E + b_y


@wrong("tied-step", "the scores are made of h_{t-1}")
def scores_too_early(words, h_prev, E, W, U, b_y):
    h = np.tanh(h_prev @ U.T + E.T[words] @ W.T)
    return h, softmax(h_prev @ E + b_y)


@wrong("tied-step", "it calls tied_forward")
def borrowed_step(words, h_prev, E, W, U, b_y):
    params = {"E": E, "W": W, "U": U, "b": np.zeros(len(U)), "b_y": b_y}
    logits, state, _ = scratch.tied_forward(words[:, None], params, state_0=(h_prev,))
    return state[0], softmax(logits[:, 0])


@right("tied-step")
def with_one_hot_and_einsum(words, h_prev, E, W, U, b_y):
    e = np.eye(E.shape[1])[words] @ E.T
    h = np.tanh(np.einsum("hk,bk->bh", U, h_prev) + np.einsum("hd,bd->bh", W, e))
    return h, softmax(np.einsum("dv,bd->bv", E, h) + b_y)


@right("tied-step")
def with_columns_in_torch(words, h_prev, E, W, U, b_y):
    E, W, U = (torch.tensor(m, dtype=torch.float32) for m in (E, W, U))
    h = torch.tanh(U @ torch.tensor(h_prev, dtype=torch.float32).T + W @ E[:, torch.tensor(words)])
    scores = E.T @ h + torch.tensor(b_y, dtype=torch.float32)[:, None]
    return h.T, scores.softmax(dim=0).T


# tied-gradient


def ends(words, de, h, ds, mask):
    """Both parts, (D, n_vocab), with padding left out."""
    one_hot = np.eye(ds.shape[-1])[words] * mask[..., None]
    return np.einsum("btd,btv->dv", de, one_hot), np.einsum("btd,btv->dv", h, ds * mask[..., None])


@wrong("tied-gradient", "only the reading is there")
def embedding_alone(*args):
    return ends(*args)[0]


@wrong("tied-gradient", "only the guessing is there")
def output_alone(*args):
    return ends(*args)[1]


@wrong("tied-gradient", "it is the mean of the two uses")
def averaged(*args):
    return sum(ends(*args)) / 2


@wrong("tied-gradient", "a word that is read twice gets only one of its gradients")
def plus_equals_with_an_index(words, de, h, ds, mask):
    dE = h[mask].T @ ds[mask]
    dE[:, words[mask]] += de[mask].T
    return dE


@wrong("tied-gradient", "padding is counted: where the mask")
def mask_not_used(words, de, h, ds, mask):
    return sum(ends(words, de, h, ds, np.ones_like(mask)))


@wrong("tied-gradient", "padding is counted in the reading")
def mask_at_the_output_only(words, de, h, ds, mask):
    return ends(words, de, h, ds, np.ones_like(mask))[0] + ends(words, de, h, ds, mask)[1]


@wrong("tied-gradient", "it has a row for each word")
def gradient_of_the_transpose(*args):
    return sum(ends(*args)).T


@wrong("tied-gradient", "h_{t-1} is used where h_t belongs")
def states_one_step_late(words, de, h, ds, mask):
    before = np.concatenate([np.zeros_like(h[:, :1]), h[:, :-1]], axis=1)
    return sum(ends(words, de, before, ds, mask))


@wrong("tied-gradient", "it is divided by the number of sentences")
def mean_over_the_batch(words, de, h, ds, mask):
    return sum(ends(words, de, h, ds, mask)) / len(words)


@right("tied-gradient")
def both_by_einsum(*args):
    return sum(ends(*args))


@right("tied-gradient")
def place_by_place_in_float32(words, de, h, ds, mask):
    dE = np.zeros((h.shape[-1], ds.shape[-1]), np.float32)
    for b, t in np.argwhere(mask):
        dE += np.outer(h[b, t], ds[b, t])
        dE[:, words[b, t]] += de[b, t]
    return dE


@right("tied-gradient")
def with_torchs_index_add(words, de, h, ds, mask):
    words, de, h, ds = (torch.tensor(a)[torch.tensor(mask)] for a in (words, de, h, ds))
    return (h.T @ ds).index_add(1, words, de.T)


# predict-columns

EVERY = [1, 2, 3, 4, 5, 6]
TRUE = {
    "untied_E": [2, 3, 5],
    "untied_V": EVERY,
    "tied": EVERY,
    "detached": [2, 3, 5],
    "second_only": [2, 5],
    "without_W": EVERY,
    "candidates": [2, 3, 5, 6],
}


@wrong("predict-columns", "untied, E is only looked up")
def every_column_read():
    return {**TRUE, "untied_E": EVERY}


@wrong("predict-columns", "word 6 is asked for at the end, but it is never read")
def targets_are_read():
    return {**TRUE, "untied_E": [2, 3, 5, 6]}


@wrong("predict-columns", "the right answers are pushed up, but all others are pushed down")
def only_the_right_answers():
    return {**TRUE, "untied_V": [3, 5, 6]}


@wrong("predict-columns", "that is the reading alone")
def tied_as_an_embedding():
    return {**TRUE, "tied": [2, 3, 5]}


@wrong("predict-columns", "What is left is the reading")
def detached_as_tied():
    return {**TRUE, "detached": EVERY}


@wrong("predict-columns", "Nothing that comes later has a part in it")
def future_words():
    return {**TRUE, "second_only": [2, 3, 5]}


@wrong("predict-columns", "b makes a state that is not zero")
def nothing_without_W():
    return {**TRUE, "without_W": []}


@wrong("predict-columns", "the softmax leaves words 1 and 4 out")
def softmax_of_all():
    return {**TRUE, "candidates": EVERY}


@wrong("predict-columns", "count the words from 1 to 6")
def counted_from_zero():
    return {case: [word - 1 for word in words] for case, words in TRUE.items()}


@right("predict-columns")
def as_sets():
    return {case: set(words) for case, words in reversed(TRUE.items())}


@right("predict-columns")
def as_arrays_in_any_order():
    return {case: np.array(words[::-1]) for case, words in TRUE.items()}


# repaired-training


def one_pass(ids, targets, E, W, U, V):
    params = {"E": E, "W": W, "U": U, "b": np.zeros(len(U)), "V": V}
    loss, gradients, _ = lm_loss(ids, targets, params)
    return loss, gradients


def train(ids, targets, E, W, U, rate, n_updates, dE=lambda g: g["E"] + g["V"].T, rest=1.0, V=None):
    losses = []
    for _ in range(n_updates):
        loss, g = one_pass(ids, targets, E, W, U, E.T if V is None else V)
        losses.append(loss)
        E, W, U = E - rate * dE(g), W - rest * rate * g["W"], U - rest * rate * g["U"]
    return np.array(losses), {"E": E, "W": W, "U": U}


@wrong("repaired-training", "there are two tables")
def only_the_callers_arrays_mended(ids, targets, E, W, U, rate, n_updates):
    E, W, U, V = E.copy(), W.copy(), U.copy(), E.T.copy()
    losses = []
    for _ in range(n_updates):
        loss, g = one_pass(ids, targets, E, W, U, V)
        losses.append(loss)
        for name, array in {"E": E, "W": W, "U": U, "V": V}.items():
            array -= rate * g[name]
    return np.array(losses), {"E": E, "W": W, "U": U}


@wrong("repaired-training", "it changes its argument")
def tied_in_the_callers_arrays(ids, targets, E, W, U, rate, n_updates):
    losses = []
    for _ in range(n_updates):
        loss, g = one_pass(ids, targets, E, W, U, E.T)
        losses.append(loss)
        E -= rate * (g["E"] + g["V"].T)
        W -= rate * g["W"]
        U -= rate * g["U"]
    return np.array(losses), {"E": E, "W": W, "U": U}


@wrong("repaired-training", "E gets the gradient of the reading alone")
def gradient_of_V_dropped(*args):
    return train(*args, dE=lambda g: g["E"])


@wrong("repaired-training", "E gets the gradient of the guessing alone")
def gradient_of_V_instead(*args):
    return train(*args, dE=lambda g: g["V"].T)


@wrong("repaired-training", "the two gradients are averaged")
def gradients_averaged(*args):
    return train(*args, dE=lambda g: (g["E"] + g["V"].T) / 2)


@wrong("repaired-training", "trained apart and averaged in the end")
def averaged_in_the_end(ids, targets, E, W, U, rate, n_updates):
    V, losses = E.T, []
    for _ in range(n_updates):
        loss, g = one_pass(ids, targets, E, W, U, V)
        losses.append(loss)
        E, V, W, U = E - rate * g["E"], V - rate * g["V"], W - rate * g["W"], U - rate * g["U"]
    return np.array(losses), {"E": (E + V.T) / 2, "W": W, "U": U}


@wrong("repaired-training", "V stays as it was drawn")
def V_of_the_beginning(ids, targets, E, *rest):
    return train(ids, targets, E, *rest, V=E.T.copy())


@wrong("repaired-training", "W and U are not trained any more")
def only_the_table(*args):
    return train(*args, rest=0.0)


@right("repaired-training")
def in_place_by_a_view(ids, targets, E, W, U, rate, n_updates):
    E, W, U = E.copy(), W.copy(), U.copy()
    V = E.T  # moves with E, and E with it
    losses = []
    for _ in range(n_updates):
        loss, g = one_pass(ids, targets, E, W, U, V)
        losses.append(loss)
        E -= rate * g["E"]
        V -= rate * g["V"]
        W -= rate * g["W"]
        U -= rate * g["U"]
    return losses, {"U": U, "W": W, "E": E}


@right("repaired-training")
def with_autograd(ids, targets, E, W, U, rate, n_updates):
    E, W, U = (torch.tensor(m, requires_grad=True) for m in (E, W, U))
    losses = []
    for _ in range(n_updates):
        h, scores = torch.zeros(len(U), dtype=E.dtype), []
        for word in ids:
            h = torch.tanh(U @ h + W @ E[:, word])
            scores.append(E.T @ h)
        loss = functional.cross_entropy(torch.stack(scores), torch.tensor(targets))
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, (E, W, U))
        E, W, U = (
            (m - rate * g).detach().requires_grad_() for m, g in zip((E, W, U), gradients, strict=True)
        )
    return losses, {"E": E, "W": W, "U": U}


# count-parameters


def counted(n_vocab, D, H, gates, biases=None, P=None, E=1, V=None, b_y=None):
    rest = gates * (H * D + H * H) + (gates * H if biases is None else biases)
    rest += n_vocab if b_y is None else b_y
    untied = rest + n_vocab * D + (n_vocab * H if V is None else V)
    tied = rest + E * n_vocab * D + ((D * H if D != H else 0) if P is None else P)
    return {"untied": untied, "tied": tied, "share": (untied - tied) / untied}


@wrong("count-parameters", "P is left out")
def no_projection(n_vocab, D, H, gates):
    return counted(n_vocab, D, H, gates, P=0)


@wrong("count-parameters", "P is counted where H = D")
def projection_always(n_vocab, D, H, gates):
    return counted(n_vocab, D, H, gates, P=D * H)


@wrong("count-parameters", "the bias of the scores is left out")
def no_output_bias(n_vocab, D, H, gates):
    return counted(n_vocab, D, H, gates, b_y=0)


@wrong("count-parameters", "a cell with several gates has a bias for each")
def one_bias_for_all_gates(n_vocab, D, H, gates):
    return counted(n_vocab, D, H, gates, biases=H)


@wrong("count-parameters", "E is counted twice in the tied model")
def once_for_each_use(n_vocab, D, H, gates):
    return counted(n_vocab, D, H, gates, E=2)


@wrong("count-parameters", "V has a row of H numbers for each word")
def V_as_wide_as_E(n_vocab, D, H, gates):
    return counted(n_vocab, D, H, gates, V=n_vocab * D)


@wrong("count-parameters", "the share is that of the tied model's numbers")
def share_of_the_small_one(*args):
    c = counted(*args)
    return {**c, "share": (c["untied"] - c["tied"]) / c["tied"]}


@wrong("count-parameters", "the share is what is left")
def share_that_stays(*args):
    c = counted(*args)
    return {**c, "share": c["tied"] / c["untied"]}


@right("count-parameters")
def by_drawing_the_arrays(n_vocab, D, H, gates):
    E, b_y, V, P = np.zeros((D, n_vocab)), np.zeros(n_vocab), np.zeros((n_vocab, H)), np.zeros((D, H))
    cell = [np.zeros((gates, H, D)), np.zeros((gates, H, H)), np.zeros((gates, H))]
    untied, tied = [E, b_y, V, *cell], [E, b_y, *cell] + ([P] if H != D else [])
    n, m = (sum(a.size for a in arrays) for arrays in (untied, tied))
    return {"tied": m, "untied": n, "share": np.float32(1 - m / n)}


@right("count-parameters")
def by_the_formula(n_vocab, D, H, gates):
    tied = (n_vocab + gates * H) * (D + 1) + gates * H**2 + (H != D) * D * H
    saved = n_vocab * H - (H != D) * D * H
    return {"untied": tied + saved, "tied": tied, "share": saved / (tied + saved)}


# tied-update


def two_layers(E, b_y, tie=True, table=None):
    embedding = torch.nn.Embedding.from_pretrained(E.T.clone() if table is None else table, freeze=False)
    output = torch.nn.Linear(*E.shape)
    with torch.no_grad():
        output.weight.copy_(embedding.weight)
        output.bias.copy_(b_y)
    if tie:
        output.weight = embedding.weight
    return embedding, output


def parameters(*layers):
    return list(torch.nn.ModuleList(layers).parameters())


def stepped(embedding, output, ids, targets, rate, scores=None, held=None, reduction="mean"):
    held = parameters(embedding, output) if held is None else held
    scores = output(torch.tanh(embedding(ids))) if scores is None else scores
    functional.cross_entropy(scores, targets, reduction=reduction).backward()
    torch.optim.SGD(held, lr=rate).step()
    n = sum(p.numel() for p in parameters(embedding, output))
    return n, embedding.weight.detach(), output.weight.detach(), output.bias.detach()


@wrong("tied-update", "equal at first and apart after one update")
def numbers_copied(E, b_y, ids, targets, rate):
    return stepped(*two_layers(E, b_y, tie=False), ids, targets, rate)


@wrong("tied-update", "the one table is counted twice")
def layer_by_layer(E, b_y, ids, targets, rate):
    layers = two_layers(E, b_y)
    n = sum(p.numel() for layer in layers for p in layer.parameters())
    return n, *stepped(*layers, ids, targets, rate)[1:]


@wrong("tied-update", "it has to be transposed")
def reshaped_to_fit(E, b_y, ids, targets, rate):
    return stepped(*two_layers(E, b_y, table=E.clone().reshape(E.shape[1], -1)), ids, targets, rate)


@wrong("tied-update", "no gradient comes back from the use at the output")
def output_from_data(E, b_y, ids, targets, rate):
    embedding, output = two_layers(E, b_y)
    h = torch.tanh(embedding(ids))
    return stepped(embedding, output, ids, targets, rate, h @ embedding.weight.data.T + output.bias)


@wrong("tied-update", "no gradient comes back from the look-up")
def look_up_from_data(E, b_y, ids, targets, rate):
    embedding, output = two_layers(E, b_y)
    return stepped(embedding, output, ids, targets, rate, output(torch.tanh(embedding.weight.detach()[ids])))


@wrong("tied-update", "Tie first, then make the optimizer")
def optimizer_before_tying(E, b_y, ids, targets, rate):
    embedding, output = two_layers(E, b_y, tie=False)
    held = parameters(embedding, output)
    embedding.weight = output.weight = torch.nn.Parameter(E.T.clone())
    return stepped(embedding, output, ids, targets, rate, held=held)


@wrong("tied-update", "tanh is missing")
def straight_through(E, b_y, ids, targets, rate):
    embedding, output = two_layers(E, b_y)
    return stepped(embedding, output, ids, targets, rate, output(embedding(ids)))


@wrong("tied-update", "the step is taken twice")
def step_by_hand_for_each_layer(E, b_y, ids, targets, rate):
    embedding, output = two_layers(E, b_y)
    functional.cross_entropy(output(torch.tanh(embedding(ids))), targets).backward()
    with torch.no_grad():
        for p in (embedding.weight, output.weight, output.bias):
            p -= rate * p.grad
    n = sum(p.numel() for p in parameters(embedding, output))
    return n, embedding.weight.detach(), output.weight.detach(), output.bias.detach()


@wrong("tied-update", "the bias is not counted")
def table_counted_only(E, b_y, ids, targets, rate):
    return E.numel(), *stepped(*two_layers(E, b_y), ids, targets, rate)[1:]


@right("tied-update")
def the_other_way_round(E, b_y, ids, targets, rate):
    embedding, output = two_layers(E, b_y, tie=False)
    embedding.weight = output.weight
    return stepped(embedding, output, ids, targets, rate)


@right("tied-update")
def with_one_tensor_and_a_set(E, b_y, ids, targets, rate):
    table, bias = E.T.double().clone().requires_grad_(), b_y.double().clone().requires_grad_()
    scores = functional.linear(torch.tanh(functional.embedding(ids, table)), table, bias)
    functional.cross_entropy(scores, targets).backward()
    n = sum(p.numel() for p in {id(p): p for p in (table, table, bias)}.values())
    return n, table - rate * table.grad, table - rate * table.grad, bias - rate * bias.grad


# fit-projected


def own(params):
    return {name: p.detach().clone().requires_grad_() for name, p in params.items()}


def forward(p, inputs, read=lambda E: E, guess=lambda E: E, bias=True, head=None):
    h, scores = torch.zeros(len(inputs), len(p["U"])), []
    for t in range(inputs.shape[1]):
        h = torch.tanh(h @ p["U"].T + read(p["E"]).T[inputs[:, t]] @ p["W"].T + p["b"])
        scores.append(h @ (p["P"].T @ guess(p["E"]) if head is None else head) + (p["b_y"] if bias else 0))
    return torch.stack(scores, dim=1)


def fit(params, inputs, targets, mask, rate, n_updates, zero=True, sign=1, total=False, still=(), **how):
    p, losses = own(params), []
    for _ in range(n_updates):
        reduction = "sum" if total else "mean"
        loss = functional.cross_entropy(forward(p, inputs, **how)[mask], targets[mask], reduction=reduction)
        loss.backward()
        with torch.no_grad():
            for name, value in p.items():
                if value.grad is not None and name not in still:
                    value -= sign * rate * value.grad
                    value.grad = None if zero else value.grad
        losses.append(loss.item())
    return torch.tensor(losses), {name: value.detach() for name, value in p.items()}


@wrong("fit-projected", "E gets no gradient from the output")
def detached_at_the_output(*args):
    return fit(*args, guess=lambda E: E.detach())


@wrong("fit-projected", "E gets no gradient from the look-up")
def detached_at_the_input(*args):
    return fit(*args, read=lambda E: E.detach())


@wrong("fit-projected", "is made once, before the training")
def head_made_once(params, *rest):
    return fit(params, *rest, head=(params["P"].T @ params["E"]).detach())


@wrong("fit-projected", "P is not trained")
def projection_frozen(*args):
    return fit(*args, still=("P",))


@wrong("fit-projected", "the gradients add up from update to update")
def zero_grad_forgotten(*args):
    return fit(*args, zero=False)


@wrong("fit-projected", "padding is counted in the mean")
def no_mask(params, inputs, targets, mask, rate, n_updates):
    return fit(params, inputs, targets, torch.ones_like(mask), rate, n_updates)


@wrong("fit-projected", "the loss is a sum")
def loss_not_averaged(*args):
    return fit(*args, total=True)


@wrong("fit-projected", "the bias b_y of the scores is left out")
def without_output_bias(*args):
    return fit(*args, bias=False)


@wrong("fit-projected", "the weights go up the gradient")
def ascent(*args):
    return fit(*args, sign=-1)


@right("fit-projected")
def with_an_optimizer_and_linear(params, inputs, targets, mask, rate, n_updates):
    p, losses = own(params), []
    descent = torch.optim.SGD(p.values(), lr=rate)
    for _ in range(n_updates):
        descent.zero_grad()
        scores = forward(p, inputs).transpose(1, 2)
        loss = functional.cross_entropy(scores, torch.where(mask, targets, -100))
        loss.backward()
        descent.step()
        losses.append(loss)
    return torch.stack(losses), p


@right("fit-projected")
def projected_words_instead_of_states(params, inputs, targets, mask, rate, n_updates):
    p, losses = {name: w.double().requires_grad_() for name, w in own(params).items()}, []
    p = {name: w.detach().requires_grad_() for name, w in p.items()}
    for _ in range(n_updates):
        h, words, scores = torch.zeros(len(inputs), len(p["U"])).double(), p["E"].T @ p["P"], []
        for column in inputs.T:
            h = torch.tanh(functional.linear(p["E"].T[column], p["W"], p["b"]) + h @ p["U"].T)
            scores.append(functional.linear(h, words, p["b_y"]))
        loss = functional.cross_entropy(torch.stack(scores, dim=1)[mask], targets[mask])
        losses.append(float(loss))
        gradients = dict(zip(p, torch.autograd.grad(loss, list(p.values())), strict=True))
        p = {name: (w - rate * gradients[name]).detach().requires_grad_() for name, w in p.items()}
    return losses, p
