"""Assignment ch06_stacked_birnn: plausible wrong answers with the hint each must draw, and unusual right ones."""

import numpy as np
import torch
from submissions import Answers

from unrolled.scratch import birnn
from unrolled.scratch.cells import GRU
from unrolled.scratch.rnn import rnn_backward, rnn_forward, rnn_step

TASKS = Answers()
wrong, right = TASKS.wrong, TASKS.right


# reverse-within


@wrong("reverse-within", "whole rows are reversed")
def whole_rows(x, mask):
    return x[:, ::-1]


@wrong("reverse-within", "padding is taken to stand on the right")
def by_counting_from_the_left(x, mask):
    out = x.copy()
    for n, length in enumerate(mask.sum(axis=1)):
        out[n, :length] = x[n, :length][::-1]
    return out


@wrong("reverse-within", "the padding is set to zero")
def into_zeros(x, mask):
    out = np.zeros(x.shape)
    for n, real in enumerate(mask):
        out[n, real] = x[n, real][::-1]
    return out


@wrong("reverse-within", "all padding has moved to the right")
def words_first(x, mask):
    return np.array([np.vstack([row[m][::-1], row[~m]]) for row, m in zip(x, mask, strict=True)])


@wrong("reverse-within", "all padding has moved to the left")
def words_last(x, mask):
    return np.array([np.vstack([row[~m], row[m][::-1]]) for row, m in zip(x, mask, strict=True)])


@wrong("reverse-within", "by the mask of the first")
def one_mask_for_all(x, mask):
    out = x.copy()
    out[:, mask[0]] = x[:, mask[0]][:, ::-1]
    return out


@wrong("reverse-within", "the numbers of a vector are reversed")
def last_axis(x, mask):
    return np.flip(x, axis=-1)


@wrong("reverse-within", "the sentences of the batch are reversed")
def first_axis(x, mask):
    return np.flip(x, axis=0)


@wrong("reverse-within", "it changes its argument x")
def in_place(x, mask):
    for row, real in zip(x, mask, strict=True):
        row[real] = row[real][::-1].copy()
    return x


@wrong("reverse-within", "it calls reading_order")
def borrowed_order(x, mask):
    return birnn.take(x, birnn.reading_order(x, mask))


@right("reverse-within")
def by_indices(x, mask):
    T = x.shape[1]
    first, last = mask.argmax(axis=1), T - 1 - mask[:, ::-1].argmax(axis=1)
    order = np.where(mask, (first + last)[:, None] - np.arange(T), np.arange(T))
    return x[np.arange(len(x))[:, None], order]


@right("reverse-within")
def in_lists(x, mask):
    out = []
    for row, real in zip(x.tolist(), mask.tolist(), strict=True):
        words = [v for v, m in zip(row, real, strict=True) if m]
        out.append([words.pop() if m else v for v, m in zip(row, real, strict=True)])
    return out


@right("reverse-within")
def in_float32(x, mask):
    out = x.astype(np.float32)
    for n in range(len(out)):
        out[n][mask[n]] = np.flipud(out[n][mask[n]])
    return out


# both-ways


def run(x, params):
    return GRU.forward(x, params)[0]


def two(x, lengths, fwd, bwd, combine, read=None, back=True, turn=True, order=1, mean=False, fill=0.0):
    out = []
    for row, n in zip(x, lengths if read is None else read(x, lengths), strict=True):
        f = run(row[:n], fwd)
        b = run(row[:n][::-1] if turn else row[:n], bwd)
        b = b[::-1] if back and turn else b
        pair = [f, b][::order]
        h = np.concatenate(pair, -1) if combine == "concat" else f + b if combine == "sum" else f * b
        h = h / 2 if mean and combine == "sum" else h
        rest = np.repeat(fill * h[-1:], x.shape[1] - n, axis=0)
        out.append(np.vstack([h, rest]))
    return np.array(out)


def width(x, lengths):
    return [x.shape[1]] * len(x)


@wrong("both-ways", "padding is read as if it were words.")
def lengths_ignored(*args):
    return two(*args, read=width)


