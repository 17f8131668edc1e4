"""Which layers of a model are recorded, and under which names."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from torch import fx

from precompute.errors import InputError
from precompute.models.aliases import module_aliases
from precompute.models.exported import ExportedModel
from precompute.models.natural_layers import after_nonlinearity, natural_layers
from precompute.models.operators import shape_of
from precompute.models.receptive_field import ReceptiveField, receptive_fields


@dataclass(frozen=True)
class RecordedLayer:
    """One recorded layer: the node whose value it is (after its nonlinearity) and the facts of table `layers`."""

    name: str
    node: fx.Node
    module_type: str
    n_channels: int
    height: int
    width: int
    receptive_field: ReceptiveField | None
    """None where a position has seen the whole image by other means than windows, as after a global pooling."""


def select_layers(model: ExportedModel, names: Sequence[str] | None = None) -> tuple[RecordedLayer, ...]:
    """The recorded layers in order from the input: those named, or the model's natural stages.

    Raises:
        InputError: a name is unknown (nearest names are told), named twice, or without channels that can be told.
    """
    outputs = {path: after_nonlinearity(node) for path, node in model.outputs_of_modules().items()}
    aliases = {path: alias for path, alias in module_aliases(model.module_types).items() if path in outputs}
    paths = {alias: path for path, alias in aliases.items()}
    if names is None:
        chosen = {aliases.get(path, path): path for path in natural_layers(model)}
    else:
        chosen = {name: paths.get(name, name) for name in names}
        _require_known(names, outputs, paths)
    order = {node: index for index, node in enumerate(model.graph.nodes)}
    fields = receptive_fields(model)
    layers = sorted(
        (_recorded(model, name, path, outputs[path], fields.get(outputs[path])) for name, path in chosen.items()),
        key=lambda layer: order[layer.node],
    )
    seen: dict[fx.Node, str] = {}
    for layer in layers:
        if layer.node in seen:
            raise InputError(
                "Every recorded layer is a value of its own.",
                f"{seen[layer.node]} and {layer.name} are the same value.",
                "Leave one of them out of --layers.",
            )
        seen[layer.node] = layer.name
    return tuple(layers)


def _require_known(names: Sequence[str], outputs: Collection[str], aliases: Collection[str]) -> None:
    known = [*aliases, *outputs]
    for name in names:
        if names.count(name) > 1:
            raise InputError("Every layer is named once.", f"--layers names {name} twice.", "Leave one out.")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=5, cutoff=0.4)
            raise InputError(
                "A recorded layer is a module of the model with one output.",
                f"There is no {name}." + (f" Near it: {', '.join(near)}." if near else ""),
                "`summit-dash inspect MODEL` lists the layers; `--layers auto` chooses them.",
            )


def _recorded(model: ExportedModel, name: str, path: str, node: fx.Node, field: ReceptiveField | None) -> RecordedLayer:
    layout = model.layouts.get(node)
    if layout is None or layout.is_flat:
        raise InputError(
            "A recorded layer has channels: (batch, channel, height, width), (batch, token, channel), channels last, "
            "or (batch, channel).",
            f"{name} has shape {shape_of(node)}, and which axis is of channels cannot be told.",
            "Name another layer; `summit-dash inspect MODEL` lists those that auto chooses.",
        )
    return RecordedLayer(name, node, model.module_types.get(path, "function"), layout.n_channels, *layout.grid, field)
