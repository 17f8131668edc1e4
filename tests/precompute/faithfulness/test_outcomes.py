from __future__ import annotations

import numpy as np
import pytest
import torch

from precompute.devices.cores import Parallel
from precompute.faithfulness.ablation import AblatedModel
from precompute.faithfulness.config import FaithfulnessConfig
from precompute.faithfulness.outcomes import Prover
from precompute.faithfulness.trials import ClassPlan, Masks, Trial, list_trials
from precompute.models.graph.probabilities import Probabilities
from tests.reference.ablation import compute_means, run_toy
from tests.support.toy_network import CPU, IMAGES, ExportedToy, Toy, export_toy

N_CHANNELS = [3, 4]
N_KEPT = [1, 2]
PLAN = ClassPlan(
    0, {"pagerank": [np.arange(n) for n in N_CHANNELS], "effect": [np.arange(n)[::-1] for n in N_CHANNELS]}
)


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


def build_prover(toy: ExportedToy, parallel: Parallel) -> Prover:
    prover = Prover(AblatedModel(toy.model, toy.layers, CPU), Probabilities(), parallel)
    prover.set_replacements([total / len(IMAGES) for total in prover.sum_summaries(IMAGES)[0]])
    return prover


def find_means() -> list[list[float]]:
    values = [run_toy(Toy(), image)[:2] for image in IMAGES]
    return [compute_means([value[layer] for value in values]) for layer in range(2)]


def test_every_trial_is_as_the_reference(toy: ExportedToy) -> None:
    config = FaithfulnessConfig(n_repeats=3, factors=(0.0, 1.0, 2.0), layer_factors=(1.0,))
    trials, masks = list_trials(N_KEPT, N_CHANNELS, config), Masks(PLAN, N_CHANNELS, 0)
    with Parallel(CPU, 2) as parallel:
        found = build_prover(toy, parallel).run_trials(IMAGES, [0], trials, masks)
    assert found.is_right.shape == found.log_probability.shape == (2, 1 + len(trials))
    for image in range(2):
        for column, trial in enumerate([None, *trials]):
            removed = [set() if trial is None else set(np.flatnonzero(~masks.find_kept(trial, i))) for i in range(2)]
            logits = run_toy(Toy(), IMAGES[image], removed, find_means())[2]
            assert found.log_probability[image, column] == pytest.approx(float(logits.log_softmax(0)[0]), abs=1e-5)
            assert found.is_right[image, column] == bool(logits[0] >= logits[1])


def test_numbers_do_not_depend_on_what_runs_together(toy: ExportedToy) -> None:
    trials, masks = list_trials(N_KEPT, N_CHANNELS, FaithfulnessConfig()), Masks(PLAN, N_CHANNELS, 0)
    with Parallel(CPU, 2) as parallel:
        prover = build_prover(toy, parallel)
        together = prover.run_trials(IMAGES, [0], trials, masks)
        alone = [prover.run_trials(IMAGES[i : i + 1], [0], trials, masks) for i in range(2)]
    assert (together.log_probability == np.concatenate([each.log_probability for each in alone])).all()


def test_effects_are_the_first_order_change_of_the_log_probability(toy: ExportedToy) -> None:
    """Images without zeros and ties, where the network has no kink."""
    images = torch.rand(2, 3, 1, 2, generator=torch.Generator().manual_seed(3)) + 0.5
    with Parallel(CPU, 1) as parallel:
        prover = build_prover(toy, parallel)
        found = prover.measure_effects(images, [0])
    means, step = find_means(), 1e-3
    for layer, n in enumerate(N_CHANNELS):
        for channel in range(n):
            expected = 0.0
            for image in images:
                *values, logits = run_toy(Toy(), image)
                before = values[layer][channel]
                after = run_moved(layer, channel, before + step * (means[layer][channel] - before), image)
                expected += float(logits.log_softmax(0)[0] - after.log_softmax(0)[0]) / step
            assert float(found[layer][channel]) == pytest.approx(expected, abs=5e-3)


@torch.no_grad()
def run_moved(layer: int, channel: int, moved: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Runs the toy with one channel's map replaced by another map."""
    toy = Toy()
    first = torch.relu(toy.first(image[None]))
    if layer == 0:
        first = first.clone()
        first[0, channel] = moved
    branch = torch.relu(toy.expand(torch.relu(toy.reduce(first))))
    last = torch.relu(toy.halve(first) + first[:, 2:])
    second = torch.cat([torch.relu(toy.direct(first)), branch, last], dim=1)
    if layer == 1:
        second = second.clone()
        second[0, channel] = moved
    return toy.head(second.amax((2, 3)))[0]


def test_numbers_that_are_not_finite_are_no_accuracy(toy: ExportedToy) -> None:
    with Parallel(CPU, 1) as parallel:
        prover = Prover(AblatedModel(toy.model, toy.layers, CPU), Probabilities(), parallel)
        prover.set_replacements([torch.full((n, 1), float("inf")) for n in N_CHANNELS])
        with pytest.raises(Exception, match="finite"):
            prover.run_trials(IMAGES, [0], [Trial(None, "pagerank", "remove", (1, 2))], Masks(PLAN, N_CHANNELS, 0))
