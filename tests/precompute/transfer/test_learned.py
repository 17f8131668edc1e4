"""The input of a training, the layers that are trained, and the standardisation from the training images alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.contract.errors import InputError
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images
from precompute.transfer.config import HeadConfig, TransferConfig
from precompute.transfer.head_modules import HeadPlan
from precompute.transfer.learned import Learner, count_multiply_adds, find_unfrozen, open_material
from precompute.transfer.naming import NamedModel
from precompute.transfer.opened import open_model
from precompute.transfer.saving import CutModel, cut_model
from precompute.transfer.training import Task
from tests.support.separable import write_separable


@dataclass(frozen=True)
class Made:
    source: ImageSource
    named: NamedModel
    entry: dict[str, object]
    task: Task

    def cut(self, kind: str) -> CutModel:
        torch.manual_seed(0)
        return cut_model("late", self.entry, "second", HeadPlan(kind, 2, 2, "mean", 5))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    images, models = write_separable(tmp_path_factory.mktemp("learned"), 6)
    source = open_images(images)
    opened = open_model(models["late"], source)
    labels = np.array([image.class_id for image in source.images])
    task = Task(np.arange(12), labels, np.arange(12) % 2, 2)
    return Made(source, models["late"], opened.describe("f" * 64, torch.device("cpu"), None), task)


FEATURES = np.random.default_rng(0).normal(3, 2, (12, 2)).astype(np.float32)


@pytest.mark.parametrize(
    ("head", "shape", "file"),
    [
        (HeadConfig("mlp"), (12, 2), None),
        (HeadConfig("conv3x3"), (12, 2, 8, 8), "maps.npy"),
        (HeadConfig("conv1x1", 1), (12, 8, 8, 3), "pixels.npy"),
    ],
)
def test_the_input_is_as_small_as_the_head_allows(
    made: Made, tmp_path: Path, head: HeadConfig, shape: tuple[int, ...], file: str | None
) -> None:
    cut = made.cut(head.kind)
    material = open_material(cut, head, FEATURES, made.source, made.task, tmp_path)
    assert material.values.shape == shape
    assert [path.name for path in tmp_path.iterdir()] == ([file] if file else [])
    part = cut.module if material.first == 0 else cut.module.transfer_head[material.first :]
    given = material.build(material.values[:3])
    assert part(given).shape == (3, 2)
    if file == "maps.npy":  # maps are those that the whole model has
        pixels = [made.source.load(image) for image in made.source.images[:3]]
        images = cut.preprocess.build_tensor(np.stack([cut.preprocess.prepare_image(each) for each in pixels]))
        torch.testing.assert_close(part(given), cut.module(images))


@pytest.mark.parametrize("head", [HeadConfig("mlp", n_epochs=1), HeadConfig("mlp", 1, n_epochs=1)], ids=["kept", "run"])
def test_features_are_standardised_by_the_training_images_alone(made: Made, tmp_path: Path, head: HeadConfig) -> None:
    cut = made.cut("mlp")
    material = open_material(cut, head, FEATURES, made.source, made.task, tmp_path)
    learner = Learner(cut, material, made.task, (TransferConfig(), head), FEATURES, ["second"], torch.device("cpu"))
    places = np.array([0, 1, 2, 6, 7, 8])
    learner._standardise(places)
    if head.n_unfrozen:
        with torch.no_grad():
            values = cut.module.transfer_head[1:2](learner._read_maps(places)).numpy()
    else:
        values = FEATURES[places]
    norm = cut.module.transfer_head.norm
    np.testing.assert_allclose(norm.mean, values.mean(0), rtol=1e-4)
    np.testing.assert_allclose(norm.scale, values.std(0), rtol=1e-3)


def test_the_layers_before_the_cut_are_found_from_it_backwards(made: Made) -> None:
    cut = made.cut("linear")
    assert find_unfrozen(cut.module, ["bits", "second"], 0) == []
    assert find_unfrozen(cut.module, ["bits", "second@2"], 1) == ["second"]
    assert find_unfrozen(cut.module, ["bits", "second"], 2) == ["bits", "second"]
    with pytest.raises(InputError, match="Take at most 2"):
        find_unfrozen(cut.module, ["bits", "second"], 3)


def test_multiply_adds_include_the_head(made: Made) -> None:
    assert count_multiply_adds(made.cut("conv1x1").module, (3, 8, 8)) == 64 * (3 * 2 + 2 * 2 + 2 * 5) + 5 * 2