@wrong("both-ways", "and then blotted out")
def padding_blotted_out(x, lengths, *rest):
    h = two(x, lengths, *rest, read=width)
    return h * (np.arange(x.shape[1]) < lengths[:, None])[:, :, None]


@wrong("both-ways", "beyond a sentence's end are not zero")
def last_state_repeated(*args):
    return two(*args, fill=1.0)


@wrong("both-ways", "not reversed back")
def never_reversed_back(*args):
    return two(*args, back=False)


@wrong("both-ways", "reads from the left as well")
def twice_from_the_left(*args):
    return two(*args, turn=False)


@wrong("both-ways", "both directions use the same weights")
def one_set_of_weights(x, lengths, fwd, bwd, combine):
    return two(x, lengths, fwd, fwd, combine)


@wrong("both-ways", "the directions have changed places")
def backward_first(*args):
    return two(*args, order=-1)


@wrong("both-ways", "sum and product are mixed up")
def sum_for_product(x, lengths, fwd, bwd, combine):
    return two(x, lengths, fwd, bwd, {"concat": "concat", "sum": "product", "product": "sum"}[combine])


@wrong("both-ways", "the sum is halved")
def mean_of_both(*args):
    return two(*args, mean=True)


@wrong("both-ways", "combine is ignored")
def always_concatenated(x, lengths, fwd, bwd, combine):
    return two(x, lengths, fwd, bwd, "concat")


@wrong("both-ways", "it calls birnn_forward")
def borrowed_pair(x, lengths, fwd, bwd, combine):
    params = {f"fwd.{k}": a for k, a in fwd.items()} | {f"bwd.{k}": a for k, a in bwd.items()}
    mask = np.arange(x.shape[1]) < lengths[:, None]
    return birnn.birnn_forward(x, params, GRU, None, mask, combine)[0] * mask[:, :, None]


@right("both-ways")
def whole_batch_with_a_mask(x, lengths, fwd, bwd, combine):
    mask = np.arange(x.shape[1]) < lengths[:, None]
    order = np.where(mask, lengths[:, None] - 1 - np.arange(x.shape[1]), np.arange(x.shape[1]))[..., None]
    f = GRU.forward(x, fwd, mask=mask)[0]
    b = np.take_along_axis(GRU.forward(np.take_along_axis(x, order, 1), bwd, mask=mask)[0], order, 1)
    joined = {"concat": np.dstack([f, b]), "sum": b + f, "product": b * f}[combine]
    return np.where(mask[..., None], joined, 0)


@right("both-ways")
def a_suffix_for_each_word(x, lengths, fwd, bwd, combine):
    rows = []
    for row, n in zip(x, lengths, strict=True):
        f = [run(row[: t + 1], fwd)[-1] for t in range(n)]
        b = [run(row[t:n][::-1], bwd)[-1] for t in range(n)]
        h = {"concat": np.hstack, "sum": sum, "product": lambda p: p[0] * p[1]}[combine](
            [np.array(f), np.array(b)]
        )
        rows.append(np.pad(h, ((0, len(row) - n), (0, 0))))
    return rows


# predict-changes

TRUE = {
    "forward": [4, 5, 6],
    "backward": [1, 2, 3, 4],
    "sum": [1, 2, 3, 4, 5, 6],
    "stack": [4, 5, 6],
    "deep_backward": [1, 2, 3, 4, 5, 6],
    "pair_backward": [1, 2, 3, 4],
    "padding": [],
    "whole_row": [1, 2, 3, 4],
}


@wrong("predict-changes", "a state that changed is handed on")
def only_the_word_itself():
    return {case: [4] for case in TRUE}


@wrong("predict-changes", "the network that reads from the left")
def backward_like_forward():
    return {**TRUE, "backward": [4, 5, 6]}


@wrong("predict-changes", "the state at 4 has read word 4 itself")
def without_its_own_word():
    return {**TRUE, "forward": [5, 6]}


@wrong("predict-changes", "half of the sum comes from the right")
def sum_like_forward():
    return {**TRUE, "sum": [4, 5, 6]}


