"""The pages of the dashboard, found by looking through this folder: a new page is a new module and nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import NamedTuple

from dash import Dash
from dash.development.base_component import Component

from precompute.contract.folder_modules import import_modules
from summit_dash.pages.page import Page

__all__ = ["PAGES", "RegisteredPage", "find_pages", "read_pages"]


class RegisteredPage(NamedTuple):
    """A page with the functions of its module; None for those that the module does not have.

    Attributes:
        page: key, title and place in the order of tabs.
        build_layout: builds what the page shows. A page without it is shown in the pane of another one.
        register_callbacks: adds the page's callbacks to the served application.
    """

    page: Page
    build_layout: Callable[[], Component] | None = None
    register_callbacks: Callable[[Dash], None] | None = None


def find_pages() -> tuple[RegisteredPage, ...]:
    """Imports the modules of this folder and returns those that export `PAGE`, in the order of their tabs."""
    package = importlib.import_module(__name__.rpartition(".")[0])
    return read_pages(import_modules(package, leave_out=["registry"]))


def read_pages(modules: Iterable[ModuleType]) -> tuple[RegisteredPage, ...]:
    """Returns the pages of those modules that export `PAGE`, by rising `order`, then by key.

    Raises:
        ValueError: two pages have the same key.
    """
    pages = [
        RegisteredPage(module.PAGE, getattr(module, "build_layout", None), getattr(module, "register_callbacks", None))
        for module in modules
        if isinstance(getattr(module, "PAGE", None), Page)
    ]
    keys = [entry.page.key for entry in pages]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    if repeated:
        raise ValueError(f"Two pages have the key {repeated[0]!r}; each page needs a key of its own.")
    return tuple(sorted(pages, key=lambda entry: (entry.page.order, entry.page.key)))


PAGES = find_pages()
"""The pages in the order of their tabs."""
