"""Batches that are counted as a whole: the numbers of the pass image by image, whatever a batch holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.aggregate import batch_maker
from precompute.aggregate.batch_maker import UnitMakerByBatch
from precompute.aggregate.influence import pairs, traced, values
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.kernels import convolution
from precompute.aggregate.recording import Recorder, Recording
from precompute.aggregate.stage import MadeUnit, PassSpeed
from precompute.aggregate.units import Unit, UnitKey, UnitStore
from precompute.engines.local import LocalEngine
from tests.support.toy_network import CPU
from tests.support.units import SmallPass, assert_units_alike, prepare_small_pass


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallPass:
    """The pass over three classes of three images: a unit of two and a unit of one each."""
    return prepare_small_pass(tmp_path_factory.mktemp("small"))


def measure_by(small: SmallPass, influence: str) -> SmallPass:
    """Returns the pass with another measure of influence."""
    config = replace(small.config, influence=influence)
    measures = choose_measures(small.inputs.model, small.inputs.links, config)
    return small._replace(inputs=replace(small.inputs, measures=measures), config=config)


def make(small: SmallPass, count_by: str, batch_size: int, fingerprint: str = "a") -> list[MadeUnit]:
    engine = LocalEngine(small.inputs, small.config, PassSpeed(batch_size, 0, CPU, count_by))
    return list(engine.make(small.units, fingerprint, lambda n=1: None))


def read(folder: Path, made: Sequence[MadeUnit]) -> dict[UnitKey, Unit]:
    store = UnitStore(folder, "a")
    for unit in made:
        store.write(unit.key, unit.packed)
    return {unit.key: store.read(unit.key) for unit in made}


@pytest.fixture(params=["compiled", "torch"])
def tier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The loops of numba, or what a device without Triton takes."""
    if request.param == "torch":
        for module in (convolution, pairs, traced, values):
            monkeypatch.setattr(module, "load_compiled_loops", lambda: None)
    return str(request.param)


@pytest.mark.parametrize("influence", ["traced", "summit", "gradient"])
def test_batches_of_several_classes_count_what_single_images_count(
    small: SmallPass, tmp_path: Path, influence: str, tier: str
) -> None:
    measured = measure_by(small, influence)
    wanted = read(tmp_path / "image", make(measured, "image", 2))
    for batch_size in (1, 4, 16):  # units one by one, cut in two, all of them in a batch
        found = read(tmp_path / "batch", make(measured, "batch", batch_size))
        assert list(found) == list(wanted)
        for key, unit in found.items():
            assert_units_alike(unit, wanted[key])


def test_the_units_that_an_interruption_left_are_those_of_the_whole_pass(small: SmallPass, tmp_path: Path) -> None:
    whole = read(tmp_path / "whole", make(small, "batch", 4))
    missing = dict(list(small.units.items())[1::2])
    for key, unit in read(tmp_path / "some", make(small._replace(units=missing), "batch", 4)).items():
        assert_units_alike(unit, whole[key])


def test_units_are_made_in_few_slots(small: SmallPass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = read(tmp_path / "usual", make(small, "batch", 4))
    monkeypatch.setattr(batch_maker, "_TABLE_BYTES", 1)
    for key, unit in read(tmp_path / "few", make(small, "batch", 4)).items():
        assert_units_alike(unit, usual[key])


def test_out_of_memory_a_batch_is_halved_and_all_images_are_counted_once(
    small: SmallPass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, record = list[int](), Recorder.__call__

    def record_few(recorder: Recorder, batch: torch.Tensor) -> Recording:
        sizes.append(len(batch))
        if len(batch) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return record(recorder, batch)

    monkeypatch.setattr(Recorder, "__call__", record_few)
    found = read(tmp_path / "few", make(small, "batch", 8))
    monkeypatch.setattr(Recorder, "__call__", record)
    assert sizes[:2] == [8, 4] and set(sizes[2:]) == {2}
    for key, unit in read(tmp_path / "image", make(small, "image", 2)).items():
        assert_units_alike(found[key], unit)


def test_a_single_image_that_does_not_fit_is_an_error(small: SmallPass, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(recorder: Recorder, batch: torch.Tensor) -> Recording:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Recorder, "__call__", refuse)
    with pytest.raises(torch.OutOfMemoryError):
        make(small, "batch", 2)


def test_classes_without_images_are_units_without_images(small: SmallPass, tmp_path: Path) -> None:
    key, images = next(iter(small.units.items()))
    empty = {UnitKey(7, 0): [], key: images, UnitKey(8, 0): []}
    found = read(tmp_path, make(small._replace(units=empty), "batch", 4))
    assert [len(unit.images.image_id) for unit in found.values()] == [0, 2, 0]
    assert not any(sums.activation_count.any() for sums in found[UnitKey(8, 0)].layers)
    assert all(not len(sums.source) for link in found[UnitKey(8, 0)].influences for sums in link)


def test_a_device_other_than_the_cpu_counts_by_batch() -> None:
    assert not PassSpeed(4, 0, CPU).is_by_batch
    assert PassSpeed(4, 0, torch.device("cuda")).is_by_batch
    assert PassSpeed(4, 0, CPU, "batch").is_by_batch
    assert not PassSpeed(4, 0, torch.device("cuda"), "image").is_by_batch


def test_the_findings_of_a_batch_are_read_after_the_next_one_has_begun(
    small: SmallPass, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = list[str]()
    for name in ("_start_batch", "_add_findings"):
        method = getattr(UnitMakerByBatch, name)
        monkeypatch.setattr(UnitMakerByBatch, name, lambda *given, _m=method, _n=name: events.append(_n) or _m(*given))
    make(small, "batch", 3)
    assert events == ["_start_batch", "_start_batch", "_add_findings", "_start_batch", "_add_findings", "_add_findings"]


def test_a_table_of_predictions_is_the_same_by_both_ways(small: SmallPass, tmp_path: Path) -> None:
    by_image, by_batch = (read(tmp_path / way, make(small, way, 5)) for way in ("image", "batch"))
    for key, unit in by_image.items():
        np.testing.assert_array_equal(unit.images.predicted_class_id, by_batch[key].images.predicted_class_id)
        np.testing.assert_allclose(unit.images.true_probability, by_batch[key].images.true_probability, rtol=1e-5)
