"""One state of the global random numbers for two processes: a test seeds them, the student's function draws."""

import sys
from typing import Any

from unrolled.grading import wire


class Randomness:
    """What the other side knows of ``random``, ``numpy.random`` and ``torch``; only changes cross."""

    def __init__(self):
        self.known = _states()

    def changed(self, buffers: list[bytes]) -> dict[str, Any]:
        """The states that are others than the other side knows."""
        now = _states()
        news = {name: state for name, state in now.items() if self.known.get(name) != state}
        self.known = now
        return {name: wire.encode(state, buffers) for name, state in news.items()}

    def take(self, news: dict[str, Any] | None, buffers: list[bytes]) -> None:
        """Go on from the other side's states."""
        for name, coded in (news or {}).items():
            state = wire.decode(coded, buffers)
            try:
                _SET[name](state)
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                raise wire.BadMessage(f"no random state: {error}") from None
        if news:
            self.known = _states()


def reseed() -> None:
    """After a fork: the child must not draw what its siblings draw."""
    import random

    random.seed()
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()
    if (torch := sys.modules.get("torch")) is not None:
        torch.seed()


def _states() -> dict[str, Any]:
    states: dict[str, Any] = {}
    if (random := sys.modules.get("random")) is not None:
        states["random"] = random.getstate()
    if (numpy := sys.modules.get("numpy")) is not None and "numpy.random" in sys.modules:
        name, keys, *rest = numpy.random.get_state()
        states["numpy"] = (str(name), keys.tobytes(), *rest)
    if (torch := sys.modules.get("torch")) is not None:
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


def _set_random(state: Any) -> None:
    sys.modules["random"].setstate(state)


def _set_numpy(state: Any) -> None:
    import numpy as np

    np.random.set_state((state[0], np.frombuffer(state[1], np.uint32), *state[2:]))


def _set_torch(state: bytes) -> None:
    import numpy as np
    import torch

    torch.set_rng_state(torch.from_numpy(np.frombuffer(state, np.uint8).copy()))


_SET = {"random": _set_random, "numpy": _set_numpy, "torch": _set_torch}
