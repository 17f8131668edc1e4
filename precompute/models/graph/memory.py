"""The memory that the values of a graph take, by the sizes that the export found."""

from __future__ import annotations

import math

import torch
from torch import fx

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import compute_size_for_one_image

__all__ = ["compute_bytes", "estimate_bytes"]


def compute_bytes(node: fx.Node) -> int:
    """Computes the bytes of a node's value for one image; of several results, those of all; 0 for other values."""
    value = node.meta.get("val")
    values = value if isinstance(value, tuple | list) else [value]
    return sum(
        math.prod(compute_size_for_one_image(size) for size in one.shape) * int(one.element_size())
        for one in values
        if isinstance(one, torch.Tensor)
    )


def estimate_bytes(model: ExportedModel, *, with_gradients: bool) -> int:
    """Estimates the memory that an image takes while a model computes it, in bytes.

    Values count once, although some are freed early: libraries take room of their own. With gradients, values are held
    to the end, and their gradients come and go: they count twice.
    """
    values = sum(compute_bytes(node) for node in model.graph.nodes if model.depends_on_input(node))
    return (2 if with_gradients else 1) * values
