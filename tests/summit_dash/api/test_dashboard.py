"""The dashboard of a notebook answers while it is open, and leaves nothing when it is stopped."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash import Run, show
from summit_dash.api import Dashboard


@pytest.fixture
def dashboard(run: Run) -> Iterator[Dashboard]:
    with show(run) as opened:
        yield opened


def load(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return str(answer.read().decode())


def test_it_serves_the_page_and_the_data_of_the_run(run: Run, dashboard: Dashboard) -> None:
    assert "<title>Summit Dash</title>" in load(dashboard.url)
    assert "white wolf" in load(f"{dashboard.url}run/{run.name}/data/run.json")


def test_a_cell_shows_it_in_a_frame_and_a_terminal_its_address(dashboard: Dashboard) -> None:
    assert f'<iframe title="Summit Dash" src="{dashboard.url}"' in dashboard._repr_html_()
    assert repr(dashboard) == f"<Summit Dash at {dashboard.url}>"


def test_a_cell_that_runs_again_takes_the_same_server(run: Run, run_path: Path, dashboard: Dashboard) -> None:
    assert show(run, height=500) is dashboard
    assert show(str(run_path)) is dashboard
    assert dashboard.height == 800


def test_stopped_it_frees_port_and_thread(run: Run, dashboard: Dashboard) -> None:
    n_threads = threading.active_count()
    dashboard.stop()
    dashboard.stop()
    assert threading.active_count() < n_threads
    assert not dashboard.is_open and "stopped" in repr(dashboard) and "<iframe" not in dashboard._repr_html_()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", dashboard.port))
    with show(run) as again:
        assert again is not dashboard and "<title>" in load(again.url)


def test_a_taken_port_is_passed_over(run: Run, dashboard: Dashboard) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with show(run, port=taken) as opened:
            assert taken < opened.port < taken + 20


def test_behind_a_proxy_the_frame_has_the_path_of_the_proxy(run: Run) -> None:
    with show(run, prefix="/user/me/proxy/absolute/{port}/") as opened:
        path = f"/user/me/proxy/absolute/{opened.port}/"
        assert f'src="{path}"' in opened._repr_html_()
        assert f'"{path}' in load(opened.url)


def test_what_is_no_port_is_refused(run: Run) -> None:
    with pytest.raises(InputError, match="from 0 to 65535"):
        show(run, port=70_000)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.json"):
        show(tmp_path)
