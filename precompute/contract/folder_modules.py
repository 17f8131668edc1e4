"""The modules of a folder, from which registries are made: a new entry is a new file and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection
from types import ModuleType

__all__ = ["import_modules"]


def import_modules(package: ModuleType, leave_out: Collection[str] = ()) -> list[ModuleType]:
    """Imports every module of a package, in alphabetical order; packages inside it are imported, not entered.

    Args:
        package: as imported; its `__path__` may hold several folders.
        leave_out: names of modules that are no entries, such as the registry itself.
    """
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if info.name not in leave_out)
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]
