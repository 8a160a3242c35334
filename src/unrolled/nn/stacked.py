"""The torch twin of ``scratch.stacked``: layers "layer1", "layer2", … from the bottom up."""

from collections.abc import Callable
from functools import partial
from typing import cast

from torch import Tensor, nn

from unrolled.nn.kernel import State, Step


class Stacked(nn.Module):
    """``n_layers`` modules, each reading the states of the one below; ``make(D, H)`` makes one of them.

    The state begins with the top layer's h, as in ``scratch.stacked``.
    """

    def __init__(self, make: Callable[[int, int], nn.Module], D: int, H: int, n_layers: int):
        super().__init__()
        if n_layers < 1:
            raise ValueError(f"n_layers: expected at least 1, got {n_layers}")
        self.D, self.H, self.n_layers = D, H, n_layers
        layers: list[nn.Module] = []
        for n in range(n_layers):
            layers.append(make(D if n == 0 else cast(int, layers[0].width) * H, H))
            self.add_module(f"layer{n + 1}", layers[n])
        self.width, self.shown = layers[0].width, layers[0].shown
        self._names = cast(tuple[str, ...], layers[0].state_names)
        self.state_names = tuple(f"layer{n}.{name}" for n in range(n_layers, 0, -1) for name in self._names)

    def layers(self) -> list[nn.Module]:
        """From the bottom up."""
        return [self.get_submodule(f"layer{n}") for n in range(1, self.n_layers + 1)]

    def step(self, x_t: Tensor, state: State) -> State:
        """One step through all layers."""
        return self._through([cast(Step, layer.step) for layer in self.layers()], x_t, state)

    def stepper(self) -> Step:
        """``step`` with each layer's own ``stepper``, for a loop that is run from outside."""
        return partial(self._through, [cast(Callable[[], Step], layer.stepper)() for layer in self.layers()])

    def forward(
        self, x: Tensor, state_0: State | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """The top layer's states (*B, T, width * H), and the final states of all layers, top first."""
        below = [None] * self.n_layers if state_0 is None else self._by_layer(state_0)
        states = []
        for layer, layer_state in zip(self.layers(), below, strict=True):
            x, final = layer(x, layer_state, mask)
            states.append(final)
        return x, tuple(part for final in states[::-1] for part in final)

    def _through(self, steps: list[Step], x_t: Tensor, state: State) -> State:
        states = []
        for step, below in zip(steps, self._by_layer(state), strict=True):
            states.append(step(x_t, below))
            x_t = states[-1][0]
        return tuple(part for new in states[::-1] for part in new)

    def _by_layer(self, state: State) -> list[State]:
        n = len(self._names)
        if len(state) != n * self.n_layers:
            raise ValueError(
                f"state: expected {self.n_layers} layers of ({', '.join(self._names)}), got {len(state)} tensors"
            )
        return [tuple(state[k * n : (k + 1) * n]) for k in reversed(range(self.n_layers))]
