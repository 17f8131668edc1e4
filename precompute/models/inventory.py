"""A model at a glance: its recorded layers in order, what feeds each, and its output layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from precompute.models.exported import ExportedModel
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
    """The layers, the module that makes the logits, and what cannot be traced, by target layer."""

    layers: tuple[LayerRow, ...]
    output_layer: str
    untraced: Mapping[str, str]


def take_inventory(model: ExportedModel, layers: Sequence[RecordedLayer]) -> Inventory:
    """Lists the recorded layers and derives their links."""
    links = derive_links(model, layers)
    feeding = {link.target.name: ", ".join(source.name for source in link.sources) for link in links}
    problems = {link.target.name: link.problem.found for link in links if link.problem is not None}
    rows = tuple(_row(layer, feeding.get(layer.name, "image")) for layer in layers)
    return Inventory(rows, model.output_layer, problems)


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
