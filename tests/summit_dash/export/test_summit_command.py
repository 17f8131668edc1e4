"""`export --as summit`: what is said about classes left out, missing facts and the limits of the app."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from precompute.contract.writing import write_table
from summit_dash.export.summit_command import run_export_summit
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


def export(run: Path, out: Path, classes: str | None = None) -> str:
    shown = io.StringIO()
    run_export_summit(run, out, classes, False, Console(file=shown, width=40))
    return shown.getvalue()


def test_what_the_run_lacks_and_the_app_needs_is_said(tmp_path: Path) -> None:
    options = SyntheticRun(
        n_classes=4, layers=(("a", 4), ("b", 4)), n_images=4, labels_are_outputs=False, without_visualization=1
    )
    said = export(write_synthetic_run(tmp_path / "run", options), tmp_path / "files")
    assert "Accuracies: the run has none; the app shows NaN." in said
    assert "Feature visualizations: the run has none; the app shows empty places." in said
    assert "the run has no mixed3a: put the run's layers there." in said
    assert "white_wolf" not in said, "the run has this class"
    assert "Attribution graphs: 4 classes in" in said, "progress"


def test_a_class_without_images_is_left_out_and_said(tmp_path: Path) -> None:
    options = SyntheticRun(n_classes=4, layers=(("a", 4), ("b", 4)), n_images=4, without_accuracy=[3])
    run = write_synthetic_run(tmp_path / "run", options)
    rows = read_table(run, "classes").to_pylist()
    rows[1]["n_images"] = 0
    write_table(run, "classes", {name: [row[name] for row in rows] for name in rows[0]})
    said = export(run, tmp_path / "files")
    assert "Left out, without images or attribution graph: 1 class, such as grey wolf." in said
    assert "Accuracies: none for 1 of 3 classes; the app shows NaN." in said
    entries = json.loads((tmp_path / "files/data/imagenet.json").read_text())
    assert [entry["target_class"] for entry in entries] == [0, 2, 3]


def test_an_unknown_class_leaves_no_folder(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, layers=(("a", 4), ("b", 4)), n_images=4))
    with pytest.raises(InputError, match="No class is named 'zebra'"):
        export(run, tmp_path / "files", "zebra")
    assert not (tmp_path / "files").exists()
