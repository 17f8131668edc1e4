"""Answers to requests that fail: one line, never the inside of the program."""

from __future__ import annotations

import logging

from dash.exceptions import DashException
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from precompute.contract.errors import InputError
from summit_dash.server.callbacks import CALLBACKS

__all__ = ["LOGGER", "register_faults"]

LOGGER = logging.getLogger("summit_dash.server")
"""The logger of the server."""
_OF_VALUES = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""Errors of a callback that stem from values which its page does not send."""


def register_faults(server: Flask) -> None:
    """Adds an answer for every error. What is unexpected goes into the log with its place."""

    @server.errorhandler(Exception)
    def answer_fault(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return _answer_refusal(error)
        if isinstance(error, InputError):
            return _answer(f"{error.rule} {error.found} {error.fix}", 400)
        if isinstance(error, DashException):
            return _answer("There is no such script.", 404)
        LOGGER.error("%s %s failed", request.method, ascii(request.path), exc_info=error)
        if isinstance(error, OSError):
            return _answer("The run cannot be read now.", 503)
        if isinstance(error, _OF_VALUES) and request.path.endswith(CALLBACKS):
            return _answer("The values are not those of the page.", 400)
        return _answer("This failed. The log of the server says why.", 500)


def _answer_refusal(error: HTTPException) -> Response:
    """Answers by the status of an error, with its headers, such as the methods that are allowed."""
    found = error.get_response()
    response = _answer(f"{error.code} {error.name}.", error.code or 500)
    for name in ("Allow", "Location", "Retry-After"):
        if name in found.headers:
            response.headers[name] = found.headers[name]
    return response


def _answer(words: str, status: int) -> Response:
    return Response(f"{' '.join(words.split())}\n", status, mimetype="text/plain")
