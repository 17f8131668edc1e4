"""Objectives and the repulsion of pictures, against slow references."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from precompute.feature_visualization.ascent.objective import (
    ChannelObjective,
    DirectionObjective,
    LogProbabilityObjective,
    NeuronObjective,
    Objective,
    WeightedSum,
    compute_gram_similarity,
    view_as_maps,
)
from precompute.feature_visualization.ascent.optimize import build_objective
from precompute.models.graph.probabilities import Probabilities
from tests.reference.visualization import compute_direction_values, compute_gram_similarities, compute_log_probability

MAPS = torch.randn((8, 5, 3, 4), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
CHANNELS = torch.tensor([4, 0, 1, 1, 2, 3, 0, 4])
DIRECTIONS = torch.randn((8, 5), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
OUTPUTS = {0: (0,), 1: (1, 3), 5: (2,)}


def test_channel_and_negative_are_means_over_positions() -> None:
    expected = [np.mean([MAPS[b, c, y, x] for y in range(3) for x in range(4)]) for b, c in enumerate(CHANNELS)]
    np.testing.assert_allclose(ChannelObjective(CHANNELS)(MAPS), expected)
    np.testing.assert_allclose(build_objective("negative", CHANNELS)(MAPS), [-value for value in expected])


def test_a_neuron_is_the_centre() -> None:
    expected = [MAPS[b, c, 1, 2] for b, c in enumerate(CHANNELS)]
    assert NeuronObjective(CHANNELS)(MAPS).tolist() == expected


def test_of_logits_the_channel_is_the_class_output() -> None:
    logits = MAPS[:, :, 0, 0]
    for objective in (ChannelObjective(CHANNELS), NeuronObjective(CHANNELS)):
        assert objective(view_as_maps(logits)).tolist() == [logits[b, c] for b, c in enumerate(CHANNELS)]


@pytest.mark.parametrize("power", [0.0, 1.0, 2.5])
def test_a_direction_is_a_product_weighted_by_its_cosine(power: float) -> None:
    expected = compute_direction_values(MAPS.numpy(), DIRECTIONS.numpy(), power)
    np.testing.assert_allclose(DirectionObjective(DIRECTIONS, power)(MAPS), expected)


def test_a_sum_weighs_its_parts() -> None:
    parts: list[tuple[float, Objective]] = [(2.0, ChannelObjective(CHANNELS)), (-0.5, NeuronObjective(CHANNELS))]
    expected = 2 * parts[0][1](MAPS) - 0.5 * parts[1][1](MAPS)
    torch.testing.assert_close(WeightedSum(parts)(MAPS), expected)


@pytest.mark.parametrize(
    "objective",
    [
        ChannelObjective(CHANNELS, -1),
        NeuronObjective(CHANNELS),
        DirectionObjective(DIRECTIONS, 1.0),
        WeightedSum([(1.0, ChannelObjective(CHANNELS)), (3.0, DirectionObjective(DIRECTIONS))]),
    ],
)
def test_pictures_that_are_kept_keep_their_objective(objective: Objective) -> None:
    places = torch.tensor([6, 1, 3])
    torch.testing.assert_close(objective.keep(places)(MAPS[places]), objective(MAPS)[places])


@pytest.mark.parametrize("group", [2, 4, 8])
def test_similarity_is_the_cosine_of_gram_matrices_within_the_group(group: int) -> None:
    expected = compute_gram_similarities(MAPS.numpy(), group)
    np.testing.assert_allclose(compute_gram_similarity(MAPS, group), expected)


def test_equal_pictures_are_wholly_alike() -> None:
    torch.testing.assert_close(
        compute_gram_similarity(MAPS[:1].expand(4, -1, -1, -1), 4), torch.ones(4, dtype=torch.float64)
    )


def test_there_is_no_other_kind() -> None:
    with pytest.raises(ValueError, match="neutron"):
        build_objective("neutron", CHANNELS)


def test_the_objective_is_the_logarithm_of_the_probability_summed_over_a_class() -> None:
    logits = 4 * torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mask = torch.zeros(3, 4, dtype=torch.bool)
    for row, outputs in enumerate(OUTPUTS.values()):
        mask[row, list(outputs)] = True
    objective = LogProbabilityObjective(mask)
    expected = [compute_log_probability(row.tolist(), each) for row, each in zip(logits, OUTPUTS.values(), strict=True)]
    assert objective(view_as_maps(logits)).tolist() == pytest.approx(expected, rel=1e-12)
    assert objective.keep(torch.tensor([2, 0]))(logits[[2, 0]]).tolist() == pytest.approx([expected[2], expected[0]])


def test_of_outputs_that_do_not_sum_to_one_a_class_has_the_greatest() -> None:
    logits = 4 * torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mask = torch.zeros(3, 4, dtype=torch.bool)
    for row, outputs in enumerate(OUTPUTS.values()):
        mask[row, list(outputs)] = True
    objective = LogProbabilityObjective(mask, Probabilities(are_exclusive=False)).keep(torch.arange(3))
    expected = [
        math.log(max(1 / (1 + math.exp(-row[output])) for output in each))
        for row, each in zip(logits.tolist(), OUTPUTS.values(), strict=True)
    ]
    assert objective(view_as_maps(logits)).tolist() == pytest.approx(expected, rel=1e-12)


def test_its_gradient_is_finite_where_a_class_is_certain_or_hopeless() -> None:
    logits = torch.tensor([[90.0, 0.0, -90.0], [90.0, 0.0, -90.0]], requires_grad=True)
    mask = torch.tensor([[True, False, False], [False, False, True]])
    LogProbabilityObjective(mask)(logits).sum().backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all()
    torch.testing.assert_close(logits.grad[1], torch.tensor([-1.0, 0.0, 1.0]))
