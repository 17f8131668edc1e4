"""Worker processes: answers, refusals, cancelled and abandoned jobs, processes that die or hang."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event

import pytest

from precompute.contract.errors import InputError
from summit_dash.live.job import Job, Ticket, View
from summit_dash.live.limits import Limits
from summit_dash.live.workers import Workers
from tests.support import live_jobs


class Clock:
    """The time of the pool, which a test moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def build_job(function: Callable[..., object], *arguments: object) -> Job:
    return Job(f"{function.__module__}:{function.__name__}", arguments)


def build_long_job(function: Callable[..., object], *arguments: object, since: float | None = None) -> Job:
    return replace(build_job(function, *arguments), is_long=True, since=since)


def wait_for(ticket: Ticket, is_so: Callable[[View], bool]) -> View:
    """Waits for a state of a job; a test that waits in vain fails after a minute."""
    pause = Event()
    for _ in range(6000):
        if is_so(ticket.view):
            return ticket.view
        pause.wait(0.01)
    raise AssertionError(f"the job stayed {ticket.view}")


def finish(ticket: Ticket) -> View:
    return wait_for(ticket, lambda view: view.is_over)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def workers(clock: Clock) -> Iterator[Workers]:
    """One process, which the tests share; those that end it leave the next one to start."""
    workers = Workers(Limits(n_workers=1, seconds=100, n_waiting=2, patience=50), now=clock)
    yield workers
    workers.close()
    assert workers.list_pids() == []


def test_a_job_is_answered_with_its_parts_and_its_result(workers: Workers) -> None:
    view = finish(workers.submit(build_job(live_jobs.add, 2, 3)))
    assert (view.state, view.result, view.parts, view.n_done, view.n_total) == ("done", 5, (2, 3), 2, 2)


def test_a_process_that_does_not_start_is_said_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("summit_dash.live.workers._START_SECONDS", -1)
    monkeypatch.setattr("summit_dash.live.workers._TICK", 0)  # no process starts in no time
    workers = Workers(Limits(n_workers=1))
    try:
        problem = finish(workers.submit(build_job(live_jobs.add, 2, 3))).problem
    finally:
        workers.close()
    assert problem is not None and "was not ready after" in problem.found


def test_a_process_keeps_what_it_holds_and_imports_torch_only_when_asked(workers: Workers) -> None:
    first, second = (finish(workers.submit(build_job(live_jobs.name_process))).result for _ in range(2))
    assert first == second == workers.list_pids()[0] != os.getpid()
    assert finish(workers.submit(build_job(live_jobs.has_torch))).result is False


def test_a_refusal_arrives_with_the_next_step_on_a_page_and_a_fault_as_a_message(workers: Workers) -> None:
    refused = finish(workers.submit(build_job(live_jobs.refuse))).problem
    assert refused is not None and (refused.found, refused.fix) == ("What was found.", "What to do.")
    broken = finish(workers.submit(build_job(live_jobs.break_off))).problem
    assert broken is not None and "ZeroDivisionError: nothing to divide" in broken.found


def test_arguments_that_cannot_be_sent_are_named_and_the_next_job_is_served(workers: Workers) -> None:
    problem = finish(workers.submit(build_job(live_jobs.add, lambda: 1, 2))).problem
    assert problem is not None and "could not be asked" in problem.found
    assert finish(workers.submit(build_job(live_jobs.add, 1, 2))).result == 3


def test_a_running_job_is_cancelled_without_losing_its_process(workers: Workers) -> None:
    pid = finish(workers.submit(build_job(live_jobs.name_process))).result
    ticket = workers.submit(build_job(live_jobs.go_on))
    wait_for(ticket, lambda view: view.n_done > 0)
    workers.cancel(ticket)
    assert ticket.view.state == "cancelled"
    assert finish(workers.submit(build_job(live_jobs.name_process))).result == pid


