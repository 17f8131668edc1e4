from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import waitress
from flask import Response
from flask.testing import FlaskClient

from precompute.contract.errors import InputError
from summit_dash.commands.serve import open_dashboard
from summit_dash.live.job import Job
from summit_dash.live.service import EXTENSION
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.support.command_line import call

_create_server = waitress.create_server


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The servers that were made; each ends at once, as by Ctrl-C."""
    made: list[Any] = []

    def create(*given: Any, **named: Any) -> Any:
        server: Any = _create_server(*given, **named)
        server.run = interrupt
        made.append(server)
        return server

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(waitress, "create_server", create)
    return made


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which another program listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def read_address(capsys: pytest.CaptureFixture[str]) -> tuple[str, int]:
    """Reads host and port from the line that the command prints."""
    found = re.search(r"open at http://([^:/]+):(\d+)/", capsys.readouterr().err.replace("\n", " "))
    assert found is not None
    return found[1], int(found[2])


def test_it_ends_without_an_error_when_it_is_interrupted(
    run_path: Path, servers: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["serve", str(run_path), "--port", "0"]) == 0
    host, port = read_address(capsys)
    assert (host, len(servers)) == ("127.0.0.1", 1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_taken_port_is_passed_over(
    run_path: Path, servers: list[Any], taken_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["serve", str(run_path), "--port", str(taken_port)]) == 0
    _, port = read_address(capsys)
    assert taken_port < port < taken_port + 20


@pytest.mark.usefixtures("servers")
def test_the_address_for_the_whole_network_is_shown_as_one_that_a_browser_opens(
    run_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_dashboard(Settings(runs=(str(run_path),), host="0.0.0.0", port=0), False)
    assert read_address(capsys)[0] == "127.0.0.1"


@pytest.mark.usefixtures("servers")
def test_the_number_of_threads_is_that_asked_for(run_path: Path, servers: list[Any]) -> None:
    open_dashboard(Settings(runs=(str(run_path),), port=0, workers=3), False)
    assert servers[0].adj.threads == 3
    assert not servers[0].adj.clear_untrusted_proxy_headers  # the application judges them


def test_an_address_of_another_machine_is_refused_with_the_reason(run_path: Path, servers: list[Any]) -> None:
    # 192.0.2.0/24 is kept for documentation: no machine has it.
    with pytest.raises(InputError, match=r"(?s)free port.*192\.0\.2\.1:8050: .*--port"):
        open_dashboard(Settings(runs=(str(run_path),), host="192.0.2.1"), False)
    assert servers == []


@pytest.mark.parametrize("flags", [["--port", "70000"], ["--workers", "0"]], ids=["port", "workers"])
def test_numbers_out_of_their_range_are_refused(
    run_path: Path, servers: list[Any], capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    assert call(["serve", str(run_path), *flags]) == 2
    assert flags[0] in capsys.readouterr().err
    assert servers == []


def test_one_folder_without_a_run_is_enough_to_serve_none(
    run_path: Path, tmp_path: Path, servers: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["serve", str(run_path), str(tmp_path)]) == 2
    assert "manifest.json" in capsys.readouterr().err
    assert servers == []


# --- who may come in ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("servers")
def test_on_this_machine_alone_nobody_signs_in(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["serve", str(run_path), "--port", "0"]) == 0
    told = capsys.readouterr().err
    assert "token" not in told
    assert len(told.splitlines()) == 1


def test_beyond_this_machine_the_printed_link_opens_it(
    run_path: Path, servers: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["serve", str(run_path), "--port", "0", "--host", "0.0.0.0"]) == 0
    told = capsys.readouterr().err
    link = re.search(r"open at http://127\.0\.0\.1:\d+(/\?token=[\w-]{43})", told)
    assert link is not None
    assert "viewer" in told
    client = find_client(servers[0])
    assert client.get("/_dash-layout").status_code == 401
    assert client.get(link[1], headers={"Accept": "text/html"}).status_code == 303
    assert client.get("/_dash-layout").status_code == 200


def test_each_start_has_another_token(run_path: Path, servers: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        open_dashboard(Settings(runs=(str(run_path),), host="0.0.0.0", port=0), False)
    tokens = re.findall(r"token=([\w-]+)", capsys.readouterr().err)
    assert len(set(tokens)) == len(servers) == 2


@pytest.mark.usefixtures("servers")
def test_without_a_sign_in_one_line_says_what_that_means(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["serve", str(run_path), "--port", "0", "--host", "0.0.0.0", "--auth", "none"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.search(r"^Nobody signs in: who reaches 0\.0\.0\.0:\d+ sees the runs, and acts as runner\.$", lines[1])


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--auth", "nowhere/users.json"], "summit-dash users add"),
        (["--role", "owner"], "--role"),
        (["--trust-header", "X-Forwarded-User"], "--trusted-proxy"),
        (["--trust-header", "a b"], "--trust-header"),
        (["--trusted-proxy", "proxy"], "--trusted-proxy"),
        (["--settings", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_settings_that_do_not_belong_together_are_refused(
    run_path: Path, servers: list[Any], capsys: pytest.CaptureFixture[str], flags: list[str], told: str
) -> None:
    assert call(["serve", str(run_path), "--port", "0", *flags]) == 2
    assert told in capsys.readouterr().err.replace("\n", " ")
    assert servers == []


# --- where settings come from ---------------------------------------------------------------------------------------


def test_flags_go_before_the_environment_and_that_before_the_file(
    run_path: Path, tmp_path: Path, servers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('workers = 3\nport = 0\nurl_prefix = "/file/"\ntitle = "File"\n')
    monkeypatch.setenv("SUMMIT_DASH_WORKERS", "4")
    monkeypatch.setenv("SUMMIT_DASH_TITLE", "Environment")
    assert call(["serve", str(run_path), "--workers", "5", "--settings", str(file)]) == 0
    assert servers[0].adj.threads == 5
    assert "<title>Environment</title>" in find_client(servers[0]).get("/file/").text


def test_it_ends_by_the_signal_of_a_service_manager_and_ends_the_processes_with_models(
    run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def create(*given: Any, **named: Any) -> Any:
        server: Any = _create_server(*given, **named)
        server.run = lambda: os.kill(os.getpid(), signal.SIGTERM)
        return server

    def build(*given: Any) -> Any:
        made.append(create_app(*given))
        return made[0]

    monkeypatch.setattr(waitress, "create_server", create)
    monkeypatch.setattr("summit_dash.server.app.create_app", build)
    assert call(["serve", str(run_path), "--port", "0"]) == 0
    live = made[0].server.extensions[EXTENSION]["live"]
    with pytest.raises(InputError, match="without one"):
        live.workers.submit(Job("nothing", ()))


def find_client(server: Any) -> FlaskClient:
    """Returns a client of the application that a server of waitress answers with."""
    return FlaskClient(server.application, Response)
