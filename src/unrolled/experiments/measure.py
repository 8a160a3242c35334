"""Measure claims seed by seed, keep what is measured, and compare a seed with the ledger."""

import hashlib
import inspect
import json
import multiprocessing
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from pathlib import Path

import torch
from tqdm import tqdm

from unrolled import train
from unrolled.experiments import claims, ledger

KEPT = ledger.ROOT / "_build" / "claims"


def measure(name: str, seed: int) -> dict:
    """Run one seed of one claim on one thread: {"seed", "seconds" of that thread, "figures"}."""
    torch.set_num_threads(1)
    start = time.process_time()  # not the clock: other work on the machine is none of a claim's cost
    figures = claims()[name].run(seed)
    return {"seed": seed, "seconds": time.process_time() - start, "figures": figures}


def kept(name: str, seed: int, folder: Path = KEPT) -> Path:
    """The file of a seed that was measured, named after the code that measured it."""
    code = inspect.getsource(claims()[name]) + inspect.getsource(train)
    return folder / name / f"{seed}-{hashlib.sha256(code.encode()).hexdigest()[:12]}.json"


def measure_all(names: list[str], jobs: int, folder: Path = KEPT, path: Path = ledger.LEDGER) -> None:
    """Measure what is not kept yet, seed by seed; write each claim into the ledger when it is whole."""
    left = {name: {s for s in claims()[name].SEEDS if not kept(name, s, folder).exists()} for name in names}
    with (
        ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool,
        tqdm(total=sum(len(claims()[name].SEEDS) for name in names), unit="seed", disable=None) as bar,
    ):
        bar.update(bar.total - sum(map(len, left.values())))
        for name in [name for name in names if not left[name]]:
            _whole(name, folder, path)
        running = _submit(pool, left)
        for done in as_completed(running):
            name, seed = running[done]
            ledger.write_json(kept(name, seed, folder), done.result())
            left[name].discard(seed)
            bar.update()
            if not left[name]:
                _whole(name, folder, path)


def compare(names: list[str], path: Path = ledger.LEDGER) -> bool:
    """Run the cheapest seed of each claim again; say what differs from the ledger by more than the claim's tolerance."""
    same = True
    for name in names:
        entry = ledger.read(path).get(name)
        if entry is None:
            print(f"{name}: not in the ledger yet; measure it with python -m unrolled.experiments {name}")
            same = False
            continue
        cheapest = min(entry["runs"], key=lambda run: run["seconds"])
        got = measure(name, cheapest["seed"])
        wrong = list(ledger.differences(cheapest["figures"], got["figures"], claims()[name].TOLERANCE))
        verdict = "as in the ledger" if not wrong else "differs from the ledger"
        print(f"{name}: seed {got['seed']} {verdict} ({got['seconds']:.0f} s)", *wrong, sep="\n  ")
        same = same and not wrong
    return same


def _submit(pool: Executor, left: dict[str, set[int]]) -> dict[Future, tuple[str, int]]:
    return {pool.submit(measure, name, seed): (name, seed) for name in left for seed in sorted(left[name])}


def _whole(name: str, folder: Path, path: Path) -> None:
    claim = claims()[name]
    runs = [json.loads(kept(name, seed, folder).read_text(encoding="utf-8")) for seed in claim.SEEDS]
    found = ledger.entry(claim, runs)
    ledger.record(name, found, path)
    tqdm.write(f"{name}: {found['verdict']} ({len(runs)} seeds, {sum(r['seconds'] for r in runs):.0f} s)")