def test_waiting_jobs_know_their_place_and_the_queue_has_an_end(workers: Workers) -> None:
    running = workers.submit(build_job(live_jobs.go_on))
    wait_for(running, lambda view: view.n_done > 0)
    waiting = [workers.submit(build_job(live_jobs.add, n, n)) for n in range(2)]
    assert [workers.ask(ticket) for ticket in (running, *waiting)] == [0, 1, 2]
    with pytest.raises(InputError, match="At most 2 requests wait"):
        workers.submit(build_job(live_jobs.add, 5, 5))
    workers.cancel(waiting[0])
    assert workers.ask(waiting[1]) == 1
    workers.cancel(running)
    assert finish(waiting[1]).result == 2


def test_jobs_that_nobody_asks_about_are_dropped(workers: Workers, clock: Clock) -> None:
    running = workers.submit(build_job(live_jobs.go_on))
    waiting = workers.submit(build_job(live_jobs.add, 1, 1))
    wait_for(running, lambda view: view.n_done > 0)
    clock.time += 40
    workers.ask(waiting)
    clock.time += 40
    assert finish(running).state == "cancelled"
    assert finish(waiting).result == 2


def test_a_long_job_gives_way_to_others_and_goes_on_in_the_same_process(workers: Workers) -> None:
    pid = finish(workers.submit(build_job(live_jobs.name_process))).result
    long = workers.submit(build_long_job(live_jobs.go_on))
    wait_for(long, lambda view: view.n_done > 0)
    assert finish(workers.submit(build_job(live_jobs.add, 2, 3))).result == 5
    assert finish(workers.submit(build_job(live_jobs.name_process))).result == pid
    assert finish(workers.submit(build_job(live_jobs.break_off))).state == "failed"
    assert finish(workers.submit(build_job(live_jobs.add, lambda: 1, 2))).state == "failed"
    cancelled = workers.submit(build_job(live_jobs.go_on))
    wait_for(cancelled, lambda view: view.n_done > 0)
    workers.cancel(cancelled)
    n_done = long.view.n_done
    assert wait_for(long, lambda view: view.n_done > n_done).state == "running"
    workers.cancel(long)
    assert finish(workers.submit(build_job(live_jobs.name_process))).result == pid


def test_long_jobs_wait_behind_others_and_the_one_waited_for_longest_comes_first(workers: Workers) -> None:
    running = workers.submit(build_job(live_jobs.go_on))
    wait_for(running, lambda view: view.n_done > 0)
    late = workers.submit(build_long_job(live_jobs.add, 1, 1, since=20))
    early = workers.submit(build_long_job(live_jobs.add, 2, 2, since=10))
    assert [workers.ask(ticket) for ticket in (late, early)] == [2, 1]
    workers.cancel(late)
    short = workers.submit(build_job(live_jobs.add, 3, 3))
    assert [workers.ask(ticket) for ticket in (short, early)] == [1, 2]
    workers.cancel(running)
    assert finish(early).result == 4


@pytest.mark.kill
def test_a_long_job_begins_again_when_one_in_its_middle_ends_the_process_and_fails_the_second_time(
    workers: Workers,
) -> None:
    long = workers.submit(build_long_job(live_jobs.go_on_from))
    first = wait_for(long, lambda view: bool(view.parts)).parts
    assert finish(workers.submit(build_job(live_jobs.die))).state == "failed"
    again = wait_for(long, lambda view: bool(view.parts) and view.parts != first)
    assert again.state == "running" and len(again.parts) == 1, "parts of the process before would be there twice"
    assert finish(workers.submit(build_job(live_jobs.add, 1, 2))).result == 3
    assert finish(workers.submit(build_job(live_jobs.die))).state == "failed"
    problem = finish(long).problem
    assert problem is not None and "ended twice, each time through another request" in problem.found
    assert finish(workers.submit(build_job(live_jobs.add, 1, 2))).result == 3