@wrong("predict-changes", "a stack reads from the left in all its layers")
def depth_sees_the_future():
    return {**TRUE, "stack": [1, 2, 3, 4, 5, 6]}


@wrong("predict-changes", "layer 2 reads both directions of layer 1")
def layers_kept_apart():
    return {**TRUE, "deep_backward": [1, 2, 3, 4]}


@wrong("predict-changes", "the two stacks meet only at the top")
def stacks_mixed():
    return {**TRUE, "pair_backward": [1, 2, 3, 4, 5, 6]}


@wrong("predict-changes", "no padding is read")
def padding_read():
    return {**TRUE, "padding": [1, 2, 3, 4]}


@wrong("predict-changes", "that is what the backward network reads first")
def padding_harmless():
    return {**TRUE, "whole_row": []}


@wrong("predict-changes", "count the steps from 1")
def counted_from_zero():
    return {**TRUE, "backward": [0, 1, 2, 3]}


@wrong("predict-changes", "the dict lacks whole_row")
def one_left_out():
    return {case: steps for case, steps in TRUE.items() if case != "whole_row"}


@right("predict-changes")
def as_sets():
    return {case: set(steps) for case, steps in reversed(TRUE.items())}


@right("predict-changes")
def as_ranges_and_arrays():
    return {**TRUE, "sum": range(1, 7), "stack": np.array([6, 5, 4]), "padding": ()}


# product-backward


def through_the_product(dh, x, fwd, bwd, faults=()):
    f, cache_f = rnn_forward(x, fwd["W"], fwd["U"])
    b, cache_b = rnn_forward(x[::-1], bwd["W"], bwd["U"])
    b = b if "b as made" in faults else b[::-1]
    df, db = (dh, dh) if "sum" in faults else (dh * f, dh * b) if "own" in faults else (dh * b, dh * f)
    df, db = (df / 2, db / 2) if "half" in faults else (df, db)
    dx_f, _, d_f = rnn_backward(df, cache_f)
    dx_b, _, d_b = rnn_backward(db if "db as is" in faults else db[::-1], cache_b)
    dx_b = dx_b if "dx as is" in faults else dx_b[::-1]
    dx = dx_f if "no dx_b" in faults else dx_b if "no dx_f" in faults else dx_f + dx_b
    return {"dx": dx, "fwd_dW": d_f["W"], "fwd_dU": d_f["U"], "bwd_dW": d_b["W"], "bwd_dU": d_b["U"]}


@wrong("product-backward", "that is the gradient of a sum")
def as_for_a_sum(*args):
    return through_the_product(*args, faults=("sum",))


@wrong("product-backward", "each network gets its own state as factor")
def own_state_as_factor(*args):
    return through_the_product(*args, faults=("own",))


@wrong("product-backward", "before they become a factor")
def partner_in_its_own_order(*args):
    return through_the_product(*args, faults=("b as made",))


@wrong("product-backward", "the gradient for the backward network is not reversed")
def gradient_not_reversed(*args):
    return through_the_product(*args, faults=("db as is",))


@wrong("product-backward", "dx is not reversed back before the two are added")
def dx_not_reversed(*args):
    return through_the_product(*args, faults=("dx as is",))


@wrong("product-backward", "neither the gradient for the backward network nor its dx")
def nothing_reversed(*args):
    return through_the_product(*args, faults=("db as is", "dx as is"))


@wrong("product-backward", "dx has the forward network's part only")
def forward_dx_alone(*args):
    return through_the_product(*args, faults=("no dx_b",))


@wrong("product-backward", "dx has the backward network's part only")
def dx_overwritten(*args):
    return through_the_product(*args, faults=("no dx_f",))


@wrong("product-backward", "half to each")
def shared_out(*args):
    return through_the_product(*args, faults=("half",))


@wrong("product-backward", "the dict lacks dx")
def without_dx(*args):
    found = through_the_product(*args)
    del found["dx"]
    return found


