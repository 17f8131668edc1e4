"""The callbacks of the browser as data, so that a static site can run them without Dash."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output

from summit_dash.pages import ids
from summit_dash.pages.registry import RegisteredPage

__all__ = ["list_callbacks"]


class _Recorder(Dash):
    """Notes the callbacks of the browser in place of an application."""

    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []

    def clientside_callback(self, function: ClientsideFunction, *ends: Output | Input, **options: Any) -> None:
        """Notes a callback. Its only input is the selection."""
        inputs = [end for end in ends if isinstance(end, Input)]
        if [end.component_id for end in inputs] != [ids.SELECTION]:
            raise TypeError(f"{function.function_name} of a page has another input than the selection.")
        outputs = [[end.component_id, end.component_property] for end in ends if isinstance(end, Output)]
        self.noted.append({"function": function.function_name, "outputs": outputs})


def list_callbacks(entries: Iterable[RegisteredPage]) -> list[dict[str, Any]]:
    """Lists the functions of `dash_clientside.summit` that take the selection, with the properties that they fill.

    Raises:
        TypeError: a callback has another input.
    """
    recorder = _Recorder()
    for entry in entries:
        if entry.register_callbacks is not None:
            entry.register_callbacks(recorder)
    return recorder.noted
