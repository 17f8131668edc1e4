"""Where the channels of a recorded layer come from, derived from the exported graph (algorithms.md, "Recorded layers").

The channels of every value are described by a small expression: a recorded layer, a convolution, a concatenation, a
slice, zero channels, or an addition. Operators that keep channels apart pass their input's expression on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx

from precompute.errors import InputError
from precompute.models.exported import NORMALIZATION, RELU_LIKE, ExportedModel, operator_name, shape_of
from precompute.models.layers import RecordedLayer

_KEEPS_CHANNELS = {
    "max_pool2d", "max_pool2d_with_indices", "avg_pool2d", "adaptive_avg_pool2d", "_adaptive_avg_pool2d",
    "adaptive_max_pool2d", "dropout", "clone", "contiguous", "alias", "detach", "to", "_to_copy", "mean", "amax", "neg",
    "upsample_nearest2d", "upsample_bilinear2d", "local_response_norm", "getitem",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Source:
    """The channels of a recorded layer, one by one."""

    layer: RecordedLayer

    @property
    def n_channels(self) -> int:
        return self.layer.n_channels


@dataclass(frozen=True, eq=False)
class Nothing:
    """Channels that no recorded layer feeds: zero padding, or values that come from the image past all of them."""

    n_channels: int


@dataclass(frozen=True, eq=False)
class Convolution:
    """Channels made by a convolution; `weight` has batch norm folded in: `(target, source / groups, rows, columns)`."""

    node: fx.Node
    weight: Tensor
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    input_node: fx.Node
    input: Channels

    @property
    def n_channels(self) -> int:
        return self.weight.shape[0]

    @property
    def n_inputs(self) -> int:
        return self.weight.shape[1] * self.groups


@dataclass(frozen=True, eq=False)
class Concatenation:
    """The channels of several values, one after another."""

    parts: tuple[Channels, ...]

    @property
    def n_channels(self) -> int:
        return sum(part.n_channels for part in self.parts)


@dataclass(frozen=True, eq=False)
class Selection:
    """Some channels of a value, by index."""

    of: Channels
    index: tuple[int, ...]

    @property
    def n_channels(self) -> int:
        return len(self.index)


@dataclass(frozen=True, eq=False)
class Addition:
    """Channel-wise sum; a term that is no open convolution counts by the activation it passes, read at its node."""

    terms: tuple[tuple[Channels, fx.Node], ...]
    n_channels: int


@dataclass(frozen=True, eq=False)
class Passed:
    """The same channels behind a nonlinearity or pooling: closed to folding and to merging into an addition."""

    of: Channels

    @property
    def n_channels(self) -> int:
        return self.of.n_channels


Channels = Source | Nothing | Convolution | Concatenation | Selection | Addition | Passed


@dataclass(frozen=True)
class Link:
    """How one recorded layer is fed: its channels as an expression over the recorded layers before it."""

    target: RecordedLayer
    channels: Channels
    sources: tuple[RecordedLayer, ...] = field(default=())


def derive_links(model: ExportedModel, layers: Sequence[RecordedLayer]) -> tuple[Link, ...]:
    """The link of every recorded layer that another one feeds, in order from the input.

    Raises:
        InputError: an operator between two recorded layers mixes channels and is no convolution; it is named.
    """
    by_node = {layer.node: layer for layer in layers}
    links = []
    for layer in layers:
        reader = _Reader(model, {node: other for node, other in by_node.items() if node is not layer.node})
        channels = reader.read(layer.node)
        found = {part.layer.node for part in parts_of(channels) if isinstance(part, Source)}
        sources = tuple(other for other in layers if other.node in found)
        if sources:
            links.append(Link(layer, channels, sources))
    return tuple(links)


def parts_of(channels: Channels) -> Iterator[Channels]:
    """Every expression below and including this one, each once: they share parts, as residual blocks do."""
    seen: set[int] = set()
    stack = [channels]
    while stack:
        expression = stack.pop()
        if id(expression) not in seen:
            seen.add(id(expression))
            yield expression
            match expression:
                case Convolution(input=inner) | Passed(inner) | Selection(of=inner):
                    stack.append(inner)
                case Concatenation(parts):
                    stack.extend(parts)
                case Addition(terms):
                    stack.extend(term for term, _ in terms)


def values_read(channels: Channels) -> set[fx.Node]:
    """The nodes whose values are needed to tell influences: inputs of convolutions and passed terms of additions."""
    nodes: set[fx.Node] = set()
    for part in parts_of(channels):
        if isinstance(part, Convolution):
            nodes.add(part.input_node)
        elif isinstance(part, Addition):
            nodes.update(node for term, node in part.terms if not isinstance(term, Convolution))
    return nodes


class _Reader:
    """Reads expressions off the graph, going back from a node to the recorded layers that stop it."""

    def __init__(self, model: ExportedModel, stops: dict[fx.Node, RecordedLayer]) -> None:
        self._model = model
        self._stops = stops
        self._fed: set[fx.Node] = set()
        for node in model.graph.nodes:
            if node in stops or any(parent in self._fed for parent in model.inputs_of(node)):
                self._fed.add(node)
        self._read: dict[fx.Node, Channels] = {}

    def read(self, node: fx.Node) -> Channels:
        if node not in self._read:
            self._read[node] = self._uncached(node)
        return self._read[node]

    def _uncached(self, node: fx.Node) -> Channels:
        if node in self._stops:
            return Source(self._stops[node])
        if node not in self._fed:
            shape = shape_of(node)
            return Nothing(shape[1] if shape is not None and len(shape) > 1 else 0)
        name = operator_name(node)
        if name == "conv2d":
            return self._convolution(node)
        if name in NORMALIZATION:
            return self._normalized(node)
        if name in RELU_LIKE | _KEEPS_CHANNELS:
            inner = self.read(node.all_input_nodes[0])
            return inner if name == "getitem" or isinstance(inner, Source | Nothing | Passed) else Passed(inner)
        if name == "cat" and _dimension(node.args, 1) == 1:
            return Concatenation(tuple(self.read(part) for part in node.args[0]))
        if name == "slice":
            return self._sliced(node)
        if name in {"pad", "constant_pad_nd"}:
            return self._padded(node)
        if name == "add":
            return self._added(node)
        if name in {"mul", "div"}:
            return self._scaled(node)
        raise self._unresolved(node)

    def _convolution(self, node: fx.Node) -> Convolution:
        arguments = dict(enumerate(node.args))
        weight = self._model.parameter(node.args[1])
        source = node.args[0]
        assert isinstance(source, fx.Node) and weight is not None
        dilation = _pair(arguments.get(5, 1))
        padding = arguments.get(4, 0)
        if padding == "same":
            padding = tuple(d * (k - 1) // 2 for d, k in zip(dilation, weight.shape[2:], strict=True))
        return Convolution(
            node,
            weight,
            stride=_pair(arguments.get(3, 1)),
            padding=_pair(0 if padding == "valid" else padding),
            dilation=dilation,
            groups=int(arguments.get(6, 1)),
            input_node=source,
            input=self.read(source),
        )

    def _normalized(self, node: fx.Node) -> Channels:
        source, weight, _, _, variance = node.args[:5]
        epsilon = node.args[-1] if operator_name(node) != "batch_norm" else node.args[7]
        spread = self._model.parameter(variance)
        assert spread is not None and isinstance(epsilon, float) and isinstance(source, fx.Node)
        scale = torch.rsqrt(spread.double() + epsilon)
        gain = self._model.parameter(weight)
        return _fold(self.read(source), scale if gain is None else scale * gain.double())

    def _sliced(self, node: fx.Node) -> Channels:
        inner = self.read(node.args[0])
        arguments = dict(enumerate(node.args))
        if arguments.get(1, 0) != 1:  # of images or of positions
            return inner if isinstance(inner, Source | Nothing | Passed) else Passed(inner)
        kept = range(inner.n_channels)[slice(arguments.get(2), arguments.get(3), arguments.get(4, 1))]
        return inner if len(kept) == inner.n_channels else Selection(inner, tuple(kept))

    def _padded(self, node: fx.Node) -> Channels:
        inner, widths = self.read(node.args[0]), node.args[1]
        assert isinstance(widths, list | tuple)
        around = [int(w) for w in widths[4:6]] or [0, 0]
        spatial = any(widths[:4])
        inner = Passed(inner) if spatial and isinstance(inner, Convolution | Addition) else inner
        parts = [Nothing(around[0])] * (around[0] > 0) + [inner] + [Nothing(around[1])] * (around[1] > 0)
        return parts[0] if len(parts) == 1 else Concatenation(tuple(parts))

    def _added(self, node: fx.Node) -> Channels:
        operands = self._model.inputs_of(node)
        if len(operands) == 1:  # a constant is added: a bias
            return self.read(operands[0])
        shapes = {shape_of(operand) for operand in operands}
        if len(shapes) != 1:
            raise self._unresolved(node)
        terms: list[tuple[Channels, fx.Node]] = []
        for operand in operands:
            inner = self.read(operand)
            terms.extend(inner.terms if isinstance(inner, Addition) else [(inner, operand)])
        return Addition(tuple(terms), terms[0][0].n_channels)

    def _scaled(self, node: fx.Node) -> Channels:
        """A product follows its main input: the one with positions, where the other is a gate; a quotient its first."""
        operands = self._model.inputs_of(node)
        if operator_name(node) == "mul" and len(set(operands)) == 2:
            shape = shape_of(node)
            full = [o for o in operands if shape_of(o) == shape]
            if len(full) != 1:
                raise self._unresolved(node)
            operands = full
        inner = self.read(operands[0])
        return inner if isinstance(inner, Source | Nothing | Passed) else Passed(inner)

    def _unresolved(self, node: fx.Node) -> InputError:
        stack = node.meta.get("nn_module_stack") or {}
        path, kind = next(reversed(stack.values()), ("", "")) if stack else ("", "")
        where = f"{path} ({str(kind).rsplit('.', 1)[-1]})" if path else "the model's forward"
        return InputError(
            "Traced influence follows convolutions, additions, concatenations and whatever keeps channels apart.",
            f"{where} calls {operator_name(node) or node.op}, which mixes channels otherwise.",
            "Record a layer on each side of it with --layers.",
        )


def _dimension(arguments: Sequence[Any], rank_position: int) -> int:
    return int(arguments[rank_position]) if len(arguments) > rank_position else 0


def _pair(value: Any) -> tuple[int, int]:
    values = tuple(int(v) for v in value) if isinstance(value, list | tuple) else (int(value),)
    return (values[0], values[-1])


def _fold(channels: Channels, scale: Tensor) -> Channels:
    """Multiplies open convolutions by a per-channel scale `(channel,)`; what is closed passes its channels on."""
    match channels:
        case Convolution(weight=weight):
            folded = (weight.double() * scale[:, None, None, None]).to(weight.dtype)
            return Convolution(
                channels.node, folded, channels.stride, channels.padding, channels.dilation, channels.groups,
                channels.input_node, channels.input,
            )  # fmt: skip
        case Concatenation(parts):
            sizes = [part.n_channels for part in parts]
            return Concatenation(
                tuple(_fold(part, piece) for part, piece in zip(parts, scale.split(sizes), strict=True))
            )
        case Addition() | Selection():
            return Passed(channels)
        case _:
            return channels
