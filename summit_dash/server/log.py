"""Lines of the log: one for every request, as text or JSON, and one with its place for every fault."""

from __future__ import annotations

import datetime
import json
import logging
import sys
import time
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, request

from summit_dash.server.roles import find_handed, find_person
from summit_dash.server.settings import Settings

__all__ = ["ACCESS", "build_handler", "register_log", "start_log"]

ACCESS = logging.getLogger("summit_dash.access")
"""The logger of requests."""
_ROOT = logging.getLogger("summit_dash")
_PRINTED = "/:@!$&'()*+,;=~-._[]"
"""Characters of paths and names that stay as they are; others are written as in addresses, also ends of lines."""


def register_log(server: Flask) -> None:
    """Adds a line for every request: who, what, how it ended, how long it took. Queries are left out: they may be long,
    and may hold a token."""

    @server.before_request
    def note_start() -> None:
        g.started = time.perf_counter()

    @server.after_request
    def write_line(response: Response) -> Response:
        if ACCESS.isEnabledFor(logging.INFO) and find_handed() is None:  # the process that was asked writes it
            ACCESS.info("request", extra={"request": _describe(response)})
        return response


def _describe(response: Response) -> dict[str, Any]:
    return {
        "address": request.remote_addr or "-",
        "user": quote(find_person().name, _PRINTED) or "-",
        "method": request.method,
        "path": quote(request.path, _PRINTED),
        "status": response.status_code,
        "milliseconds": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        "bytes": response.calculate_content_length() or 0,
    }


def start_log(settings: Settings) -> None:
    """Starts to write to the standard error, as the settings ask; a second call changes the form."""
    for handler in [each for each in _ROOT.handlers if isinstance(each, _Handler)]:
        _ROOT.removeHandler(handler)
    _ROOT.addHandler(build_handler(settings.find_log()))
    _ROOT.setLevel(logging.WARNING if settings.find_log() == "none" else logging.INFO)


class _Handler(logging.StreamHandler[Any]):
    """The handler of this module."""


def build_handler(form: str, stream: Any = None) -> logging.Handler:
    """Builds a handler that writes lines.

    Args:
        form: `json`, or anything else for text.
        stream: to write to; standard error if it is None.
    """
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    return handler


def _write_time(record: logging.LogRecord) -> str:
    moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        found = getattr(record, "request", None)
        if found is None:
            words = f"{_write_time(record)} {record.levelname} {record.getMessage()}"
            return f"{words}\n{self.formatException(record.exc_info)}" if record.exc_info else words
        return (
            f"{_write_time(record)} {found['address']} {found['user']} {found['method']} {found['path']} "
            f"{found['status']} {found['milliseconds']:.1f} ms {found['bytes']} B"
        )


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"time": _write_time(record), "level": record.levelname.lower(), "message": record.getMessage()}
        line |= getattr(record, "request", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
