"""Batches by the memory that is free, halved where it is not enough."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from precompute.devices import batches
from precompute.devices.batches import MOST_ON_A_GPU, BatchSize, choose_most, is_out_of_memory, measure_free_memory
from tests.support.memory import FullDevice

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_batches_cover_all_items_in_order() -> None:
    assert list(BatchSize(4, CPU).run(list, range(10))) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert list(BatchSize(4, CPU).run(list, ())) == []


@pytest.mark.parametrize("room", [1, 2, 3, 5, 11, 16])
def test_out_of_memory_a_batch_is_halved_and_every_item_is_done_once(room: int) -> None:
    device, size = FullDevice(room), BatchSize(16, CPU)
    done = [item for found in size.run(device.limit(list), range(37)) for item in found]
    assert done == list(range(37))
    assert device.largest == size.size and size.size <= room < 2 * size.size + (room == 16)
    assert device.n_refused <= 4, "it never grows again"


def test_what_an_item_counts_for_is_no_more_than_the_size() -> None:
    device, size = FullDevice(2), BatchSize(16, CPU)
    found = list(size.run(device.limit(list), range(10), each=4))
    assert device.sizes[:2] == [4, 2] and [item for some in found for item in some] == list(range(10))
    assert size.size == 8


def test_a_single_item_without_memory_is_an_error() -> None:
    device = FullDevice(0)
    with pytest.raises(torch.OutOfMemoryError):
        list(BatchSize(8, CPU).run(device.limit(list), range(8)))
    assert device.sizes == [8, 4, 2, 1]
    with pytest.raises(torch.OutOfMemoryError):
        list(BatchSize(8, CPU).run(device.limit(list), range(1)))
    assert device.sizes[4:] == [1], "one item is not tried again as part of a smaller batch"


def test_a_batch_that_is_filled_up_has_the_size_in_any_case() -> None:
    size, tried = BatchSize(8, CPU), list[int]()

    def run(items: Sequence[int]) -> int:
        tried.append(size.size)
        if size.size > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return len(items)

    assert list(size.run(run, range(1), is_filled_up=True)) == [1] and tried == [8, 4, 2]


def test_other_errors_go_on() -> None:
    def run(items: Sequence[int]) -> None:
        raise RuntimeError("The size of tensor a (3) must match the size of tensor b (4)")

    with pytest.raises(RuntimeError, match="must match"):
        list(BatchSize(8, CPU).run(run, range(8)))


@pytest.mark.parametrize(
    ("problem", "is_one"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9.05 GB)"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("shape mismatch"), False),
        (MemoryError("out of memory"), False),
    ],
)
def test_errors_without_a_type_of_their_own_are_known_by_their_words(problem: BaseException, is_one: bool) -> None:
    assert is_out_of_memory(problem) is is_one


def test_nothing_of_the_batch_that_failed_is_alive_when_memory_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[weakref.ref[Tensor]] = []
    left = list[bool]()

    def run(items: Sequence[int]) -> int:
        value = torch.zeros(len(items))
        alive.append(weakref.ref(value))
        if len(items) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return len(value)

    monkeypatch.setattr(batches, "_clear_cache", lambda device: left.append(alive[-1]() is not None))
    gc.disable()
    try:
        assert sum(BatchSize(8, CPU).run(run, range(8))) == 8
    finally:
        gc.enable()
    assert left == [False, False]


def test_what_is_begun_is_released_before_the_next_try() -> None:
    events = list[str]()

    def run(items: Sequence[int]) -> int:
        events.append(f"run {len(items)}")
        if len(items) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return 1

    list(BatchSize(2, CPU).run(run, range(2), release=lambda: events.append("release")))
    assert events == ["run 2", "release", "run 1", "run 1"]


def test_the_free_memory_chooses_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (900, 2000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 300)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 200)
    assert measure_free_memory(CUDA) == 1000
    assert BatchSize(256, CUDA, bytes_each=10).size == 80
    assert BatchSize(16, CUDA, bytes_each=10).size == 16, "what a person gave is the upper bound"
    assert BatchSize(256, CUDA, bytes_each=10**6).size == 1
    assert BatchSize(256, CUDA).size == 256


def test_other_devices_say_how_much_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.xpu, "mem_get_info", lambda device: (900, 2000))
    monkeypatch.setattr(torch.xpu, "memory_reserved", lambda device: 300)
    monkeypatch.setattr(torch.xpu, "memory_allocated", lambda device: 200)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 700)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 200)
    assert measure_free_memory(torch.device("xpu")) == 1000
    assert measure_free_memory(torch.device("mps")) == 500
    assert measure_free_memory(CPU) is None and BatchSize(16, CPU, bytes_each=2**60).size == 16


def test_the_bound_is_what_a_person_gave_or_follows_the_device() -> None:
    assert choose_most(CPU, None, 16) == 16
    assert choose_most(CUDA, None, 16) == MOST_ON_A_GPU
    assert choose_most(CPU, 99, 16) == choose_most(CUDA, 99, 16) == 99
