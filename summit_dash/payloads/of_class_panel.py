"""The panel of one class: its prototypes, dataset examples that are its own images, and its surprising channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from precompute.contract.schema import PROTOTYPE_METHODS
from summit_dash.payloads.numbers import shorten
from summit_dash.payloads.preview import find_strongest_nodes, locate
from summit_dash.payloads.surprising import build_surprising
from summit_dash.run.graphs import Node
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
        "examples": _list_examples(store, class_id),
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


def _list_examples(store: RunStore, class_id: int) -> list[dict[str, Any]]:
    """Lists the addresses of examples by `locate`, those of the strongest channels of the last layer first."""
    if not (store.has("dataset_examples") and store.has("attribution_graph_nodes")):
        return []
    found: dict[int, dict[str, Any]] = {}
    for node in find_strongest_nodes(store.graph(class_id)):
        for image_id, entry in _list_examples_of_node(store, class_id, node):
            found.setdefault(image_id, entry)
    return list(found.values())[:_N_EXAMPLES]


def _list_examples_of_node(store: RunStore, class_id: int, node: Node) -> list[tuple[int, dict[str, Any]]]:
    return [
        (example.image_id, locate(node.channel, example))
        for example in store.pictures.list_examples(node.channel, class_id)
        if example.image_id is not None  # unknown in imported runs
    ]
