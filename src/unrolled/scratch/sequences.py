"""What the gated cells share: checks of their input, and the layout in which a loop over time is fast.

A batch arrives as (*B, T, D), because that is how one reads it.  A loop over time wants all the
vectors of one step side by side, so inside a sequence everything is (T, N, D), N = all of *B.
"""

from typing import cast

import numpy as np

from unrolled.axes import Array, Sizes, expect_finite, expect_mask, expect_shape

Params = dict[str, Array]
State = tuple[Array, ...]
Shapes = dict[str, tuple[str, ...]]


def gate_shapes(gates: tuple[str, ...]) -> Shapes:
    """The parameters of these gates: W_f (H, D), U_f (H, H), b_f (H,) for a gate "f", and so on."""
    axes = {"W": ("H", "D"), "U": ("H", "H"), "b": ("H",)}
    return {f"{letter}_{gate}": axes[letter] for gate in gates for letter in axes}


def init_gates(rng: np.random.Generator, D: int, H: int, shapes: Shapes) -> Params:
    """Draw every matrix uniformly from ±1/√H, the range torch uses; biases start at zero."""
    r, size = 1.0 / np.sqrt(H), {"D": D, "H": H}
    return {
        name: np.zeros(H) if len(axes) == 1 else rng.uniform(-r, r, [size[axis] for axis in axes])
        for name, axes in shapes.items()
    }


def pack(params: Params, gates: tuple[str, ...]) -> tuple[Array, Array, Array]:
    """Stack the rows of all gates, in this order: W (GH, D), U (GH, H), b (GH,) for G gates."""
    W, U, b = (np.concatenate([params[f"{letter}_{gate}"] for gate in gates]) for letter in "WUb")
    return W, U, b


def unpack(W: Array, U: Array, b: Array, gates: tuple[str, ...]) -> Params:
    """The way back from ``pack``; the parts are views."""
    packed = {"W": W, "U": U, "b": b}
    H = len(b) // len(gates)
    rows = {gate: slice(n * H, (n + 1) * H) for n, gate in enumerate(gates)}
    return {f"{letter}_{gate}": packed[letter][rows[gate]] for gate in gates for letter in packed}


def gate_gradients(da: Params, x_t: Array, h_prev: Array) -> Params:
    """dW = da xᵀ, dU = da h_{t-1}ᵀ, db = da for each gate, summed over every leading axis."""
    dparams = {}
    x_flat, h_flat = x_t.reshape(-1, x_t.shape[-1]), h_prev.reshape(-1, h_prev.shape[-1])
    for gate, da_gate in da.items():
        flat = da_gate.reshape(-1, da_gate.shape[-1])
        dparams |= {f"W_{gate}": flat.T @ x_flat, f"U_{gate}": flat.T @ h_flat, f"b_{gate}": flat.sum(axis=0)}
    return dparams


def to_steps(x: Array) -> Array:
    """(*B, T, D) -> (T, N, D), each step contiguous."""
    return np.ascontiguousarray(np.swapaxes(x.reshape(-1, *x.shape[-2:]), 0, 1))


def from_steps(h: Array, leading: tuple[int, ...]) -> Array:
    """(T, N, H) -> (*B, T, H), a view wherever NumPy can give one."""
    return np.swapaxes(h, 0, 1).reshape(*leading, len(h), h.shape[-1])


def carry_over_padding(mask: Array | None, t: int, *states: Array) -> None:
    """At a padded step the state stays what it was: state[t + 1] = state[t] where ``mask[t]`` is False."""
    if mask is not None:
        for state in states:
            np.copyto(state[t + 1], state[t], where=~mask[t])


def expect_params(params: Params, shapes: Shapes, sizes: Sizes) -> Params:
    """Return exactly the parameters that ``shapes`` names, each of its shape, or say what was expected."""
    if set(params) != set(shapes):
        raise ValueError(f"params: expected {', '.join(shapes)}, got {', '.join(params) or 'none'}")
    return {name: expect_shape(name, params[name], axes, sizes) for name, axes in shapes.items()}


def expect_state(state: State, names: tuple[str, ...], sizes: Sizes) -> State:
    """Return the state as arrays (*B, H), one for each name, or say which one does not fit."""
    if not isinstance(state, tuple | list) or len(state) != len(names):
        got = f"{len(state)} arrays" if isinstance(state, tuple | list) else type(state).__name__
        raise ValueError(f"state: expected a tuple ({', '.join(names)}), got {got}")
    return tuple(
        expect_finite(name, expect_shape(name, part, ("*B", "H"), sizes))
        for name, part in zip(names, state, strict=True)
    )


def expect_sequence(
    x: Array, state_0: State | None, mask: Array | None, names: tuple[str, ...], sizes: Sizes
) -> tuple[Array, State, Array | None, tuple[int, ...]]:
    """Return (x (T, N, D), state_0 of (N, H), mask (T, N, 1) or None, *B); the state is zero unless given."""
    x = expect_finite("x", expect_shape("x", x, ("*B", "T", "D"), sizes))
    if x.shape[-2] == 0:
        raise ValueError("x: expected at least one step, got an empty sequence (T = 0)")
    if mask is not None:
        mask = to_steps(expect_mask("mask", mask, sizes)[..., None])
    leading, H = x.shape[:-2], cast(int, sizes["H"][0])
    if state_0 is None:
        state_0 = tuple(np.zeros((*leading, H), x.dtype) for _ in names)
    state_0 = expect_state(state_0, tuple(f"{name}_0" for name in names), sizes)
    return to_steps(x), tuple(part.reshape(-1, H) for part in state_0), mask, leading


def gradient_of_state(
    dstate_T: State | None, names: tuple[str, ...], h: Array, leading: tuple[int, ...]
) -> State:
    """What reaches the final state from beyond the sequence, as fresh (N, H) arrays; zero unless given."""
    if dstate_T is None:
        return tuple(np.zeros_like(h) for _ in names)
    dstate_T = expect_state(dstate_T, tuple(f"d{name}_T" for name in names), {})
    shape = (*leading, h.shape[-1])
    return tuple(
        expect_shape(f"d{name}_T", part, shape).reshape(h.shape).astype(h.dtype)
        for name, part in zip(names, dstate_T, strict=True)
    )
