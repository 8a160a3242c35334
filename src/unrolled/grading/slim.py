"""nbgrader without what only its web server needs: most of the time that its import takes.

``import nbgrader`` imports four server extensions, and with them a web server.  nbformat's validator imports a grammar
of internationalised addresses that takes longer to build than all the rest, and that no notebook needs.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

EXTENSIONS = ("assignment_list", "course_list", "validate_assignment", "formgrader")
GRAMMAR = "rfc3987_syntax"


def import_nbgrader() -> None:
    """Import nbgrader's and nbformat's core; who imports the rest later gets it as ever."""
    if "nbgrader" in sys.modules:
        return
    held: dict[str, Any] = {f"nbgrader.server_extensions.{name}": _placeholder(name) for name in EXTENSIONS}
    if GRAMMAR not in sys.modules:
        held[GRAMMAR] = None  # an import of it fails, which jsonschema expects
    sys.modules.update(held)
    try:
        importlib.import_module("nbgrader")
        importlib.import_module("nbformat")
    finally:
        for name in held:
            sys.modules.pop(name, None)


def _placeholder(name: str) -> ModuleType:
    module = ModuleType(f"nbgrader.server_extensions.{name}")
    module.load_jupyter_server_extension = None  # type: ignore[attr-defined]
    return module
