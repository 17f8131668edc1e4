"""The person who is signed in, as far as the page shows it."""

from __future__ import annotations

from typing import NamedTuple

from dash import html
from dash.development.base_component import Component

from summit_dash.pages.components import build_icon

__all__ = ["Account", "build_account"]


class Account(NamedTuple):
    """A person who looks at the page.

    Attributes:
        name: of the person; empty where nobody is named.
        role: word for what the person may do.
        may_compute: the pages that compute are shown.
        sign_out: address that ends the session; empty where there is none to end.
    """

    name: str = ""
    role: str = ""
    may_compute: bool = True
    sign_out: str = ""


def build_account(account: Account) -> Component | None:
    """Builds the button that signs out, with the name of the person; None where nobody has signed in."""
    if not account.sign_out:
        return None
    words = f"{account.name} ({account.role})" if account.name else account.role
    label = f"Sign out: {words}"
    button = html.Button(
        build_icon("leave"), type="submit", className="icon-button", **{"aria-label": label, "data-tip": label}
    )
    return html.Form(button, action=account.sign_out, method="post", className="sign-out")
