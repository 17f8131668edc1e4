"""The queue of jobs, and the threads that each hand them to a worker process of their own."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from precompute.contract.errors import InputError
from summit_dash.live.job import Job, Ticket
from summit_dash.live.limits import Limits
from summit_dash.live.process import WorkerEnded, WorkerProcess

__all__ = ["Workers"]

_TICK = 0.05
"""Seconds after which a thread looks again whether its job is still wanted."""
_START_SECONDS = 120
"""Greatest time of the start of a process."""
_GRACE = 3.0
_QUIET = 60.0


@dataclass
class _Running:
    """A job that a process has. `seconds` are those for which it did not wait for another one in its middle."""

    ticket: Ticket
    number: int
    seconds: float = 0
    stopped_at: float | None = None


class Workers:
    """Worker processes that answer jobs in the order of asking, long ones last. Processes start with the first job.

    A process that dies, or works longer than the limit, is replaced for the next job, and its job fails with a message.
    A long job that had given way to it begins again in the new process. One that has grown by more than the limit is
    replaced while nobody asks.

    Args:
        limits: count, times and the length of the queue.
        now: the clock, in seconds.
        grace: seconds in which a process leaves a cancelled job by itself, so that its model stays loaded.
        quiet: seconds without a job after which a process that has grown too much is ended.
    """

    def __init__(
        self,
        limits: Limits,
        now: Callable[[], float] = time.monotonic,
        grace: float = _GRACE,
        quiet: float = _QUIET,
    ) -> None:
        self.limits = limits
        self._now = now
        self._grace = grace
        self._quiet = quiet
        self._waiting: list[Ticket] = []
        self._taken: set[Ticket] = set()
        self._numbers = itertools.count(1)
        self._condition = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._processes: dict[threading.Thread, WorkerProcess] = {}
        self._is_closed = False

    def submit(self, job: Job) -> Ticket:
        """Puts a job into the queue, behind those of its rank.

        Raises:
            InputError: the queue is full, or there are no workers.
        """
        with self._condition:
            self._drop_forgotten()
            if self._is_closed or not self.limits.n_workers:
                raise InputError(
                    "This page needs a worker process that holds the model.",
                    "This server was started without one.",
                    "Set SUMMIT_DASH_LIVE_WORKERS to 1 or more, and start it again.",
                )
            if len(self._waiting) >= self.limits.n_waiting:
                raise InputError(
                    f"At most {self.limits.n_waiting} requests wait for the model.",
                    "The queue is full.",
                    "Try again in a moment.",
                )
            ticket = Ticket(job, self._now())
            self._waiting.append(ticket)
            self._waiting.sort(key=lambda each: each.rank)
            if len(self._threads) < self.limits.n_workers:
                thread = threading.Thread(target=self._serve, name="summit-dash-live", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._condition.notify()
            return ticket

    def ask(self, ticket: Ticket) -> int:
        """Notes that somebody still wants a job, and returns its place in the queue: 1 for the next, 0 if none."""
        with self._condition:
            ticket.asked_at = self._now()
            return self._waiting.index(ticket) + 1 if ticket in self._waiting else 0

    def cancel(self, ticket: Ticket) -> None:
        """Cancels a job that waits or runs; one that is over stays as it is."""
        with self._condition:
            ticket.cancel()
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def has_taken(self, ticket: Ticket) -> bool:
        """Returns True as long as a process works on a job, also on the end of one that is cancelled."""
        return ticket in self._taken

    @property
    def n_waiting(self) -> int:
        """The number of jobs that wait."""
        return len(self._waiting)

    def list_pids(self) -> list[int]:
        """Lists the numbers of the processes that are there now."""
        with self._condition:
            return [process.pid for process in self._processes.values() if process.pid is not None]

    def close(self) -> None:
        """Cancels all jobs and ends all processes."""
        with self._condition:
            self._is_closed = True
            for ticket in self._waiting:
                ticket.cancel()
            self._waiting.clear()
            self._condition.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _serve(self) -> None:
        """Answers jobs until the pool is closed; runs in a thread of its own."""
        me = threading.current_thread()
        while (ticket := self._take(me)) is not None:
            running: list[_Running] = [_Running(ticket, next(self._numbers))]
            found = "ended in the middle of this request, as when memory runs out"
            try:
                process = self._find_process(me)
                process.send(running[0].number, ticket.job.function, ticket.job.arguments)
                self._attend(running, process)
                process.count_answer()
                self._taken.discard(ticket)
                continue
            except WorkerEnded:
                pass
            except TimeoutError as problem:
                found = str(problem)
            except Exception as problem:  # arguments that cannot be sent, a process that cannot be started
                found = f"could not be asked ({type(problem).__name__}: {problem})"
            self._drop_process(me)
            *others, last = running
            last.ticket.fail(_build_problem(found))
            self._taken.discard(ticket)
            self._put_back([each.ticket for each in others])
        self._drop_process(me)

    def _put_back(self, tickets: list[Ticket]) -> None:
        """Lets jobs that lost their process through another one in their middle wait again; a second time they fail."""
        with self._condition:
            for ticket in tickets:
                if ticket.was_begun_again:
                    ticket.fail(_build_problem("ended twice, each time through another request"))
                elif self._is_unwanted(ticket):
                    ticket.cancel()
                else:
                    ticket.begin_again()
                    self._waiting.append(ticket)
            self._waiting.sort(key=lambda each: each.rank)

    def _take(self, owner: threading.Thread) -> Ticket | None:
        """Waits for the next job that is still wanted; None when the pool is closed.

        The process of the thread is ended meanwhile if it has grown too much; the next job starts another.
        """
        with self._condition:
            while True:
                self._drop_forgotten()
                if self._is_closed:
                    return None
                if self._waiting:
                    ticket = self._waiting.pop(0)
                    self._taken.add(ticket)
                    ticket.start()
                    return ticket
                process = self._processes.get(owner)
                has_grown = process is not None and process.growth > self.limits.growth_bytes
                if not self._condition.wait(self._quiet if has_grown else None) and not self._waiting:
                    self._drop_process(owner)

    def _take_short(self) -> Ticket | None:
        """Takes the next job that a long one gives way to; None where there is none."""
        with self._condition:
            self._drop_forgotten()
            if self._is_closed or not self._waiting or self._waiting[0].job.is_long:
                return None
            ticket = self._waiting.pop(0)
            ticket.start()
            return ticket

    def _attend(self, running: list[_Running], process: WorkerProcess) -> None:
        """Notes the reports of the jobs that a process has until all are over; a long one gives way to others."""
        before = self._now()
        while running:
            if running[-1].ticket.job.is_long:
                self._give_way(running, process)
            message = process.receive(_TICK)
            if message is not None:
                self._note(running, *message)
            now = self._now()
            if running:  # only the last one computes
                running[-1].seconds += now - before
                self._limit(running, process)
            before = now

    def _give_way(self, running: list[_Running], process: WorkerProcess) -> None:
        """Hands a process that is in the middle of a long job the next one that is not, if there is one."""
        ticket = self._take_short()
        if ticket is None:
            return
        inner = _Running(ticket, next(self._numbers))
        try:
            process.send(inner.number, ticket.job.function, ticket.job.arguments)
        except WorkerEnded:  # this job is not why
            self._put_back([ticket])
            raise
        except Exception as problem:  # arguments that cannot be sent
            ticket.fail(_build_problem(f"could not be asked ({type(problem).__name__}: {problem})"))
            return
        running.append(inner)

    def _note(self, running: list[_Running], number: int, kind: str, content: Any) -> None:
        for each in [each for each in running if each.number == number]:
            if kind == "part":
                each.ticket.add(*content)
            else:
                running.remove(each)
                self._finish(each.ticket, kind, content)

    def _limit(self, running: list[_Running], process: WorkerProcess) -> None:
        """Cancels what nobody wants, and ends a process that does not leave it, or works for too long."""
        for each in running:
            if self._is_unwanted(each.ticket) and each.stopped_at is None:
                each.stopped_at = each.seconds
                each.ticket.cancel()
                process.stop_job(each.number)
        last = running[-1]
        if last.stopped_at is not None and last.seconds - last.stopped_at > self._grace:
            raise WorkerEnded
        if last.seconds > self.limits.seconds:
            raise TimeoutError(f"worked on a request for more than {self.limits.seconds:g} seconds")

    @staticmethod
    def _finish(ticket: Ticket, kind: str, content: object) -> None:
        if kind == "done":
            ticket.finish(content)
        elif isinstance(content, InputError):
            ticket.fail(content)
        else:
            ticket.cancel()

    def _is_unwanted(self, ticket: Ticket) -> bool:
        return ticket.is_unwanted or self._is_closed or self._now() - ticket.asked_at > self.limits.patience

    def _drop_forgotten(self) -> None:
        """Removes the waiting jobs that nobody has asked about for long."""
        for ticket in [each for each in self._waiting if self._is_unwanted(each)]:
            ticket.cancel()
            self._waiting.remove(ticket)

    def _find_process(self, owner: threading.Thread) -> WorkerProcess:
        """Returns the process of a thread; starts one where there is none, or where it died meanwhile."""
        process = self._processes.get(owner)
        if process is not None and process.is_alive:
            return process
        self._drop_process(owner)
        process = WorkerProcess(_share_cores(self.limits.n_workers))
        with self._condition:
            self._processes[owner] = process
        start = self._now()
        while process.receive(_TICK) is None:  # it says that it is ready
            if self._now() - start > _START_SECONDS:
                raise TimeoutError(f"was not ready after {_START_SECONDS:g} seconds")
        return process

    def _drop_process(self, owner: threading.Thread) -> None:
        with self._condition:
            process = self._processes.pop(owner, None)
        if process is not None:
            process.end()


def _share_cores(n_workers: int) -> int:
    """Returns the cores for each process: one is left for the dashboard and the browser.

    Two threads in every operator lose all their speed when something else runs on one of the two cores.
    """
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, (n_cores - 1) // max(1, n_workers))


def _build_problem(found: str) -> InputError:
    return InputError(
        "A process that holds the model answers each request.",
        f"It {found}.",
        "Ask again: a new process takes its place.",
    )
