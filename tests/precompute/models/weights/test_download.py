"""Published weights: where torch keeps them, and a quick answer where there is no network."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import torch

from precompute.contract.errors import InputError
from precompute.models.weights.download import build_download_error, get_cache_path, require_reachable


@pytest.fixture
def server() -> Iterator[str]:
    """Runs a server on this machine that refuses every request, and returns its address."""

    class Refusing(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_error(403)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _bypass_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(urllib.request, "_opener", None)


def test_the_cache_is_that_of_torch_and_an_address_may_have_a_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    path = get_cache_path("https://example.org/models/alexnet-owt-7be5be79.pth?download=1")

    assert path == tmp_path / "checkpoints" / "alexnet-owt-7be5be79.pth"


def test_a_server_that_refuses_is_reachable(server: str) -> None:
    require_reachable(f"{server}/weights.pth")


def test_a_closed_port_is_an_error_with_the_ways_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/weights.pth"

        with pytest.raises(
            InputError, match=r"could not be had \(.*refused\).*--weights FILE.*--weights random"
        ) as caught:
            require_reachable(url)

    assert url in caught.value.found


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (OSError("no route to host.\nlong advice"), "no route to host"),
        (TimeoutError(), "TimeoutError"),
        ("no answer within 10 s", "no answer within 10 s"),
    ],
)
def test_the_reason_is_one_line(problem: object, reason: str) -> None:
    assert build_download_error("timm:net", problem).found == f"timm:net could not be had ({reason})."