@wrong("product-backward", "it calls birnn_backward")
def borrowed_product(dh, x, fwd, bwd):
    from unrolled.scratch.cells import RNN

    params = {f"{way}.{k}": a for way, p in (("fwd", fwd), ("bwd", bwd)) for k, a in p.items()}
    params |= {"fwd.b": np.zeros(len(fwd["U"])), "bwd.b": np.zeros(len(bwd["U"]))}
    _, _, cache = birnn.birnn_forward(x, params, RNN, combine="product")
    dx, _, d = birnn.birnn_backward(dh, None, cache)
    return {"dx": dx, **{f"{way}_d{k}": d[f"{way}.{k}"] for way in ("fwd", "bwd") for k in "WU"}}


@right("product-backward")
def step_by_step_back(dh, x, fwd, bwd):
    def states(rows, p):
        h = [np.zeros(len(p["U"]))]
        for row in rows:
            h.append(rnn_step(row, h[-1], p["W"], p["U"])[0])
        return np.array(h)

    def back(dh, rows, h, p):
        da, das = np.zeros(len(p["U"])), []
        for t in range(len(rows) - 1, -1, -1):
            da = (dh[t] + p["U"].T @ da) * (1 - h[t + 1] ** 2)
            das.insert(0, da)
        das = np.array(das)
        return das @ p["W"], das.T @ rows, das.T @ h[:-1]

    f, b = states(x, fwd), states(x[::-1], bwd)
    dx, fwd_dW, fwd_dU = back(dh * b[:0:-1], x, f, fwd)
    dx_b, bwd_dW, bwd_dU = back(dh[::-1] * f[:0:-1], x[::-1], b, bwd)
    return {"fwd_dW": fwd_dW, "fwd_dU": fwd_dU, "bwd_dW": bwd_dW, "bwd_dU": bwd_dU, "dx": dx + dx_b[::-1]}


@right("product-backward")
def with_autograd(dh, x, fwd, bwd):
    x, dh = torch.tensor(x, requires_grad=True), torch.tensor(dh)
    p = [torch.tensor(w[k], requires_grad=True) for w in (fwd, bwd) for k in "WU"]

    def states(rows, W, U):
        h, made = torch.zeros(len(U), dtype=torch.float64), []
        for row in rows:
            h = torch.tanh(U @ h + W @ row)
            made.append(h)
        return torch.stack(made)

    h = states(x, *p[:2]) * states(x.flip(0), *p[2:]).flip(0)
    names = ("dx", "fwd_dW", "fwd_dU", "bwd_dW", "bwd_dU")
    found = torch.autograd.grad((h * dh).sum(), [x, *p])
    return {name: g.numpy() for name, g in zip(names, found, strict=True)}


# residual-stack


def linked(x, layers, faults=()):
    z, finals, first = np.asarray(x), [], None
    for n, p in enumerate(layers):
        h = np.zeros(len(p["b"]))
        if "from below" in faults and finals:
            h = finals[-1]
        p = layers[min(n, 1)] if "one upper" in faults else p
        out, states = [], []
        for t in range(len(z)):
            link = z[t] if n and "none" not in faults else 0.0
            link = first[t] if n and "first" in faults else link
            a = p["U"] @ h + p["W"] @ z[t] + p["b"]
            h = np.tanh(a + link) if "inside" in faults else np.tanh(a)
            states.append(h)
            out.append(h if "inside" in faults else h + link)
            h = out[-1] if "carried" in faults else h
        finals.append(out[-1] if "z final" in faults else h)
        first = out if first is None else first
        z = np.array(states if "bare" in faults and n < len(layers) - 1 else out)
    return z, np.array(finals)


@wrong("residual-stack", "the link has got into the layer's own past")
def link_in_the_past(*args):
    return linked(*args, faults=("carried",))


@wrong("residual-stack", "the final states have the link added")
def final_z(*args):
    return linked(*args, faults=("z final",))


@wrong("residual-stack", "the final states are in the wrong order")
def top_layer_first(*args):
    z, finals = linked(*args)
    return z, finals[::-1]


@wrong("residual-stack", "the links are missing")
def plain_stack(*args):
    return linked(*args, faults=("none",))


@wrong("residual-stack", "the link stands inside tanh")
def link_inside(*args):
    return linked(*args, faults=("inside",))


