"""People who have not signed in see nothing of a run, whatever is asked and however."""

from __future__ import annotations

from flask.testing import FlaskClient

from summit_dash.run.store import RunStore
from summit_dash.server.attempts import FREE
from summit_dash.server.door import OPEN
from tests.security.attacks import build_paths, check_answer, list_rules
from tests.support.team import TOKEN, build_client

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")


def test_no_route_leaks_a_byte_of_a_run(closed: FlaskClient, store: RunStore) -> None:
    names = [info.class_name for info in store.classes.values()]
    tried = 0
    for rule in list_rules(closed.application):
        for path in build_paths(rule):
            for method in METHODS:
                for accept in ("text/html", "*/*"):
                    answer = closed.open(path, method=method, headers={"Accept": accept})
                    check_answer(answer, "SyntheticNet", store.version, str(store.path), *names)
                    if rule.endpoint not in OPEN:
                        assert answer.status_code in (401, 303), (method, path)
                    tried += 1
    assert tried > 300


def test_no_cookie_opens_the_door_that_was_not_made_here(closed: FlaskClient, store: RunStore) -> None:
    other = build_client(store, host="0.0.0.0", token="another token")
    other.post("/sign-in", data={"password": "another token"})
    foreign = other.get_cookie("summit_dash_8050")
    assert foreign is not None
    for value in (
        foreign.value,
        "",
        "a.b.c",
        "null",
        "x" * 3000,
        "eyJhIjoxfQ.aaaaaa.AAAA",
        "é",
        '"quoted"',
        "__proto__",
    ):
        closed.set_cookie("summit_dash_8050", value)
        assert closed.get("/_dash-layout").status_code == 401


def test_a_thousand_wrong_tokens_open_nothing_and_disturb_no_one_else(closed: FlaskClient) -> None:
    html = {"Accept": "text/html"}
    statuses = [closed.get("/", query_string={"token": f"{n:043d}"}, headers=html).status_code for n in range(1000)]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) < FREE + 8  # as time goes on, some more are looked at
    other = {"environ_base": {"REMOTE_ADDR": "192.0.2.50"}}
    assert closed.get("/", query_string={"token": TOKEN}, headers=html, **other).status_code == 303


def test_the_token_is_not_guessed_piece_by_piece(closed: FlaskClient) -> None:
    for token in (TOKEN[:-1], TOKEN + "x", TOKEN.upper(), f" {TOKEN}", "", "%00", f"{TOKEN}\x00"):
        headers = {"Authorization": f"Bearer {token}"} if token.isprintable() else {}
        assert closed.get("/_dash-layout", headers=headers).status_code == 401
