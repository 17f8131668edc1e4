from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_manifest, read_table, write_manifest
from summit_dash.run.confusions import Confusions, Pairs, compute_confusions, read_output_names
from summit_dash.run.store import RunStore
from tests.reference.confusions import count_confusions
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

SMALL = SyntheticRun(n_classes=4, n_images=10, layers=(("conv1", 4), ("conv2", 4)))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "small", SMALL)


def state_dataset(run: Path, **stated: Any) -> None:
    """States facts of the dataset in a run's manifest."""
    manifest = read_manifest(run)
    write_manifest(run, {**manifest, "dataset": {**manifest["dataset"], **stated}})


def write_predictions(run: Path, images: list[tuple[int, int]], row_group_size: int = 3) -> None:
    """Replaces class and most probable output of the images, in row groups of so many images."""
    class_id, predicted = (pa.array(values, pa.int32()) for values in zip(*images, strict=True))
    table = pa.table({"class_id": class_id, "predicted_class_id": predicted})
    pq.write_table(table, locate_table(run, "images"), row_group_size=row_group_size)


def list_counts(pairs: Pairs) -> dict[tuple[int, int], int]:
    """Returns the counts by pair."""
    keys = zip(pairs.class_id.tolist(), pairs.taken_for.tolist(), strict=True)
    return dict(zip(keys, pairs.n_images.tolist(), strict=True))


def require_equal(found: Confusions, images: list[tuple[int, int]], outputs: dict[int, tuple[int, ...]]) -> None:
    """Checks that confusions are those of the definition."""
    n_images, n_wrong, pairs, outside = count_confusions(images, outputs)
    assert found.class_ids.tolist() == sorted(outputs)
    assert found.n_images.tolist() == [n_images[c] for c in sorted(outputs)]
    assert found.n_wrong.tolist() == [n_wrong[c] for c in sorted(outputs)]
    assert list_counts(found.pairs) == pairs
    assert list_counts(found.outside) == outside


@settings(max_examples=25, deadline=None)
@given(
    images=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=40),
    outputs=st.dictionaries(st.integers(0, 3), st.lists(st.integers(0, 5), min_size=1, max_size=3), min_size=1),
    row_group_size=st.integers(1, 50),
)
def test_counts_are_those_of_the_definition(
    small: Path, images: list[tuple[int, int]], outputs: dict[int, list[int]], row_group_size: int
) -> None:
    meaning = {class_id: tuple(sorted(set(found))) for class_id, found in outputs.items()}
    stated = {str(class_id): list(found) for class_id, found in meaning.items()}
    state_dataset(small, labels_are_outputs=False, class_outputs=stated)
    write_predictions(small, images, row_group_size)
    require_equal(compute_confusions(RunStore(small)), images, meaning)


def test_labels_that_are_the_outputs_mean_themselves(store: RunStore) -> None:
    table = read_table(store.path, "images")
    images = list(zip(table["class_id"].to_pylist(), table["predicted_class_id"].to_pylist(), strict=True))
    found = compute_confusions(store)
    require_equal(found, images, {c: (c,) for c in store.classes})
    right = 1 - found.n_wrong / found.n_images
    assert right == pytest.approx([info.top1_accuracy or 0 for info in store.classes.values()], abs=0.0026)
    assert len(found.outside.n_images) == 0 and len(found.pairs.n_images) > 12


def test_classes_that_are_not_opened_are_outside(store: RunStore) -> None:
    every, some = compute_confusions(store), compute_confusions(RunStore(store.path, only={2, 5}))
    assert some.class_ids.tolist() == [2, 5]
    assert some.n_wrong.tolist() == every.n_wrong[[2, 5]].tolist()
    assert some.pairs.n_images.sum() + some.outside.n_images.sum() == some.n_wrong.sum()
    assert set(some.outside.taken_for.tolist()).isdisjoint({2, 5})


def test_a_class_has_a_place_where_an_output_means_it(store: RunStore) -> None:
    found = compute_confusions(RunStore(store.path, only={2, 5}))
    assert [found.find_row(class_id) for class_id in (2, 5, 3, 9)] == [0, 1, None, None]


def test_they_are_counted_once(store: RunStore) -> None:
    assert compute_confusions(store) is compute_confusions(store)


def test_outputs_are_named_by_the_model_or_by_the_classes(store: RunStore, small: Path) -> None:
    assert read_output_names(store)[0] == "red fox, Vulpes vulpes"
    state_dataset(small, labels_are_outputs=False, class_outputs={"1": [7, 8], "2": [0]})
    assert {output: name.split(",")[0] for output, name in read_output_names(RunStore(small)).items()} == {
        7: "grey wolf",
        8: "grey wolf",
        0: "white wolf",
    }
    write_manifest(small, {**read_manifest(small), "model": {"output_names": ["tench", "goldfish"]}})
    assert read_output_names(RunStore(small)) == {0: "tench", 1: "goldfish"}


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ({"labels_are_outputs": False}, "labels of this run are not the model's outputs"),
        ({"labels_are_outputs": False, "class_outputs": {}}, "labels of this run are not the model's outputs"),
    ],
)
def test_labels_that_are_no_outputs_have_no_confusions(small: Path, stated: dict[str, Any], found: str) -> None:
    manifest = read_manifest(small)
    write_manifest(small, {**manifest, "dataset": {"name": "Drawn", **stated}})
    with pytest.raises(InputError, match=found):
        compute_confusions(RunStore(small))


def test_a_run_without_predictions_says_why(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SMALL)
    images = locate_table(run, "images")
    content = images.read_bytes()
    images.write_bytes(content[:100])
    with pytest.raises(InputError, match="complete Parquet file"):
        compute_confusions(RunStore(run))
    images.unlink()
    with pytest.raises(InputError, match=r"no images\.parquet"):
        compute_confusions(RunStore(run))
    write_manifest(run, {**read_manifest(run), "imported": {"source": "elsewhere"}})
    with pytest.raises(InputError, match="imported data does not say"):
        compute_confusions(RunStore(run))


def test_no_image_at_all_gives_zeros(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SMALL)
    table = read_table(run, "images").slice(0, 0)
    pq.write_table(table, locate_table(run, "images"))
    found = compute_confusions(RunStore(run))
    assert found.n_images.tolist() == found.n_wrong.tolist() == [0, 0, 0, 0]
    assert found.pairs.n_images.dtype == np.int64 and len(found.pairs.n_images) == 0
