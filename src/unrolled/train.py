"""One training loop for every task of the course: language models, taggers, classifiers, encoder–decoders.

    history = fit(model, loss_fn, batches, torch.optim.Adam(model.parameters()), epochs=10, seed=0)

A task says what a batch is and what its loss is; the loop does the rest: the order of the batches, gradient
clipping, early stopping on a development figure, a history, a checkpoint to resume from.  Everything random
comes from ``seed``.  The models here are small: ``torch.set_num_threads(1)`` is often faster than all cores.
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

__all__ = ["Batches", "History", "fit", "seeded"]

Batches = Sequence[Any] | Callable[[np.random.Generator], Iterable[Any]]
"""A list of batches, shuffled anew each epoch, or a function that makes an epoch's batches from its generator."""


@dataclass
class History:
    """What happened: lists by update (loss, norm, tokens) and by epoch (dev, updates).

    Two histories are equal when the runs were; ``seconds`` (updates only, not the dev figure) is left out of that.
    """

    loss: list[float] = field(default_factory=list)
    """Mean loss of each update, in the units of ``loss_fn`` (the course's: nats per token)."""
    norm: list[float] = field(default_factory=list)
    """Norm of the whole gradient at each update, before clipping."""
    tokens: list[int] = field(default_factory=list)
    """Real tokens in each update, as ``loss_fn`` counted them."""
    updates: list[int] = field(default_factory=list)
    """Updates done by the end of each epoch."""
    dev: list[float] = field(default_factory=list)
    """The development figure after each epoch; empty without ``dev``."""
    best_epoch: int | None = None
    """The epoch (from 1) whose weights the model has now; None without ``dev``."""
    seconds: float = field(default=0.0, compare=False)

    @property
    def tokens_per_second(self) -> float:
        """Real tokens trained on per second of updates."""
        return sum(self.tokens) / self.seconds if self.seconds else 0.0


