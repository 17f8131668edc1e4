"""Which layers of a model are recorded, under which names, and what one position of them sees."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import fx

from precompute.errors import InputError
from precompute.models.exported import NORMALIZATION, RELU_LIKE, ExportedModel, operator_name, shape_of

_CHANNEL_MIXING = {"conv2d", "convolution", "add", "cat", "linear"}
_WINDOWED = {"conv2d", "max_pool2d", "avg_pool2d", "max_pool2d_with_indices"}
_MAX_AUTO_LAYERS = 16


@dataclass(frozen=True)
class ReceptiveField:
    """Input pixels seen by output position `p`: from `p * stride + low` to `p * stride + high`, both inclusive."""

    stride: int
    low: int
    high: int

    @property
    def size(self) -> int:
        return self.high - self.low + 1

    def window(self, position: int, side: int) -> tuple[int, int]:
        """Pixels `[start, stop)` seen by one position along one axis, clipped to an image `side` pixels long."""
        start = min(max(position * self.stride + self.low, 0), side - 1)
        return start, min(max(position * self.stride + self.high + 1, start + 1), side)


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
        InputError: a name is unknown (nearest names are told), named twice, or without channels at positions.
    """
    outputs = {path: after_nonlinearity(node) for path, node in model.outputs_of_modules().items()}
    chosen = natural_layers(model, outputs) if names is None else _named(outputs, names)
    order = {node: index for index, node in enumerate(model.graph.nodes)}
    fields = receptive_fields(model)
    layers = sorted(
        (_recorded(model, name, node, fields.get(node)) for name, node in chosen.items()), key=lambda x: order[x.node]
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


def after_nonlinearity(node: fx.Node) -> fx.Node:
    """Follows a value through the batch norm and the ReLU that are its only reader, as `conv -> bn -> relu`."""
    while len(node.users) == 1:
        (reader,) = node.users
        if operator_name(reader) not in NORMALIZATION | RELU_LIKE | {"getitem"}:
            break
        node = reader
    return node


def _named(outputs: Mapping[str, fx.Node], names: Sequence[str]) -> dict[str, fx.Node]:
    for name in names:
        if names.count(name) > 1:
            raise InputError("Every layer is named once.", f"--layers names {name} twice.", "Leave one out.")
        if name not in outputs:
            near = difflib.get_close_matches(name, outputs, n=5, cutoff=0.4)
            raise InputError(
                "A recorded layer is a module of the model with one output.",
                f"There is no {name}." + (f" Near it: {', '.join(near)}." if near else ""),
                "`summit-dash inspect MODEL` lists the layers; `--layers auto` chooses them.",
            )
    return {name: outputs[name] for name in names}


def _recorded(model: ExportedModel, name: str, node: fx.Node, field: ReceptiveField | None) -> RecordedLayer:
    shape = shape_of(node)
    if shape is None or len(shape) != 4 or shape[0] != -1:
        raise InputError(
            "A recorded layer has channels at positions: (batch, channel, height, width).",
            f"{name} has shape {shape}.",
            "Name a layer before the global pooling; `summit-dash inspect MODEL` lists them.",
        )
    return RecordedLayer(name, node, model.module_types.get(name, "function"), shape[1], shape[2], shape[3], field)


def natural_layers(model: ExportedModel, outputs: Mapping[str, fx.Node]) -> dict[str, fx.Node]:
    """The model's stages: every value that all paths from image to logits pass through, after mixing channels.

    More than 16 of them, as in deep residual networks, are thinned to the last one of each resolution.
    """
    names: dict[fx.Node, str] = {}
    for path, node in sorted(outputs.items(), key=lambda item: (item[0].count("."), len(names))):
        names.setdefault(node, path)
    stages = [n for n in _waists(model) if n in names and _has_positions(n)]
    if len(stages) > _MAX_AUTO_LAYERS:
        next_size = [_side(n) for n in stages[1:]] + [None]
        stages = [n for n, following in zip(stages, next_size, strict=True) if _side(n) != following]
    if not stages:
        raise InputError(
            "`--layers auto` looks for values that every path from image to logits passes through.",
            "This model has none with channels at positions.",
            "Name layers with --layers; `summit-dash inspect MODEL` lists the modules.",
        )
    return {names[n]: n for n in stages}


def _has_positions(node: fx.Node) -> bool:
    shape = shape_of(node)
    return shape is not None and len(shape) == 4 and shape[2] * shape[3] > 1


def _side(node: fx.Node) -> tuple[int, ...]:
    shape = shape_of(node)
    assert shape is not None
    return shape[2:]


def _waists(model: ExportedModel) -> list[fx.Node]:
    """Values that alone carry the image at some moment of the forward pass, after channels were mixed."""
    live: dict[fx.Node, int] = {}
    waists: list[fx.Node] = []
    mixed = False
    for node in model.graph.nodes:
        if not model.depends_on_input(node) or node.op == "output":
            continue
        for source in model.inputs_of(node):
            live[source] -= 1
            if not live[source]:
                del live[source]
        live[node] = sum(1 for user in node.users if model.depends_on_input(user))
        mixed = mixed or operator_name(node) in _CHANNEL_MIXING
        if mixed and len(live) == 1 and after_nonlinearity(node) is node and shape_of(node) is not None:
            waists.append(node)
            mixed = False
    return waists


def receptive_fields(model: ExportedModel) -> dict[fx.Node, ReceptiveField | None]:
    """What one position of every value sees, by interval arithmetic over windows; branches are united."""
    fields: dict[fx.Node, ReceptiveField | None] = {model.input: ReceptiveField(1, 0, 0)}
    for node in model.graph.nodes:
        if node is model.input or not model.depends_on_input(node):
            continue
        parents = model.inputs_of(node)
        if operator_name(node) == "div":  # the main path of a division is its numerator
            parents = parents[:1]
        known = [field for parent in parents if (field := fields.get(parent)) is not None]
        shape = shape_of(node)
        if len(known) != len(parents) or not known or len({f.stride for f in known}) > 1:
            fields[node] = None
            continue
        united = ReceptiveField(known[0].stride, min(f.low for f in known), max(f.high for f in known))
        if operator_name(node) in _WINDOWED:
            fields[node] = _through_window(node, united)
        elif operator_name(node) == "slice" and node.args[1] in (2, 3):
            step, start = (node.args[4] if len(node.args) > 4 else 1), (node.args[2] if len(node.args) > 2 else 0)
            fields[node] = _through_slice(parents[0], node, united, int(step or 1), int(start or 0))
        elif shape is not None and len(shape) != 4:
            fields[node] = united if len(shape) == 5 else None
        else:
            fields[node] = united if _same_side(parents[0], node) else None
    return fields


def _same_side(parent: fx.Node, node: fx.Node) -> bool:
    before, after = shape_of(parent), shape_of(node)
    return before is None or after is None or before[-2:] == after[-2:]


def _through_window(node: fx.Node, field: ReceptiveField) -> ReceptiveField | None:
    """One axis of a convolution or pooling; the larger kernel side where the two differ."""
    shape = shape_of(node.args[0]) if operator_name(node) == "conv2d" else None
    if operator_name(node) == "conv2d":
        weight = shape_of(node.args[1])
        assert shape is not None and weight is not None
        kernel, rest = max(weight[2:]), node.args[3:]
    else:
        kernel, rest = _largest(node.args[1], 1), node.args[2:]
    stride = _largest(rest[0] if rest else None, 1 if operator_name(node) == "conv2d" else kernel)
    padding = rest[1] if len(rest) > 1 else 0
    if isinstance(padding, str):
        return None
    dilation = _largest(rest[2] if len(rest) > 2 else 1, 1) if operator_name(node) != "avg_pool2d" else 1
    low = field.low - _largest(padding, 0) * field.stride
    return ReceptiveField(
        field.stride * stride, low, field.high + (dilation * (kernel - 1) - _largest(padding, 0)) * field.stride
    )


def _largest(value: object, default: int) -> int:
    if isinstance(value, list | tuple):
        return max((int(v) for v in value), default=default)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else default


def _through_slice(parent: fx.Node, node: fx.Node, field: ReceptiveField, step: int, start: int) -> ReceptiveField:
    """A strided slice of rows takes every `step`-th position; that of columns, which follows, changes no more."""
    before, after = shape_of(parent), shape_of(node)
    assert before is not None and after is not None
    if before == after or node.args[1] == 3:
        return field
    return ReceptiveField(field.stride * step, field.low + start * field.stride, field.high + start * field.stride)
