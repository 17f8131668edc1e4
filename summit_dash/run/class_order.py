"""The order of classes along an axis: those that the model finds alike are neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from math import dist

from summit_dash.run.class_groups import group_classes
from summit_dash.run.store import RunStore

__all__ = ["order_classes"]


def order_classes(store: RunStore, class_ids: Iterable[int]) -> list[int]:
    """Orders classes by group, and within a group by the embedding of the last layer.

    The leftmost class of a group is its first, and each is followed by the nearest one that is left. Classes without a
    point come last, by class_id.

    Args:
        store: the run; without groups all classes are one group, without an embedding the order is that of class_id.
        class_ids: the classes to order, each once.
    """
    wanted = set(class_ids)
    groups = [group.class_ids for group in group_classes(store.classes)] or [tuple(store.classes)]
    points = store.read_embedding(store.layer_names[-1]) if store.has("embeddings") and store.layers else {}
    return [
        class_id for group in groups for class_id in _place_in_chain([each for each in group if each in wanted], points)
    ]


def _place_in_chain(class_ids: list[int], points: dict[int, tuple[float, float]]) -> list[int]:
    """Starts at the leftmost point and goes on to the nearest one that is left; ties by class_id."""
    left = sorted(class_id for class_id in class_ids if class_id in points)
    rest = sorted(class_id for class_id in class_ids if class_id not in points)
    chain: list[int] = []
    while left:
        chain.append(min(left, key=lambda each: _measure(points, each, chain[-1:])))
        left.remove(chain[-1])
    return chain + rest


def _measure(points: dict[int, tuple[float, float]], class_id: int, last: list[int]) -> float:
    """Returns the distance from the last class; the horizontal coordinate where there is none."""
    return dist(points[class_id], points[last[0]]) if last else points[class_id][0]
