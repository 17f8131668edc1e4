from __future__ import annotations

import pytest
from dash import ClientsideFunction, Dash, Input, Output

from summit_dash.export.callbacks import list_callbacks
from summit_dash.pages import ids
from summit_dash.pages.page import Page
from summit_dash.pages.registry import PAGES, RegisteredPage


def build_entry(input_id: str) -> RegisteredPage:
    def register(app: Dash) -> None:
        function = ClientsideFunction("summit", "fill")
        app.clientside_callback(function, Output("plot", "figure"), Output("plot", "style"), Input(input_id, "data"))

    return RegisteredPage(Page("plain", "Plain"), None, register)


def test_a_callback_is_its_function_and_what_it_fills() -> None:
    assert list_callbacks([build_entry(ids.SELECTION)]) == [
        {"function": "fill", "outputs": [["plot", "figure"], ["plot", "style"]]}
    ]


def test_another_input_is_refused() -> None:
    with pytest.raises(TypeError, match="takes the selection alone"):
        list_callbacks([build_entry("other")])


def test_the_graph_is_filled_by_one_callback() -> None:
    found = {each["function"]: each["outputs"] for each in list_callbacks(PAGES)}
    assert {name for _, name in found["drawGraph"]} == {"elements", "layout", "stylesheet"}
