"""The loop of a worker process. It imports nothing heavy itself: the function of the first job does."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
from multiprocessing.connection import Connection
from typing import Any

from precompute.contract.errors import InputError

__all__ = ["STOP", "run_worker"]

STOP = "stop"
"""The message that cancels the present job."""


_YIELDS = 10
"""Steps by which a worker has less priority than the pages, which answer in a moment while it computes for seconds."""


class _Cancelled(BaseException):
    """The present job was cancelled. Not an `Exception`, so that functions do not handle it as a failure of theirs."""


def run_worker(connection: Connection, n_threads: int) -> None:
    """Answers jobs, one after the other, until the other end is closed.

    It receives `(function, arguments)`, or `STOP`. It sends any number of `("part", (n_done, n_total, part))`, and then
    `("done", result)`, `("failed", InputError)` or `("cancelled", None)`.

    Args:
        connection: to the dashboard.
        n_threads: cores that the arithmetic may use, unless the environment states another number.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(n_threads))  # is read when torch is imported
    with contextlib.suppress(AttributeError, OSError):  # some systems know no priorities
        os.nice(_YIELDS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the dashboard, whose end closes the connection
    try:
        connection.send(("ready", None))
        while True:
            message = connection.recv()
            if message != STOP:
                connection.send(_answer(connection, *message))
    except (EOFError, OSError):
        return


def _answer(connection: Connection, function: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    """Calls the function of a job and returns the last message about it."""

    def report(n_done: int, n_total: int, part: Any = None) -> None:
        while connection.poll():
            if connection.recv() == STOP:
                raise _Cancelled
        connection.send(("part", (n_done, n_total, part)))

    try:
        module, _, name = function.partition(":")
        return "done", getattr(importlib.import_module(module), name)(*arguments, report=report)
    except _Cancelled:
        return "cancelled", None
    except InputError as problem:
        return "failed", problem.write_for_page()
    except (EOFError, OSError) as problem:
        if connection.closed:
            raise
        return "failed", _describe(problem)
    except Exception as problem:  # a fault of one job must not end the process
        return "failed", _describe(problem)


def _describe(problem: Exception) -> InputError:
    return InputError(
        "The model's process answers every request.",
        f"This one ended with {type(problem).__name__}: {str(problem)[:500]}",
        "Try another image or method; the next request is served as usual.",
    )
