"""The surprising channels of a class by the definition: loops, whole numbers and fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, dist, sqrt
from statistics import median

__all__ = ["Facts", "compute_p", "compute_similarity", "find_surprising", "list_kin"]

Verdict = tuple[int, tuple[int, int, Fraction] | None, tuple[int, int, int, int] | None]
"""Index of a channel; foreign examples, examples and excess; and using, images, others using, others' images."""


@dataclass(frozen=True)
class Facts:
    """A run in plain numbers; lists along the classes, layers by name."""

    groups: Sequence[str | None]
    n_images: Sequence[int]
    counts: Mapping[str, Sequence[Sequence[int]]]
    points: Mapping[str, Sequence[tuple[float, float] | None]]
    best: Mapping[str, Sequence[Sequence[int]]]


def find_surprising(facts: Facts, mine: int, kin: Sequence[int], channels: Sequence[tuple[str, int]]) -> list[Verdict]:
    """Finds the surprising channels of the class `mine` among those of its graph, strongest first."""
    found = []
    for index, (layer, channel) in enumerate(channels):
        foreign = judge_foreign(facts, mine, layer, channel, len(channels))
        odd = compare_use(facts, mine, kin, layer, channel, len(channels))
        if foreign or odd:
            excess = max([foreign[2]] if foreign else [], default=Fraction(0))
            if odd:
                excess = max(excess, Fraction(odd[0], odd[1]) - Fraction(odd[2], odd[3]))
            found.append((-(bool(foreign) + bool(odd)), -excess, index, foreign, odd))
    return [(index, foreign, odd) for _, _, index, foreign, odd in sorted(found, key=lambda each: each[:3])]


def list_kin(facts: Facts, mine: int) -> list[int]:
    """Lists the other classes of the group, else the five of greatest mean cosine over the layers."""
    others = [other for other in range(len(facts.groups)) if other != mine]
    if facts.groups[mine] is not None:
        of_group = [other for other in others if facts.groups[other] == facts.groups[mine]]
        if of_group:
            return of_group
    return sorted(others, key=lambda other: -compute_similarity(facts, mine, other))[:5]


def compute_similarity(facts: Facts, a: int, b: int) -> float:
    """Computes the mean over the layers of the cosine of the counts of two classes."""
    cosines = []
    for counts in facts.counts.values():
        product = sum(x * y for x, y in zip(counts[a], counts[b], strict=True))
        scale = sum(x * x for x in counts[a]) * sum(y * y for y in counts[b])
        cosines.append(product / sqrt(scale) if scale else 0.0)
    return sum(cosines) / len(cosines)


def list_foreign(facts: Facts, mine: int, layer: str) -> list[int]:
    """Lists the classes of other groups, else the ones beyond the median distance in the layer's embedding."""
    others = [other for other in range(len(facts.groups)) if other != mine]
    if facts.groups[mine] is not None:
        return [other for other in others if facts.groups[other] not in (None, facts.groups[mine])]
    points = facts.points.get(layer)
    here = points[mine] if points else None
    if points is None or here is None:
        return []
    distances = {other: dist(here, there) for other in others if (there := points[other]) is not None}
    return [other for other in distances if distances[other] > median(distances.values())]


def judge_foreign(facts: Facts, mine: int, layer: str, channel: int, n_tests: int) -> tuple[int, int, Fraction] | None:
    """Returns the foreign best examples, all of them, and the excess of the class's share; None where it is not."""
    classes = list_foreign(facts, mine, layer)
    examples = [owner for owner in facts.best.get(layer, [[]] * (channel + 1))[channel] if owner >= 0]
    n_foreign = sum(owner in classes for owner in examples)
    use = compare_use(facts, mine, classes, layer, channel, n_tests)
    if use is None or not 2 * n_foreign > len(examples):
        return None
    return n_foreign, len(examples), Fraction(use[0], use[1]) - Fraction(use[2], use[3])


def compare_use(
    facts: Facts, mine: int, others: Sequence[int], layer: str, channel: int, n_tests: int
) -> tuple[int, int, int, int] | None:
    """Returns the counts of the class and of others where the class leans on the channel and they do not, else None."""
    a, n = facts.counts[layer][mine][channel], facts.n_images[mine]
    b, m = sum(facts.counts[layer][o][channel] for o in others), sum(facts.n_images[o] for o in others)
    if n == 0 or m == 0:
        return None
    mine_share, their_share = Fraction(a, n), Fraction(b, m)
    leans = mine_share >= Fraction(1, 5) and mine_share >= 5 * their_share
    return (a, n, b, m) if leans and compute_p(a, n, b, m) * n_tests <= Fraction(1, 20) else None


def compute_p(a: int, n: int, b: int, m: int) -> Fraction:
    """Computes Fisher's exact probability that `a` or more of the `a + b` users are among the class's `n` images."""
    ways = [comb(n, k) * comb(m, a + b - k) for k in range(a + b + 1)]
    return Fraction(sum(ways[a:]), comb(n + m, a + b))
