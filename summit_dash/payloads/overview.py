"""The data that every view needs: classes, groups, layers, measures of influence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summit_dash.figures.histogram import build_histogram_parts
from summit_dash.figures.shared_bars import build_shared_bars_parts
from summit_dash.graph.stylesheet import build_stylesheet
from summit_dash.graph.theme import PALETTES
from summit_dash.run.class_groups import FOLDED_FROM, SHOWN_FROM, group_classes
from summit_dash.run.confusions import has_confusions
from summit_dash.run.layer_names import shorten_layer_names
from summit_dash.run.measures import describe_link, describe_measures, name_measures
from summit_dash.run.output_channels import name_output_channels
from summit_dash.run.probes import read_probes
from summit_dash.run.store import RunStore
from summit_dash.run.text import NO_ACCURACY, NO_ACCURACY_IMPORTED, label_classes

__all__ = ["build_overview"]


def build_overview(store: RunStore) -> dict[str, Any]:
    """Builds the overview of a run, which a page reads first."""
    return {
        "name": store.name,
        "facts": {
            "model": store.model_name,
            "dataset": store.dataset_name,
            "n_classes": len(store.classes),
            "n_images": store.n_images,
            "n_images_of_classes": store.n_images_of_classes,
        },
        "has": {
            "accuracy": store.has_accuracy,
            "histograms": any(info.probability_histogram is not None for info in store.classes.values()),
            "activations": store.has("activations"),
            "graphs": store.has("attribution_graph_nodes"),
            "graphs_by_effect": store.has_graphs_by_effect,
            "embeddings": store.has("embeddings"),
            "channels": store.has("channels"),
            "confusions": has_confusions(store),
        },
        "effect_images": _count_effect_images(store.manifest.get("faithfulness", {})),
        "kinds": store.pictures.all_visualization_kinds,
        "stylesheets": {theme: build_stylesheet(theme) for theme in PALETTES},
        "figures": {
            theme: {"histogram": build_histogram_parts(theme), "bars": build_shared_bars_parts(theme)}
            for theme in PALETTES
        },
        "image_size": store.pictures.kept_examples.images.size,
        "no_accuracy": NO_ACCURACY_IMPORTED if store.manifest.get("imported") else NO_ACCURACY,
        "layers": _build_layers(store),
        "measures": _build_measures(store),
        "groups": _build_groups(store),
        "classes": _build_classes(store),
    }


def _build_layers(store: RunStore) -> list[dict[str, Any]]:
    """Returns the layers in order from the input; `measure` of the influences on one is None where it is unknown.

    `outputs` names the outputs that the channels of the last layer are; None where they are none.
    """
    shorts = shorten_layer_names(store.layer_names)
    outputs = name_output_channels(store)
    links = [store.links.get(layer) for layer in store.layers]
    probes = {row["layer"]: row for row in store.read_once("probes", lambda: read_probes(store))}
    return [
        {
            "layer": info.layer,
            "short": short,
            "n_channels": info.n_channels,
            "receptive_field": info.receptive_field,
            "measure": {"name": link.influence, "text": describe_link(link)} if link else None,
            "probe": _describe_probe(probes.get(info.layer)),
            "outputs": outputs if info.layer == store.layer_names[-1] else None,
        }
        for info, short, link in zip(store.layers.values(), shorts, links, strict=True)
    ]


def _count_effect_images(settings: Mapping[str, Any]) -> int | None:
    """Counts the images of a class, at most, from which effects were estimated; None where none was."""
    n_images = settings.get("images_per_class")
    return None if n_images is None else min(n_images, settings.get("effect_images", n_images))


def _describe_probe(row: dict[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    shares = {name: _round(row[name]) for name in ("accuracy", "ci_low", "ci_high")}
    return {**shares, "n_images": row["n_images"]}


def _build_measures(store: RunStore) -> dict[str, str] | None:
    """Returns the names and the description of the measures of influence; None where the run does not state them."""
    links = [store.links[layer] for layer in store.layers if layer in store.links]
    return {"name": name_measures(links), "text": describe_measures(links)} if links else None


def _build_groups(store: RunStore) -> dict[str, Any] | None:
    """Returns the super-classes in order; None where no class has one."""
    groups = group_classes(store.classes)
    if not groups:
        return None
    return {
        "names": [group.name for group in groups],
        "rest": [group.group is None for group in groups],
        "shown": len(store.classes) >= SHOWN_FROM and len(groups) > 1,
        "folded": len(store.classes) >= FOLDED_FROM,
    }


def _build_classes(store: RunStore) -> dict[str, list[Any]]:
    """Returns arrays along the classes. `mark` separates classes of one name; `group` is an index, or None."""
    labels = label_classes(store.classes)
    groups = {
        class_id: index for index, group in enumerate(group_classes(store.classes)) for class_id in group.class_ids
    }
    infos = list(store.classes.values())
    return {
        "id": [info.class_id for info in infos],
        "name": [labels[info.class_id][0] for info in infos],
        "mark": [labels[info.class_id][1] for info in infos],
        "full": [info.class_name for info in infos],
        "synset": [info.synset or "" for info in infos],
        "group": [groups.get(info.class_id) for info in infos],
        "n": [info.n_images for info in infos],
        "top1": [_round(info.top1_accuracy) for info in infos],
        "top5": [_round(info.top5_accuracy) for info in infos],
        "bins": [None if info.probability_histogram is None else list(info.probability_histogram) for info in infos],
    }


def _round(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction, 6)
