"""Units from a stream of images: which images share a batch, and when a unit is complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pytest

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.making import open_maker
from precompute.aggregate.reading import ReadImage
from precompute.aggregate.stage import PassInputs, PassSpeed
from precompute.aggregate.unit_maker import OpenUnit, Waiting, group_by_unit
from precompute.aggregate.units import UnitKey, pack
from precompute.contract.labelled import LabelledImage
from tests.support.toy_network import CPU, export_toy
from tests.support.toy_pass import FIRST, SECOND, ArraySource, make_inputs

CONFIG = AggregateConfig(activation_mass=0.6, top_k=1)


@pytest.fixture(scope="module")
def inputs() -> PassInputs:
    """The pass of the toy network; its classes have three images, none, one that is torn, and two."""
    arrays = {0: [FIRST, SECOND, FIRST], 1: [], 2: [None], 3: [SECOND, FIRST]}
    return make_inputs(export_toy(), ArraySource(arrays), CONFIG, {0: (0,), 3: (1,)})


def read_units(inputs: PassInputs) -> Iterator[tuple[UnitKey, Iterable[ReadImage]]]:
    images = iter(inputs.source.images)
    for class_id, arrays in inputs.source.arrays.items():  # type: ignore[attr-defined]
        yield UnitKey(class_id, 0), [_read(next(images), one) for one in arrays]


def _read(image: LabelledImage, pixels: np.ndarray | None) -> ReadImage:  # type: ignore[type-arg]
    return ReadImage(image, pixels, "" if pixels is not None else "torn")


@pytest.fixture(params=["image", "batch"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make_all(inputs: PassInputs, batch_size: int, way: str) -> dict[UnitKey, bytes]:
    with open_maker(inputs, CONFIG, PassSpeed(batch_size, 0, CPU, way), 1) as maker:
        return {key: pack(unit, "") for key, unit in maker.make_all(read_units(inputs), lambda n=1: None)}


@pytest.mark.parametrize("batch_size", [1, 2, 4, 9])
def test_whatever_a_batch_holds_units_are_those_that_are_made_one_by_one(
    inputs: PassInputs, batch_size: int, way: str
) -> None:
    found = make_all(inputs, batch_size, way)
    assert list(found) == [(0, 0), (1, 0), (2, 0), (3, 0)]
    for key, images in read_units(inputs):
        with open_maker(inputs, CONFIG, PassSpeed(1, 0, CPU), 1) as maker:
            assert pack(maker.make(key.class_id, images, lambda n=1: None), "") == found[key]


def test_units_come_when_their_last_image_is_counted(inputs: PassInputs) -> None:
    taken, left = list[UnitKey](), list[list[UnitKey]]()

    def read_on() -> Iterator[tuple[UnitKey, Iterable[ReadImage]]]:
        for key, images in read_units(inputs):
            left.append(list(taken))
            yield key, images

    with open_maker(inputs, CONFIG, PassSpeed(3, 0, CPU), 1) as maker:
        for key, _ in maker.make_all(read_on(), lambda n=1: None):
            taken.append(key)
    assert left == [[], [], [], []] and taken == [(0, 0), (1, 0), (2, 0), (3, 0)]


def test_torn_images_fill_no_place_in_a_batch_and_are_done(inputs: PassInputs, way: str) -> None:
    done = list[int]()
    with open_maker(inputs, CONFIG, PassSpeed(4, 0, CPU, way), 1) as maker:
        units = dict(maker.make_all(read_units(inputs), lambda n=1: done.append(n)))
    assert done == [1, 4, 1]
    assert units[UnitKey(2, 0)].skipped == {"3.png": "torn"}


def test_a_maker_that_is_left_keeps_nothing_for_the_next_units(inputs: PassInputs, way: str) -> None:
    with open_maker(inputs, CONFIG, PassSpeed(1, 0, CPU, way), 1) as maker:
        first = next(iter(maker.make_all(read_units(inputs), lambda n=1: None)))
        again = {key: pack(unit, "") for key, unit in maker.make_all(read_units(inputs), lambda n=1: None)}
    assert again[first[0]] == pack(first[1], "")
    assert again == make_all(inputs, 1, way)


def test_rows_of_a_batch_are_grouped_by_unit() -> None:
    first, second = OpenUnit(UnitKey(0, 0)), OpenUnit(UnitKey(1, 0))
    read = ReadImage(LabelledImage(0, 0, "0.png"), None)
    batch: Sequence[Waiting] = [Waiting(first, read), Waiting(first, read), Waiting(second, read)]
    assert [(unit.key.class_id, rows) for unit, rows in group_by_unit(batch)] == [(0, [0, 1]), (1, [2])]
