"""Whole runs on real weights and real images, by the command line, small enough for every day."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from precompute.contract.schema import read_manifest, read_table
from summit_dash.cli import main
from tests.support.validation import validate

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
MIXED = tuple(f"mixed{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with real weights and images is absent"),
]


def run_precompute(model: str, weights: str, images: Path, out: Path, *options: str) -> None:
    folder = DATA / model
    arguments = [
        *("precompute", f"{folder}/model.py:build", str(images), "--weights", str(folder / weights)),
        *("--preprocess", str(folder / "preprocess.toml"), "--out", str(out), *options),
    ]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert not ended.value.code


def test_a_run_of_googlenet(tmp_path: Path) -> None:
    sample = DATA / "imagenet_sample"
    with (sample / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[::80]
    for row in rows:
        row["path"] = os.path.relpath(sample / row["path"], tmp_path)
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    out = tmp_path / "run"
    stages = ("--allow-outside", "--layers", ",".join(MIXED), "--stages", "aggregate,graphs,examples")
    run_precompute("googlenet", "bvlc_googlenet.safetensors", tmp_path / "labels.csv", out, *stages)
    assert validate(out) == []
    assert tuple(read_manifest(out)["layers"]) == MIXED
    nodes = read_table(out, "attribution_graph_nodes").to_pylist()
    kept = {(node["class_id"], node["layer"]) for node in nodes}
    assert kept == {(int(row["class_id"]), layer) for row in rows for layer in MIXED}


def test_a_run_of_resnet20_is_as_accurate_as_measured_elsewhere(tmp_path: Path) -> None:
    out = tmp_path / "run"
    stages = ("--stages", "aggregate,graphs,examples", "--limit-per-class", "30")
    run_precompute("cifar10", "resnet20.safetensors", DATA / "cifar10" / "images", out, *stages)
    assert validate(out) == []
    assert read_manifest(out)["images"]["top1_accuracy"] == pytest.approx(0.81, abs=0.06)
