"""The application of WSGI servers, by gunicorn with two processes and the settings of the docs."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from summit_dash.server.attempts import FREE
from tests.support.callback_bodies import build_body, find_callback
from tests.support.served import Answer, ask, serve_by_gunicorn
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run
from tests.support.team import PASSWORD, write_team

FORM = {"Content_Type": "application/x-www-form-urlencoded"}


class Served(NamedTuple):
    """A server, its log, and the cookie of an editor."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    session: dict[str, str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gunicorn")
    run = write_synthetic_run(folder / "small", SyntheticRun(n_classes=4, n_images=4))
    (folder / "numbers").mkdir()
    settings = {
        "SUMMIT_DASH_RUNS": f"small={run}", "SUMMIT_DASH_AUTH": str(write_team(folder)), "SUMMIT_DASH_LOG": "json",
        "SUMMIT_DASH_METRICS_TOKEN": "scraper", "PROMETHEUS_MULTIPROC_DIR": str(folder / "numbers"),
    }  # fmt: skip
    log = folder / "log"
    with serve_by_gunicorn(settings, log) as (port, process):
        body = f"name=editor&password={PASSWORD.replace(' ', '+')}".encode()
        cookie = ask(port, "/sign-in", "POST", body, **FORM).headers["Set-Cookie"].partition(";")[0]
        yield Served(port, process, log, {"Cookie": cookie})


def test_all_processes_know_a_session_and_every_label_at_once(served: Served) -> None:
    labels = {"Content_Type": "application/json", "X_Summit_Dash": "labels", **served.session}
    for n in range(12):
        content = json.dumps({"layer": "conv1", "channel": n, "label": f"label {n}"}).encode()
        assert ask(served.port, "/run/small/labels", "POST", content, **labels).status == 200
        found = ask(served.port, "/run/small/data/labels.json", **served.session)
        assert json.loads(found.text)["labels"]["conv1"][str(n)] == f"label {n}"


def test_numbers_of_all_processes_are_added_up(served: Served) -> None:
    for _ in range(20):
        assert ask(served.port, "/run/small/data/run.json", **served.session).status == 200
    text = ask(served.port, "/metrics", Authorization="Bearer scraper").text
    found = re.search(r'^summit_dash_requests_total\{.*route="send_data",status="200"\} (\S+)$', text, re.MULTILINE)
    assert found is not None
    assert float(found[1]) >= 20


def write_upload(served: Served, known: Any) -> tuple[bytes, dict[str, str]]:
    """Writes what the page of a runner sends to bring an image: the body, and the cookie."""
    session = {"Cookie": sign_in(served.port, "runner", PASSWORD).headers["Set-Cookie"].partition(";")[0]}
    listed = json.loads(ask(served.port, "/_dash-dependencies", **session).text)
    image = f"data:image/png;base64,{base64.b64encode(b'image').decode()}"
    body = build_body(find_callback(listed, "images-visit.data"), [[image]], [["a.png"], known, None])
    return json.dumps(body).encode(), session


def read_visit(text: str) -> Any:
    """Reads what the page knows after an upload."""
    return json.loads(text)["response"]["images-visit"]["data"]


def bring(served: Served, known: Any) -> Any:
    """Brings an image as a runner does, and returns what the page then knows."""
    content, session = write_upload(served, known)
    answer = ask(served.port, "/_dash-update-component", "POST", content, Content_Type="application/json", **session)
    return read_visit(answer.text)


def test_all_processes_know_the_images_of_a_visit(served: Served) -> None:
    known = None
    for n in range(8):
        known = bring(served, known)
        assert len(known["uploads"]) == n + 1


def sign_in(port: int, name: str, password: str) -> Answer:
    body = f"name={name}&password={password.replace(' ', '+')}".encode()
    return ask(port, "/sign-in", "POST", body, **FORM)


def test_a_session_that_was_ended_is_over_in_all_processes(served: Served) -> None:
    cookie = sign_in(served.port, "viewer", PASSWORD).headers["Set-Cookie"].partition(";")[0]
    assert ask(served.port, "/runs.json", Cookie=cookie).status == 200
    ask(served.port, "/sign-out", "POST", b"", Cookie=cookie)
    assert {ask(served.port, "/runs.json", Cookie=cookie).status for _ in range(12)} == {401}


def test_a_process_that_is_killed_takes_nothing_with_it(served: Served) -> None:
    children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    statuses = set()
    for _ in range(12):
        with contextlib.suppress(OSError):  # a request that this process had taken
            statuses.add(ask(served.port, "/run/small/data/labels.json", **served.session).status)
    assert statuses == {200}
    labels = json.loads(ask(served.port, "/run/small/data/labels.json", **served.session).text)["labels"]
    assert labels["conv1"]["11"] == "label 11"
    known = bring(served, None)
    assert bring(served, known)["uploads"] == ["upload-1", "upload-2"]


def wait_until(served: Served, is_so: Callable[[], bool]) -> None:
    """Waits until something is so, at most a minute, while the server is there."""
    for _ in range(600):
        if is_so():
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            served.process.wait(0.1)
    raise AssertionError(served.log.read_text())


def list_processes(served: Served) -> set[int]:
    return set(map(int, Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()))


def test_an_upload_arrives_while_its_process_is_replaced(served: Served) -> None:
    """Sends half of it, lets gunicorn replace all processes, and sends the rest when the new ones answer."""
    known = bring(served, None)
    content, session = write_upload(served, known)
    before = list_processes(served)
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as connection:
        connection.putrequest("POST", "/_dash-update-component")
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **session}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(content[: len(content) // 2])
        served.process.send_signal(signal.SIGHUP)
        wait_until(served, lambda: len(list_processes(served) - before) == 2)
        connection.send(content[len(content) // 2 :])
        answer = connection.getresponse()
        assert answer.status == 200
        assert read_visit(answer.read().decode())["uploads"]
    wait_until(served, lambda: not list_processes(served) & before)
    labels = json.loads(ask(served.port, "/run/small/data/labels.json", **served.session).text)["labels"]
    assert labels["conv1"]["11"] == "label 11"
    known = bring(served, None)
    assert bring(served, known)["uploads"] == ["upload-1", "upload-2"]
    assert "Traceback" not in served.log.read_text()


def test_wrong_passwords_are_counted_by_all_processes_together(served: Served) -> None:
    """Comes late: nobody may try again from this address for a while."""
    statuses = [sign_in(served.port, "viewer", "wrong").status for _ in range(FREE + 6)]
    assert (statuses.count(401), statuses.count(429)) == (FREE, 6)


def test_it_ends_gently(served: Served) -> None:
    """Comes last, because the server is no more."""
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 0
    text = served.log.read_text()
    assert "Traceback" not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert {"editor"} <= {line.get("user") for line in lines}
