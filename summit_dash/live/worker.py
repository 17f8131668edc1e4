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
"""The name of a function that cancels the job of this number."""
_YIELDS = 5
"""Steps by which a worker has less priority than the pages, which answer in a moment while it computes for seconds.
With 10 steps it had a tenth of a busy core, and no image that people brought had all of its maps in time."""


class _Cancelled(BaseException):
    """A job was cancelled. Not an `Exception`, so that functions do not handle it as a failure of theirs."""


def run_worker(connection: Connection, n_threads: int) -> None:
    """Answers jobs until the other end is closed: one after the other, or one in the middle of another one.

    It receives `(number, function, arguments)`, or `(number, STOP, ())`. It sends any number of
    `(number, "part", (n_done, n_total, part))`, then `(number, "done", result)`, `(number, "failed", InputError)` or
    `(number, "cancelled", None)`. A job that is received while another one reports is answered there and then.

    Args:
        connection: to the dashboard.
        n_threads: cores that the arithmetic may use, unless the environment states another number.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(n_threads))  # is read when torch is imported
    with contextlib.suppress(AttributeError, OSError):  # some systems know no priorities
        os.nice(_YIELDS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the dashboard, whose end closes the connection
    try:
        connection.send((0, "ready", None))
        jobs = _Jobs(connection)
        while True:
            jobs.take(*connection.recv())
    except (EOFError, OSError):
        return


class _Jobs:
    """The jobs that a process is in the middle of; only the last one of them computes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._running: list[int] = []
        self._stopped: set[int] = set()

    def take(self, number: int, function: str, arguments: tuple[Any, ...]) -> None:
        """Answers a job, or notes that one is cancelled."""
        if function == STOP:
            self._stopped.update({number} & set(self._running))
            return
        self._running.append(number)
        answer = self._answer(number, function, arguments)
        self._running.pop()
        self._stopped.discard(number)
        self._connection.send((number, *answer))

    def _answer(self, number: int, function: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        """Calls the function of a job and returns the last message about it."""

        def report(n_done: int, n_total: int, part: Any = None) -> None:
            if self._running[-1] != number:
                return  # the job in its middle uses the same model, which reports before each run
            while self._connection.poll():
                self.take(*self._connection.recv())
            if number in self._stopped:
                raise _Cancelled
            self._connection.send((number, "part", (n_done, n_total, part)))

        try:
            module, _, name = function.partition(":")
            return "done", getattr(importlib.import_module(module), name)(*arguments, report=report)
        except _Cancelled:
            return "cancelled", None
        except InputError as problem:
            return "failed", problem.write_for_page()
        except Exception as problem:  # a fault of one job must not end the process
            if isinstance(problem, EOFError | OSError) and self._connection.closed:
                raise
            return "failed", _describe(problem)


def _describe(problem: Exception) -> InputError:
    return InputError(
        "The model's process answers every request.",
        f"This one ended with {type(problem).__name__}: {str(problem)[:500]}",
        "Try another image or method; the next request is served as usual.",
    )
