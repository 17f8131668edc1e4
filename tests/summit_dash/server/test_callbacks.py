from __future__ import annotations

from typing import Any

import pytest
from dash import Dash, Input, Output, State, html
from flask.testing import FlaskClient

from summit_dash.run.store import RunStore
from summit_dash.server.callbacks import find_fault
from tests.support.team import build_client

ONE = {"id": "a", "property": "data"}
ANSWERED = {
    "output": "..b.data...c.data..",
    "outputs": [{"id": "b", "property": "data"}, {"id": "c", "property": "data"}],
    "inputs": [{**ONE, "value": 3}],
    "state": [{"id": "s", "property": "data"}],
    "changedPropIds": ["a.data"],
}


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    app = Dash("some", suppress_callback_exceptions=True)
    app.layout = html.Div()
    app.callback(Output("b", "data"), Output("c", "data"), Input("a", "data"), State("s", "data"))(lambda a, s: (a, s))
    app.callback(Output("d", "data"), Input({"kind": "x", "n": -1}, "data"))(lambda a: a)
    app.clientside_callback("() => 1", Output("e", "data"), Input("a", "data"))
    app._setup_server()
    return dict(app.callback_map)


def test_what_the_page_sends_is_let_through(known: dict[str, Any]) -> None:
    assert find_fault(ANSWERED, known) == ""
    output = {"id": "d", "property": "data"}
    of_pattern = {"output": "d.data", "outputs": output, "inputs": [{"id": {"kind": "x", "n": 1}, "property": "data"}]}
    assert find_fault(of_pattern, known) == ""


@pytest.mark.parametrize("body", [None, [], "text", 3, {}, {"output": None}, {"output": ["b.data"]}, {"output": "x.y"}])
def test_what_names_no_callback_is_refused(known: dict[str, Any], body: Any) -> None:
    assert find_fault(body, known) != ""


def test_callbacks_of_the_browser_are_none_of_the_server(known: dict[str, Any]) -> None:
    output = {"id": "e", "property": "data"}
    assert find_fault({"output": "e.data", "outputs": output, "inputs": [ONE]}, known) == "There is no such callback."


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": []}, {"inputs": None}, {"inputs": [3]}, {"inputs": [ONE, ONE]}, {"inputs": [[ONE]]},
        {"inputs": [{"id": "z", "property": "data"}]}, {"inputs": [{"id": "a"}]}, {"inputs": {"id": "a"}},
        {"state": []}, {"state": [{"id": "a", "property": 3}]}, {"state": "s.data"},
        {"changedPropIds": "a.data"}, {"changedPropIds": [3]}, {"changedPropIds": None},
        {"outputs": None}, {"outputs": []}, {"outputs": [ONE]}, {"outputs": ONE}, {"outputs": ["b", "c"]},
    ],
    ids=str,
)  # fmt: skip
def test_parts_that_the_page_does_not_send_are_refused(known: dict[str, Any], change: dict[str, Any]) -> None:
    assert find_fault({**ANSWERED, **change}, known) != ""


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"output": {}}', b"[" * 5000])
def test_a_malformed_body_is_one_line(store: RunStore, content: bytes) -> None:
    client: FlaskClient = build_client(store)
    answer = client.post("/_dash-update-component", data=content, content_type="application/json")
    assert answer.status_code == 400
    assert len(answer.text.splitlines()) == 1
