"""Measure claims seed by seed, keep what is measured, and compare a seed with the ledger."""

import hashlib
import inspect
import json
import multiprocessing
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from types import ModuleType

import torch
from tqdm import tqdm

from unrolled import train
from unrolled.data.registry import find, lookup
from unrolled.experiments import claims, ledger

KEPT = ledger.ROOT / "_build" / "claims"


def measure(name: str, seed: int, quick: bool = False) -> dict:
    """Run one seed of one claim on one thread: {"seed", "seconds" of that thread, "figures"}.

    ``quick``: where the claim has a ``quick(seed)``, the few figures that it makes again, as ``run`` makes them.
    """
    claim = claims()[name]
    torch.set_num_threads(1)
    start = time.process_time()  # not the clock: other work on the machine is none of a claim's cost
    figures = getattr(claim, "quick", claim.run)(seed) if quick else claim.run(seed)
    return {"seed": seed, "seconds": time.process_time() - start, "figures": figures}


def kept(name: str, seed: int, folder: Path = KEPT) -> Path:
    """The file of a seed that was measured, named after the code that measured it."""
    claim = claims()[name]
    code = "".join(map(inspect.getsource, (claim, train, *_used(claim))))
    return folder / name / f"{seed}-{hashlib.sha256(code.encode()).hexdigest()[:12]}.json"


def measure_all(names: list[str], jobs: int, folder: Path = KEPT, path: Path = ledger.LEDGER) -> None:
    """Measure what is not kept yet, seed by seed; write each claim into the ledger when it is whole."""
    left = {name: {s for s in claims()[name].SEEDS if not kept(name, s, folder).exists()} for name in names}
    for name in [name for name in names if not left[name]]:
        _whole(name, folder, path)
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    total = sum(len(claims()[name].SEEDS) for name in names)
    try:
        running = _submit(pool, left, folder)
        bar = tqdm(
            as_completed(running), total=total, initial=total - len(running), unit="seed", disable=None
        )
        for done in bar:
            done.result()
            name, seed = running[done]
            left[name].discard(seed)
            if not left[name]:
                _whole(name, folder, path)
    finally:
        pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C: finish what runs, start no more


def compare(names: list[str], path: Path = ledger.LEDGER) -> bool:
    """Run the cheapest seed of each claim again; say what differs from the ledger by more than the claim's tolerance.

    A claim whose corpus is not here is not compared, and a line says so.
    """
    same = True
    for name in names:
        entry = ledger.read(path).get(name)
        if entry is None:
            print(f"{name}: not in the ledger yet; measure it with python -m unrolled.experiments {name}")
            same = False
            continue
        absent = missing(name)
        if absent:
            print(f"{name}: not compared, corpus {absent[0]} is not here: unrolled data fetch {absent[0]}")
            continue
        cheapest = min(entry["runs"], key=lambda run: run["seconds"])
        got = measure(name, cheapest["seed"], quick=True)
        expected = cheapest["figures"]
        if hasattr(claims()[name], "quick"):
            expected = {figure: expected[figure] for figure in expected if figure in got["figures"]}
        wrong = list(ledger.differences(expected, got["figures"], claims()[name].TOLERANCE))
        verdict = "as in the ledger" if not wrong else "differs from the ledger"
        print(f"{name}: seed {got['seed']} {verdict} ({got['seconds']:.0f} s)", *wrong, sep="\n  ")
        same = same and not wrong
    return same


def missing(name: str) -> list[str]:
    """The corpora that a claim is measured on (its CORPORA) and that are not on this machine; nothing is downloaded."""
    corpora = getattr(claims()[name], "CORPORA", ())
    return [corpus for corpus in corpora if any(find(file) is None for file in lookup(corpus).files)]


def once(claim: ModuleType, seed: int, folder: Path = KEPT) -> dict[str, float]:
    """The figures of a seed of another claim, for one that compares with it: as they were kept, or measured now."""
    name = claim.__name__.rpartition(".")[2]
    path = kept(name, seed, folder)
    if not path.exists():
        _keep(name, seed, folder)
    return json.loads(path.read_text(encoding="utf-8"))["figures"]


def _used(claim: ModuleType) -> list[ModuleType]:
    """The helpers of a claim among the experiments, and theirs in turn."""
    found: dict[str, ModuleType] = {}
    waiting = [claim]
    for module in waiting:  # grows while it is read
        own = [
            m for _, m in sorted(vars(module).items()) if inspect.ismodule(m) and _of_experiments(m.__name__)
        ]
        waiting += [m for m in own if m.__name__ not in found]
        found |= {m.__name__: m for m in own}
    return list(found.values())


def _of_experiments(module: str) -> bool:
    return module.startswith("unrolled.experiments.") and module.rpartition(".")[2] not in (
        "ledger",
        "measure",
    )


def _keep(name: str, seed: int, folder: Path) -> None:
    """Measure one seed and keep it, in the process that measured it: nothing that is done is ever lost."""
    found = measure(name, seed)
    path = kept(name, seed, folder)
    for old in path.parent.glob(f"{seed}-*.json"):
        old.unlink()  # measured by code that has changed since
    ledger.write_json(path, found)


def _submit(pool: Executor, left: dict[str, set[int]], folder: Path) -> dict[Future, tuple[str, int]]:
    pairs = [(name, seed) for name in left for seed in sorted(left[name])]
    return {pool.submit(_keep, name, seed, folder): (name, seed) for name, seed in pairs}


def _whole(name: str, folder: Path, path: Path) -> None:
    claim = claims()[name]
    runs = [json.loads(kept(name, seed, folder).read_text(encoding="utf-8")) for seed in claim.SEEDS]
    found = ledger.entry(claim, runs)
    before = ledger.read(path).get(name, {})
    if (
        before.get("runs") == found["runs"]
    ):  # kept, not measured now: they belong to the commit that made them
        found |= {part: before[part] for part in ("commit", "versions")}
    ledger.record(name, found, path)
    tqdm.write(f"{name}: {found['verdict']} ({len(runs)} seeds, {sum(r['seconds'] for r in runs):.0f} s)")
