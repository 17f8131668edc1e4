from __future__ import annotations

import time
from pathlib import Path

import pytest

from summit_dash.run.store import RunStore
from summit_dash.server.sessions import Sessions
from tests.support.team import build_client, sign_in, write_team


def test_a_cookie_names_its_person_and_no_two_are_the_same() -> None:
    sessions = Sessions(1)
    cookies = [sessions.write("key", "ada", "mark") for _ in range(2)]
    first, second = (sessions.read("key", cookie) for cookie in cookies)
    assert first is not None
    assert second is not None
    assert first[:2] == second[:2] == ("ada", "mark")
    assert first.number != second.number


def test_another_process_with_the_key_reads_it() -> None:
    assert Sessions(1).read("key", Sessions(1).write("key", "ada", "")) is not None


@pytest.mark.parametrize("change", [lambda text: text[:-2], lambda text: "x" + text, lambda _: "", lambda _: "a.b.c"])
def test_what_was_changed_is_nobody(change: object) -> None:
    sessions = Sessions(1)
    assert sessions.read("key", change(sessions.write("key", "ada", ""))) is None  # type: ignore[operator]
    assert sessions.read("other", sessions.write("key", "ada", "")) is None


def test_a_session_ends_with_its_time_and_when_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(1)
    cookies = [sessions.write("key", "ada", "") for _ in range(2)]
    first = sessions.read("key", cookies[0])
    assert first is not None
    sessions.end(first.number)
    assert sessions.read("key", cookies[0]) is None
    assert sessions.read("key", cookies[1]) is not None
    now = time.time()
    monkeypatch.setattr("summit_dash.server.sessions.time.time", lambda: now + 3602)
    assert sessions.read("key", cookies[1]) is None


def test_a_clock_that_was_set_back_ends_no_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now = time.time()
    for folder in ("", str(tmp_path)):
        monkeypatch.undo()
        sessions = Sessions(1, folder)
        cookies = [sessions.write("key", "ada", "") for _ in range(2)]
        monkeypatch.setattr("summit_dash.server.sessions.time.time", lambda: now - 3000)
        first = sessions.read("key", cookies[0])
        assert first is not None
        sessions.end(first.number)
        assert sessions.read("key", cookies[0]) is None, "one that was ended stays so"
        assert sessions.read("key", cookies[1]) is not None
        monkeypatch.setattr("summit_dash.server.sessions.time.time", lambda: now - 3700)
        assert sessions.read("key", cookies[1]) is None, "nor does one of a far future last until then"


def test_people_go_on_after_the_clock_was_set_back(store: RunStore, tmp_path: Path) -> None:
    client = build_client(store, auth=str(write_team(tmp_path)))
    assert sign_in(client, "viewer") == 303
    now = time.time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: now - 3600)
        assert client.get("/runs.json").status_code == 200
        client.post("/sign-out")
        assert client.get("/runs.json").status_code == 401
        assert sign_in(client, "viewer") == 303
    assert client.get("/runs.json").status_code == 200
