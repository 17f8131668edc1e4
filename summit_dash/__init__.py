"""The dashboard of runs, and the Python interface to them: `open_run` and `show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from precompute.contract.errors import InputError
    from summit_dash.api import Run, open_run, show

__all__ = ["InputError", "Run", "open_run", "show"]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first asked for: commands start without pandas."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module("summit_dash.api"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Lists the public names, for completion."""
    return sorted({*globals(), *__all__})
