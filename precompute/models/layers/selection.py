"""The choice of the recorded layers of a model, and their names."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from torch import fx

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_path_of_call, get_shape
from precompute.models.graph.receptive_field import ReceptiveField, compute_receptive_fields
from precompute.models.layers.aliases import find_aliases
from precompute.models.layers.natural_layers import choose_natural_layers, follow_nonlinearity, list_recordable


@dataclass(frozen=True)
class RecordedLayer:
    """One recorded layer: the node of its value, after its nonlinearity, and the facts of table `layers`."""

    name: str
    node: fx.Node
    module_type: str
    n_channels: int
    height: int
    width: int
    receptive_field: ReceptiveField | None
    """The input pixels that a position sees; None where it sees all, other than by windows, as after global pooling."""
    is_placed: bool = True
    """True where the positions are those of the image; False for tokens in a row, of unknown positions."""


def select_layers(model: ExportedModel, names: Sequence[str] | None = None) -> tuple[RecordedLayer, ...]:
    """Selects the recorded layers: those that are named, or else the model's natural stages.

    Args:
        model: the exported model.
        names: of modules, their calls or their aliases; None chooses.

    Returns:
        The layers in order from the input.

    Raises:
        InputError: a name is unknown or named twice, two names are of one value, or its channels are not known.
    """
    outputs = {path: follow_nonlinearity(node) for path, node in model.find_outputs_of_modules().items()}
    named = find_aliases(model.module_types)
    aliases = {
        call: call.replace(path, named[path], 1) for call in outputs if (path := get_path_of_call(call)) in named
    }
    paths = {alias: path for path, alias in aliases.items()}
    if names is None:
        chosen = {aliases.get(path, path): path for path in choose_natural_layers(model)}
    else:
        chosen = {name: paths.get(name, name) for name in names}
        _require_known(names, outputs, paths, model)
    order = {node: index for index, node in enumerate(model.graph.nodes)}
    fields = compute_receptive_fields(model)
    layers = sorted(
        (_record(model, name, path, outputs[path], fields.get(outputs[path])) for name, path in chosen.items()),
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


def _require_known(
    names: Sequence[str], outputs: Collection[str], aliases: Collection[str], model: ExportedModel
) -> None:
    known = [*aliases, *outputs]
    for name in names:
        if names.count(name) > 1:
            raise InputError("Every layer is named once.", f"--layers names {name} twice.", "Leave one out.")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=5, cutoff=0.4)
            raise InputError(
                "A recorded layer is a module of the model with one output; NAME@2 is the second call of NAME.",
                f"There is no {name}." + (f" Near it: {', '.join(near)}." if near else ""),
                f"Take one of {_list_some(model)}; `--layers auto` chooses some." if list_recordable(model) else _SPLIT,
            )


_SPLIT = "Split its forward into modules, each with one output of shape (batch, channel, height, width)."


def _list_some(model: ExportedModel) -> str:
    """Lists some of the modules that can be recorded, as a text."""
    names = [name.split()[0] for name in list_recordable(model)]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _record(model: ExportedModel, name: str, path: str, node: fx.Node, field: ReceptiveField | None) -> RecordedLayer:
    layout = model.layouts.get(node)
    if layout is None or layout.is_flat:
        raise InputError(
            "A recorded layer has channels: (batch, channel, height, width), (batch, token, channel), channels last, "
            "or (batch, channel).",
            f"{name} has shape {get_shape(node)}, and which axis is of channels cannot be told.",
            f"Name another layer: {_list_some(model)}." if list_recordable(model) else _SPLIT,
        )
    module_type = model.module_types.get(get_path_of_call(path), "function")
    return RecordedLayer(name, node, module_type, layout.n_channels, *layout.grid, field, layout.is_placed)