@wrong("residual-stack", "every link comes from layer 1")
def links_from_the_bottom(*args):
    return linked(*args, faults=("first",))


@wrong("residual-stack", "a layer reads the h of the layer below")
def links_go_nowhere(*args):
    return linked(*args, faults=("bare",))


@wrong("residual-stack", "starts from the final state of the layer below")
def state_not_reset(*args):
    return linked(*args, faults=("from below",))


@wrong("residual-stack", "use the same weights")
def upper_layers_share(*args):
    return linked(*args, faults=("one upper",))


@wrong("residual-stack", "expected 2 values")
def top_alone(*args):
    return linked(*args)[0]


@right("residual-stack")
def step_by_step_through_all_layers(x, layers):
    h, out = [np.zeros(len(p["b"])) for p in layers], []
    for z in x:
        for n, p in enumerate(layers):
            h[n] = np.tanh(p["U"] @ h[n] + p["W"] @ z + p["b"])
            z = h[n] + z if n else h[n]
        out.append(z)
    return out, h


@right("residual-stack")
def with_the_library_s_layer(x, layers):
    z, finals = rnn_forward(x, layers[0]["W"], layers[0]["U"], layers[0]["b"])[0], []
    finals.append(z[-1])
    for p in layers[1:]:
        h, _ = rnn_forward(z, p["W"], p["U"], p["b"])
        finals.append(h[-1])
        z = z + h
    return z.astype(np.float32), np.stack(finals)


# final-states


@wrong("final-states", "the last row holds the backward state that has read one row only")
def the_last_row(output, lengths):
    return output[:, -1]


@wrong("final-states", "both halves come from a sentence's last word")
def own_last_row(output, lengths):
    return output[range(len(output)), lengths - 1]


@wrong("final-states", "both halves come from the first word")
def the_first_row(output, lengths):
    return output[:, 0]


@wrong("final-states", "the forward state comes from the last row")
def forward_from_the_padding(output, lengths):
    H = output.shape[2] // 2
    return torch.cat([output[:, -1, :H], output[:, 0, H:]], dim=1)


@wrong("final-states", "the backward half comes from the last row")
def backward_from_the_end(output, lengths):
    H = output.shape[2] // 2
    return torch.cat([output[range(len(output)), lengths - 1, :H], output[:, -1, H:]], dim=1)


@wrong("final-states", "the two halves have changed places")
def halves_swapped(output, lengths):
    H = output.shape[2] // 2
    return torch.cat([output[:, 0, H:], output[range(len(output)), lengths - 1, :H]], dim=1)


@wrong("final-states", "not number by number in turns")
def as_if_interleaved(output, lengths):
    pairs = output.reshape(*output.shape[:2], -1, 2)
    return torch.cat([pairs[range(len(output)), lengths - 1, :, 0], pairs[:, 0, :, 1]], dim=1)


@wrong("final-states", "the two states are added")
def sum_of_both(output, lengths):
    H = output.shape[2] // 2
    return output[range(len(output)), lengths - 1, :H] + output[:, 0, H:]


@wrong("final-states", "the mean over all rows")
def pooled(output, lengths):
    return output.mean(1)


