from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from waitress import wasyncore
from waitress.server import create_server

from summit_dash.server.stopping import stop_gently


class Server:
    """A server of waitress in a thread, whose one page is answered when a test lets it."""

    def __init__(self) -> None:
        self.came, self.allowed, self.finished = threading.Event(), threading.Event(), threading.Event()
        self.waitress: Any = create_server(self._answer, host="127.0.0.1", port=0, threads=2)
        self.port = self.waitress.effective_port
        self._thread = threading.Thread(target=self.waitress.run, daemon=True)
        self._thread.start()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.came.set()
        assert self.allowed.wait(20)
        start_response("200 OK", [("Content-Length", "1000000")])
        return [b"x" * 1_000_000]

    def ask(self) -> bytes:
        """Returns the whole answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", "/")
        body = connection.getresponse().read()
        connection.close()
        return body

    def stop(self, patience: float = 20) -> threading.Thread:
        return stop_gently(self.waitress, self.finished.set, patience)

    def close(self) -> None:
        self.allowed.set()
        self.waitress.task_dispatcher.shutdown()
        self.waitress.trigger.pull_trigger(lambda: wasyncore.close_all(self.waitress._map))
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def test_what_came_before_is_answered_wholly_and_nothing_comes_after(server: Server) -> None:
    answers: list[bytes] = []
    client = threading.Thread(target=lambda: answers.append(server.ask()))
    client.start()
    assert server.came.wait(20)
    waiting = server.stop()
    while server.waitress.accepting:
        pass
    with pytest.raises(OSError, match="refused"):
        server.ask()
    assert not server.finished.is_set()
    server.allowed.set()
    waiting.join()
    client.join()
    assert server.finished.is_set()
    assert [len(answer) for answer in answers] == [1_000_000]


def test_a_server_without_requests_ends_at_once(server: Server) -> None:
    server.stop().join()
    assert server.finished.is_set()


def test_patience_ends(server: Server) -> None:
    client = threading.Thread(target=server.ask)
    client.start()
    assert server.came.wait(20)
    server.stop(patience=0).join()
    assert server.finished.is_set()
    server.allowed.set()
    client.join()
