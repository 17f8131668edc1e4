"""Units of work: a class in chunks equals the class as a whole, and finished units are not made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.aggregate import unit_maker
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.stage import PassSpeed
from precompute.aggregate.units import UnitKey, UnitStore, plan_units
from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import TABLES, locate_table, read_table
from precompute.datasets.sources.files import FileImages
from precompute.datasets.sources.open import open_images
from precompute.engines.local import LocalEngine
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.pipeline.config import RunConfig
from precompute.pipeline.inputs import prepare
from precompute.pipeline.report import RunReport
from precompute.pipeline.request import RunRequest
from precompute.pipeline.run import precompute
from summit_dash.cli import main
from tests.support.small import write_small
from tests.support.validation import validate

STAGES = ("aggregate", "graphs", "examples")
COUNTED = ("classes", "layers", "images", "activations", "influences", "channels", "dataset_examples")


@pytest.fixture
def build_request(tmp_path: Path) -> Callable[..., RunRequest]:
    write_small(tmp_path, n_images=7)

    def build(name: str, chunk_size: int = 3, influence: str = "auto", **speed: int) -> RunRequest:
        model = ModelConfig(f"{tmp_path}/model.py:build", f"{tmp_path}/weights.safetensors", f"{tmp_path}/input.toml")
        aggregate = AggregateConfig(influence=influence, chunk_size=chunk_size)
        config = RunConfig(aggregate=aggregate, **speed)
        return RunRequest(model, f"{tmp_path}/images", tmp_path / name, config, STAGES)

    return build


def run(request: RunRequest) -> RunReport:
    return precompute(request, SilentProgress())


def read_tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


def test_units_cover_every_image_once_in_order(tmp_path: Path) -> None:
    write_small(tmp_path, n_images=7)
    source = open_images(f"{tmp_path}/images")
    units = plan_units(source, 3)
    assert [key for key, _ in zip(units, range(4), strict=False)] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert [image for images in units.values() for image in images] == list(source.images)
    assert {len(images) for images in units.values()} == {3, 1}


@pytest.mark.parametrize("influence", ["traced", "summit", "gradient"])
def test_a_class_in_chunks_has_the_tables_of_the_class_as_a_whole(
    build_request: Callable[..., RunRequest], influence: str
) -> None:
    whole, chunks = build_request("whole", 1000, influence), build_request("chunks", 2, influence)
    run(whole)
    run(chunks)
    for name in COUNTED:
        exact = [column for column in TABLES[name].schema.names if not column.startswith("mean")]
        assert read_table(whole.out, name, exact).equals(read_table(chunks.out, name, exact)), name
    for name, column in (("activations", "mean_activation"), ("influences", "mean_influence")):
        means = [read_table(one.out, name)[column].to_numpy() for one in (whole, chunks)]
        np.testing.assert_allclose(means[0], means[1], rtol=3e-7)  # one step of float32
    assert validate(chunks.out) == []


@pytest.mark.parametrize(("batch_size", "workers"), [(1, 0), (2, 1), (32, 3)])
def test_no_bit_of_the_tables_follows_batch_size_and_workers(
    build_request: Callable[..., RunRequest], batch_size: int, workers: int
) -> None:
    usual, other = build_request("usual"), build_request("other", batch_size=batch_size, workers=workers)
    run(usual)
    run(other)
    assert read_tables(usual.out) == read_tables(other.out)


def test_no_bit_of_a_unit_follows_batch_size_and_workers(tmp_path: Path) -> None:
    write_small(tmp_path, n_images=10)
    model = ModelConfig(f"{tmp_path}/model.py:build", f"{tmp_path}/weights.safetensors", f"{tmp_path}/input.toml")
    config = AggregateConfig(chunk_size=9)
    inputs = prepare(load_model(model), open_images(f"{tmp_path}/images"), None, config)
    units = plan_units(inputs.source, config.chunk_size)

    def make_all(batch_size: int, workers: int) -> list[tuple[UnitKey, bytes]]:
        engine = LocalEngine(inputs, config, PassSpeed(batch_size, workers, torch.device("cpu")))
        return [(unit.key, unit.packed) for unit in engine.make(units, "of this run", lambda n=1: None)]

    usual = make_all(1, 0)
    assert [key for key, _ in usual] == list(units)
    for batch_size in (1, 7, 32):  # a unit holds 9 images or 1: fewer, not a multiple, more
        for workers in (0, 1, 2):
            assert make_all(batch_size, workers) == usual, (batch_size, workers)


def test_examples_are_read_without_the_rest_of_a_unit(build_request: Callable[..., RunRequest]) -> None:
    request = replace(build_request("examples"), stages=("aggregate",))
    run(request)
    inputs = prepare(load_model(request.model), open_images(request.images), None, request.config.aggregate)
    path = next((request.out / "parts" / "aggregate").glob("*.npz"))
    with np.load(path) as arrays:
        store = UnitStore(request.out, bytes(arrays["fingerprint"]).decode())
    for class_id in range(3):
        whole = store.read_class(class_id, 3, inputs.measures)
        for found, sums in zip(store.read_examples(class_id, 3), whole.layers, strict=True):
            assert found.activation.shape == (sums.activation_count.shape[0], 10)
            for name, value in vars(sums.examples).items():
                assert np.array_equal(getattr(found, name), value), name
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="complete file"):
        [store.read_examples(class_id, 3) for class_id in range(3)]


class Stop(Exception):
    pass


def test_a_class_is_resumed_inside(build_request: Callable[..., RunRequest], monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed, stopped = build_request("undisturbed"), build_request("stopped")
    run(undisturbed)
    write, load = UnitStore.write, FileImages.load
    written, loaded = list[UnitKey](), list[int]()

    def write_two(store: UnitStore, key: UnitKey, packed: bytes) -> None:
        if len(written) == 2:
            raise Stop
        write(store, key, packed)
        written.append(key)

    monkeypatch.setattr(UnitStore, "write", write_two)
    with pytest.raises(Stop):
        run(stopped)
    assert written == [(0, 0), (0, 1)]
    monkeypatch.setattr(UnitStore, "write", write)
    monkeypatch.setattr(FileImages, "load", lambda *given: loaded.append(given[1].image_id) or load(*given))
    run(replace(stopped, stages=("aggregate",)))
    assert sorted(loaded) == list(range(6, 21))
    run(stopped)
    assert read_tables(stopped.out) == read_tables(undisturbed.out)


def test_units_that_are_damaged_or_of_another_run_are_made_again(build_request: Callable[..., RunRequest]) -> None:
    right, other = build_request("right"), build_request("other", influence="gradient")
    for request in (right, other):
        run(replace(request, stages=("aggregate",)))
    before = read_tables(right.out)
    parts = right.out / "parts" / "aggregate"
    first, second, *_ = sorted(parts.iterdir())
    first.write_bytes((other.out / "parts" / "aggregate" / first.name).read_bytes())
    second.write_bytes(second.read_bytes()[:100])
    manifest = right.out / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"state": "done"', '"state": "running"'))
    for path in right.out.glob("*.parquet"):
        path.unlink()
    run(replace(right, stages=("aggregate",)))
    assert read_tables(right.out) == before


def test_the_manifest_holds_the_share_of_time_waited_for_images(
    build_request: Callable[..., RunRequest],
) -> None:
    stage = run(build_request("run")).manifest["stages"]["aggregate"]
    assert stage["state"] == "done" and 0 <= stage["waiting_fraction"] <= 1


def test_a_batch_holds_no_more_than_memory_allows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    arguments = [*write_small(folder, n_images=6), "--stages", "aggregate,graphs", "--out"]
    for out, allowed in (("whole", 2**30), ("single", 1)):
        monkeypatch.setattr(unit_maker, "_RECORDED_BYTES", allowed)
        with pytest.raises(SystemExit):
            main([*arguments, str(tmp_path / out)])
    for name in TABLES:
        whole, single = (locate_table(tmp_path / out, name) for out in ("whole", "single"))
        assert whole.is_file() == single.is_file()
        assert not whole.is_file() or whole.read_bytes() == single.read_bytes()
