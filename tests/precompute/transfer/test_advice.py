from __future__ import annotations

from typing import Any

import pytest

from precompute.transfer.advice import advise, build_sentence, compute_rank_correlation


def make(*figures: tuple[float, int]) -> list[dict[str, Any]]:
    """Returns rows of accuracy and multiply-adds, with an error of 0.02."""
    return [
        {"model": "net", "cut": f"layer{place}", "accuracy": accuracy, "standard_error": 0.02, "multiply_adds": cost,
         "parameters": 10 * cost, "milliseconds": 1 / cost, "n_images": 500, "ci_low": accuracy - 0.04,
         "ci_high": accuracy + 0.04, "logme": accuracy**2}
        for place, (accuracy, cost) in enumerate(figures)
    ]  # fmt: skip


def test_the_cheapest_within_one_standard_error_is_advised() -> None:
    rows = make((0.5, 1), (0.885, 2), (0.879, 3), (0.90, 9))
    advice = advise(rows, "multiply_adds")
    assert (advice.best, advice.within, advice.advised, advice.front) == (3, (1, 3), 1, (0, 1, 3))
    assert build_sentence(rows, advice) == (
        "Cut net after layer1: 88.5 % [84.5, 92.5] of 500 images held out, within one standard error of the best "
        "(net after layer3, 90.0 %), with 22 % of its multiply-adds, 22 % of its parameters and 450 % of its time."
    )


def test_another_cost_has_another_order() -> None:
    rows = make((0.5, 1), (0.885, 2), (0.90, 9))
    assert advise(rows, "milliseconds").advised == 2
    assert advise(rows, "milliseconds").front == (2,)


def test_the_best_alone_is_said_to_be_alone() -> None:
    rows = make((0.5, 1), (0.9, 2))
    assert build_sentence(rows, advise(rows, "parameters")).endswith(
        "the best of 2 cuts, and no cheaper one is within one standard error of it."
    )


def test_of_equal_cuts_the_cheaper_is_the_best() -> None:
    advice = advise(make((0.9, 5), (0.9, 2)), "multiply_adds")
    assert (advice.best, advice.advised, advice.front) == (1, 1, (1,))


def test_the_rank_correlation_needs_three_cuts() -> None:
    assert compute_rank_correlation(make((0.5, 1), (0.9, 2))) == {"n_cuts": 2, "spearman": None}
    assert compute_rank_correlation(make((0.5, 1), (0.9, 2), (0.7, 3)))["spearman"] == pytest.approx(1.0)
