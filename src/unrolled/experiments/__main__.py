"""Measure the claims of the book: ``python -m unrolled.experiments [names] [--quick] [--list] [--jobs N] [--fresh]``.

Each seed's figures are kept in ``_build/claims`` until its claim is whole, so a run that was stopped goes on where it was;
what was kept is used only while the claim's file and the training loop are the same.  Exit code 0: all measured, or with
``--quick`` all as the ledger says; 1: something differs; 2: a name that is not a claim.
"""

import argparse
import shutil
import sys

from unrolled.experiments import claims, ledger
from unrolled.experiments.measure import KEPT, compare, measure_all


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        "python -m unrolled.experiments", description="Measure the claims of the book."
    )
    parser.add_argument("names", nargs="*", help="claims; all of them where none is named")
    parser.add_argument(
        "--quick", action="store_true", help="the cheapest seed of each, compared with the ledger"
    )
    parser.add_argument("--list", action="store_true", help="the claims, and what the ledger says of them")
    parser.add_argument("--jobs", type=int, default=1, help="seeds at once, one thread each (default 1)")
    parser.add_argument("--fresh", action="store_true", help="forget the seeds that were kept")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in claims()]
    if unknown:
        print(f"no claim {', '.join(unknown)}; there are: {', '.join(claims())}", file=sys.stderr)
        return 2
    names = options.names or list(claims())
    if options.list:
        for name in names:
            print(
                f"{name:16} {claims()[name].CHAPTER:20} {ledger.read().get(name, {}).get('verdict', 'not measured')}"
            )
        return 0
    if options.quick:
        return 0 if compare(names) else 1
    for name in names if options.fresh else []:
        shutil.rmtree(KEPT / name, ignore_errors=True)
    try:
        measure_all(names, options.jobs)
    except KeyboardInterrupt:
        print(
            "stopped; the seeds that were measured are kept, the same command goes on from there",
            file=sys.stderr,
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
