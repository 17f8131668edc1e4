"""One worker process, seen from the dashboard."""

from __future__ import annotations

import multiprocessing
from typing import Any

from summit_dash.live.worker import STOP, run_worker
from summit_dash.run.memory import measure_memory

__all__ = ["WorkerEnded", "WorkerProcess"]

_FIRST = 20
"""Answers after which a process has what it needs: two looks at an image."""


class WorkerEnded(Exception):
    """The process is gone."""


class WorkerProcess:
    """A process started with `spawn`, so that it shares nothing with the threads of the dashboard.

    Args:
        n_threads: cores that its arithmetic may use.
    """

    def __init__(self, n_threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=run_worker, args=(theirs, n_threads), name="summit-dash-worker", daemon=True
        )
        self._process.start()
        theirs.close()
        self._n_answers = 0
        self._settled_bytes = 0

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """True until the process ends."""
        return self._process.is_alive()

    @property
    def growth(self) -> int:
        """The bytes by which the process has grown since its first answers; 0 before, and where no one can say."""
        return max(0, measure_memory(self.pid) - self._settled_bytes) if self._settled_bytes else 0

    def count_answer(self) -> None:
        """Notes that a job is over. After the first ones, the memory is what the process needs."""
        self._n_answers += 1
        if self._n_answers == _FIRST:
            self._settled_bytes = measure_memory(self.pid)

    def send(self, number: int, function: str, arguments: Any = ()) -> None:
        """Sends a job with its number, which its messages carry.

        Raises:
            WorkerEnded: the process is gone.
        """
        try:
            self._connection.send((number, function, arguments))
        except OSError as problem:
            raise WorkerEnded from problem

    def stop_job(self, number: int) -> None:
        """Asks the process to leave a job; it keeps its model."""
        self.send(number, STOP)

    def receive(self, seconds: float) -> tuple[int, str, Any] | None:
        """Returns the next message, or None after some seconds without one.

        Raises:
            WorkerEnded: the process is gone.
        """
        try:
            if not self._connection.poll(seconds):
                return None
            message: tuple[int, str, Any] = self._connection.recv()
        except (EOFError, OSError) as problem:
            raise WorkerEnded from problem
        return message

    def end(self) -> None:
        """Ends the process at once, and waits until it is gone."""
        self._connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()
