from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from summit_dash.run.store import RunStore
from summit_dash.server.log import ACCESS, build_handler, start_log
from summit_dash.server.settings import Settings
from tests.support.team import TOKEN, build_client, sign_in, write_team


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """Gives the loggers back as they were."""
    logger = logging.getLogger("summit_dash")
    before = (list(logger.handlers), logger.level, logger.propagate)
    yield
    logger.handlers[:], logger.level, logger.propagate = before
    ACCESS.setLevel(logging.NOTSET)


def ask(store: RunStore, form: str, *paths: str, **settings: object) -> list[str]:
    """Returns the lines of requests."""
    stream = io.StringIO()
    logger = logging.getLogger("summit_dash")
    logger.addHandler(build_handler(form, stream))
    logger.setLevel(logging.INFO)
    client = build_client(store, **settings)
    if "auth" in settings:
        sign_in(client, "viewer")
    for path in paths:
        client.get(path)
    return stream.getvalue().splitlines()


def test_a_line_says_who_what_how_it_ended_and_how_long_it_took(store: RunStore, tmp_path: Path) -> None:
    lines = ask(store, "text", "/run/synthetic/data/class/3.json?v=1", auth=str(write_team(tmp_path)))
    assert "viewer POST /sign-in 303" in lines[0]
    when = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(
        rf"{when} 127\.0\.0\.1 viewer GET /run/synthetic/data/class/3\.json 200 [\d.]+ ms \d+ B", lines[1]
    )


def test_lines_are_json_on_request(store: RunStore) -> None:
    line = json.loads(ask(store, "json", "/nowhere/x")[0])
    assert line["path"] == "/nowhere/x"
    assert {"time", "level", "address", "user", "method", "status", "milliseconds", "bytes"} <= line.keys()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_request_writes_one_line_without_its_query(store: RunStore, form: str) -> None:
    lines = ask(store, form, f"/a%0Ab%1b[31m?token={TOKEN}", "/%C3%A4", host="0.0.0.0", token=TOKEN)
    assert len(lines) == 2
    assert TOKEN not in "".join(lines)
    assert "%0Ab%1B" in lines[0]


def test_a_fault_is_written_with_its_place(store: RunStore) -> None:
    stream = io.StringIO()
    for form in ("text", "json"):
        handler = build_handler(form, stream)
        try:
            raise KeyError("secret")
        except KeyError as problem:
            handler.handle(logging.LogRecord("x", logging.ERROR, "", 1, "It failed", (), (KeyError, problem, None)))
    text, line = stream.getvalue().rsplit("\n", 2)[:2]
    assert "It failed" in text
    assert "KeyError" in text
    assert "KeyError" in json.loads(line)["exception"]


@pytest.mark.parametrize(
    ("settings", "level"),
    [({}, logging.WARNING), ({"host": "0.0.0.0"}, logging.INFO), ({"log": "json"}, logging.INFO),
     ({"host": "0.0.0.0", "log": "none"}, logging.WARNING)],
)  # fmt: skip
def test_requests_are_written_where_people_sign_in(settings: dict[str, str], level: int) -> None:
    for _ in range(2):
        start_log(Settings.model_validate(settings))
    logger = logging.getLogger("summit_dash")
    assert logger.level == level
    assert len(logger.handlers) == 1
