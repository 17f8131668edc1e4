"""The section 'Where to begin': places of a run that are worth a look."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from summit_dash.payloads.links import write_link
from summit_dash.payloads.stories import build_stories
from summit_dash.run.graphs import Channel
from summit_dash.run.store import ClassInfo, RunStore
from summit_dash.run.text import format_cosine, format_part, format_percent, label_classes

__all__ = ["build_tour"]


class Pair(NamedTuple):
    """Two classes that the model treats alike, and the cosine of their activation counts at a layer."""

    a: ClassInfo
    b: ClassInfo
    cosine: float


def build_tour(store: RunStore) -> list[dict[str, Any]]:
    """Builds a section that links to places of the run, where it has any, and one per story of its manifest."""
    steps = [step for step in (_show_worst(store), _show_closest(store), _show_most_used(store)) if step]
    tour = {"id": "tour", "title": "Where to begin", "blocks": [{"ol": [" ".join(step.split()) for step in steps]}]}
    return [*([tour] if steps else []), *build_stories(store)]


def _name_class(store: RunStore, info: ClassInfo) -> str:
    return " ".join(filter(None, label_classes(store.classes)[info.class_id]))


def _show_worst(store: RunStore) -> str | None:
    known = [info for info in store.classes.values() if info.top1_accuracy is not None]
    if not known:
        return None
    worst = min(known, key=lambda info: (info.top1_accuracy or 0.0, info.class_id))
    name = write_link(_name_class(store, worst), **{"class": worst.class_id, "view": "graph"})
    share = format_percent(worst.top1_accuracy)
    return f"The class that the model gets wrong most often: {name}, right in {share} of {worst.n_images:,} images."


def _show_closest(store: RunStore) -> str | None:
    if not store.has("activations") or len(store.classes) < 2:
        return None
    layer = store.layer_names[-1]
    pair = find_closest_pair(store, layer)
    fields = {"class": pair.a.class_id, "vs": pair.b.class_id, "view": "compare", "layer": layer}
    names = write_link(f"{_name_class(store, pair.a)} and {_name_class(store, pair.b)}", **fields)
    return f"The two classes that are most alike at the last layer: {names}, cosine {format_cosine(pair.cosine)}."


_BLOCK = 512
"""Classes that are compared with all others at once."""


def find_closest_pair(store: RunStore, layer: str) -> Pair:
    """Finds the two classes of greatest cosine at a layer; ties by lower ids. The run has two classes or more."""
    unit = store.read_unit_counts(layer)
    infos = list(store.classes.values())
    best = Pair(infos[0], infos[1], float("-inf"))
    for start in range(0, len(unit), _BLOCK):  # all cosines of 21,000 classes would fill 1.8 GB
        cosines = unit[start : start + _BLOCK] @ unit[start:].T
        cosines[np.tril_indices(len(cosines), m=cosines.shape[1])] = -1.0  # each pair once, no class with itself
        first, second = np.unravel_index(int(np.argmax(cosines)), cosines.shape)
        if cosines[first, second] > best.cosine and first != second:
            best = Pair(infos[start + first], infos[start + second], float(cosines[first, second]))
    return best


def _show_most_used(store: RunStore) -> str | None:
    if not store.has("activations"):
        return None
    layer = store.layer_names[-1]
    n_classes = (store.read_counts(layer) > 0).sum(axis=0)
    channel = Channel(layer, int(np.argmax(n_classes)))
    n = int(n_classes[channel.channel])
    name = write_link(channel.channel_id, view="channels", layer=layer, channel=channel.channel)
    share = format_part(n, len(store.classes))
    return f"The channel of {layer} that most classes use: {name}, strong in images of {share} classes." if n else None
