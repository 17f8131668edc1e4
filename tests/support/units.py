"""The inputs of the pass for a small model and six images, from which engines make units."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.stage import MadeUnit, PassInputs, PassSpeed
from precompute.aggregate.units import Unit, UnitKey, plan_units
from precompute.contract.labelled import LabelledImage
from precompute.contract.progress import Advance
from precompute.datasets.sources.open import open_images
from precompute.engines.local import LocalEngine
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.pipeline.inputs import prepare
from tests.support.small import write_small

__all__ = ["SPEED", "SmallPass", "assert_units_alike", "make_units", "prepare_small_pass"]

SPEED = PassSpeed(batch_size=2, workers=0, device=torch.device("cpu"))


class SmallPass(NamedTuple):
    """The inputs and settings of a pass, and the images of its units: a unit of two and a unit of one per class."""

    inputs: PassInputs
    config: AggregateConfig
    units: dict[UnitKey, Sequence[LabelledImage]]


def prepare_small_pass(folder: Path) -> SmallPass:
    """Writes the small model and three images per class into a folder, and prepares the pass."""
    write_small(folder, n_images=3)
    model = ModelConfig(f"{folder}/model.py:build", f"{folder}/weights.safetensors", f"{folder}/input.toml")
    config = AggregateConfig(chunk_size=2)
    inputs = prepare(load_model(model), open_images(f"{folder}/images"), None, config)
    return SmallPass(inputs, config, dict(plan_units(inputs.source, config.chunk_size)))


def make_units(small: SmallPass, fingerprint: str, advance: Advance) -> list[MadeUnit]:
    """Makes all units by the engine of this process."""
    return list(LocalEngine(small.inputs, small.config, SPEED).make(small.units, fingerprint, advance))


def assert_units_alike(one: Unit, other: Unit) -> None:
    """Checks that all counts of two units are equal, and their sums but for the last bits."""
    for name in vars(one.images):
        np.testing.assert_allclose(getattr(one.images, name), getattr(other.images, name), rtol=1e-5, err_msg=name)
    for mine, theirs in zip(one.layers, other.layers, strict=True):
        np.testing.assert_array_equal(mine.activation_count, theirs.activation_count)
        np.testing.assert_allclose(mine.activation_sum, theirs.activation_sum, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(mine.examples.image_id, theirs.examples.image_id)
        np.testing.assert_array_equal(mine.examples.position, theirs.examples.position)
    for links, of_other in zip(one.influences, other.influences, strict=True):
        for mine_pairs, their_pairs in zip(links, of_other, strict=True):
            for name in ("target_channel", "source", "influence_count"):
                np.testing.assert_array_equal(getattr(mine_pairs, name), getattr(their_pairs, name))
            np.testing.assert_allclose(mine_pairs.influence_sum, their_pairs.influence_sum, rtol=1e-4)
