"""Transfer results as the dashboard reads them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.transfer_tables import read_transfer_manifest, write_transfer_manifest
from summit_dash.run.transfer_store import TransferStore
from tests.support.transfer_result import IMAGES, write_transfer_result


def test_a_cut_has_the_predictions_of_its_own_row(tmp_path: Path) -> None:
    store = TransferStore(write_transfer_result(tmp_path / "photos"))
    assert (store.name, store.model_name, store.dataset_name, store.n_images) == (
        "photos",
        "small, large",
        "photos",
        12,
    )
    own = [class_id for _, class_id in IMAGES]
    for place, row in enumerate(store.cuts):
        found = store.cut(place)
        assert found["image_id"] == [number for number, _ in IMAGES]
        right = sum(a == b for a, b in zip(found["predicted_class_id"], own, strict=True))
        assert right == pytest.approx(12 * row["accuracy"], abs=1e-4)


def test_pictures_are_found_by_number_or_are_not_there(tmp_path: Path) -> None:
    store = TransferStore(write_transfer_result(tmp_path / "photos"))
    assert store.has_pictures and (store.read_picture(7) or b"")[8:12] == b"WEBP"
    assert store.read_picture(99) is None
    assert TransferStore(write_transfer_result(tmp_path / "bare", has_pictures=False)).read_picture(7) is None


def test_the_version_changes_when_the_command_has_written_again(tmp_path: Path) -> None:
    store = TransferStore(write_transfer_result(tmp_path / "photos"))
    before = store.version
    store.refresh()
    assert store.version == before
    manifest = {**read_transfer_manifest(store.path), "n_images": 11}
    write_transfer_manifest(store.path, manifest)
    os.utime(store.path / "transfer.json", ns=(1, 1))
    store.refresh()
    assert store.version != before and store.n_images == 11


def test_one_that_is_not_whole_says_how_to_go_on(tmp_path: Path) -> None:
    folder = write_transfer_result(tmp_path / "photos")
    manifest = json.loads((folder / "transfer.json").read_text())
    del manifest["advice"]
    (folder / "transfer.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="again: it goes on"):
        TransferStore(folder)


def test_a_result_of_an_earlier_version_has_no_trained_heads(tmp_path: Path) -> None:
    folder = write_transfer_result(tmp_path / "photos")
    (folder / "learned.parquet").unlink()
    assert TransferStore(folder).learned == []
