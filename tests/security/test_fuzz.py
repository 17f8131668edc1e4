"""Whatever is sent, the answer is no fault of the server, and the server goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from summit_dash.server.callbacks import CALLBACKS
from tests.security.attacks import build_paths, check_answer, list_rules
from tests.support.callback_bodies import build_body

BOUNDED = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
WORDS = st.sampled_from(
    ["run", "synthetic", "data", "class", "channel", "conv1", "picture", "graph", "labels", "assets", "..", "%2e%2e",
     "%00", "1", "-1", "1.json", "0.svg", "all", "0.webp", "_dash-component-suites", "dash", "metrics", "sign-in"]
)  # fmt: skip
LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
PATHS = st.lists(WORDS | LETTERS, max_size=7).map(lambda parts: "/" + "/".join(parts).lstrip("/"))
NAMES = st.sampled_from(
    ["Accept", "Accept-Encoding", "Content-Type", "Cookie", "Authorization", "If-None-Match", "Range", "X-Summit-Dash",
     "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-User", "If-Modified-Since", "Referer", "Sec-Fetch-Site"]
)  # fmt: skip
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=8,
)


@BOUNDED
@given(METHODS, PATHS, st.dictionaries(NAMES, VALUES, max_size=4), st.binary(max_size=200))
def test_requests(client: FlaskClient, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    check_answer(client.open(path, method=method, headers=headers, data=body))


@BOUNDED
@given(JSON | st.binary(max_size=100))
def test_bodies_of_callbacks(client: FlaskClient, body: Any) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post(f"/{CALLBACKS}", data=content, content_type="application/json")
    check_answer(answer)
    assert answer.status_code == 400
    assert len(answer.text.splitlines()) == 1


@pytest.fixture(scope="module")
def callbacks(client: FlaskClient) -> list[dict[str, Any]]:
    """The callbacks that the server answers, as its page knows them."""
    listed: list[dict[str, Any]] = client.get("/_dash-dependencies").json
    return [each for each in listed if each["clientside_function"] is None]


@BOUNDED
@given(st.data())
def test_values_of_callbacks(client: FlaskClient, callbacks: list[dict[str, Any]], data: st.DataObject) -> None:
    """The form is that of the page, so the values reach the functions of the pages."""
    callback = data.draw(st.sampled_from(callbacks))
    given_values = data.draw(st.fixed_dictionaries({"token": JSON, "run": JSON, "image": JSON, "show": JSON}) | JSON)
    inputs = [data.draw(st.just(given_values) | JSON) for _ in callback["inputs"]]
    body = build_body(callback, inputs, [data.draw(JSON) for _ in callback["state"]])
    check_answer(client.post(f"/{CALLBACKS}", json=body))


@BOUNDED
@given(JSON | st.fixed_dictionaries({"layer": JSON, "channel": JSON, "label": JSON}))
def test_bodies_of_labels(client: FlaskClient, body: Any) -> None:
    content = {"data": json.dumps(body), "content_type": "application/json"}
    answer = client.post("/run/synthetic/labels", **content, headers={"X-Summit-Dash": "labels"})
    check_answer(answer)
    assert answer.status_code == 400


@BOUNDED
@given(st.dictionaries(st.sampled_from(["name", "password", "next"]), LETTERS, max_size=3), LETTERS)
def test_forms_of_signing_in(closed: FlaskClient, form: dict[str, str], next_page: str) -> None:
    answer = closed.post("/sign-in", data=form, query_string={"next": next_page})
    check_answer(answer)
    assert answer.status_code in (401, 429)


def test_afterwards_it_still_answers(client: FlaskClient) -> None:
    for rule in list_rules(client.application):
        if rule.rule.startswith("/run/<name>/data"):
            assert [client.get(path).status_code for path in build_paths(rule)] == [200]
    assert client.get("/readyz").status_code == 200
