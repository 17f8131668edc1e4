"""The settings of pictures: defaults, digests that runs are resumed by, and the size that nobody asked for."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from precompute.feature_visualization.ascent.config import (
    METHODS,
    OptimizationConfig,
    PlateauConfig,
    TransformConfig,
    VisualizationConfig,
    choose_side,
)


def test_a_picture_of_an_earlier_run_keeps_its_fingerprint() -> None:
    """A change here would draw all pictures of all runs again."""
    assert VisualizationConfig().compute_fingerprint("abc") == "53bf9ceda7e7a868"
    changed = VisualizationConfig(size=(24, 36), method="maco", precision="float32", seed=3)
    assert changed.compute_fingerprint() == "4590942a8c0c9762"


@pytest.mark.parametrize(
    "change",
    [
        {"size": 96},
        {"n_steps": 64},
        {"method": "pixel"},
        {"learning_rate": 0.2},
        {"seed": 1},
        {"redirected_steps": 0},
        {"diversity_weight": 0.5},
        {"transforms": TransformConfig(jitter=0.1)},
        {"plateau": PlateauConfig(window=0)},
        {"webp_quality": 90},
        {"precision": "float32"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_setting_that_changes_pictures_changes_the_fingerprint(change: dict[str, Any]) -> None:
    config = VisualizationConfig()
    assert replace(config, **change).compute_fingerprint() != config.compute_fingerprint()


@pytest.mark.parametrize(
    "change", [{"batch_size": 4}, {"device": "cuda:0"}, {"threads": 2}], ids=lambda change: next(iter(change))
)
def test_a_setting_of_speed_alone_keeps_the_fingerprint(change: dict[str, Any]) -> None:
    config = VisualizationConfig()
    assert replace(config, **change).compute_fingerprint("images") == config.compute_fingerprint("images")


def test_other_images_change_the_fingerprint() -> None:
    config = VisualizationConfig()
    assert config.compute_fingerprint("some images") != config.compute_fingerprint("other images")


def test_the_learning_rate_in_the_settings_is_the_one_that_was_used() -> None:
    rates = {method: VisualizationConfig(method=method).settings["learning_rate"] for method in METHODS}
    assert rates == {"fourier": 0.1, "pixel": 0.05, "maco": 0.1}
    assert VisualizationConfig(method="pixel", learning_rate=0.3).settings["learning_rate"] == 0.3
    given = VisualizationConfig(method="pixel", learning_rate=0.05)
    assert given.compute_fingerprint() == VisualizationConfig(method="pixel").compute_fingerprint()


def test_one_number_is_a_square() -> None:
    assert OptimizationConfig(size=96).shape == (96, 96)
    assert OptimizationConfig(size=(24, 36)).shape == (24, 36)
    assert (
        VisualizationConfig(size=96).compute_fingerprint() == VisualizationConfig(size=(96, 96)).compute_fingerprint()
    )


@pytest.mark.parametrize(
    ("height", "width", "side"), [(224, 299, 128), (128, 128, 128), (96, 200, 96), (300, 64, 64), (1, 1, 1)]
)
def test_a_picture_is_no_larger_than_the_models_input(height: int, width: int, side: int) -> None:
    assert choose_side(height, width) == side


def test_defaults_are_read_without_torch() -> None:
    """The command line shows them in --help, where torch may not be installed."""
    names = ("ascent.config", "channels.config", "prototypes.config")
    imports = "; ".join(f"import precompute.feature_visualization.{name}" for name in names)
    code = f"import sys; sys.modules['torch'] = None; {imports}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
