"""The confusions of a whole run as cells of a map: a row per class or group, a column per what it was taken for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from summit_dash.run.class_groups import group_classes
from summit_dash.run.class_order import order_classes
from summit_dash.run.confusions import Confusions, Pairs, compute_confusions
from summit_dash.run.store import RunStore

__all__ = ["MOST_CLASSES", "N_STRONGEST", "Cell", "ConfusionMap", "Side", "find_strongest", "map_classes", "map_groups"]

MOST_CLASSES = 60
"""Number of classes up to which a map shows all of them."""
N_STRONGEST = 50
"""Number of pairs whose classes a map shows where there are more classes."""


class Side(NamedTuple):
    """A class or a group: it has a row for its images, and a column for the images taken for it.

    Attributes:
        key: class_id, or place of the group in the order of groups.
        group: place of its group; -1 where the run has no groups.
        n_images: its images that the model can be right about.
        n_wrong: those of which the most probable output does not mean their class.
    """

    key: int
    group: int
    n_images: int
    n_wrong: int


class Cell(NamedTuple):
    """Some images of a row that were taken for a column.

    Attributes:
        row: place in `ConfusionMap.sides` of what the images are.
        column: place in it of what they were taken for.
        n_images: number of these images.
        class_id: class of the strongest pair of classes in the cell.
        taken_for: the class that its images were taken for.
        n_strongest: images of this pair.
    """

    row: int
    column: int
    n_images: int
    class_id: int
    taken_for: int
    n_strongest: int


class ConfusionMap(NamedTuple):
    """Rows, which are the columns too, and those cells that hold an image, row by row."""

    sides: tuple[Side, ...]
    cells: tuple[Cell, ...]


def find_strongest(found: Confusions, n: int = N_STRONGEST) -> Pairs:
    """Finds the `n` pairs of most images; ties by the greater share of the class's images, then by class_id."""
    pairs = found.pairs
    share = pairs.n_images / found.n_images[np.searchsorted(found.class_ids, pairs.class_id)]
    return pairs.select(np.lexsort((pairs.taken_for, pairs.class_id, -share, -pairs.n_images))[:n])


def map_classes(store: RunStore) -> ConfusionMap:
    """Maps the confusions of the classes: of all up to `MOST_CLASSES`, else of those in the strongest pairs.

    Raises:
        InputError: the run does not hold what its images were taken for, or the outputs do not mean its classes.
    """
    found = compute_confusions(store)
    pairs = found.pairs
    if len(found.class_ids) <= MOST_CLASSES:
        shown = found.class_ids.tolist()
    else:
        strongest = find_strongest(found)
        shown = np.union1d(strongest.class_id, strongest.taken_for).tolist()
    ordered = order_classes(store, shown)
    among = np.isin(pairs.class_id, shown) & np.isin(pairs.taken_for, shown)
    places = {class_id: place for place, class_id in enumerate(ordered)}
    return ConfusionMap(tuple(_list_sides(store, found, ordered)), _list_cells(pairs.select(among), places))


def map_groups(store: RunStore) -> ConfusionMap | None:
    """Maps the confusions of the groups, within a group too; None where the run has fewer than two groups.

    Raises:
        InputError: the run does not hold what its images were taken for, or the outputs do not mean its classes.
    """
    found = compute_confusions(store)
    groups = group_classes(store.classes)
    if len(groups) < 2:
        return None
    places = {class_id: place for place, group in enumerate(groups) for class_id in group.class_ids}
    of_class = [places[class_id] for class_id in found.class_ids.tolist()]
    n_images, n_wrong = (np.bincount(of_class, n, minlength=len(groups)) for n in (found.n_images, found.n_wrong))
    sides = [Side(place, place, int(n_images[place]), int(n_wrong[place])) for place in range(len(groups))]
    return ConfusionMap(tuple(sides), _list_cells(found.pairs, places))


def _list_sides(store: RunStore, found: Confusions, ordered: Iterable[int]) -> Iterable[Side]:
    groups = group_classes(store.classes)
    of_class = {class_id: place for place, group in enumerate(groups) for class_id in group.class_ids}
    for class_id in ordered:
        row = int(np.searchsorted(found.class_ids, class_id))
        yield Side(class_id, of_class.get(class_id, -1), int(found.n_images[row]), int(found.n_wrong[row]))


def _list_cells(pairs: Pairs, places: Mapping[int, int]) -> tuple[Cell, ...]:
    """Adds pairs of classes by their places; a cell names the pair of most images, of several the lowest."""
    members: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
    for class_id, taken_for, n_images in zip(*(column.tolist() for column in pairs), strict=True):
        members[places[class_id], places[taken_for]].append((-n_images, class_id, taken_for))
    cells = []
    for (row, column), found in sorted(members.items()):
        strongest, class_id, taken_for = min(found)
        cells.append(Cell(row, column, -sum(n for n, *_ in found), class_id, taken_for, -strongest))
    return tuple(cells)
