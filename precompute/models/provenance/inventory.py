"""The inventory of a model: its recorded layers in order, the layers that feed each, and its output layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.natural_layers import list_left_out_vectors
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.links import derive_links


@dataclass(frozen=True)
class LayerRow:
    """One recorded layer; stride and receptive field in pixels, None where a position has seen the whole image."""

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
    """The layers, the module that makes the logits, and by target layer the reason why a link cannot be traced."""

    layers: tuple[LayerRow, ...]
    output_layer: str
    untraced: Mapping[str, str]


def take_inventory(model: ExportedModel, layers: Sequence[RecordedLayer]) -> Inventory:
    """Lists the recorded layers and derives their links."""
    links = derive_links(model, layers)
    feeding = {link.target.name: ", ".join(source.name for source in link.sources) for link in links}
    problems = {link.target.name: link.problem.found for link in links if link.problem is not None}
    rows = tuple(_build_row(layer, feeding.get(layer.name, "image")) for layer in layers)
    return Inventory(rows, model.output_layer, problems)


def _build_row(layer: RecordedLayer, fed_by: str) -> LayerRow:
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


def describe_choice(model: ExportedModel, layers: Sequence[RecordedLayer], is_auto: bool) -> tuple[str, ...]:
    """Writes sentences for the person, on layers left out and on tokens without a known position in the image.

    Args:
        model: the exported model.
        layers: the recorded layers.
        is_auto: whether `--layers auto` chose the layers.
    """
    notes = []
    recorded = {layer.name for layer in layers}
    vectors = [name for name in list_left_out_vectors(model) if name not in recorded] if is_auto else []
    if vectors:
        notes.append(
            f"--layers auto leaves out what has no positions (1 x 1): {', '.join(vectors)}. "
            "Name it with --layers, among the others, to record it."
        )
    for layer in layers:
        if not layer.is_placed and layer.height * layer.width > 1:
            notes.append(
                f"{layer.name} has {layer.height * layer.width} positions whose places in the image cannot be told, so "
                "its examples show whole images."
            )
    return tuple(notes)
