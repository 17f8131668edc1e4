"""Pages that compute, where several processes answer: one of them holds images and models, the others ask it.

The processes share a folder. The one that holds the lock there computes, and listens at a socket of that folder. When
it ends, the next process that is asked takes its place.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filelock import lock_descriptor
from flask import Flask, Response, abort, request
from waitress import create_server

from precompute.contract.errors import InputError
from summit_dash.server.callbacks import CALLBACKS
from summit_dash.server.proxies import Application
from summit_dash.server.roles import Person, find_person, keep_handed
from summit_dash.server.stopping import stop_gently

__all__ = ["ComputingProcess", "register_computing"]

_COMPUTING = {"send_visit_picture", "describe_training", "start_training", "cancel_training", "measure_alone"}
"""Endpoints besides the callbacks that need what one process holds."""
_LOCK, _SOCKET = "computes.lock", "computes.socket"
_LONGEST = 100
"""Bytes of the path of a socket; systems refuse longer ones."""
_PERSON = "X-Summit-Dash-Person"
"""The header with the person. It counts at the socket alone, which no browser reaches."""
_SENT = ("Content-Type", "X-Summit-Dash", "Host")
_KEPT = ("Content-Type", "Cache-Control")
_THREADS = 8
_SECONDS = 60.0
_PAUSE, _TRIES = 0.05, 200
"""Pause before another try, while one process follows another, and the number of tries."""


class ComputingProcess:
    """This process, as one of those that share a folder.

    Args:
        folder: it is there and can be written.
        application: answers what other processes hand on.

    Raises:
        InputError: the path of the folder is too long for a socket.
    """

    def __init__(self, folder: Path, application: Application) -> None:
        self._folder = folder.resolve()
        if len(os.fsencode(self._folder / _SOCKET)) > _LONGEST:
            raise InputError(
                f"The path of shared_folder has at most {_LONGEST - len(_SOCKET) - 1} bytes.",
                f"{self._folder} is longer, and a socket in it cannot be opened.",
                "Choose a folder such as /run/summit-dash.",
            )
        self._application = application
        self._taking = threading.Lock()
        self._server: Any = None
        self._descriptor = -1
        self._is_closed = False

    def is_here(self) -> bool:
        """Returns True if this process computes; it takes that upon itself where no other one does."""
        with self._taking:
            if self._server is None and not self._is_closed:
                descriptor = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
                if lock_descriptor(descriptor, blocking=False):
                    self._descriptor, self._server = descriptor, self._listen()
                else:
                    os.close(descriptor)
            return self._server is not None

    def close(self) -> None:
        """Lets another process compute from now on. What was handed to this one is still answered."""
        with self._taking:
            self._is_closed = True
            if self._server is not None:
                stop_gently(self._server, lambda: None)
                self._server = None
                os.close(self._descriptor)

    def ask(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Hands a request to the process that computes, and returns status, headers and body of its answer.

        Raises:
            OSError: that process is not there, or ended before it answered.
        """
        connection = _Connection(self._folder / _SOCKET)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except http.client.HTTPException as problem:
            raise ConnectionError(str(problem)) from problem
        finally:
            connection.close()

    def _listen(self) -> Any:
        path = self._folder / _SOCKET
        path.unlink(missing_ok=True)
        server = create_server(self._answer, unix_socket=str(path), unix_socket_perms="600", threads=_THREADS)
        threading.Thread(target=server.run, name="summit-dash-computes", daemon=True).start()
        return server

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        keep_handed(environ, Person(*json.loads(environ.pop(f"HTTP_{_PERSON.upper().replace('-', '_')}"))))
        return self._application(environ, start_response)


class _Connection(http.client.HTTPConnection):
    """A connection to a socket of the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def register_computing(server: Flask, folder: str, prefix: str) -> ComputingProcess | None:
    """Hands what computes to the one process that does, after all checks and before anything answers.

    Args:
        server: has no proxies around it yet.
        folder: that processes share; empty for none.
        prefix: of the addresses.

    Raises:
        InputError: the path of the folder is too long.
    """
    if not folder:
        return None
    process = ComputingProcess(Path(folder), server.wsgi_app)

    @server.before_request
    def send_on() -> Response | None:
        is_callback = request.method == "POST" and request.path == f"{prefix}{CALLBACKS}"
        if not request.environ.get("wsgi.multiprocess") or not (is_callback or request.endpoint in _COMPUTING):
            return None
        return _find_answer(process)

    return process


def _find_answer(process: ComputingProcess) -> Response | None:
    """Returns the answer of the process that computes; None where it is this one."""
    pause = threading.Event()
    for _ in range(_TRIES):
        if process.is_here():
            return None
        try:
            return _send(process)
        except (ConnectionError, FileNotFoundError):  # one process follows another
            pause.wait(_PAUSE)
    return abort(503)


def _send(process: ComputingProcess) -> Response:
    target = quote(request.path)
    if request.query_string:
        target += f"?{request.query_string.decode('ascii', 'replace')}"
    headers = {name: request.headers[name] for name in _SENT if name in request.headers}
    headers[_PERSON] = json.dumps(find_person())
    status, found, content = process.ask(request.method, target, request.get_data(), headers)
    return Response(content, status, {name: found[name] for name in _KEPT if name in found})
