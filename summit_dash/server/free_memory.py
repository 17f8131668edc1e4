"""Memory that is free in the server's process goes back to the system, again and again while it is used."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from flask import Flask, Response

from summit_dash.run.memory import give_back_memory

__all__ = ["register_free_memory"]

_EVERY = 500
"""Answers between two times: under load some seconds. It takes some milliseconds."""


def register_free_memory(server: Flask, give_back: Callable[[], None] = give_back_memory, every: int = _EVERY) -> None:
    """Gives back what is free after every so many answers.

    The allocator keeps what was freed below anything that is still used; the system counts it as the server's.
    """
    counted = itertools.count(1)

    @server.after_request
    def count(response: Response) -> Response:
        if next(counted) % every == 0:
            give_back()
        return response