@pytest.mark.kill
def test_a_long_job_that_nobody_wants_any_more_does_not_begin_again(workers: Workers) -> None:
    long = workers.submit(build_long_job(live_jobs.go_on_from))
    wait_for(long, lambda view: bool(view.parts))
    inner = workers.submit(build_job(live_jobs.hang))
    wait_for(inner, lambda view: view.parts == ("begun",))
    workers.cancel(long)
    os.kill(workers.list_pids()[0], signal.SIGKILL)
    assert finish(inner).state == "failed"
    assert finish(workers.submit(build_job(live_jobs.add, 1, 2))).result == 3
    assert long.view.state == "cancelled"


@pytest.mark.kill
def test_a_process_that_dies_is_replaced_and_its_job_answers_a_message(workers: Workers) -> None:
    problem = finish(workers.submit(build_job(live_jobs.die))).problem
    assert problem is not None and "ended in the middle" in problem.found
    ticket = workers.submit(build_job(live_jobs.go_on))
    wait_for(ticket, lambda view: view.n_done > 0)
    os.kill(workers.list_pids()[0], signal.SIGKILL)
    assert finish(ticket).state == "failed"
    assert finish(workers.submit(build_job(live_jobs.add, 1, 2))).result == 3


@pytest.mark.kill
def test_a_process_that_hangs_is_replaced_after_the_limit(workers: Workers, clock: Clock) -> None:
    ticket = workers.submit(build_job(live_jobs.hang))
    wait_for(ticket, lambda view: view.parts == ("begun",))
    for _ in range(3):
        clock.time += 45
        workers.ask(ticket)
    problem = finish(ticket).problem
    assert problem is not None and "more than 100 seconds" in problem.found
    assert finish(workers.submit(build_job(live_jobs.add, 1, 2))).result == 3


def test_without_workers_a_message_says_how_to_get_one() -> None:
    with pytest.raises(InputError, match="SUMMIT_DASH_LIVE_WORKERS"):
        Workers(Limits(n_workers=0)).submit(build_job(live_jobs.add, 1, 2))


def test_closing_cancels_everything_and_ends_the_processes() -> None:
    workers = Workers(Limits(n_workers=1))
    running = workers.submit(build_job(live_jobs.go_on))
    waiting = workers.submit(build_job(live_jobs.add, 1, 2))
    wait_for(running, lambda view: view.n_done > 0)
    workers.close()
    assert (running.view.state, waiting.view.state, workers.list_pids()) == ("cancelled", "cancelled", [])
    with pytest.raises(InputError):
        workers.submit(build_job(live_jobs.add, 1, 2))


def test_a_cancelled_job_is_taken_until_its_process_has_left_it(workers: Workers) -> None:
    pause = Event()
    ticket = workers.submit(build_job(live_jobs.go_on))
    wait_for(ticket, lambda view: view.n_done > 0)
    assert workers.has_taken(ticket)
    workers.cancel(ticket)
    assert ticket.view.is_over
    finish(workers.submit(build_job(live_jobs.add, 1, 1)))
    for _ in range(6000):
        if not workers.has_taken(ticket):
            break
        pause.wait(0.01)
    assert not workers.has_taken(ticket)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not say how much a process holds")
def test_a_process_that_has_grown_is_replaced_while_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("summit_dash.live.process._FIRST", 2)
    workers, pause = Workers(Limits(n_workers=1, growth_bytes=20_000_000), quiet=0.01), Event()
    try:
        before = {finish(workers.submit(build_job(live_jobs.name_process))).result for _ in range(3)}
        assert len(before) == 1, "what a process needs for its first answers is no growth"
        finish(workers.submit(build_job(live_jobs.keep_bytes, 40_000_000)))
        for _ in range(6000):
            if not workers.list_pids():
                break
            pause.wait(0.01)
        assert workers.list_pids() == []
        assert finish(workers.submit(build_job(live_jobs.name_process))).result not in before
    finally:
        workers.close()
