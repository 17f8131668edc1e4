"""The surprising channels of a class: used by it, and not by its kin, or excited most by images of other kinds.

Two signals, each about one channel of the class's attribution graph:

- *Odd among its kin*: the class leans on the channel, and its kin do not. Its kin are the other classes of its group.
  A class without such has the five most similar ones: the greatest mean, over the layers, of the cosine of their
  activation counts.
- *Foreign*: more than half of the channel's best examples over all classes are images of foreign classes, and yet the
  class leans on the channel, and the foreign classes do not. Foreign are the classes of other groups. To a class
  without a group, foreign are the classes that are farther from it, in the embedding of the channel's layer, than the
  median of all other classes.

A class *leans* on a channel, compared with others, where it is counted in at least a tenth of the class's images, in
a share at least twice that of the others' images, and beyond chance: Fisher's exact test, one-sided, on the counted
images of both (Fisher 1934, section 21.02). Bonferroni's correction multiplies the probability by the number of
channels of the graph. A mark is read by itself, so each must hold, not a share of them; and the channels of a graph
depend on each other, which this correction allows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from precompute.contract.errors import InputError
from summit_dash.run.graphs import Channel
from summit_dash.run.hypergeometric import compute_tail
from summit_dash.run.store import RunStore

__all__ = [
    "Evidence",
    "Findings",
    "Foreign",
    "Kin",
    "SurprisingChannel",
    "Use",
    "Yardstick",
    "explain_missing",
    "find_kin",
    "find_surprising",
    "gather_evidence",
    "judge_channels",
]

N_SIMILAR = 5
"""Number of classes that are the kin of a class without a group."""
LEAST_OF = 5
"""One in so many images of the class uses the channel, at least: a mark is about the class, not about a few images."""
LEAST_RATIO = 5
"""Least ratio of the class's share to that of the others. With many images a ratio near 1 is beyond chance too."""
SIGNIFICANCE = 0.05
"""Greatest probability, after the correction, that the class is not different."""
_RULE = "A channel is surprising by the images of all classes that use it."
_DIGITS = 5
"""Decimals of similarities that are compared, because sums of float32 differ by the order of the classes."""


class Yardstick(Enum):
    """The way in which the kin, or the foreign classes, of a class were found."""

    GROUP = "group"
    SIMILARITY = "similarity"
    EMBEDDING = "embedding"


@dataclass(frozen=True)
class Evidence:
    """The facts of a run that are judged.

    Attributes:
        groups: along the classes; None for a class without a group.
        n_images: (class,).
        layers: in order from the input.
        counts: `activation_count` of a layer, (class, channel).
        cosines: of the activation counts of the class in a row with those of every class, (class,) for each layer.
        points: the embedding of a layer, (class, 2), NaN where a class has no point; None where the run has none.
        best: rows of the classes of the best examples over all classes of a layer, (channel, rank), -1 where there is
            none; None where the run has none.
    """

    groups: Sequence[str | None]
    n_images: NDArray[np.int64]
    layers: Sequence[str]
    counts: Callable[[str], NDArray[np.integer]]
    cosines: Callable[[int], Sequence[NDArray[np.floating]]]
    points: Callable[[str], NDArray[np.float64]] | None
    best: Callable[[str], NDArray[np.int64]] | None


class Kin(NamedTuple):
    """The nearest classes of a class, as rows in the order of the classes, or most similar first."""

    rows: Sequence[int]
    by: Yardstick


class Use(NamedTuple):
    """The use of a channel by the images of a class and of others."""

    n_using: int
    n_images: int
    n_others_using: int
    n_others_images: int

    @property
    def share(self) -> float:
        """The share of the class's images."""
        return self.n_using / self.n_images

    @property
    def others_share(self) -> float:
        """The share of the others' images."""
        return self.n_others_using / self.n_others_images

    @property
    def excess(self) -> float:
        """The difference of the two shares, rounded so that equal fractions are equal."""
        return round(self.share - self.others_share, 9)


