"""What every view needs: classes, groups, layers, and how influences were measured."""

from __future__ import annotations

from typing import Any

from summit_dash.run.class_groups import FOLDED_FROM, SHOWN_FROM, group_classes
from summit_dash.run.layer_names import shorten_layer_names
from summit_dash.run.measures import describe, describe_measures, name_measures
from summit_dash.run.store import RunStore
from summit_dash.run.text import NO_ACCURACY, NO_ACCURACY_IMPORTED, label_classes

__all__ = ["build_overview"]


def build_overview(store: RunStore) -> dict[str, Any]:
    """The run as a whole; the first thing that a page reads."""
    return {
        "name": store.name,
        "facts": {
            "model": store.model_name,
            "dataset": store.dataset_name,
            "n_classes": len(store.classes),
            "n_images": store.n_images,
        },
        "has": {
            "accuracy": store.has_accuracy,
            "histograms": any(info.probability_histogram is not None for info in store.classes.values()),
            "activations": store.has("activations"),
            "graphs": store.has("attribution_graph_nodes"),
            "embeddings": store.has("embeddings"),
            "channels": store.has("channels"),
        },
        "kinds": store.pictures.all_visualization_kinds,
        "image_size": store.pictures.kept_examples.images.size,
        "no_accuracy": NO_ACCURACY_IMPORTED if store.manifest.get("imported") else NO_ACCURACY,
        "layers": _layers(store),
        "measures": _measures(store),
        "groups": _groups(store),
        "classes": _classes(store),
    }


def _layers(store: RunStore) -> list[dict[str, Any]]:
    """In order from the input. `measure` tells how influences on the layer were measured, where the run knows."""
    shorts = shorten_layer_names(store.layer_names)
    links = [store.links.get(layer) for layer in store.layers]
    return [
        {
            "layer": info.layer,
            "short": short,
            "n_channels": info.n_channels,
            "receptive_field": info.receptive_field,
            "measure": {"name": link.influence, "text": describe(link)} if link else None,
        }
        for info, short, link in zip(store.layers.values(), shorts, links, strict=True)
    ]


def _measures(store: RunStore) -> dict[str, str] | None:
    """All measures of influence in use, by name and in words; None where the run does not tell."""
    links = [store.links[layer] for layer in store.layers if layer in store.links]
    return {"name": name_measures(links), "text": describe_measures(links)} if links else None


def _groups(store: RunStore) -> dict[str, Any] | None:
    """The super-classes in order; None where no class has one."""
    groups = group_classes(store.classes)
    if not groups:
        return None
    return {
        "names": [group.name for group in groups],
        "rest": [group.group is None for group in groups],
        "shown": len(store.classes) >= SHOWN_FROM and len(groups) > 1,
        "folded": len(store.classes) >= FOLDED_FROM,
    }


def _classes(store: RunStore) -> dict[str, list[Any]]:
    """Arrays along the classes. `mark` tells classes of one name apart; `group` is a place in the groups, or None."""
    labels = label_classes(store.classes)
    places = {
        class_id: place
        for place, group in enumerate(group_classes(store.classes))
        for class_id in group.class_ids
    }  # fmt: skip
    infos = list(store.classes.values())
    return {
        "id": [info.class_id for info in infos],
        "name": [labels[info.class_id][0] for info in infos],
        "mark": [labels[info.class_id][1] for info in infos],
        "full": [info.class_name for info in infos],
        "synset": [info.synset or "" for info in infos],
        "group": [places.get(info.class_id) for info in infos],
        "n": [info.n_images for info in infos],
        "top1": [_short(info.top1_accuracy) for info in infos],
        "top5": [_short(info.top5_accuracy) for info in infos],
        "bins": [None if info.probability_histogram is None else list(info.probability_histogram) for info in infos],
    }


def _short(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction, 6)
