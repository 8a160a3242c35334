"""One state of the global random numbers for two processes: a test seeds them, the student's function draws."""

import ctypes
import functools
import platform
import struct
import sys
from typing import Any

from unrolled.grading import wire


class Randomness:
    """What the other side knows of ``random``, ``numpy.random`` and ``torch``; only changes cross."""

    def __init__(self):
        self.known = _prints()

    def changed(self, buffers: list[bytes]) -> dict[str, Any]:
        """The states that are others than the other side knows."""
        now = _prints()
        news = [name for name, mark in now.items() if self.known.get(name) != mark]
        self.known = now
        return {name: wire.encode(_STATES[name](), buffers) for name in news}

    def take(self, news: dict[str, Any] | None, buffers: list[bytes]) -> None:
        """Go on from the other side's states."""
        for name, coded in (news or {}).items():
            state = wire.decode(coded, buffers)
            try:
                _SET[name](state)
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                raise wire.BadMessage(f"no random state: {error}") from None
        if news:
            self.known = _prints()


def reseed() -> None:
    """After a fork: the child must not draw what its siblings draw."""
    import random

    random.seed()
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()
    if (torch := sys.modules.get("torch")) is not None:
        torch.default_generator.seed()  # torch.seed() looks for every kind of device


def _prints() -> dict[str, Any]:
    """A fingerprint of each state: the asking goes on at every call, and the states themselves cost ten times as much."""
    prints: dict[str, Any] = {}
    if "random" in sys.modules:
        prints["random"] = _print_random()
    if "numpy.random" in sys.modules:
        prints["numpy"] = _print_numpy()
    if "torch" in sys.modules:
        prints["torch"] = _state_torch()
    return prints


def _print_random() -> Any:
    import random

    draws: Any = random._inst  # type: ignore[attr-defined]
    return (
        (_memory(id(draws) + object.__basicsize__), draws.gauss_next) if _layout_known() else draws.getstate()
    )


def _print_numpy() -> Any:
    """The bytes of the generator; a normal number that lies ready beside it is noticed when it is made, as the bytes change."""
    import numpy as np

    draws: Any = np.random.mtrand._rand  # type: ignore[attr-defined]
    bits = getattr(draws, "_bit_generator", None)
    if type(bits) is not np.random.MT19937:
        return repr(_state_numpy())
    memory = _memory(bits.ctypes.state_address)
    if memory not in _ready:
        _ready.clear()
        _ready[memory] = bool(draws.get_state(legacy=False)["has_gauss"])
    return (memory, repr(_state_numpy())) if _ready[memory] else memory


_ready: dict[bytes, bool] = {}
"""whether numpy had a normal number ready at this state: drawing that one changes nothing else"""


def _memory(address: int) -> bytes:
    """Of a Mersenne twister: 624 words and where it stands."""
    return ctypes.string_at(address, 625 * 4)


@functools.cache
def _layout_known() -> bool:
    """Whether Python's own generator lies in memory as it does in CPython."""
    import random

    draws = random.Random(7)
    words = struct.unpack("=625I", _memory(id(draws) + object.__basicsize__))
    return platform.python_implementation() == "CPython" and (*words[1:], words[0]) == draws.getstate()[1]


def _state_random() -> Any:
    return sys.modules["random"].getstate()


def _state_numpy() -> Any:
    name, keys, *rest = sys.modules["numpy"].random.get_state()
    return (str(name), keys.tobytes(), *rest)


def _state_torch() -> bytes:
    return sys.modules["torch"].default_generator.get_state().numpy().tobytes()


def _set_random(state: Any) -> None:
    sys.modules["random"].setstate(state)


def _set_numpy(state: Any) -> None:
    import numpy as np

    np.random.set_state((state[0], np.frombuffer(state[1], np.uint32), *state[2:]))


def _set_torch(state: bytes) -> None:
    import numpy as np
    import torch

    torch.set_rng_state(torch.from_numpy(np.frombuffer(state, np.uint8).copy()))


_STATES = {"random": _state_random, "numpy": _state_numpy, "torch": _state_torch}
_SET = {"random": _set_random, "numpy": _set_numpy, "torch": _set_torch}
