"""The stage `probe`: it runs only when it is named, finds the layer that separates the classes, and goes on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from precompute.contract.schema import read_manifest
from precompute.contract.validate import validate
from precompute.pipeline.registry import list_tables
from precompute.transfer import probe, training
from tests.support.command_line import call
from tests.support.separable import write_separable


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    images, models = write_separable(tmp_path_factory.mktemp("probe"), 16)
    model = models["early"]
    return ["precompute", model.source, images, "--preprocess", str(model.preprocess)]


@pytest.fixture(scope="module")
def run(arguments: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("probe") / "run"
    assert call([*arguments, "--out", str(out), "--stages", "aggregate,probe"]) == 0
    return out


def test_the_table_names_the_layer_that_separates_the_classes(run: Path) -> None:
    table = pd.read_parquet(run / "layer_probes.parquet").set_index("layer")
    assert list(table.index) == ["bits", "second", "third"]
    assert table.loc["second", "accuracy"] == 1 and table.drop(index="second")["accuracy"].max() < 0.8
    assert set(table["n_images"]) == {32} and set(table["n_folds"]) == {5}
    assert validate(run, list_tables()) == []
    assert read_manifest(run)["stages"]["probe"]["n_images"] == 32
    assert not (run / "parts").exists() or not (run / "parts" / "probe").exists()


def test_all_stages_are_without_it(arguments: list[str], tmp_path: Path) -> None:
    assert call([*arguments, "--out", str(tmp_path / "run"), "--stages", "aggregate"]) == 0
    assert "probe" not in read_manifest(tmp_path / "run")["stages"]
    assert call([*arguments, "--out", str(tmp_path / "run"), "--stages", "probe"]) == 0
    assert read_manifest(tmp_path / "run")["stages"]["probe"]["state"] == "done"


def test_interrupted_it_goes_on_to_the_same_table(
    arguments: list[str], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate, calls = training.evaluate_fold, [0]

    def stop_at_the_seventh(*given: object) -> object:
        calls[0] += 1
        if calls[0] == 7:
            raise KeyboardInterrupt
        return evaluate(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "evaluate_fold", stop_at_the_seventh)
    command = [*arguments, "--out", str(tmp_path / "run"), "--stages", "aggregate,probe"]
    assert call(command) == 130
    monkeypatch.setattr(training, "evaluate_fold", evaluate)
    monkeypatch.setattr(probe.FeaturePass, "run", None)  # features are there
    assert call(command) == 0
    expected = pd.read_parquet(run / "layer_probes.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "run" / "layer_probes.parquet"), expected)


def test_a_class_with_one_image_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    images, models = write_separable(tmp_path, 1)
    given = ["precompute", models["early"].source, images, "--preprocess", str(models["early"].preprocess)]
    assert call([*given, "--out", str(tmp_path / "run"), "--stages", "aggregate,probe"]) == 2
    assert "fewer than 2 images" in capfd.readouterr().err
