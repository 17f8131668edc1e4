from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import waitress

from precompute.contract.errors import InputError
from summit_dash.commands.serve import open_dashboard
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
    open_dashboard([str(run_path)], "0.0.0.0", 0, 1, False)
    assert read_address(capsys)[0] == "127.0.0.1"


@pytest.mark.usefixtures("servers")
def test_the_number_of_threads_is_that_asked_for(run_path: Path, servers: list[Any]) -> None:
    open_dashboard([str(run_path)], "127.0.0.1", 0, 3, False)
    assert servers[0].adj.threads == 3


def test_an_address_of_another_machine_is_refused_with_the_reason(run_path: Path, servers: list[Any]) -> None:
    # 192.0.2.0/24 is kept for documentation: no machine has it.
    with pytest.raises(InputError, match=r"(?s)free port.*192\.0\.2\.1:8050: .*--port"):
        open_dashboard([str(run_path)], "192.0.2.1", 8050, 1, False)
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
