"""The settings of prototypes in the manifest, by whose names a run knows what is drawn already."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from precompute.feature_visualization.ascent.image_statistics import ImageStatistics
from precompute.feature_visualization.prototypes.config import CODE_SPACE, PICTURE_SPACE, PrototypeConfig
from precompute.feature_visualization.prototypes.generators import LoadedGenerator
from precompute.feature_visualization.prototypes.settings import compute_fingerprint, describe_settings

CONFIG = PrototypeConfig(shape=(32, 24))
GENERATOR = LoadedGenerator(nn.Identity(), "build (decoder.py)", "ab" * 32, torch.zeros(6), torch.ones(6))
OTHER_COLOURS = ImageStatistics(mean=(0.1, 0.2, 0.3))


def test_a_prototype_of_an_earlier_run_keeps_its_fingerprint() -> None:
    """A change here would draw all prototypes of all runs again."""
    settings = describe_settings(CONFIG, PICTURE_SPACE, None, 5)
    assert compute_fingerprint(settings, ImageStatistics()) == "099230f8281f07e9"


def test_a_generator_decides_the_pictures_of_code_space_alone() -> None:
    code = describe_settings(CONFIG, CODE_SPACE, GENERATOR, 5)
    assert code["generator"] == {"name": "build (decoder.py)", "sha256": "ab" * 32, "code_size": 6}
    assert (code["n_candidates"], code["lambda"]) == (128, 0.0003) and "n_images" not in code
    picture = describe_settings(CONFIG, PICTURE_SPACE, GENERATOR, 5)
    assert picture == describe_settings(CONFIG, PICTURE_SPACE, None, 5)
    assert picture["n_images"] == 5 and not {"generator", "n_candidates"} & picture.keys()


def test_typical_codes_are_counted_as_the_candidates() -> None:
    typical = replace(GENERATOR, code_starts=torch.zeros((9, 6)))
    assert describe_settings(CONFIG, CODE_SPACE, typical, 0)["n_candidates"] == 9


@pytest.mark.parametrize("method", [CODE_SPACE, PICTURE_SPACE])
def test_settings_of_speed_alone_are_not_described(method: str) -> None:
    faster = replace(CONFIG, batch_size=2, threads=1, device="cuda:0")
    assert describe_settings(faster, method, GENERATOR, 5) == describe_settings(CONFIG, method, GENERATOR, 5)


def test_the_images_colours_decide_the_pictures_of_picture_space_alone() -> None:
    for method, is_decided in ((CODE_SPACE, False), (PICTURE_SPACE, True)):
        settings = describe_settings(CONFIG, method, GENERATOR, 5)
        names = {compute_fingerprint(settings, statistics) for statistics in (ImageStatistics(), OTHER_COLOURS)}
        assert len(names) == (2 if is_decided else 1), method


def test_every_described_setting_changes_the_fingerprint() -> None:
    settings = describe_settings(CONFIG, CODE_SPACE, GENERATOR, 5)
    names = {compute_fingerprint(settings | {key: "other"}, ImageStatistics()) for key in settings if key != "method"}
    assert len(names) == len(settings) - 1
    assert compute_fingerprint(settings, ImageStatistics()) not in names