@right("final-states")
def by_gather(output, lengths):
    B, _, wide = output.shape
    forward, backward = output.view(B, -1, 2, wide // 2).unbind(2)
    at = (lengths - 1).view(B, 1, 1).expand(B, 1, wide // 2)
    return torch.hstack([forward.gather(1, at).squeeze(1), backward[:, 0]])


@right("final-states")
def in_a_loop(output, lengths):
    H = output.shape[-1] // 2
    rows = [torch.cat((rows[n - 1, :H], rows[0, H:])) for rows, n in zip(output, lengths, strict=True)]
    return torch.stack(rows).double()


# layers-by-hand


def torch_layers(x, weights, faults=(), g=torch.tanh):
    finals = []
    for n in range(sum(name.startswith("weight_ih") for name in weights) // 2):
        ways = []
        for end in ("", "_reverse"):
            lead = "" if "one set" in faults else end
            W, U, b, c = (
                weights[f"{k}_l{n}{lead}"] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            b = b if "one bias" in faults else 0 * b if "no bias" in faults else b + c
            turn = bool(end) and "no turn" not in faults
            h, states = torch.zeros(len(x), len(U)), []
            for x_t in (x.flip(1) if turn else x).unbind(1):
                h = g(x_t @ W.T + h @ (U if "U" in faults else U.T) + b)
                states.append(h)
            made = torch.stack(states, 1)
            made = made.flip(1) if turn and "not back" not in faults else made
            finals.append(made[:, -1] if "last row" in faults else h)
            ways.append(made)
        x = torch.cat(ways, -1)
    return x, torch.stack(finals)


@wrong("layers-by-hand", "the backward final states are those of the last row")
def final_from_the_last_row(*args):
    return torch_layers(*args, faults=("last row",))


@wrong("layers-by-hand", "ordered by direction")
def all_forward_first(*args):
    output, h_n = torch_layers(*args)
    return output, torch.cat([h_n[0::2], h_n[1::2]])


@wrong("layers-by-hand", "the top layer alone")
def top_finals_only(*args):
    output, h_n = torch_layers(*args)
    return output, h_n[-2:]


@wrong("layers-by-hand", "not reversed back")
def states_not_flipped_back(*args):
    return torch_layers(*args, faults=("not back",))


@wrong("layers-by-hand", "nothing is reversed")
def no_flip_at_all(*args):
    return torch_layers(*args, faults=("no turn",))


@wrong("layers-by-hand", "the biases are left out")
def without_biases(*args):
    return torch_layers(*args, faults=("no bias",))


@wrong("layers-by-hand", "bias_hh is left out")
def one_bias_of_two(*args):
    return torch_layers(*args, faults=("one bias",))


@wrong("layers-by-hand", "both directions use the forward weights")
def reverse_weights_unused(*args):
    return torch_layers(*args, faults=("one set",))


@wrong("layers-by-hand", "weight_hh is used transposed")
def u_transposed(*args):
    return torch_layers(*args, faults=("U",))


@wrong("layers-by-hand", "relu stands where tanh belongs")
def relu_cells(*args):
    return torch_layers(*args, g=torch.relu)


@right("layers-by-hand")
def with_linear_and_rnn_cell(x, weights):
    names, finals = ("weight_ih", "weight_hh", "bias_ih", "bias_hh"), []
    for n in range(len(weights) // 8):
        made = []
        for end in ("", "_reverse"):
            W, U, b, c = (weights[f"{name}_l{n}{end}"] for name in names)
            cell = torch.nn.RNNCell(W.shape[1], W.shape[0])
            cell.load_state_dict({"weight_ih": W, "weight_hh": U, "bias_ih": b, "bias_hh": c})
            h, states, steps = None, {}, range(x.shape[1])
            for t in reversed(steps) if end else steps:
                h = states[t] = cell(x[:, t], h)
            finals.append(h)
            made += [torch.stack([states[t] for t in steps], 1)]
        x = torch.cat(made, 2)
    return x, torch.stack(finals)


@right("layers-by-hand")
def in_double_with_einsum(x, weights):
    x, w = x.double(), {name: a.double() for name, a in weights.items()}
    finals, n = [], 0
    while f"weight_ih_l{n}" in w:
        T, H = x.shape[1], len(w[f"weight_hh_l{n}"])
        out = torch.zeros(len(x), T, 2 * H, dtype=torch.float64)
        for k, end in enumerate(("", "_reverse")):
            h = torch.zeros(len(x), H, dtype=torch.float64)
            for t in range(T)[:: -1 if k else 1]:
                a = torch.einsum("bd,hd->bh", x[:, t], w[f"weight_ih_l{n}{end}"])
                a = a + torch.einsum("bm,nm->bn", h, w[f"weight_hh_l{n}{end}"])
                h = torch.tanh(a + w[f"bias_ih_l{n}{end}"] + w[f"bias_hh_l{n}{end}"])
                out[:, t, k * H : (k + 1) * H] = h
            finals.append(h)
        x, n = out, n + 1
    return [x, torch.stack(finals)]
