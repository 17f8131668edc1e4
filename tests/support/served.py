"""Other programs that serve or stand before a dashboard, each in a process of its own until the block ends."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = ["Answer", "ask", "find_port", "serve_by_gunicorn", "serve_by_nginx"]

ROOT = Path(__file__).parents[2]
_PATIENCE = 60


class Answer(NamedTuple):
    """The answer to one request."""

    status: int
    headers: Mapping[str, str]
    text: str


def find_port() -> int:
    """Returns a port on which nothing listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def ask(
    port: int, path: str, method: str = "GET", body: bytes | None = None, *, tls: bool = False, **headers: str
) -> Answer:
    """Sends one request over a new connection; names of headers have `_` for `-`."""
    connection: http.client.HTTPConnection
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=30, context=context
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace"))


@contextlib.contextmanager
def serve_by_gunicorn(settings: Mapping[str, str], log: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serves by the recipe of the docs, with settings in the environment; yields the port and the process."""
    port = find_port()
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "docs/hosting/gunicorn.conf.py")]
    factory = "summit_dash.server.app:build_server()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", factory],
            env=environment,
            stderr=file,
            stdout=file,
            cwd=log.parent,
        )
        with _end(process):
            _wait_for(port, process, log)
            yield port, process


@contextlib.contextmanager
def serve_by_nginx(behind: int, folder: Path) -> Iterator[tuple[int, int]]:
    """Serves by the site of the docs before a port of this machine; yields the ports of http and https."""
    plain, secure = find_port(), find_port()
    certificate, key = folder / "site.pem", folder / "site.key"
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*request, *names], check=True, capture_output=True)
    site = (ROOT / "docs/hosting/nginx.conf").read_text(encoding="utf-8")
    for before, after in (
        ("127.0.0.1:8050", f"127.0.0.1:{behind}"), ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"), ("summit.example.org", "localhost"),
        ("/etc/ssl/certs/summit-dash.pem", str(certificate)), ("/etc/ssl/private/summit-dash.key", str(key)),
    ):  # fmt: skip
        assert before in site
        site = site.replace(before, after)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    http_part = f"http {{\naccess_log off;\n{paths}{site}\n}}\n"
    log = folder / "nginx.log"
    config = folder / "nginx.conf"
    config.write_text(f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nevents {{}}\n{http_part}")
    process = subprocess.Popen(["nginx", "-p", str(folder), "-e", str(log), "-c", str(config)])
    with _end(process):
        _wait_for(plain, process, log)
        yield plain, secure


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until a process listens on a port: connections that are refused are tried again."""
    for _ in range(_PATIENCE * 10):
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    raise AssertionError(re.sub(r"\s+", " ", log.read_text()))


@contextlib.contextmanager
def _end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE)
