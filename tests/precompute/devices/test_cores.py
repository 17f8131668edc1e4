"""Work in parallel on a CPU: results in order, one image per thread, and torch's own threads as they were."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
import torch

from precompute.devices.cores import Parallel, count_cores

CPU, OTHER = torch.device("cpu"), torch.device("meta")


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {2, 5, 7}, raising=False)
    assert count_cores() == 3

    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert count_cores() == 1, "a system that does not say has at least one"


def test_results_are_in_the_order_of_the_items() -> None:
    """The first item ends last: it waits for the second."""
    is_second_done = threading.Event()

    def compute(item: int) -> int:
        if item == 0:
            assert is_second_done.wait(timeout=30)
        else:
            is_second_done.set()
        return item * 10

    with Parallel(CPU, 2) as parallel:
        assert list(parallel.map(compute, [0, 1])) == [0, 10]


def test_each_thread_of_the_pool_has_operators_of_one_thread() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with Parallel(CPU, 2) as parallel:
            assert list(parallel.map(lambda _: torch.get_num_threads(), range(4))) == [1] * 4
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_an_error_of_one_item_is_raised_and_ends_the_pool() -> None:
    before = torch.get_num_threads()

    with pytest.raises(ZeroDivisionError), Parallel(CPU, 2) as parallel:
        list(parallel.map(lambda item: 1 // item, [1, 0]))

    assert torch.get_num_threads() == before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("image")]


def test_another_device_computes_in_the_thread_of_the_caller() -> None:
    with Parallel(OTHER, 8) as parallel:
        assert parallel.n_threads == 1
        (thread,) = parallel.map(lambda _: threading.current_thread(), [0])

    assert thread is threading.current_thread()


def test_a_pool_may_be_entered_again() -> None:
    parallel = Parallel(CPU, 2)

    for _ in range(2):
        with parallel:
            assert list(parallel.map(abs, [-1, 2])) == [1, 2]
    assert list(parallel.map(abs, [-3])) == [3], "outside the block it maps without threads"


def test_a_thread_takes_one_image_of_a_batch_on_a_cpu_and_all_elsewhere() -> None:
    with Parallel(CPU, 4) as parallel, Parallel(OTHER) as other:
        assert [parallel.count_images_each(n_images) for n_images in (1, 7)] == [1, 1]
        assert [other.count_images_each(n_images) for n_images in (0, 1, 7)] == [1, 1, 7]


def test_without_a_number_of_threads_there_is_one_per_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("precompute.devices.cores.count_cores", lambda: 6)

    assert Parallel(CPU).n_threads == 6 and Parallel(CPU, 2).n_threads == 2


def test_results_of_items_with_several_come_in_order_and_outside_a_pool_one_by_one() -> None:
    begun = list[str]()

    def make(item: int) -> Iterator[str]:
        for part in "ab":
            begun.append(f"{item}{part}")
            yield f"{item}{part}"

    wanted = [f"{item}{part}" for item in range(3) for part in "ab"]
    outside = Parallel(torch.device("cuda")).map_to_many(make, range(3))
    assert next(outside) == "0a" and begun == ["0a"]
    assert list(outside) == wanted[1:]
    with Parallel(torch.device("cpu"), 2) as parallel:
        assert list(parallel.map_to_many(make, range(3))) == wanted
