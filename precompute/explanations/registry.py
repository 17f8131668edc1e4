"""The registry of methods of explanation: the modules of the folder `methods`."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping

from precompute.contract.errors import InputError
from precompute.contract.folder_modules import import_modules
from precompute.explanations.method import Method

__all__ = ["find_method", "find_methods"]

_FOLDER = "precompute.explanations.methods"


def find_methods() -> Mapping[str, Method]:
    """Finds the methods of every module in the folder `methods`, by name, in the order of their ranks.

    Raises:
        TypeError: a module exports no `METHODS`.
        ValueError: two methods have one name.
    """
    found: dict[str, Method] = {}
    for module in import_modules(importlib.import_module(_FOLDER)):
        methods = getattr(module, "METHODS", None)
        if not isinstance(methods, tuple) or not all(isinstance(method, Method) for method in methods):
            raise TypeError(f"{module.__name__} exports no METHODS: a module of that folder has a tuple of methods")
        for method in methods:
            if method.name in found:
                raise ValueError(f"{module.__name__} defines the method {method.name!r}, as another module does")
            found[method.name] = method
    return dict(sorted(found.items(), key=lambda item: (item[1].rank, item[0])))


def find_method(name: str) -> Method:
    """Finds a method by its name.

    Raises:
        InputError: there is none of that name.
    """
    known = find_methods()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        raise InputError(
            f"A method is one of {', '.join(known)}.",
            f"Found {name}.",
            f"Did you mean {near[0]}?" if near else "Name one of them, or all.",
        )
    return known[name]
