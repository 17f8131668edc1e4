"""A model at a glance: its recorded layers in order, what feeds each, and its output layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from precompute.errors import InputError
from precompute.models.exported import ExportedModel, operator_name
from precompute.models.layers import RecordedLayer
from precompute.models.provenance import derive_links


@dataclass(frozen=True)
class LayerRow:
    """One recorded layer; sizes in pixels, `None` where a position has seen the whole image."""

    name: str
    module_type: str
    n_channels: int
    height: int
    width: int
    stride: int | None
    receptive_field: int | None
    fed_by: str


@dataclass(frozen=True)
class Inventory:
    """The layers, the module that makes the logits, and what stands in the way of traced influence, if anything."""

    layers: tuple[LayerRow, ...]
    output_layer: str
    problem: str | None


def take_inventory(model: ExportedModel, layers: Sequence[RecordedLayer]) -> Inventory:
    """Lists the recorded layers and derives their links."""
    feeding, problem = {}, None
    try:
        for link in derive_links(model, layers):
            feeding[link.target.name] = ", ".join(source.name for source in link.sources)
    except InputError as refused:
        problem = str(refused)
    rows = tuple(_row(layer, feeding.get(layer.name, "image" if problem is None else "?")) for layer in layers)
    return Inventory(rows, _output_layer(model), problem)


def _row(layer: RecordedLayer, fed_by: str) -> LayerRow:
    field = layer.receptive_field
    return LayerRow(
        layer.name,
        layer.module_type,
        layer.n_channels,
        layer.height,
        layer.width,
        field.stride if field else None,
        field.size if field else None,
        fed_by,
    )


def _output_layer(model: ExportedModel) -> str:
    stack = model.output.meta.get("nn_module_stack") or {}
    paths = [path for path, _ in stack.values() if path]
    return paths[-1] if paths else operator_name(model.output)
