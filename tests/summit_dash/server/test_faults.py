from __future__ import annotations

import logging

import pytest
from dash import Dash
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import ServiceUnavailable

from precompute.contract.errors import InputError
from summit_dash.server.faults import register_faults


def build_client(error: Exception) -> FlaskClient:
    """Builds a server whose pages all fail."""
    server = Flask("failing")
    register_faults(server)

    def fail() -> str:
        raise error

    server.add_url_rule("/page", view_func=fail)
    server.add_url_rule("/_dash-update-component", view_func=fail, methods=["POST"], endpoint="callbacks")
    return server.test_client()


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (InputError("A rule.", "Found\nthis.", "Do that."), 400, "A rule. Found this. Do that.\n"),
        (ServiceUnavailable(), 503, "503 Service Unavailable.\n"),
        (FileNotFoundError(2, "No such file", "/secret/place"), 503, "The run cannot be read now.\n"),
        (KeyError("secret"), 500, "This failed. The log of the server says why.\n"),
    ],
)
def test_an_error_is_one_line_that_shows_nothing_of_the_inside(error: Exception, status: int, words: str) -> None:
    answer = build_client(error).get("/page")
    assert (answer.status_code, answer.text) == (status, words)


def test_the_log_says_what_failed_and_where(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        build_client(KeyError("what")).get("/page")
    assert "GET '/page' failed" in caplog.text
    assert "KeyError: 'what'" in caplog.text


def test_values_that_break_a_callback_are_a_bad_request_and_are_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    answer = build_client(AttributeError("'int' object")).post("/_dash-update-component")
    assert (answer.status_code, answer.text) == (400, "The values are not those of the page.\n")
    assert "AttributeError" in caplog.text
    assert build_client(MemoryError()).post("/_dash-update-component").status_code == 500


def test_a_method_that_is_not_allowed_is_answered_by_those_that_are() -> None:
    answer = build_client(KeyError()).post("/page")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["dash/../../secret.py", "os/path.js", "none/none.js"])
def test_scripts_that_no_library_has_are_not_there(path: str) -> None:
    app = Dash("some", title="Some")
    register_faults(app.server)
    assert app.server.test_client().get(f"/_dash-component-suites/{path}").status_code == 404
