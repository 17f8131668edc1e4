"""A job for a worker process, and what its asker can read of it at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from precompute.contract.errors import InputError
from summit_dash.live.sharing import share_memory
from summit_dash.live.sizes import count_bytes

__all__ = ["Job", "Report", "State", "Ticket", "View"]

State = Literal["waiting", "running", "done", "failed", "cancelled"]
Report = Callable[[int, int, Any], None]
"""Takes the number of steps done, of all steps, and a part of the result or None. It raises when the job is cancelled,
which the function must let pass."""


@dataclass(frozen=True)
class Job:
    """A function that a worker process calls.

    Attributes:
        function: `module:name` of a function that can be imported. It takes the arguments, and `report` by name.
        arguments: they can be pickled.
        is_long: it works for many seconds, and gives way to jobs that do not: they come before it, and in its middle
            wherever it reports.
        since: when its asker began to wait for what it belongs to; None for now. Of long jobs, the one that is waited
            for longest comes first, so that each asker in turn has everything.
        keep: what is kept of a part that is reported, such as a picture in place of numbers; None for all of it.
    """

    function: str
    arguments: tuple[Any, ...] = ()
    is_long: bool = False
    since: float | None = None
    keep: Callable[[Any], Any] | None = None


class View(NamedTuple):
    """The state of a job at one moment.

    Attributes:
        state: "done", "failed" and "cancelled" stay.
        version: rises with every change.
        n_done: steps done.
        n_total: steps in all; 0 as long as nothing was reported.
        parts: the parts of the result that were reported, in order.
        result: what the function returned.
        problem: why there is no result.
    """

    state: State
    version: int
    n_done: int
    n_total: int
    parts: tuple[Any, ...]
    result: Any
    problem: InputError | None

    @property
    def is_over(self) -> bool:
        """True if nothing changes any more."""
        return self.state in ("done", "failed", "cancelled")


class Ticket:
    """One job in the queue. The pool changes it; those who ask read `view`. Several threads may use it at once.

    Attributes:
        job: the job.
        asked_at: when somebody looked at it last, by the clock of the pool.
        since: the job's, or when it was asked.
        is_unwanted: it was cancelled, or the pool is closed.
        was_begun_again: its process was lost once through another job.
        n_bytes: memory of the parts and of the result.
    """

    def __init__(self, job: Job, now: float) -> None:
        self.job = job
        self.since = now if job.since is None else job.since
        self.asked_at = now
        self.is_unwanted = False
        self.was_begun_again = False
        self.n_bytes = 0
        self._lock = threading.Lock()
        self._view = View("waiting", 0, 0, 0, (), None, None)

    @property
    def rank(self) -> tuple[bool, float]:
        """The lower one is answered first."""
        return self.job.is_long, self.since

    @property
    def view(self) -> View:
        """The present state."""
        return self._view

    def start(self) -> None:
        """Notes that a worker has the job."""
        self._change(state="running")

    def add(self, n_done: int, n_total: int, part: Any) -> None:
        """Notes a report of the worker."""
        if part is None and (n_done, n_total) == self._view[2:4]:
            return  # a sign of life between two runs of the model; the page need not be drawn again
        parts = self._view.parts
        if part is not None:
            kept = part if self.job.keep is None else self.job.keep(part)
            self.n_bytes += count_bytes(kept)
            parts = (*parts, kept)
        self._change(n_done=n_done, n_total=n_total, parts=parts)

    def begin_again(self) -> None:
        """Notes that the process was lost through another job, so that this one waits again."""
        self.was_begun_again = True
        self.n_bytes = 0
        self._change(state="waiting", n_done=0, n_total=0, parts=())

    def finish(self, result: Any) -> None:
        """Notes the result."""
        self.n_bytes += count_bytes(result)
        self._change(state="done", result=share_memory(result, self._view.parts))

    def fail(self, problem: InputError) -> None:
        """Notes that there is no result, and why."""
        self._change(state="failed", problem=problem)

    def cancel(self) -> None:
        """Notes that nobody wants the result."""
        self.is_unwanted = True
        self._change(state="cancelled")

    def _change(self, **fields: Any) -> None:
        with self._lock:
            if not self._view.is_over:
                self._view = self._view._replace(version=self._view.version + 1, **fields)
