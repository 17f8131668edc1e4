"""The engine of this process: units in order, one after another, with images read once."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.engines.local import LocalEngine
from tests.support.units import SPEED, SmallPass, make_units, prepare_small_pass


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallPass:
    """The pass over three classes of three images: a unit of two and a unit of one each."""
    return prepare_small_pass(tmp_path_factory.mktemp("small"))


def test_units_come_in_order_and_count_their_images(small: SmallPass) -> None:
    counted = list[int]()

    made = make_units(small, "a", lambda n=1: counted.append(n))

    assert [unit.key for unit in made] == list(small.units)
    assert [len(images) for images in small.units.values()] == [2, 1] * 3
    assert sum(counted) == 9 and max(counted) == 2, "a batch holds two images, also of two units"
    assert all(0 <= unit.waited <= unit.seconds for unit in made)


def test_the_fingerprint_is_part_of_a_unit(small: SmallPass) -> None:
    one, same, other = (make_units(small, name, lambda n=1: None) for name in ("a", "a", "b"))

    assert [unit.packed for unit in one] == [unit.packed for unit in same]
    assert all(first.packed != second.packed for first, second in zip(one, other, strict=True))


def test_some_units_are_those_of_the_whole_pass(small: SmallPass) -> None:
    """A run that goes on makes the units that are missing."""
    whole = {unit.key: unit.packed for unit in make_units(small, "a", lambda n=1: None)}
    missing = dict(list(small.units.items())[1::2])

    some = make_units(small._replace(units=missing), "a", lambda n=1: None)

    assert {unit.key: unit.packed for unit in some} == {key: whole[key] for key in missing}


def test_no_unit_needs_no_image(small: SmallPass) -> None:
    assert make_units(small._replace(units={}), "a", lambda n=1: None) == []


def test_an_engine_that_is_left_gives_torch_its_threads_back(small: SmallPass) -> None:
    before = torch.get_num_threads()
    units = LocalEngine(small.inputs, small.config, SPEED).make(small.units, "a", lambda n=1: None)

    next(units)
    units.close()

    assert torch.get_num_threads() == before


def test_an_image_that_became_unreadable_is_skipped_and_named_in_its_unit(tmp_path: Path) -> None:
    small = prepare_small_pass(tmp_path)
    (tmp_path / "images" / "moss" / "2.png").write_bytes(b"no image")
    (key,) = (key for key, images in small.units.items() if images[0].path.endswith("moss/2.png"))
    counted = list[int]()

    made = {unit.key: unit.packed for unit in make_units(small, "a", lambda n=1: counted.append(n))}

    assert list(made) == list(small.units)
    assert sum(counted) == 9, "it counts as done"
    with np.load(io.BytesIO(made[key])) as arrays:
        assert list(json.loads(bytes(arrays["skipped"]))) == ["moss/2.png"]
