"""The layers that are trained with a head, and the standardisation from the training images alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.transfer.config import HeadConfig
from precompute.transfer.learned import Learner, count_multiply_adds, find_unfrozen
from precompute.transfer.material import Pass, open_material
from tests.support.cut_models import FEATURES, Cuts, write_cuts


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Cuts:
    return write_cuts(tmp_path_factory.mktemp("learned"))


@pytest.mark.parametrize("head", [HeadConfig("mlp", n_epochs=1), HeadConfig("mlp", 1, n_epochs=1)], ids=["kept", "run"])
def test_features_are_standardised_by_the_training_images_alone(made: Cuts, tmp_path: Path, head: HeadConfig) -> None:
    cut, lesson = made.cut("mlp"), made.build_lesson(head)
    material = open_material(cut, lesson, Pass(made.source, tmp_path, SilentProgress()))
    learner = Learner(cut, material, lesson, ["second"])
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


def test_the_layers_before_the_cut_are_found_from_it_backwards(made: Cuts) -> None:
    cut = made.cut("linear")
    assert find_unfrozen(cut.module, ["bits", "second"], 0) == []
    assert find_unfrozen(cut.module, ["bits", "second@2"], 1) == ["second"]
    assert find_unfrozen(cut.module, ["bits", "second"], 2) == ["bits", "second"]
    with pytest.raises(InputError, match="Take at most 2"):
        find_unfrozen(cut.module, ["bits", "second"], 3)


def test_multiply_adds_include_the_head(made: Cuts) -> None:
    assert count_multiply_adds(made.cut("conv1x1").module, (3, 8, 8)) == 64 * (3 * 2 + 2 * 2 + 2 * 5) + 5 * 2
