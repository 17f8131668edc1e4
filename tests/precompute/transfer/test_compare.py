"""The whole comparison on images with a known answer: the cut that it finds, chance, resuming, and what is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.transfer_tables import read_transfer_manifest
from precompute.transfer import training
from precompute.transfer.compare import TransferReport, compare_cuts
from precompute.transfer.config import TransferConfig
from precompute.transfer.features import FeatureStore, PooledRecorder
from precompute.transfer.request import TransferRequest
from tests.support.memory import fill_device
from tests.support.separable import write_separable
from tests.support.transfer_tables import read_frames, require_equal

CONFIG = TransferConfig(n_folds=4, penalties=(1.0, 0.01, 0.0001))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("separable")


@pytest.fixture(scope="module")
def request_of_both(folder: Path) -> TransferRequest:
    images, models = write_separable(folder)
    return TransferRequest(images, tuple(models.values()), folder / "result", CONFIG)


@pytest.fixture(scope="module")
def report(request_of_both: TransferRequest) -> TransferReport:
    return compare_cuts(request_of_both, SilentProgress())


@pytest.mark.parametrize(("model", "cut"), [("early", "second"), ("late", "third")])
def test_the_layer_that_separates_the_classes_is_found(report: TransferReport, model: str, cut: str) -> None:
    accuracy = {row["cut"]: row["accuracy"] for row in report.cuts if row["model"] == model}
    assert list(accuracy) == ["bits", "second", "third"]
    assert accuracy.pop(cut) == 1
    assert max(accuracy.values()) < 0.8


def test_the_advice_is_the_cheapest_of_those_that_separate_them(report: TransferReport) -> None:
    advised = [row for row in report.cuts if row["is_advised"]]
    assert [(row["model"], row["cut"]) for row in advised] == [("early", "second")]
    within = {(row["model"], row["cut"]) for row in report.cuts if row["is_within"]}
    assert within == {("early", "second"), ("late", "third")}
    assert report.manifest["advice"]["sentence"].startswith(
        "Cut early after second: 100.0 % [91.2, 100.0] of 40 images"
    )


def test_every_image_is_predicted_once_by_a_head_that_has_not_seen_it(
    report: TransferReport, request_of_both: TransferRequest
) -> None:
    frames = read_frames(request_of_both.out)
    folds = frames["images"].groupby(["class_id", "fold"]).size()
    assert set(folds) == {5}  # 20 images of each class in 4 folds
    for _, rows in frames["predictions"].groupby(["model", "cut_index"], observed=True):
        assert rows["image_id"].tolist() == frames["images"]["image_id"].tolist()
        assert rows["fold"].tolist() == frames["images"]["fold"].tolist()
        assert rows["class_id"].tolist() == frames["images"]["class_id"].tolist()


def test_the_tables_agree_with_each_other(report: TransferReport, request_of_both: TransferRequest) -> None:
    frames = read_frames(request_of_both.out)
    rows = frames["predictions"]
    right = (rows["class_id"] == rows["predicted_class_id"]).groupby([rows["model"], rows["cut_index"]], observed=True)
    cuts = frames["cuts"].set_index(["model", "cut_index"])
    np.testing.assert_allclose(right.mean().to_numpy(), cuts["accuracy"].to_numpy(), rtol=1e-6)
    by_class = frames["class_accuracy"].groupby(["model", "cut_index"], observed=True)["accuracy"].mean()
    np.testing.assert_allclose(by_class.to_numpy(), cuts["accuracy"].to_numpy(), rtol=1e-6)
    by_fold = frames["folds"].groupby(["model", "cut_index"], observed=True)["accuracy"].mean()
    np.testing.assert_allclose(by_fold.to_numpy(), cuts["accuracy"].to_numpy(), rtol=1e-6)
    second = cuts.loc[("early", 1)]
    assert second["parameters"] == (3 + 1) * 2 + (2 + 1) * 3 + (3 + 1) * 2
    assert second["multiply_adds"] == 64 * (3 * 2 + 2 * 3) + 3 * 2


def test_shuffled_labels_give_chance(tmp_path: Path) -> None:
    images, models = write_separable(tmp_path, n_images=40, is_shuffled=True)
    request = TransferRequest(images, (models["late"],), tmp_path / "result", CONFIG)
    for row in compare_cuts(request, SilentProgress()).cuts:
        assert abs(row["accuracy"] - 0.5) < 3.3 * 0.5 / 80**0.5  # one draw in a thousand is further away


def test_a_second_call_makes_nothing_and_changes_nothing(
    report: TransferReport, request_of_both: TransferRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Path(shutil.copytree(request_of_both.out, tmp_path / "copy"))
    monkeypatch.setattr(training, "evaluate_fold", None)  # calling it would fail
    monkeypatch.setattr(FeatureStore, "write", None)
    again = compare_cuts(replace(request_of_both, out=out), SilentProgress())
    assert again.cuts == report.cuts
    require_equal(request_of_both.out, out)


def test_interrupted_it_goes_on_to_the_same_tables(
    report: TransferReport, request_of_both: TransferRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, evaluate, calls = tmp_path / "result", training.evaluate_fold, [0]

    def stop_at_the_sixth(*arguments: object) -> object:
        calls[0] += 1
        if calls[0] == 6:
            raise KeyboardInterrupt
        return evaluate(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "evaluate_fold", stop_at_the_sixth)
    with pytest.raises(KeyboardInterrupt):
        compare_cuts(replace(request_of_both, out=out), SilentProgress())
    monkeypatch.setattr(training, "evaluate_fold", evaluate)
    compare_cuts(replace(request_of_both, out=out), SilentProgress())
    require_equal(request_of_both.out, out)


def test_models_can_be_added(report: TransferReport, request_of_both: TransferRequest, tmp_path: Path) -> None:
    early, late = request_of_both.models
    for model in (late, early):
        compare_cuts(replace(request_of_both, models=(model,), out=tmp_path / "result"), SilentProgress())
    frames, expected = read_frames(tmp_path / "result"), read_frames(request_of_both.out)
    for name in ("cuts", "predictions"):
        pd.testing.assert_frame_equal(frames[name], expected[name])
    assert set(read_transfer_manifest(tmp_path / "result")["models"]) == {"early", "late"}


def test_an_unreadable_image_is_left_out_for_all_models(request_of_both: TransferRequest, tmp_path: Path) -> None:
    images = Path(shutil.copytree(request_of_both.images, tmp_path / "images"))
    broken = sorted((images / "same").iterdir())[3]
    broken.write_bytes(b"no image")
    found = compare_cuts(replace(request_of_both, images=str(images), out=tmp_path / "result"), SilentProgress())
    assert {row["n_images"] for row in found.cuts} == {39}
    assert list(found.manifest["skipped"]) == [f"same/{broken.name}"]
    assert "1 image could not be read" in found.notes[-1]


def test_one_class_or_a_class_of_few_images_is_refused(request_of_both: TransferRequest, tmp_path: Path) -> None:
    images = Path(shutil.copytree(request_of_both.images, tmp_path / "images"))
    request = replace(request_of_both, images=str(images), out=tmp_path / "result")
    for path in sorted((images / "same").iterdir())[1:]:
        path.unlink()
    with pytest.raises(InputError, match=r"fewer than 4 images that can be read: same \(1\). Add images, or leave it"):
        compare_cuts(request, SilentProgress())
    shutil.rmtree(images / "same")
    with pytest.raises(InputError, match="There is one class: different"):
        compare_cuts(request, SilentProgress())
    assert not request.out.exists()


def test_other_images_or_another_config_are_refused(
    report: TransferReport, request_of_both: TransferRequest, tmp_path: Path
) -> None:
    before = read_transfer_manifest(request_of_both.out)
    with pytest.raises(InputError, match="the images are others"):
        compare_cuts(replace(request_of_both, limit_per_class=10), SilentProgress())
    with pytest.raises(InputError, match="n_folds is 4, asked for 3"):
        compare_cuts(replace(request_of_both, config=replace(CONFIG, n_folds=3)), SilentProgress())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    with pytest.raises(InputError, match="is not empty and holds none"):
        compare_cuts(replace(request_of_both, out=tmp_path / "full"), SilentProgress())
    assert read_transfer_manifest(request_of_both.out) == before


def test_a_name_means_one_model(request_of_both: TransferRequest, report: TransferReport) -> None:
    early, late = request_of_both.models
    with pytest.raises(InputError, match="early was another one"):
        compare_cuts(replace(request_of_both, models=(replace(late, name="early"),)), SilentProgress())
    with pytest.raises(InputError, match="early was another one"):
        compare_cuts(replace(request_of_both, models=(replace(early, cuts=("bits",)),)), SilentProgress())


def test_overwriting_takes_another_config(
    report: TransferReport, request_of_both: TransferRequest, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(request_of_both.out, tmp_path / "copy"))
    request = replace(request_of_both, out=out, config=replace(CONFIG, n_folds=2), overwrite=True)
    compare_cuts(request, SilentProgress())
    assert read_frames(out)["images"]["fold"].nunique() == 2
    assert read_transfer_manifest(out)["config"]["n_folds"] == 2


def test_out_of_memory_batches_are_halved_and_the_result_is_the_same(
    request_of_both: TransferRequest, report: TransferReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = fill_device(monkeypatch, 3, [(PooledRecorder, "__call__")])
    compare_cuts(replace(request_of_both, out=tmp_path / "result", batch_size=16), SilentProgress())
    assert device.largest == 2 and device.n_refused == 2 * 3, "from 16 to 2 images, for each model"
    require_equal(request_of_both.out, tmp_path / "result")
