"""The entry of a page in the registry."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Page"]


@dataclass(frozen=True)
class Page:
    """A view with a tab of its own. A module of this folder exports one as `PAGE`.

    Attributes:
        key: name of the view in addresses, `?view=key`, and in `data-view` and `data-pane`.
        title: words on the tab.
        needs_server: the page calls Python while it is shown, so a static site leaves it out.
        order: tabs go by rising order, then by key.
        place: words by which `Ctrl K` finds the page; the title where it is empty.
        shows_class: the page shows the selected class. From other pages, a class found by `Ctrl K` leads to its graph.
    """

    key: str
    title: str
    needs_server: bool = False
    order: int = 100
    place: str = ""
    shows_class: bool = False