class Foreign(NamedTuple):
    """The best examples of a channel that are images of foreign classes, and the use by these classes."""

    n_foreign: int
    n_examples: int
    by: Yardstick
    use: Use


class SurprisingChannel(NamedTuple):
    """A surprising channel; `node` is its index in the graph's nodes. A signal that does not hold is None."""

    node: int
    channel: Channel
    foreign: Foreign | None
    odd: Use | None

    @property
    def strength(self) -> tuple[int, float]:
        """The number of signals, and the greatest excess of the class's share: greater is stronger."""
        uses = [use for use in (self.foreign and self.foreign.use, self.odd) if use]
        return len(uses), max(use.excess for use in uses)


class _Classes(NamedTuple):
    """The foreign classes of a class, (class,), and how they were found."""

    are_in: NDArray[np.bool_]
    by: Yardstick


class _ChannelsOfLayer(NamedTuple):
    """Some channels of one layer."""

    layer: str
    numbers: list[int]


class Findings(NamedTuple):
    """The surprising channels of a class, strongest first, and its kin."""

    channels: Sequence[SurprisingChannel]
    kin: Kin


def find_kin(evidence: Evidence, mine: int) -> Kin:
    """Finds the kin of the class in row `mine`."""
    groups = evidence.groups
    of_group = [row for row, group in enumerate(groups) if group == groups[mine] is not None and row != mine]
    if of_group:
        return Kin(of_group, Yardstick.GROUP)
    similarity = np.mean(evidence.cosines(mine), axis=0)
    order = np.argsort(-np.round(similarity, _DIGITS), kind="stable")
    return Kin([row for row in order.tolist() if row != mine][:N_SIMILAR], Yardstick.SIMILARITY)


def judge_channels(evidence: Evidence, mine: int, channels: Sequence[Channel]) -> Findings:
    """Judges the channels of the graph of the class in row `mine`.

    Strongest first: those of both signals before those of one, then by the greatest excess of the class's share.
    """
    kin = find_kin(evidence, mine)
    are_kin = np.zeros(len(evidence.groups), bool)
    are_kin[list(kin.rows)] = True
    of_other_groups = _find_other_groups(evidence, mine)
    found = []
    for layer in dict.fromkeys(channel.layer for channel in channels):
        nodes = [node for node, channel in enumerate(channels) if channel.layer == layer]
        here = _ChannelsOfLayer(layer, [channels[node].channel for node in nodes])
        odd = _compare_uses(evidence, mine, are_kin, here, len(channels))
        foreign_classes = of_other_groups or _find_far_classes(evidence, mine, layer)
        foreign = _judge_foreign(evidence, mine, foreign_classes, here, len(channels))
        found += [
            SurprisingChannel(node, channels[node], *signals)
            for node, signals in zip(nodes, zip(foreign, odd, strict=True), strict=True)
            if any(signals)
        ]
    return Findings(sorted(found, key=lambda each: (*(-value for value in each.strength), each.node)), kin)


def _find_other_groups(evidence: Evidence, mine: int) -> _Classes | None:
    """Finds the classes of other groups; None for a class without a group."""
    group = evidence.groups[mine]
    if group is None:
        return None
    return _Classes(np.array([other not in (None, group) for other in evidence.groups]), Yardstick.GROUP)


def _find_far_classes(evidence: Evidence, mine: int, layer: str) -> _Classes:
    """Finds the classes beyond the median distance in the embedding of a layer; none without an embedding."""
    if evidence.points is None:
        return _Classes(np.zeros(len(evidence.groups), bool), Yardstick.EMBEDDING)
    points = evidence.points(layer)
    distances = np.hypot(*(points - points[mine]).T)
    known = np.isfinite(distances)
    known[mine] = False
    middle = np.median(distances[known]) if known.any() else np.inf
    return _Classes(known & (distances > middle), Yardstick.EMBEDDING)


