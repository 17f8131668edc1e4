"""The parts of the page of images that need no answer of a model."""

from __future__ import annotations

from precompute.contract.errors import InputError
from summit_dash.live.job import View
from summit_dash.live.visits import Upload, Visit
from summit_dash.pages.images_parts import build_message, build_strip, build_welcome, describe_wait


def test_a_wait_states_place_or_progress() -> None:
    view = View("waiting", 0, 0, 0, (), None, None)
    assert "place 3 in the queue" in describe_wait(view, 3, "Heat maps")
    assert describe_wait(view._replace(state="running", n_done=2, n_total=14), 0, "Heat maps") == "Heat maps: 2 of 14."


def test_the_strip_shows_brought_images_first_and_marks_the_chosen_one() -> None:
    visit = Visit("t", {"upload-1": Upload("a.png", b"")})
    strip = build_strip(visit, [(7, "bear/7.png, misclassified")], {}, "7", None)
    assert [getattr(each, "aria-pressed") for each in strip] == ["false", "true"]
    gone = build_strip(visit, [(7, "x")], {}, None, InputError("R.", "They are gone.", "Name them."))
    assert "They are gone." in str(gone[-1])


def test_messages_say_rule_found_and_fix() -> None:
    problem = InputError("A rule.", "Found it.", "Do this.")
    assert "2 more were refused" in str(build_message(problem, 3))
    assert "Do this." in str(build_welcome(View("failed", 1, 0, 0, (), None, problem), 0, True))


def test_the_welcome_names_the_runs_own_images_where_there_are_some() -> None:
    view = View("done", 1, 1, 1, (), None, None)
    assert "one of the run's own above" in str(build_welcome(view, 0, True))
    assert "own" not in str(build_welcome(view, 0, False))
