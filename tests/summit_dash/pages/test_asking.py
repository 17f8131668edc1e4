"""Behaviour that all pages that ask share: one visit, each answer once, and an end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dash import Dash, Output, no_update

from precompute.contract.errors import InputError
from summit_dash.live.limits import Limits
from summit_dash.live.service import EXTENSION, Live
from summit_dash.pages.asking import Asking, Question, Reply
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app

WANTED = {"run": None, "words": "hello"}


@pytest.fixture(scope="module")
def app(store: RunStore) -> Iterator[Dash]:
    """The application; no process starts, because nothing is asked of the model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "manifest", {**store.manifest, "model": {"preprocess": {}}})
        app = create_app([store])
        app.server.extensions[EXTENSION]["live"] = live = Live.start(Limits())
        with app.server.app_context():
            yield app
        live.close()


def repeat(question: Question) -> Reply:
    words = question.wanted["words"]
    if words == "bad":
        raise InputError("Words are good.", "These are bad.", "Say others.")
    return Reply(None if question.seen == words else (words, len(question.more)), words, words != "wait")


def build(**more: Any) -> Asking:
    outputs = (Output("echo-body", "children"), Output("echo-body", "title"))
    return Asking("echo", ("words",), outputs, repeat, lambda problem: (str(problem), ""), **more)


def test_the_first_answer_opens_a_visit_and_later_ones_keep_it(app: Dash) -> None:
    asking = build()
    words, n_more, again, version, visit = asking.answer(WANTED, None, "own input", None, None)
    assert (words, n_more, again, version) == ("hello", 1, None, "hello") and visit["token"]
    assert asking.answer(WANTED, None, visit, None)[-1] is no_update


def test_what_is_seen_already_is_not_sent_and_the_browser_asks_again_until_it_is_over(app: Dash) -> None:
    wanted = {**WANTED, "words": "wait"}
    assert build().answer(wanted, None, None, None)[2]["isNew"]
    *parts, again, version, _ = build().answer(wanted, None, None, "wait")
    assert parts == [no_update, no_update] and version is no_update
    assert again["page"] == "echo" and not again["isNew"]


def test_a_problem_takes_the_place_of_the_answer_and_ends_the_wait(app: Dash) -> None:
    words, _, again, *_ = build().answer({**WANTED, "words": "bad"}, None, None, None)
    assert "These are bad." in words and again is None


@pytest.mark.parametrize(("stops", "cancelled"), [(True, 1), (False, 0)])
def test_a_page_that_is_left_cancels_what_nobody_waits_for_if_it_says_so(
    app: Dash, monkeypatch: pytest.MonkeyPatch, stops: bool, cancelled: int
) -> None:
    asking = build(stops_when_left=stops)
    visit = asking.answer(WANTED, None, None, None)[-1]
    calls: list[Any] = []
    monkeypatch.setattr(Live, "keep_only", lambda _, *asked: calls.append(asked))
    assert asking.answer(None, None, visit, None) == (no_update, no_update, None, no_update, no_update)
    assert len(calls) == cancelled


def test_without_a_run_the_answer_says_what_to_open(app: Dash, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.server.extensions[EXTENSION], "stores", {})
    assert "No run is open here." in build().answer(WANTED, None, None, None)[0]
