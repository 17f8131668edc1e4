"""The choice of the target, and its score."""

from __future__ import annotations

import pytest
import torch

from precompute.contract.errors import InputError
from precompute.explanations.target import Target, choose_target, score

LOGITS = torch.tensor([1.0, 5.0, 3.0])
NAMES = ("ant", "bee", "7")


@pytest.mark.parametrize(
    ("wanted", "against", "expected"),
    [
        ("auto", None, Target(1)),
        ("auto", "none", Target(1)),
        ("auto", "auto", Target(1, 2)),
        ("ant", "auto", Target(0, 1)),
        ("bee", "auto", Target(1, 2)),
        ("ant", "bee", Target(0, 1)),
        (2, "0", Target(2, 0)),
        ("7", None, Target(2)),
    ],
)
def test_a_target_is_named_or_chosen(wanted: str | int, against: str | None, expected: Target) -> None:
    assert choose_target(LOGITS, wanted, against, NAMES) == expected


def test_an_unknown_class_is_refused_with_names_near_it() -> None:
    with pytest.raises(InputError, match=r"one of the model's 3 outputs.*There is no anti\. Near it: ant"):
        choose_target(LOGITS, "anti", None, NAMES)
    with pytest.raises(InputError, match=r"There is no 3\."):
        choose_target(LOGITS, 3)


def test_a_class_against_itself_is_refused() -> None:
    with pytest.raises(InputError, match="Found bee against itself"):
        choose_target(LOGITS, "bee", "bee", NAMES)


def test_a_score_is_a_logit_less_that_of_the_contrast() -> None:
    logits = torch.stack([LOGITS, 2 * LOGITS]).requires_grad_()
    scores = score(logits, [Target(1), Target(0, 2)])
    assert scores.tolist() == [5.0, -4.0]
    (gradient,) = torch.autograd.grad(scores.sum(), logits)
    assert gradient.tolist() == [[0, 1, 0], [1, 0, -1]]


def test_targets_that_do_not_fit_are_a_developers_error() -> None:
    with pytest.raises(ValueError, match="2 images have 1 targets"):
        score(torch.zeros(2, 3), [Target(0)])
    with pytest.raises(ValueError, match="outputs 0 to 2, and no 3"):
        score(torch.zeros(1, 3), [Target(0, 3)])
