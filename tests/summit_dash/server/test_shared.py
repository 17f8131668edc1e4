from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.server import shared
from summit_dash.server.attempts import FREE, LONGEST, Attempts
from summit_dash.server.sessions import Sessions
from summit_dash.server.shared import Memory, OwnMemory, SharedMemory, build_memory
from tests.support.clocks import Clock


@pytest.fixture(params=["own", "shared"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Memory:
    return build_memory(str(tmp_path / "state") if request.param == "shared" else "", "things", 60)


def test_values_are_kept_replaced_and_forgotten(memory: Memory) -> None:
    assert memory.find("a") is None
    memory.keep("a", [1, 0.5])
    memory.keep("b", True)
    memory.keep("a", [2, 1.5])
    assert (list(memory.find("a")), memory.find("b")) == ([2, 1.5], True)
    memory.forget("a")
    memory.forget("never there")
    assert (memory.find("a"), memory.find("b")) == (None, True)


def test_many_that_count_at_once_lose_nothing(memory: Memory) -> None:
    go = threading.Barrier(4)

    def count(_: int) -> None:
        go.wait()
        for _ in range(10):
            with memory.hold():
                memory.keep("n", (memory.find("n") or 0) + 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    assert memory.find("n") == 40


def begin_often(folder: Path, n: int, go: Barrier) -> None:
    try:
        for turn in range(60):
            go.wait()
            SharedMemory(folder / str(turn), "things", 60).keep(f"of {n}", turn)
    except BaseException:
        go.abort()  # the others would wait
        raise


def test_processes_may_begin_at_once(tmp_path: Path) -> None:
    """SQLite alone lets about one of fifty fail."""
    context = multiprocessing.get_context("spawn")
    go = context.Barrier(4)
    processes = [context.Process(target=begin_often, args=(tmp_path, n, go)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    for turn in range(60):
        memory = SharedMemory(tmp_path / str(turn), "things", 60)
        assert [memory.find(f"of {n}") for n in range(4)] == [turn] * 4


def test_a_fault_inside_leaves_nothing_half_done(tmp_path: Path) -> None:
    memory = SharedMemory(tmp_path, "things", 60)
    with pytest.raises(RuntimeError), memory.hold():
        memory.keep("a", 1)
        raise RuntimeError
    assert memory.find("a") is None
    memory.keep("a", 2)
    assert memory.find("a") == 2


def test_values_end_with_their_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(shared.time, "time", clock)
    for memory in (SharedMemory(tmp_path, "things", 60), OwnMemory(60, clock)):
        memory.keep("a", 1)
        clock.now += 59
        assert memory.find("a") == 1
        clock.now += 2
        assert memory.find("a") is None


def test_kinds_do_not_meet_and_processes_do(tmp_path: Path) -> None:
    first, second = (SharedMemory(tmp_path, "things", 60) for _ in range(2))
    first.keep("a", 1)
    assert second.find("a") == 1
    assert SharedMemory(tmp_path, "others", 60).find("a") is None


def test_failed_attempts_and_ended_sessions_hold_for_all_processes(tmp_path: Path) -> None:
    clock = Clock()
    one, other = (Attempts(clock, SharedMemory(tmp_path, "failed", 900)) for _ in range(2))
    assert sum(each.begin("a") == 0 for _ in range(50) for each in (one, other)) == FREE
    assert one.look("a") > 0 and other.look("a") > 0
    clock.now -= 10 * LONGEST
    assert other.begin("a") == 0, "a clock that was set back keeps nobody out"
    first, second = (Sessions(1, str(tmp_path)) for _ in range(2))
    cookie = first.write("key", "ada", "mark")
    session = second.read("key", cookie)
    assert session is not None
    first.end(session.number)
    assert second.read("key", cookie) is None


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="shared_folder"):
        SharedMemory(tmp_path / "file", "things", 60)
