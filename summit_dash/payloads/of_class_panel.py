"""The panel of one class: its prototypes, dataset examples that are its own images, and its surprising channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from precompute.contract.schema import PROTOTYPE_METHODS
from summit_dash.payloads.examples import build_examples
from summit_dash.payloads.numbers import shorten
from summit_dash.payloads.preview import find_strongest_nodes
from summit_dash.payloads.surprising import build_surprising
from summit_dash.run.examples import Example
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import Prototype
from summit_dash.run.store import RunStore

__all__ = ["build_class_panel"]

_N_EXAMPLES = 10


def build_class_panel(store: RunStore, class_id: int) -> dict[str, Any]:
    """Builds `prototypes` in the schema's order of methods, and `examples` of the class's own images, each once.

    `surprising` is as `build_surprising` returns it.
    """
    prototypes, settings = store.pictures.read_prototypes(class_id), store.pictures.prototype_settings
    return {
        "prototypes": [
            _build_prototype(prototypes[method], settings.get(prototypes[method].settings, {}))
            for method in PROTOTYPE_METHODS
            if method in prototypes
        ],
        "command": f"summit-dash prototypes {store.path.name}",
        "examples": _build_own_images(store, class_id),
        "surprising": build_surprising(store, class_id),
    }


def _build_prototype(prototype: Prototype, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a prototype with its settings; `penalty` is lambda, `generator` is None where there is none."""
    return {
        "method": prototype.method,
        "log_probability": shorten(prototype.log_probability),
        "initial_log_probability": shorten(prototype.initial_log_probability),
        "n_steps": prototype.n_steps,
        "penalty": stated.get("lambda"),
        "generator": (stated.get("generator") or {}).get("name"),
        "code_size": (stated.get("generator") or {}).get("code_size"),
    }


def _build_own_images(store: RunStore, class_id: int) -> dict[str, list[Any]]:
    """Builds arrays along some of the class's images: `layer` and `channel`, and those of `build_examples`.

    Examples of the strongest channels of the last layer come first.
    """
    found: dict[int, tuple[Channel, Example]] = {}
    if store.has("dataset_examples") and store.has("attribution_graph_nodes"):
        for node in find_strongest_nodes(store.graph(class_id)):
            for example in store.pictures.list_examples(node.channel, class_id):
                if example.image_id is not None:  # unknown in imported runs
                    found.setdefault(example.image_id, (node.channel, example))
    chosen = list(found.values())[:_N_EXAMPLES]
    return {
        "layer": [channel.layer for channel, _ in chosen],
        "channel": [channel.channel for channel, _ in chosen],
        **build_examples(store, [example for _, example in chosen]),
    }
