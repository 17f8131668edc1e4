"""The payloads of a transfer result."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.payloads.transfer import build_transfer_payload
from summit_dash.run.transfer_store import TransferStore
from tests.support.transfer_result import write_transfer_result


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TransferStore:
    return TransferStore(write_transfer_result(tmp_path_factory.mktemp("results") / "photos"))


def build(store: TransferStore, key: str, names_folders: bool = True) -> dict[str, object]:
    found = build_transfer_payload(store, key, names_folders)
    assert found is not None
    json.dumps(found, allow_nan=False)
    return found


def test_the_overview_has_the_form_of_that_of_a_run(store: TransferStore) -> None:
    found = build(store, "run")
    assert found["kind"] == "transfer" and found["layers"] == [] and found["classes"]["id"] == []  # type: ignore[index]
    assert found["facts"]["n_classes"] == 3  # type: ignore[index]


def test_the_result_has_cuts_fronts_and_figures(store: TransferStore) -> None:
    found = build(store, "transfer")
    assert len(found["cuts"]) == 6 and found["learned"][0]["head"] == "conv1x1"  # type: ignore[arg-type, index]
    names = [f"{row['model']} {row['cut']}" for row in found["cuts"]]  # type: ignore[attr-defined]
    assert [names[i] for i in found["fronts"]["parameters"]] == ["small low", "small middle", "small high"]  # type: ignore[index]
    assert set(found["figures"]["dark"]) == {"depth", "parameters", "multiply_adds", "milliseconds"}  # type: ignore[index]


def test_a_static_site_names_no_folder_of_this_machine(store: TransferStore) -> None:
    served, static = build(store, "transfer"), build(store, "transfer", names_folders=False)
    assert str(store.path) in json.dumps(served) and str(store.path.parent) not in json.dumps(static)
    assert static["heads"][0]["command"] == (  # type: ignore[index]
        "summit-dash precompute photos/heads/small@high/model.py:build photos --out runs/small@high"
    )


def test_a_result_that_has_moved_names_its_files_where_they_are_now(store: TransferStore, tmp_path: Path) -> None:
    moved = TransferStore(shutil.copytree(store.path, tmp_path / "elsewhere" / "renamed photos"))
    head = moved.path / "heads" / "small@high" / "model.py"
    rest = "/data/photos --out runs/small@high"
    served = json.dumps(build(moved, "transfer"))
    assert f"summit-dash precompute '{head}:build' {rest}" in served and str(store.path) not in served
    static = json.dumps(build(moved, "transfer", names_folders=False))
    assert "'renamed photos/heads/small@high/model.py:build' photos --out" in static


def test_images_and_cuts_are_arrays_along_the_same_images(store: TransferStore) -> None:
    images, cut = build(store, "images"), build(store, "cut/2")
    assert images["image_id"] == cut["image_id"] and len(cut["predicted"]) == 12  # type: ignore[arg-type]


def test_what_is_not_there_is_said_or_is_no_key(store: TransferStore) -> None:
    with pytest.raises(InputError, match="There are 6"):
        build(store, "cut/6")
    for key in ("cut/x", "cut/", "about", "cut/9999999999"):
        assert build_transfer_payload(store, key) is None
