"""Saved heads: model files that `precompute` takes as they are, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_manifest, read_table
from precompute.datasets.sources.open import open_images
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.transfer import chosen
from precompute.transfer.compare import TransferReport, compare_cuts
from precompute.transfer.config import TransferConfig
from precompute.transfer.features import FeatureStore
from precompute.transfer.linear import fit_head
from precompute.transfer.request import TransferRequest
from precompute.transfer.saving import name_folder
from tests.support.command_line import FIRST_STAGES, call
from tests.support.separable import CLASSES, write_separable


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[TransferRequest, TransferReport]:
    folder = tmp_path_factory.mktemp("saving")
    images, models = write_separable(folder, 12)
    config = TransferConfig(n_folds=3, penalties=(0.01, 0.0001), pooling="both")
    request = TransferRequest(images, (models["early"],), folder / "out", config, save=("advised", "early@bits"))
    return request, compare_cuts(request, SilentProgress())


def test_each_chosen_cut_has_a_folder_and_a_command(made: tuple[TransferRequest, TransferReport]) -> None:
    request, report = made
    heads = report.manifest["heads"]
    assert list(heads) == ["early@second", "early@bits"]
    for name, head in heads.items():
        files = {path.name for path in (request.out / "heads" / name).iterdir()}
        assert files == {"model.py", "weights.safetensors", "preprocess.toml", "classes.csv"}
        assert head["command"] in (request.out / "report.html").read_text().replace("&#x27;", "'")


def test_the_command_of_a_head_makes_a_run(made: tuple[TransferRequest, TransferReport], tmp_path: Path) -> None:
    words = made[1].manifest["heads"]["early@second"]["command"].split()
    assert words[:2] == ["summit-dash", "precompute"]
    assert call([*words[1:-1], str(tmp_path / "run"), *FIRST_STAGES]) == 0
    manifest = read_manifest(tmp_path / "run")
    assert manifest["layers"] == ["bits", "second"]
    assert manifest["model"]["output_names"] == list(CLASSES)
    assert read_table(tmp_path / "run", "classes")["top1_accuracy"].to_pylist() == [1, 1]


def test_a_saved_model_says_what_its_head_says(made: tuple[TransferRequest, TransferReport]) -> None:
    import torch

    request, report = made
    folder, entry = request.out / "heads" / "early@bits", report.manifest["models"]["early"]
    loaded = load_model(
        ModelConfig(f"{folder}/model.py:build", str(folder / "weights.safetensors"), str(folder / "preprocess.toml"))
    )
    source = open_images(request.images)
    layers = [(cut["name"], cut["n_channels"]) for cut in entry["cuts"]]
    store = FeatureStore(request.out / "features" / "early", entry["fingerprint"], layers, len(source.images))
    features, labels = store.read("bits", "both"), np.array([image.class_id for image in source.images])
    expected = fit_head(features, labels, request.config.penalties, 3, 0).predict(features)
    pixels = np.stack([loaded.preprocess.prepare_image(source.load(image)) for image in source.images])
    found = torch.softmax(loaded.module(loaded.preprocess.build_tensor(pixels)), 1).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_a_head_is_saved_once(made: tuple[TransferRequest, TransferReport], monkeypatch: pytest.MonkeyPatch) -> None:
    request, report = made
    monkeypatch.setattr(chosen, "fit_head", None)
    assert compare_cuts(request, SilentProgress()).manifest["heads"] == report.manifest["heads"]


def test_a_cut_that_is_not_there_cannot_be_saved(made: tuple[TransferRequest, TransferReport]) -> None:
    with pytest.raises(InputError, match=r"There is no early@secnd\. Near it: early@second"):
        compare_cuts(replace(made[0], save=("early@secnd",)), SilentProgress())


def test_folders_have_plain_names() -> None:
    assert name_folder("net", "stage/1 a@2") == "net@stage-1-a@2"
