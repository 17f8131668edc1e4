"""Images read ahead by threads: in order, few at a time, unreadable ones with the reason."""

from __future__ import annotations

import threading

import pytest

from precompute.aggregate.reading import Awaited, ReadImage, map_ahead, read_images
from tests.support.toy_pass import AS_IT_IS, FIRST, SECOND, ArraySource


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert list(map_ahead(lambda item: item * item, range(50), workers)) == [item * item for item in range(50)]


def test_without_workers_nothing_is_computed_before_it_is_wanted() -> None:
    computed: list[int] = []
    results = map_ahead(lambda item: computed.append(item) or threading.current_thread(), range(3), 0)
    assert computed == []
    assert next(results) is threading.current_thread() and computed == [0]


def test_threads_are_no_more_than_16_items_each_ahead() -> None:
    taken: list[int] = []

    def take() -> object:
        for item in range(200):
            taken.append(item)
            yield item

    results = map_ahead(lambda item: item, take(), 2)  # type: ignore[arg-type, var-annotated]
    next(results)
    assert len(taken) <= 2 * 16 + 1
    results.close()  # type: ignore[attr-defined]


def test_an_error_of_an_item_is_raised_at_its_place() -> None:
    results = map_ahead(lambda item: 1 // item, [1, 0, 1], 2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_unreadable_image_comes_with_the_reason(workers: int) -> None:
    source = ArraySource({0: [FIRST, None], 1: [SECOND]})
    found = list(read_images(source, source.images, AS_IT_IS, workers))
    assert [item.image.path for item in found] == ["0.png", "1.png", "2.png"]
    assert [item.problem for item in found] == ["", "it is torn", ""]
    assert found[1].pixels is None and found[2].pixels is not None
    assert found[2].pixels.tolist() == SECOND.tolist()


def test_waiting_is_measured_for_the_images_alone() -> None:
    source = ArraySource({0: [FIRST, SECOND]})
    waiting = Awaited(read_images(source, source.images, AS_IT_IS, 0))
    assert waiting.seconds == 0
    assert all(isinstance(item, ReadImage) for item in waiting)
    assert 0 < waiting.seconds < 60
    with pytest.raises(StopIteration):
        next(waiting)