def _judge_foreign(
    evidence: Evidence, mine: int, foreign: _Classes, channels: _ChannelsOfLayer, n_tests: int
) -> list[Foreign | None]:
    """Returns the signal *foreign* of some channels; None for a channel where it does not hold."""
    if evidence.best is None:
        return [None] * len(channels.numbers)
    owners = evidence.best(channels.layer)[channels.numbers]
    n_examples = (owners >= 0).sum(axis=1).tolist()
    n_foreign = ((owners >= 0) & foreign.are_in[owners]).sum(axis=1).tolist()
    found: list[Foreign | None] = [None] * len(channels.numbers)
    mostly = [place for place, (n, every) in enumerate(zip(n_foreign, n_examples, strict=True)) if 2 * n > every]
    here = _ChannelsOfLayer(channels.layer, [channels.numbers[place] for place in mostly])
    for place, use in zip(mostly, _compare_uses(evidence, mine, foreign.are_in, here, n_tests), strict=True):
        if use:
            found[place] = Foreign(n_foreign[place], n_examples[place], foreign.by, use)
    return found


def _compare_uses(
    evidence: Evidence, mine: int, others: NDArray[np.bool_], channels: _ChannelsOfLayer, n_tests: int
) -> list[Use | None]:
    """Returns the use of some channels; None for a channel on which the class does not lean."""
    counts = evidence.counts(channels.layer)
    n_images, n_others = int(evidence.n_images[mine]), int(evidence.n_images[others].sum())
    if not n_images or not n_others:
        return [None] * len(channels.numbers)
    using = counts[mine, channels.numbers].tolist()
    numbers = np.array(channels.numbers, np.int64)
    theirs = counts[np.ix_(np.flatnonzero(others), numbers)]  # a few classes, or a few channels
    others_using = theirs.sum(axis=0, dtype=np.int64).tolist()
    uses = [Use(a, n_images, b, n_others) for a, b in zip(using, others_using, strict=True)]
    return [use if _is_leaning(use, n_tests) else None for use in uses]


def _is_leaning(use: Use, n_tests: int) -> bool:
    if LEAST_OF * use.n_using < use.n_images:
        return False
    if use.n_using * use.n_others_images < LEAST_RATIO * use.n_others_using * use.n_images:
        return False
    n_using = use.n_using + use.n_others_using
    probability = compute_tail(use.n_using, n_using, use.n_images, use.n_images + use.n_others_images)
    return probability * n_tests <= SIGNIFICANCE


def find_surprising(store: RunStore, class_id: int) -> Findings:
    """Finds the surprising channels of a class's graph; none where `explain_missing` says why."""
    if explain_missing(store):
        return Findings((), Kin((), Yardstick.GROUP))
    channels = [node.channel for node in store.graph(class_id).nodes]
    return judge_channels(gather_evidence(store), store.find_row(class_id), channels)


def explain_missing(store: RunStore) -> InputError | None:
    """Returns rule, reason and remedy where no channel of a run can be judged, else None."""
    if store.manifest.get("imported"):
        found = "The imported data holds the counts of some classes and channels only."
        return InputError(_RULE, found, "Make a run with the model and the images.")
    if not (store.has("activations") and store.has("attribution_graph_nodes")):
        missing = "attribution graphs" if store.has("activations") else "activations"
        return InputError(_RULE, f"This run has no {missing}.", "Make the run with the stages aggregate and graphs.")
    if len(store.classes) < 2:
        return InputError(_RULE, "One class is open.", "Open the run with more classes.")
    return None


def gather_evidence(store: RunStore) -> Evidence:
    """Gathers what a run knows; what is large is read once for the whole run, when it is first used."""
    infos = store.classes.values()
    return Evidence(
        groups=[info.group for info in infos],
        n_images=np.array([info.n_images for info in infos], np.int64),
        layers=store.layer_names,
        counts=store.read_counts,
        cosines=lambda row: list(store.cosines(row).values()),
        points=store.read_points if store.has("embeddings") else None,
        best=store.read_best_classes if store.has("dataset_examples") and store.has("images") else None,
    )
