from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from summit_dash.run.cache import Once, Remembered


def test_the_results_used_last_are_kept() -> None:
    reads: list[int] = []
    remembered = Remembered[int, int](lambda key: reads.append(key) or key * 10, size=2)
    assert [remembered(key) for key in (1, 2, 1, 3, 1, 2)] == [10, 20, 10, 30, 10, 20]
    assert reads == [1, 2, 3, 2]


def test_threads_that_ask_together_read_once() -> None:
    reads: list[int] = []
    go = threading.Barrier(8)

    def read(key: int) -> int:
        reads.append(key)
        return key

    remembered = Remembered(read, size=4)

    def ask(_: int) -> int:
        go.wait()
        return remembered(7)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [7] * 8
    assert reads == [7]


def test_a_failed_read_is_tried_again() -> None:
    answers = iter([ValueError("first"), 5])

    def read(_: str) -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    remembered = Remembered(read, size=1)
    with pytest.raises(ValueError, match="first"):
        remembered("x")
    assert remembered("x") == 5


def test_what_is_read_once_keeps_nobody_waiting_who_asks_for_something_else() -> None:
    once, entered, leave = Once(), threading.Event(), threading.Event()

    def read_slowly() -> int:
        entered.set()
        assert leave.wait(30)
        return once.read("inner", lambda: 1) + 1

    with ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(once.read, "slow", read_slowly) for _ in range(2)]
        assert entered.wait(30)
        assert once.read("other", lambda: 5) == 5
        leave.set()
        assert [each.result() for each in slow] == [2, 2]
    assert once.read("slow", lambda: 0) == 2


def test_results_are_kept_up_to_the_sum_of_their_sizes_and_a_larger_one_alone() -> None:
    reads: list[int] = []

    def read(key: int) -> bytes:
        reads.append(key)
        return b"x" * key

    remembered = Remembered[int, bytes](read, size=10, measure=len)
    for key in (4, 5, 4, 5, 3, 5, 4):
        assert len(remembered(key)) == key
    assert reads == [4, 5, 3, 4]
    assert remembered.results.currsize == 9
    for key in (20, 20, 5):
        remembered(key)
    assert reads == [4, 5, 3, 4, 20, 5]
    assert remembered.results.currsize == 5