@contextmanager
def seeded(seed: int):
    """Draw torch's random numbers from ``seed`` inside, and leave its global generator as it was outside.

    >>> with seeded(0): model = nn.Linear(2, 3)     # the same weights each time
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def fit(
    model: nn.Module,
    loss_fn: Callable[[Any, Any], tuple[Tensor, int]],
    batches: Batches,
    optimizer: Optimizer,
    *,
    epochs: int,
    seed: int,
    clip: float | None = 1.0,
    dev: Callable[[Any], float] | None = None,
    better: str = "lower",
    patience: int | None = None,
    checkpoint: str | os.PathLike | None = None,
    save_every: int = 200,
    config: dict[str, Any] | None = None,
    progress: bool | None = None,
) -> History:
    """Train ``model`` in place and return the ``History``; the model is left in eval mode.

    ``loss_fn(model, batch) -> (loss, n_tokens)``: the mean loss, and how many real tokens it is the mean of.
    ``clip``: the gradient is scaled down to this norm where it is longer (its direction stays); None for never.
    ``dev(model) -> float`` is taken after each epoch; ``better`` says which way is good ("lower" or "higher").
    With it the model ends with its best epoch's weights, and training stops after ``patience`` epochs without a better one.
    ``checkpoint``: a file written after each epoch and every ``save_every`` updates; where it exists, the run goes on
    from there and ends with the same bits as one that was never stopped (so batches may draw from their own generator
    only).  ``config`` is anything else that must match.  ``progress``: None shows a bar when somebody watches.
    Raises ValueError for no batch, a batch with no token, or a checkpoint of another run; FloatingPointError for a loss or
    gradient that is not finite, before it reaches the weights.
    """
    if better not in ("lower", "higher"):
        raise ValueError(f"better: expected 'lower' or 'higher', got {better!r}")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip: expected a norm above 0, or None for no clipping, got {clip}")
    if patience is not None and (dev is None or patience < 1):
        raise ValueError(
            f"patience: expected at least 1, with a dev figure to watch, got {patience}, dev={dev}"
        )
    if save_every < 1:
        raise ValueError(f"save_every: expected at least 1 update, got {save_every}")
    run = _Run(model, optimizer, seed, math.inf if clip is None else clip, better, config or {})
    path = None if checkpoint is None else Path(checkpoint)
    with seeded(seed), tqdm(disable=not _watched(progress), unit="update", leave=False) as bar:
        if path is not None and path.exists():
            run.load(path)
        bar.initial = bar.n = len(run.history.loss)  # what was done before does not count as fast
        while run.epoch < epochs and (patience is None or run.epochs_since_best < patience):
            for batch in run.batches_left(batches, bar, epochs):
                run.update(loss_fn, batch)
                bar.set_postfix(epoch=run.epoch + 1, loss=f"{run.history.loss[-1]:.3f}", refresh=False)
                bar.update()
                if path is not None and len(run.history.loss) % save_every == 0:
                    run.save(path)
            run.end_epoch(dev)
            if path is not None:
                run.save(path)
    if run.best is not None:
        model.load_state_dict(run.best)
    model.eval()
    return run.history


class _Run:
    """All that a checkpoint has to hold, and the steps that change it."""

    def __init__(self, model, optimizer: Optimizer, seed: int, clip: float, better: str, config: dict):
        self.model, self.optimizer, self.seed, self.clip, self.better = model, optimizer, seed, clip, better
        self.history, self.best = History(), None
        self.epoch, self.position = 0, 0  # epochs done, and batches done of the one that runs
        self.identity = {
            "seed": str(seed),
            "clip": str(clip),
            "better": better,
            "optimizer": f"{type(optimizer).__name__} {optimizer.defaults}",
            "parameters": str({name: tuple(p.shape) for name, p in model.named_parameters()}),
            **{f"config.{name}": repr(value) for name, value in sorted(config.items())},
        }

    @property
    def epochs_since_best(self) -> int:
        return self.epoch - (self.history.best_epoch or 0)

    def batches_left(self, batches: Batches, bar: tqdm, epochs: int) -> Iterable[Any]:
        """The batches of this epoch in its own order, without those that were done before a resume."""
        rng = np.random.default_rng([self.seed, self.epoch])
        found = batches(rng) if callable(batches) else [batches[n] for n in rng.permutation(len(batches))]
        if isinstance(found, Sequence):
            bar.total = epochs * len(found)
        n = -1
        for n, batch in enumerate(found):
            if n >= self.position:
                yield batch
        if n < 0:
            raise ValueError(f"batches: expected at least one batch in epoch {self.epoch + 1}, got none")
        bar.total = epochs * (n + 1)

    def update(self, loss_fn: Callable[[Any, Any], tuple[Tensor, int]], batch: Any) -> None:
        start = time.perf_counter()
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss, n_tokens = loss_fn(self.model, batch)
        if not n_tokens > 0:
            raise ValueError(f"loss_fn: expected at least one real token, got {n_tokens} at {self._where()}")
        value = loss.item()
        self._expect_finite("loss", value)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.clip).item()
        self._expect_finite("gradient norm", norm)
        self.optimizer.step()
        self.position += 1
        self.history.loss.append(value)
        self.history.norm.append(norm)
        self.history.tokens.append(int(n_tokens))
        self.history.seconds += time.perf_counter() - start

    def end_epoch(self, dev: Callable[[Any], float] | None) -> None:
        if dev is not None:
            self.model.eval()
            with torch.no_grad():
                figure = float(dev(self.model))
            self._expect_finite("dev figure", figure)
            sign = 1.0 if self.better == "lower" else -1.0
            if not self.history.dev or sign * figure < min(sign * d for d in self.history.dev):
                self.best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
                self.history.best_epoch = self.epoch + 1
            self.history.dev.append(figure)
        self.epoch, self.position = self.epoch + 1, 0
        self.history.updates.append(len(self.history.loss))

    def save(self, path: Path) -> None:
        """Write beside the file, then put it in its place at once: a kill leaves the old one or the new one."""
        state = {
            "identity": self.identity,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "rng": torch.get_rng_state(),
            "position": [self.epoch, self.position],
            "history": asdict(self.history),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.new")
        with open(beside, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)

    def load(self, path: Path) -> None:
        try:
            state = torch.load(path, weights_only=True)  # never runs code that a file brings along
            theirs = state["identity"]
        except Exception as error:
            raise ValueError(f"checkpoint: {path} cannot be read; delete it to start anew") from error
        wrong = [name for name in {**self.identity, **theirs} if self.identity.get(name) != theirs.get(name)]
        if wrong:
            found = "; ".join(f"{n}: expected {self.identity.get(n)}, got {theirs.get(n)}" for n in wrong)
            raise ValueError(f"checkpoint: {path} is of another run: {found}; delete it or name another file")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best, (self.epoch, self.position) = state["best"], state["position"]
        self.history = History(**state["history"])
        torch.set_rng_state(state["rng"])

    def _expect_finite(self, name: str, value: float) -> None:
        if math.isfinite(value):
            return
        rates = ", ".join(f"{group['lr']:g}" for group in self.optimizer.param_groups)
        norms = ", ".join(f"{norm:.3g}" for norm in self.history.norm[-3:]) or "none yet"
        raise FloatingPointError(
            f"{name} is {value} at {self._where()}; the weights are those of the last good update. Check the learning rate "
            f"({rates}), clip ({self.clip:g}; last gradient norms: {norms}), a log or division of 0, and a mask without tokens"
        )

    def _where(self) -> str:
        return f"update {len(self.history.loss) + 1} (epoch {self.epoch + 1}, batch {self.position + 1})"


def _watched(progress: bool | None) -> bool:
    """A bar for a terminal or a notebook; none for logs, builds and tests (TQDM_DISABLE=1 turns it off anywhere)."""
    notebook = (
        "ipykernel" in type(sys.stderr).__module__
    )  # a kernel puts its own stream in the place of stderr
    interactive = sys.stderr.isatty() or notebook
    return (interactive and os.environ.get("TQDM_DISABLE", "0") == "0") if progress is None else progress
