"""The callbacks of the browser as data, so that a static site can run them without Dash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dash import Dash

from summit_dash.pages import ids
from summit_dash.pages.registry import RegisteredPage

__all__ = ["list_callbacks"]


def list_callbacks(entries: Iterable[RegisteredPage]) -> list[dict[str, Any]]:
    """Lists the functions of `dash_clientside.summit` that take the selection, with the properties that they fill.

    Raises:
        TypeError: a callback has another input, or runs in Python.
    """
    app = Dash("static", suppress_callback_exceptions=True)
    for entry in entries:
        if entry.register_callbacks is not None:
            entry.register_callbacks(app)
    return [_read_callback(noted) for noted in app._callback_list]


def _read_callback(noted: Mapping[str, Any]) -> dict[str, Any]:
    """Reads a callback from the list of Dash; `..a.b...c.d..` are the properties b of a and d of c."""
    function = (noted["clientside_function"] or {}).get("function_name")
    if function is None or [each["id"] for each in noted["inputs"]] != [ids.SELECTION]:
        raise TypeError(f"{function or noted['output']} is no function of the browser that takes the selection alone.")
    outputs = [end.rsplit(".", 1) for end in noted["output"].strip(".").split("...")]
    return {"function": function, "outputs": outputs}
