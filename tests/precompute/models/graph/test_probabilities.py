"""Probabilities of outputs and classes, against their definitions."""

from __future__ import annotations

import torch

from precompute.models.graph.probabilities import Probabilities, rank_outputs


def test_a_class_of_several_outputs() -> None:
    logits = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, 3.0]], dtype=torch.float64)
    mask = torch.tensor([[True, False, True], [True, False, True]])
    softmax, sigmoid = logits.exp() / logits.exp().sum(1, keepdim=True), 1 / (1 + (-logits).exp())
    for probabilities, expected in (
        (Probabilities(), softmax[:, 0] + softmax[:, 2]),
        (Probabilities(are_exclusive=False), torch.maximum(sigmoid[:, 0], sigmoid[:, 2])),
    ):
        torch.testing.assert_close(probabilities.compute_for_class(logits, (0, 2)), expected)
        torch.testing.assert_close(probabilities.compute_log_for_classes(logits, mask), expected.log())


def test_ties_are_ranked_by_the_lower_output() -> None:
    logits = torch.randint(-2, 3, (40, 30), generator=torch.Generator().manual_seed(0)).float()
    expected = [sorted(range(30), key=lambda k, row=row: (-row[k], k)) for row in logits.tolist()]  # type: ignore[misc]
    assert rank_outputs(logits).tolist() == expected


def test_one_output_of_several_right_ones_has_the_probability_of_its_logit_alone() -> None:
    logits = torch.tensor([[1.0, 3.0, 4.0]]).log()
    torch.testing.assert_close(Probabilities().compute_for_outputs(logits), torch.tensor([[1 / 8, 3 / 8, 1 / 2]]))
    several = Probabilities(are_exclusive=False)
    torch.testing.assert_close(several.compute_for_outputs(logits), torch.tensor([[1 / 2, 3 / 4, 4 / 5]]))
    torch.testing.assert_close(several.compute_for_class(logits, [0, 1]), torch.tensor([3 / 4]))


def test_the_logarithm_of_a_tiny_probability_is_finite() -> None:
    logits = torch.tensor([[0.0, 500.0]])
    first = torch.tensor([[True, False]])
    assert Probabilities().compute_log_for_classes(logits, first).tolist() == [-500.0]
    assert Probabilities(are_exclusive=False).compute_log_for_classes(logits - 500, first).tolist() == [-500.0]
