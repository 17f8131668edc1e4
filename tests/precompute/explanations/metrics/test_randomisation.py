"""Randomisation: weights are shuffled from the top and restored, and the maps are compared by ranks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from precompute.explanations.explainer import Explainer
from precompute.explanations.metrics.randomisation import (
    compare_ranks,
    list_parameters,
    measure_randomisation,
    shuffle_weights,
)
from precompute.explanations.metrics.subject import Explain
from tests.reference.map_quality import compute_rank_correlation


def test_modules_are_listed_from_the_output(explainer: Explainer) -> None:
    assert [path for path, _ in list_parameters(explainer.exported)] == ["head", "second", "first"]
    assert [len(group) for _, group in list_parameters(explainer.exported)] == [2, 2, 2]


def test_shuffled_weights_are_restored_even_after_an_error(explainer: Explainer, images: Tensor) -> None:
    groups = list_parameters(explainer.exported)
    before = explainer.compute_logits(images)
    kept = [parameter.detach().clone() for _, group in groups for parameter in group]
    with pytest.raises(RuntimeError), shuffle_weights(groups[:1], 0):
        assert not torch.allclose(explainer.compute_logits(images), before)
        (weight, _) = groups[0][1]
        assert torch.equal(weight.flatten().sort().values, kept[0].flatten().sort().values), "the numbers stay"
        assert torch.equal(groups[1][1][0], kept[2]), "modules below are as before"
        raise RuntimeError
    assert torch.equal(explainer.compute_logits(images), before)


def test_a_map_of_the_image_alone_does_not_change(explainer: Explainer, images: Tensor) -> None:
    found = measure_randomisation(lambda: lambda x, _: x[:, 0], explainer.exported, images, stages=2)
    assert found.tolist() == [[pytest.approx(1.0)] * 4] * 2


def test_stages_re_initialise_more_and_more(explainer: Explainer, small: nn.Module, images: Tensor) -> None:
    changed: list[list[str]] = []
    known = {path: [p.detach().clone() for p in group] for path, group in list_parameters(explainer.exported)}

    def build() -> Explain:
        groups = list_parameters(explainer.exported)
        changed.append([path for path, group in groups if not torch.equal(group[0], known[path][0])])
        return lambda x, _: x[:, 0]

    measure_randomisation(build, explainer.exported, images, stages=3)
    assert changed == [[], ["head"], ["head", "second"], ["head", "second", "first"]]


def test_rank_correlation_is_that_of_the_definition() -> None:
    first, second = (torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(n)) for n in (1, 2))
    expected = [
        compute_rank_correlation(one.double().numpy(), two.double().numpy())
        for one, two in zip(first, second, strict=True)
    ]
    assert compare_ranks(first, second).tolist() == pytest.approx(expected, abs=1e-6)
    assert compare_ranks(first, first * 3 + 1).tolist() == pytest.approx([1.0] * 3)
    assert compare_ranks(first, -first).tolist() == pytest.approx([-1.0] * 3)


def test_a_flat_map_has_no_order_and_a_silent_network_no_likeness() -> None:
    flat, other = torch.ones(1, 2, 2), torch.arange(4.0).view(1, 2, 2)
    assert np.isnan(compare_ranks(flat, other).item())
    assert compare_ranks(other, flat).item() == 0.0
