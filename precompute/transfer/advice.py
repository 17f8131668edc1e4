"""The advice: the cheapest cut whose accuracy is within one standard error of the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Advice", "advise", "build_sentence", "compute_rank_correlation"]

Row = Mapping[str, Any]
_NAMES = {"multiply_adds": "multiply-adds", "parameters": "parameters", "milliseconds": "time"}


@dataclass(frozen=True)
class Advice:
    """The outcome, as places of rows of the table `cuts`.

    Attributes:
        best: the greatest accuracy; of equal ones the cheapest.
        within: those within one standard error of the best, which is one of them.
        advised: the cheapest of these.
        front: those than which no other is both cheaper and at least as accurate.
    """

    best: int
    within: tuple[int, ...]
    advised: int
    front: tuple[int, ...]


def advise(rows: Sequence[Row], cost: str) -> Advice:
    """Finds the advised cut, by the rule of one standard error (Breiman et al. 1984, section 3.4.3).

    Args:
        rows: of the table `cuts`, at least one.
        cost: one of `config.COSTS`; equal costs are ordered by the others.
    """

    def order(place: int) -> tuple[float, ...]:
        row = rows[place]
        return (row[cost], row["multiply_adds"], row["parameters"], place)

    places = range(len(rows))
    best = min(places, key=lambda place: (-rows[place]["accuracy"], order(place)))
    floor = rows[best]["accuracy"] - rows[best]["standard_error"]
    within = tuple(place for place in places if rows[place]["accuracy"] >= floor)
    front, greatest = [], -math.inf
    for place in sorted(places, key=lambda place: (rows[place][cost], -rows[place]["accuracy"], order(place))):
        if rows[place]["accuracy"] > greatest:
            front.append(place)
            greatest = rows[place]["accuracy"]
    return Advice(best, within, min(within, key=order), tuple(sorted(front)))


def build_sentence(rows: Sequence[Row], advice: Advice) -> str:
    """Builds the advice in one sentence: accuracy with its interval and n, and costs beside those of the best."""
    chosen, best = rows[advice.advised], rows[advice.best]
    told = (
        f"Cut {chosen['model']} after {chosen['cut']}: {100 * chosen['accuracy']:.1f} % "
        f"[{100 * chosen['ci_low']:.1f}, {100 * chosen['ci_high']:.1f}] of {chosen['n_images']:,} images held out"
    )
    if advice.advised == advice.best:
        return f"{told}, the best of {len(rows):,} cuts, and no cheaper one is within one standard error of it."
    shares = [
        f"{100 * chosen[name] / best[name]:.0f} % of its {word}" for name, word in _NAMES.items() if best[name] > 0
    ]
    return (
        f"{told}, within one standard error of the best ({best['model']} after {best['cut']}, "
        f"{100 * best['accuracy']:.1f} %), with {', '.join(shares[:-1])} and {shares[-1]}."
    )


def compute_rank_correlation(rows: Sequence[Row]) -> dict[str, Any]:
    """Computes the rank correlation of the quick estimate with the accuracy over all cuts (Spearman 1904).

    Returns:
        `n_cuts` and `spearman`, which is None for fewer than three cuts or where all are equal.
    """
    from scipy.stats import spearmanr

    estimates, accuracies = [row["logme"] for row in rows], [row["accuracy"] for row in rows]
    if len(rows) < 3 or len(set(estimates)) < 2 or len(set(accuracies)) < 2:
        return {"n_cuts": len(rows), "spearman": None}
    return {"n_cuts": len(rows), "spearman": float(spearmanr(estimates, accuracies).statistic)}
