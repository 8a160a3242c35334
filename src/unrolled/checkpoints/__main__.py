"""Train checkpoints: ``python -m unrolled.checkpoints [names] [--list] [--fresh]``.

With no name, those that are not here yet; ``--fresh`` makes them all again.  A file is replaced when its checkpoint is whole, so a
run that was stopped loses nothing that was done.  Exit code 0: all made; 2: a name that is not a checkpoint.
"""

import argparse
import sys
import time
from dataclasses import replace
from importlib.metadata import version

import torch

from unrolled.checkpoints import FOLDER, Checkpoint, load, names, save
from unrolled.checkpoints._recipes import recipe, recipes


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        "python -m unrolled.checkpoints", description="Train the book's checkpoints."
    )
    parser.add_argument("names", nargs="*", help="checkpoints; those that are not here yet if none is named")
    parser.add_argument("--list", action="store_true", help="the checkpoints, and what is known of them")
    parser.add_argument("--fresh", action="store_true", help="with no name: all of them again")
    options = parser.parse_args(arguments)
    known = recipes()
    unknown = [name for name in options.names if name not in known]
    if unknown:
        print(f"no checkpoint {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    if options.list:
        for name in options.names or known:
            print(f"{name:20} {load(name) if name in names() else 'not made yet'}")
        return 0
    wanted = options.names or [name for name in known if options.fresh or name not in names()]
    try:
        for n, name in enumerate(wanted, 1):
            print(f"{name} ({n} of {len(wanted)}) …", flush=True)
            make(name)
    except KeyboardInterrupt:
        print("stopped; what was made whole is in its place", file=sys.stderr)
        return 130
    if not wanted:
        print("all here; --fresh makes them again")
    return 0


def make(name: str) -> Checkpoint:
    """Run a recipe on one thread, write its file, and say what came out and what was there before."""
    torch.set_num_threads(1)
    before = load(name).metric if name in names() else None
    start = time.process_time()  # not the clock: other work on the machine is none of its cost
    made = recipe(name).train()
    made = replace(
        made,
        seconds=round(time.process_time() - start),
        versions={package: version(package) for package in ("numpy", "torch")},
    )
    path = FOLDER / f"{name}.npz"
    save(made, path)
    size = path.stat().st_size
    print(f"  {made}, {size / 1e3:.0f} kB, {made.seconds:.0f} s" + (f"; before: {before}" if before else ""))
    return made


if __name__ == "__main__":
    sys.exit(main())
