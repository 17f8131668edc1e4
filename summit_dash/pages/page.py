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
    """

    key: str
    title: str
    needs_server: bool = False
    order: int = 100
