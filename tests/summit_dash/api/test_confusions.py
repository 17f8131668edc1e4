"""The table of confusions is what pandas counts from the images."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest, write_manifest
from summit_dash import Run, open_run
from summit_dash.run.store import RunStore


def test_pairs_are_counted_as_pandas_counts_the_images(run: Run) -> None:
    images = pd.read_parquet(run.path / "images.parquet")
    wrong = images[images["class_id"] != images["predicted_class_id"]]
    expected = wrong.groupby(["class_id", "predicted_class_id"]).size()
    found = run.confusions()
    assert len(found) == len(expected) > 0
    keys = zip(found["class_id"], found["taken_for"], strict=True)
    assert dict(zip(keys, found["n_images"], strict=True)) == dict(expected.items())
    assert found["n_images"].is_monotonic_decreasing
    assert (found["share"] == found["n_images"] / found["n_class"]).all()
    names = run.classes["class_name"]
    assert list(found["class_name"]) == list(names.loc[found["class_id"]])
    assert list(found["taken_for_name"]) == list(names.loc[found["taken_for"]])
    assert (found["n_class"].to_numpy() == run.classes["n_images"].loc[found["class_id"]].to_numpy()).all()


def test_images_taken_for_no_class_of_the_run_are_counted_by_output(run: Run, tmp_path: Path) -> None:
    other = Path(shutil.copytree(run.path, tmp_path / "other"))
    images = pd.read_parquet(other / "images.parquet")
    said = images["predicted_class_id"].to_numpy().copy()
    said[:3] = 900, 900, 901
    images["predicted_class_id"] = said
    images.to_parquet(other / "images.parquet")
    manifest = read_manifest(other)
    names = [f"thing {number}" for number in range(901)]
    write_manifest(other, {**manifest, "model": {**manifest["model"], "output_names": names}})
    found = open_run(other).confusions()
    outside = found[found["taken_for"].isna()]
    assert dict(zip(outside["taken_for_name"], outside["n_images"], strict=True)) == {"thing 900": 2, "output 901": 1}
    assert outside["n_class"].eq(run.classes["n_images"].iloc[0]).all()


def test_labels_that_are_no_outputs_have_no_confusions(bare_store: RunStore) -> None:
    with pytest.raises(InputError, match="labels of this run are not the model's outputs"):
        open_run(bare_store.path).confusions()
