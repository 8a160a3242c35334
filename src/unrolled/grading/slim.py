"""nbgrader without what only its web server needs: most of the time that its import takes.

``import nbgrader`` imports four server extensions, and with them a web server.  nbformat's validator imports grammars
of addresses and durations that take longer to build than all the rest, and that no notebook needs.  What is needed
seldom (archives, requests to a hub) is imported when it is first called.  One preprocessor brings all of them, and with
them every exporter of nbconvert: ``import_preprocessor`` brings one.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

EXTENSIONS = ("assignment_list", "course_list", "validate_assignment", "formgrader")
GRAMMARS = ("rfc3987_syntax", "isoduration")
SELDOM = ("setuptools.archive_util", "requests")


def import_nbgrader() -> None:
    """Import nbgrader's and nbformat's core; who imports the rest later gets it as ever."""
    if "nbgrader" in sys.modules:
        return
    held: dict[str, Any] = {f"nbgrader.server_extensions.{name}": _placeholder(name) for name in EXTENSIONS}
    held |= dict.fromkeys(GRAMMARS)  # an import of None fails, which jsonschema expects
    held |= {name: Later(name) for name in SELDOM}
    with _held(held):
        importlib.import_module("nbgrader")
        importlib.import_module("nbformat")
        importlib.import_module("nbgrader.coursedir")
        importlib.import_module("nbgrader.auth")


def import_preprocessor(module: str, name: str) -> Any:
    """A class of ``nbgrader.preprocessors``, alone; who imports the rest later gets it as ever, with the same classes."""
    packages = {p: _hollow(p) for p in ("nbconvert", "nbconvert.exporters", "nbgrader.preprocessors")}
    base, exporter = _hollow("nbconvert.preprocessors"), ModuleType("nbconvert.exporters.exporter")
    stand_ins = packages | {m.__name__: m for m in (base, exporter)}
    if any(known in sys.modules for known in stand_ins):
        return getattr(importlib.import_module("nbgrader.preprocessors"), name)
    vars(exporter)["ResourcesDict"] = dict  # the type of an annotation
    with _held(stand_ins):
        for package in (base, packages["nbgrader.preprocessors"]):
            found = vars(importlib.import_module(f"{package.__name__}.base"))
            vars(package).update({key: value for key, value in found.items() if not key.startswith("__")})
        return getattr(importlib.import_module(f"nbgrader.preprocessors.{module}"), name)


def _hollow(name: str) -> ModuleType:
    """A package without its own code, in which its modules are found."""
    package, _, rest = name.partition(".")
    spec = importlib.util.find_spec(package)
    module = ModuleType(name)
    folders = (spec.submodule_search_locations or []) if spec else []
    module.__path__ = [os.path.join(folder, *rest.split(".")) if rest else folder for folder in folders]
    return module


@contextmanager
def _held(modules: dict[str, Any]) -> Iterator[None]:
    """Let these stand in for modules that have not been imported, for a while."""
    modules = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            sys.modules.pop(name, None)


class Later(ModuleType):
    """A module whose functions import it when they are called."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: getattr(importlib.import_module(self.__name__), name)(*args, **kwargs)


def _placeholder(name: str) -> ModuleType:
    module = ModuleType(f"nbgrader.server_extensions.{name}")
    module.load_jupyter_server_extension = None  # type: ignore[attr-defined]
    return module
