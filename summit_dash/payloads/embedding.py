"""The points of the classes in the embedding of every layer."""

from __future__ import annotations

from typing import Any

from summit_dash.figures.embedding_page import build_embedding_parts
from summit_dash.run.store import RunStore

__all__ = ["build_embedding"]


def build_embedding(store: RunStore) -> dict[str, Any]:
    """Builds `x` and `y` by layer, along the classes, and the `parts` of the figure by theme.

    A class without a point has None. One payload holds all layers, because a move between two of them shows both.

    Raises:
        InputError: the run has no table of embeddings.
    """
    points = {layer: store.read_embedding(layer) for layer in store.layers}
    return {
        "x": {layer: _list_coordinates(store, points[layer], 0) for layer in store.layers},
        "y": {layer: _list_coordinates(store, points[layer], 1) for layer in store.layers},
        "parts": {theme: build_embedding_parts(theme) for theme in ("light", "dark")},
    }


def _list_coordinates(store: RunStore, points: dict[int, tuple[float, float]], axis: int) -> list[float | None]:
    return [round(points[class_id][axis], 3) if class_id in points else None for class_id in store.classes]
