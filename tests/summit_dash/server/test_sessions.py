from __future__ import annotations

import time

import pytest

from summit_dash.server.sessions import Sessions


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


def test_a_clock_that_was_set_back_ends_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(1)
    cookie = sessions.write("key", "ada", "")
    now = time.time()
    monkeypatch.setattr("summit_dash.server.sessions.time.time", lambda: now - 60)
    assert sessions.read("key", cookie) is not None
