"""The settings of prototypes, and those of the gradient ascent that they make."""

from __future__ import annotations

import pytest

from precompute.contract.schema import PROTOTYPE_METHODS
from precompute.feature_visualization.prototypes.config import CODE_SPACE, PICTURE_SPACE, PrototypeConfig


def test_both_methods_are_named_as_in_the_table() -> None:
    assert (CODE_SPACE, PICTURE_SPACE) == ("code-space", "picture-space") == PROTOTYPE_METHODS


@pytest.mark.parametrize(("method", "rate"), [(CODE_SPACE, 0.03), (PICTURE_SPACE, 0.1)])
def test_each_method_has_its_own_learning_rate(method: str, rate: float) -> None:
    config = PrototypeConfig(shape=(20, 30), n_steps=7, seed=5)
    ascent = config.build_optimization(method)
    assert (ascent.step_size, ascent.shape, ascent.n_steps, ascent.seed) == (rate, (20, 30), 7, 5)
    assert ascent.transforms == config.transforms


def test_a_class_is_never_silent_and_is_drawn_to_the_last_step() -> None:
    ascent = PrototypeConfig().build_optimization(PICTURE_SPACE)
    assert ascent.redirected_steps == 0 and ascent.plateau.window == 0


def test_a_change_of_one_configs_penalties_leaves_others_as_they_are() -> None:
    first, second = PrototypeConfig(), PrototypeConfig()
    assert first.penalties == second.penalties and first.penalties is not second.penalties
    assert first.learning_rates is not second.learning_rates
