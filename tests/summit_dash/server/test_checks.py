from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from summit_dash.run.store import RunStore
from summit_dash.server.checks import Hosts, is_own_page
from summit_dash.server.settings import Settings
from tests.support.team import build_client

LABEL = {"X-Summit-Dash": "labels"}


@pytest.fixture(scope="module")
def client(store: RunStore) -> FlaskClient:
    return build_client(store)


@pytest.mark.parametrize(
    ("header", "is_allowed"),
    [
        ("localhost", True), ("LOCALHOST:8050", True), ("localhost.", True), ("a.localhost", True),
        ("127.0.0.1:9", True), ("[::1]:8050", True), ("192.0.2.1", True), (None, True),
        ("evil.example", False), ("127.0.0.1.evil.example", False), ("localhost.evil.example", False),
        ("", False), ("localhost:8050@evil.example", False), ("evil.example/localhost", False), ("a b", False),
        ("localhost:99x", False), ("[::1", False),
    ],
)  # fmt: skip
def test_a_name_that_is_not_this_servers_is_refused(header: str | None, is_allowed: bool) -> None:
    assert Hosts(Settings()).allow(header) == is_allowed


def test_names_are_allowed_by_the_settings_and_by_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Box.lab.example")
    hosts = Hosts(Settings(host="0.0.0.0", allowed_host=("summit.example", ".team.example")))
    for name in ("summit.example", "SUMMIT.example:443", "a.team.example", "box.lab.example", "box", "box.local"):
        assert hosts.allow(name)
    for name in ("a.summit.example", "team.example", "eteam.example", "lab.example"):
        assert not hosts.allow(name)
    assert Hosts(Settings(allowed_host=("*",))).allow("any.example")
    assert not Hosts(Settings()).allow("box.lab.example")
    assert Hosts(Settings(host="box.lab.example")).allow("box.lab.example:80")


@pytest.mark.parametrize("path", ["/", "/_dash-layout", "/run/synthetic/data/run.json", "/healthz", "/sign-in"])
def test_a_foreign_name_gets_no_answer_and_is_told_what_to_set(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "--allowed-host" in answer.text
    assert len(answer.text.splitlines()) == 1


@pytest.mark.parametrize(
    ("site", "origin", "is_own"),
    [
        (None, None, True), ("same-origin", None, True), ("none", None, True), ("same-origin", "null", True),
        (None, "http://box:8050", True), (None, "https://BOX:8050", True),
        ("cross-site", "http://box:8050", False), ("same-site", None, False), ("nonsense", None, False),
        (None, "http://box", False), (None, "http://box:8051", False), (None, "null", False),
        (None, "http://evil.example", False), (None, "", False), (None, "http://box:8050.evil.example", False),
    ],
)  # fmt: skip
def test_only_a_page_of_this_server_writes(site: str | None, origin: str | None, is_own: bool) -> None:
    assert is_own_page(site, origin, "box:8050") == is_own


@pytest.mark.parametrize("path", ["/_dash-update-component", "/run/synthetic/labels", "/sign-in", "/sign-out", "/"])
def test_a_page_of_another_server_writes_nothing(client: FlaskClient, path: str) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post(path, json={}, headers={**LABEL, **headers})
        assert (answer.status_code, answer.text) == (403, "Only a page of this server may send this.\n")
    assert client.post("/run/synthetic/labels", json={}, headers={**LABEL, "Origin": "http://localhost"}).is_json


def test_bodies_are_limited(store: RunStore) -> None:
    client = build_client(store, body_bytes=10_000)
    answer = client.post("/_dash-update-component", data=b"[" * 20_000, content_type="application/json")
    assert answer.status_code == 413
    assert client.post("/sign-in", data={"password": "x" * 9_000}).status_code == 413
