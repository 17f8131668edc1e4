"""Units on disk and their sums, by numbers worked out by hand: what is packed comes back, and chunks add up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from precompute.aggregate.accumulate import Examples, LayerSums
from precompute.aggregate.influence.pairs import PairSums
from precompute.aggregate.units import ImageRows, Unit, UnitKey, UnitStore, join_rows, pack, plan_units
from precompute.contract.errors import InputError
from tests.support.toy_pass import FIRST, SECOND, ArraySource

KEY = UnitKey(3, 0)


def make_rows(*image_ids: int) -> ImageRows:
    """Makes the rows of some images, whose predicted class is ten times the image_id."""
    ids, real = np.array(image_ids, np.int32), np.full(len(image_ids), 0.5, np.float32)
    return ImageRows(ids, ids * 10, real, real, np.ones(len(image_ids), np.bool_))


def make_pairs(*rows: tuple[int, int, int, float]) -> PairSums:
    """Makes sums of rows of target, source, count and sum."""
    target, source, count, total = (np.array([row[column] for row in rows]) for column in range(4))
    return PairSums(target.astype(np.int32), source.astype(np.int32), count.astype(np.int32), total.astype(float))


def make_unit(image_id: int, activation: float, pairs: PairSums, skipped: str) -> Unit:
    """Makes a unit of one image: a layer of two channels, of which the second is silent, and one link."""
    examples = Examples.make_empty(2, 3)
    examples.activation[0, 0], examples.image_id[0, 0], examples.position[0, 0] = activation, image_id, 7
    layer = LayerSums(np.array([1, 0], np.int32), np.array([activation, 0.0]), examples)
    return Unit(make_rows(image_id), [layer], [[pairs, make_pairs()]], {skipped: "torn"})


ONE = make_unit(4, 2.0, make_pairs((0, 1, 2, 0.5), (1, 0, 1, 4.0)), "a.png")
TWO = make_unit(6, 3.0, make_pairs((0, 0, 1, 1.0), (0, 1, 5, 0.25)), "b.png")


def test_a_unit_comes_back_as_it_was_packed(tmp_path: Path) -> None:
    store = UnitStore(tmp_path, "this run")
    store.write(KEY, pack(ONE, "this run"))
    found = store.read(KEY)
    assert pack(found, "this run") == pack(ONE, "this run")
    assert found.layers[0].examples.activation.shape == (2, 3), "with unused ranks, which the file leaves out"
    assert found.skipped == {"a.png": "torn"} and len(found.influences[0]) == 2


def test_chunks_are_added_pair_by_pair_and_examples_are_merged() -> None:
    both = ONE.merge(TWO)
    assert both.images.image_id.tolist() == [4, 6]
    (layer,) = both.layers
    assert layer.activation_count.tolist() == [2, 0] and layer.activation_sum.tolist() == [5, 0]
    assert layer.examples.image_id[0].tolist() == [6, 4, 0] and layer.examples.activation[0].tolist() == [3, 2, 0]
    pairs, nothing = both.influences[0]
    assert list(zip(*(value.tolist() for value in vars(pairs).values()), strict=True)) == [
        *((0, 0, 1, 1.0), (0, 1, 7, 0.75), (1, 0, 1, 4.0))
    ]
    assert len(nothing.source) == 0
    assert both.skipped == {"a.png": "torn", "b.png": "torn"}


def test_a_unit_is_there_only_if_it_is_whole_and_of_this_run(tmp_path: Path) -> None:
    store = UnitStore(tmp_path, "this run")
    assert not store.has(KEY)
    store.write(KEY, pack(ONE, "another run"))
    assert not store.has(KEY)
    with pytest.raises(InputError, match="it was made of another model, other images or another config"):
        store.read(KEY)
    store.write(KEY, pack(ONE, "this run"))
    assert store.has(KEY)
    store.find_path(KEY).write_bytes(b"no archive")
    assert not store.has(KEY)
    store.remove()
    assert not store.folder.exists() and not store.has(KEY)
    store.remove()


def test_the_file_of_a_unit_is_named_by_class_and_chunk(tmp_path: Path) -> None:
    assert UnitStore(tmp_path, "").find_path(UnitKey(12, 3)).name == "000012-0003.npz"


def test_the_examples_of_a_class_are_merged_over_its_chunks(tmp_path: Path) -> None:
    store = UnitStore(tmp_path, "this run")
    for chunk, unit in enumerate((ONE, TWO)):
        store.write(UnitKey(3, chunk), pack(unit, "this run"))
    (examples,) = store.read_examples(3, 2)
    assert examples.image_id[0].tolist() == [6, 4, 0] and examples.position[0].tolist() == [7, 7, 0]
    (alone,) = store.read_examples(3, 1)
    assert alone.image_id[0].tolist() == [4, 0, 0]


def test_no_rows_are_joined_to_an_empty_set_of_the_same_types() -> None:
    empty = join_rows([])
    assert all(len(value) == 0 for value in vars(empty).values())
    joined = join_rows([make_rows(1), make_rows(), make_rows(2)])
    for name, value in vars(joined).items():
        assert value.dtype == getattr(empty, name).dtype, name
    assert joined.predicted_class_id.tolist() == [10, 20]


def test_a_unit_without_images_can_be_packed(tmp_path: Path) -> None:
    unit = replace(ONE, images=ImageRows.make_empty(), skipped={})
    store = UnitStore(tmp_path, "")
    store.write(KEY, pack(unit, ""))
    assert len(store.read(KEY).images.image_id) == 0


def test_a_class_without_images_has_one_unit_without_images() -> None:
    units = plan_units(ArraySource({0: [FIRST, SECOND, FIRST], 2: []}), 2)
    assert {key: [image.image_id for image in images] for key, images in units.items()} == {
        **{(0, 0): [0, 1], (0, 1): [2]},
        (2, 0): [],
    }
