"""One file a claim of the lecture: ``run(seed) -> figures``, and the criterion that decides, written beforehand.

A claim is a module here with TITLE, CHAPTER, SECTION, STATEMENT, SEEDS, TOLERANCE, ``run``, ``criterion`` and
``data``; it is found by having them.  It may have CORPORA, the real corpora that it reads, and where ``run`` takes long
``quick(seed)``: some of its figures, made in the same way.  ``python -m unrolled.experiments`` measures, and ``ledger`` keeps the result.
"""

import importlib
import pkgutil
from types import ModuleType

PARTS = ("TITLE", "CHAPTER", "SECTION", "STATEMENT", "SEEDS", "TOLERANCE", "run", "criterion", "data")


def claims() -> dict[str, ModuleType]:
    """Every claim by name: the modules of this package that have all the parts of one.

    A module that defines ``run`` and lacks another part raises ValueError, so that none is passed over.
    """
    found = {}
    for info in pkgutil.iter_modules(__path__):
        if info.name in ("__main__", "ledger", "measure"):
            continue
        module = importlib.import_module(f"{__name__}.{info.name}")
        missing = [part for part in PARTS if not hasattr(module, part)]
        if "run" in missing:
            continue  # a helper of several claims
        if missing:
            raise ValueError(
                f"experiments/{info.name}.py: expected {', '.join(PARTS)}, got none of {', '.join(missing)}"
            )
        found[info.name] = module
    return dict(sorted(found.items(), key=lambda item: (item[1].CHAPTER, item[0])))
