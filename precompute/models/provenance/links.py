"""Where the channels of a recorded layer come from, derived from the exported graph (algorithms.md, "Recorded layers").

Convolutions, linear layers, sums and differences are taken down as such; movements are followed channel by channel;
operators that keep channels apart pass their input's expression on, turned round where they decrease. Of a product or a
quotient the main path alone is followed, not the gate. What mixes channels in any other way, or both raises and lowers
them, cannot be traced, and is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.layout import Layout
from precompute.models.graph.main_path import main_inputs
from precompute.models.graph.movement import Graph, Movement, follow_movement, is_one_per_row
from precompute.models.graph.operators import (
    ELEMENTWISE,
    GREATER_OR_LESSER,
    NORMALIZATION,
    POOLING,
    argument,
    is_first_of_several,
    is_movement,
    is_reduction,
    module_path,
    operator_name,
    reduced_axes,
    shape_of,
)
from precompute.models.graph.products import Product, read_product
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.descent import descents_of, is_turned
from precompute.models.provenance.directions import Directions, is_elementwise
from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Convolution,
    Nothing,
    Source,
    Term,
    arranged,
    parts_of,
    passed,
)
from precompute.models.provenance.turning import Turner


@dataclass(frozen=True)
class Link:
    """How one recorded layer is fed.

    Attributes:
        target: the fed layer.
        sources: the recorded layers that feed it with no other one in between, in order from the input.
        channels: the target's channels as an expression over the sources; None where they cannot be traced.
        gates: values that the expression leaves out although they reach the target, as the factor of a gate does.
        problem: why the channels cannot be traced; None where they can.
    """

    target: RecordedLayer
    sources: tuple[RecordedLayer, ...]
    channels: Channels | None
    gates: tuple[fx.Node, ...] = ()
    problem: InputError | None = None


def derive_links(model: ExportedModel, layers: Sequence[RecordedLayer]) -> tuple[Link, ...]:
    """The link of every recorded layer that another one feeds, in order from the input."""
    by_node = {layer.node: layer for layer in layers}
    links = []
    for layer in layers:
        stops = {node: other for node, other in by_node.items() if node is not layer.node}
        reaching = _sources_of(model, layer.node, stops)
        if not reaching:
            continue
        reader = _Reader(model, stops)
        try:
            channels = reader.read(layer.node)
        except InputError as problem:
            links.append(Link(layer, tuple(other for other in layers if other in reaching), None, problem=problem))
            continue
        found = {part.layer.node for part in parts_of(channels) if isinstance(part, Source)}
        sources = tuple(other for other in layers if other.node in found)
        if sources:
            links.append(Link(layer, sources, channels, tuple(reader.gates)))
    return tuple(links)


def _sources_of(model: ExportedModel, node: fx.Node, stops: dict[fx.Node, RecordedLayer]) -> list[RecordedLayer]:
    """The recorded layers from which a value can be reached with no other one in between."""
    found: list[RecordedLayer] = []
    seen, stack = {node}, [node]
    while stack:
        for parent in model.inputs_of(stack.pop()):
            if parent not in seen:
                seen.add(parent)
                found.append(stops[parent]) if parent in stops else stack.append(parent)
    return found


class _Unread(Exception):
    """An operand that has not been read yet: the reader takes it first. Networks are deeper than Python's stack."""

    def __init__(self, node: fx.Node) -> None:
        self.node = node


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
        self._movements: dict[fx.Node, Movement] = {}
        self._turner, self._directions = Turner(), Directions(model)
        self._is_turned: dict[Channels, bool] = {}
        self.gates: dict[fx.Node, None] = {}

    def read(self, node: fx.Node) -> Channels:
        """The channels of a value.

        Raises:
            InputError: an operator mixes channels and is neither convolution nor linear, or both raises and lowers a
                channel; it is named.
        """
        stack = [node]
        while stack:
            top = stack[-1]
            try:
                self._read[top] = self._expression(top)
                stack.pop()
            except _Unread as missing:
                stack.append(missing.node)
        return self._read[node]

    def _operand(self, node: fx.Node) -> Channels:
        if node not in self._read:
            raise _Unread(node)
        return self._read[node]

    def _expression(self, node: fx.Node) -> Channels:
        if node in self._stops:
            return Source(self._stops[node])
        if node not in self._fed:
            return Nothing(self._layout(node).n_channels)
        name = operator_name(node)
        if name in {"conv2d", "conv1d"}:
            return self._convolution(node)
        if (product := read_product(node, self._model.depends_on_input)) is not None:
            return self._product(node, product)
        if name in NORMALIZATION:
            return self._normalized(node)
        if is_movement(node) and name not in ELEMENTWISE:
            return self._moved(node)
        if is_first_of_several(node):
            return self._operand(node.args[0])
        if name in POOLING:
            self.gates |= dict.fromkeys(one for one in self._model.inputs_of(node)[1:] if one in self._fed)
            return passed(self._operand(node.all_input_nodes[0]))
        if name in GREATER_OR_LESSER and not is_reduction(node):
            return self._greater(node)
        if is_reduction(node):
            return self._reduced(node)
        if name in {"add", "sub", "rsub", "neg"}:
            return self._added(node)
        if name in {"mul", "div"}:
            return self._scaled(node)
        if is_elementwise(self._model, node):
            return self._directed(node)
        raise self._unresolved(node)

    def _layout(self, node: fx.Node) -> Layout:
        if node not in self._model.layouts:
            raise self._unresolved(node)
        return self._model.layouts[node]

    def _convolution(self, node: fx.Node) -> Convolution:
        arguments = dict(enumerate(node.args))
        weight = self._model.parameter(node.args[1])
        source = node.args[0]
        assert isinstance(source, fx.Node) and weight is not None
        if operator_name(node) == "conv1d":
            return self._along_tokens(node, weight)
        layout = self._layout(source)
        if layout.axis != 1 or layout.grid != (shape_of(source) or ())[2:]:
            raise self._unresolved(node)  # it reads another axis as that of channels
        dilation = _pair(arguments.get(5, 1))
        padding, overhang = arguments.get(4, 0), (0, 0)
        if padding == "same":  # of an odd number of zeros the last one is below, or on the right
            rows, columns = (d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True))
            padding, overhang = (rows // 2, columns // 2), (rows % 2, columns % 2)
        return Convolution(
            node,
            weight,
            stride=_pair(arguments.get(3, 1)),
            padding=_pair(0 if padding == "valid" else padding),
            overhang=overhang,
            dilation=dilation,
            groups=int(arguments.get(6, 1)),
            input_node=source,
            input=self._operand(source),
        )

    def _along_tokens(self, node: fx.Node, weight: torch.Tensor) -> Convolution:
        """A convolution of one tap; a longer one reads across the ends of the grid's rows."""
        is_pointwise = weight.shape[2] == 1 and shape_of(node.args[0])[2:] == shape_of(node)[2:]  # type: ignore[index]
        if self._layout(node.args[0]).axis != 1 or not is_pointwise:
            raise self._unresolved(node)
        return self._pointwise(node, node.args[0], weight[..., None], int(argument(node, "groups")))

    def _product(self, node: fx.Node, product: Product) -> Convolution:
        """A kernel of one position on channels at positions; of all positions where they come flattened."""
        weight, layout = self._model.parameter(product.matrix), self._layout(product.source)
        if weight is None or layout.axis != product.axis:
            raise self._unresolved(node)
        kernel = layout.grid if layout.is_flat else (1, 1)
        matrix = weight.T if product.is_transposed else weight
        return self._pointwise(node, product.source, matrix.unflatten(1, (layout.n_channels, *kernel)))

    def _pointwise(self, node: fx.Node, source: fx.Node, weight: torch.Tensor, groups: int = 1) -> Convolution:
        """A convolution that reads each position by itself, or all of them once."""
        return Convolution(node, weight, (1, 1), (0, 0), (1, 1), groups, source, self._operand(source))

    def _normalized(self, node: fx.Node) -> Channels:
        source, weight, _, _, variance = node.args[:5]
        epsilon = node.args[-1] if operator_name(node) != "batch_norm" else node.args[7]
        spread = self._model.parameter(variance)
        assert spread is not None and isinstance(epsilon, float) and isinstance(source, fx.Node)
        scale = torch.rsqrt(spread.double() + epsilon)
        gain = self._model.parameter(weight)
        return self._turner.scaled(self._operand(source), scale if gain is None else scale * gain.double())

    def _moved(self, node: fx.Node) -> Channels:
        """Views, permutations, concatenations, slices, paddings: whence each channel comes, by moving numbers."""
        layout = self._layout(node)
        if node not in self._movements:
            graph = Graph(self._model.layouts, self._fed.__contains__, self._model.parameter)
            movement = follow_movement(node, graph, self._stops.__contains__)
            if movement is None:
                raise self._unresolved(node)
            self._movements[node] = movement
        movement = self._movements[node]
        parts = [self._operand(base) for base in movement.bases]
        numbers = layout.maps(movement.numbers_of_positions())[0].flatten(1)
        if not is_one_per_row(movement.channel_in_all()[numbers]):
            raise self._unresolved(node)
        strongest = numbers.amax(1)  # of one channel all numbers belong together, or are nothing
        for index, base in enumerate(movement.bases):
            mine = movement.base[strongest] == index
            places = movement.position[numbers[mine]]
            is_still = places.shape[1] == self._layout(base).n_positions and bool(
                (places == torch.arange(places.shape[1])).all()
            )
            parts[index] = parts[index] if is_still else passed(parts[index])
        return arranged(parts, movement.base[strongest].tolist(), movement.channel[strongest].tolist())

    def _reduced(self, node: fx.Node) -> Channels:
        read = node.args[0]
        is_of_groups = is_movement(read) and all(one in self._model.layouts for one in self._model.inputs_of(read))
        if read not in self._model.layouts and not is_of_groups:
            raise self._unresolved(read)
        if read not in self._model.layouts or self._layout(read).axis in reduced_axes(node):
            raise self._unresolved(node)
        if operator_name(node) in {"var", "std"}:
            raise self._undirected(node)
        return passed(self._operand(node.args[0]))

    def _directed(self, node: fx.Node) -> Channels:
        (operand,) = set(self._model.inputs_of(node))
        inner, direction = self._operand(operand), self._directions.of(node)
        if direction is None:
            raise self._undirected(node)
        return passed(self._turner.turned(inner, direction))

    def _greater(self, node: fx.Node) -> Channels:
        """The greater or lesser of a value and a constant, or of a value and itself times a positive constant.

        Of two values one wins at each position, which no sum of what both pass says: gradients follow the winner.
        """
        origins = {self._unscaled(operand) for operand in self._model.inputs_of(node)}
        if len(origins) != 1:
            raise self._unresolved(node)
        return passed(self._operand(origins.pop()))

    def _unscaled(self, node: fx.Node) -> fx.Node:
        """What a value is before it was multiplied by positive numbers."""
        while operator_name(node) == "mul" and len(self._model.inputs_of(node)) == 1:
            factors = [one for one in node.args if isinstance(one, int | float)]
            if len(factors) != 1 or factors[0] <= 0:
                break
            (node,) = self._model.inputs_of(node)
        return node

    def _added(self, node: fx.Node) -> Channels:
        coefficients = self._coefficients(node)
        layout = self._layout(node)
        if len(coefficients) == 1:  # what else is added is a constant: a bias
            ((operand, coefficient),) = coefficients.items()
            return self._turner.scaled(self._operand(operand), _full(coefficient, layout.n_channels))
        terms: list[Term] = []
        for operand, coefficient in coefficients.items():
            inner = self._operand(operand)
            # Of a single channel that is added to all, each has a part.
            if self._layout(operand).axis != layout.axis or inner.n_channels != layout.n_channels:
                raise self._unresolved(node)
            factor = _full(coefficient, layout.n_channels)
            parts = inner.terms if isinstance(inner, Addition) else (Term(inner, operand),)
            terms.extend(self._turner.weighted(part, factor) for part in parts)
        found = Addition(tuple(terms), layout.n_channels)
        if is_turned(found, self._is_turned) and any(0 in descent.values() for descent in descents_of(found)):
            raise self._undirected(node)
        return found

    def _coefficients(self, node: fx.Node) -> dict[fx.Node, float]:
        """By what each operand that depends on the image enters a sum, a difference or a negation."""
        alpha = float(node.kwargs.get("alpha", 1))
        signs = {"add": (1.0, alpha), "sub": (1.0, -alpha), "rsub": (-alpha, 1.0), "neg": (-1.0,)}[operator_name(node)]
        fed = self._model.inputs_of(node)
        found: dict[fx.Node, float] = {}
        for operand, sign in zip(node.args, signs, strict=False):
            if operand in fed:
                found[operand] = found.get(operand, 0.0) + sign
        return found

    def _scaled(self, node: fx.Node) -> Channels:
        """A factor per channel is folded; of two values that depend on the image the main one is followed."""
        operands = self._model.inputs_of(node)
        if len(operands) == 1:
            factor = self._factor(node)
            return self._directed(node) if factor is None else self._turner.scaled(self._operand(operands[0]), factor)
        followed = main_inputs(self._model, node)
        if len(followed) != 1:
            raise self._unresolved(node)
        inner = self._operand(followed[0])
        gates = [operand for operand in operands if operand is not followed[0]]
        sign = self._directions.sign_of(gates[0])
        if sign is None:
            raise self._undirected(node)
        self.gates |= dict.fromkeys(gates)
        return passed(self._turner.turned(inner, _full(sign, inner.n_channels)))

    def _factor(self, node: fx.Node) -> torch.Tensor | None:
        """The constant by which a product or quotient scales each channel; None where it is not one per channel."""
        layout = self._model.layouts.get(node)
        constant = next((arg for arg in node.args[:2] if arg not in self._model.inputs_of(node)), None)
        is_rounded = "rounding_mode" in node.kwargs
        if (
            layout is None
            or constant is None
            or is_rounded
            or (operator_name(node) == "div" and constant is node.args[0])
        ):
            return None
        value = self._model.parameter(constant) if isinstance(constant, fx.Node) else constant
        factor = torch.as_tensor(value, dtype=torch.float64)
        if operator_name(node) == "div":
            factor = 1 / factor
        if factor.numel() == 1:
            return factor.flatten().expand(layout.n_channels)
        shape = shape_of(node) or ()
        padded = (1,) * (len(shape) - factor.ndim) + tuple(factor.shape)
        per_channel = padded[layout.axis] == layout.n_channels and factor.numel() == layout.n_channels
        return factor.flatten() if per_channel and not layout.is_flat else None

    def _unresolved(self, node: fx.Node) -> InputError:
        # Of a view that scatters channels, what came before it says more: attention has heads.
        while (is_movement(node) or operator_name(node) in {*ELEMENTWISE, "linear"}) and node not in self._stops:
            lost = [n for n in node.all_input_nodes if n in self._fed and n not in self._model.layouts]
            if not lost:
                break
            node = lost[0]
        return self._refused(node, "mixes channels otherwise")

    def _undirected(self, node: fx.Node) -> InputError:
        return self._refused(node, "may raise a channel as well as lower it, so that what feeds it has no one sign")

    def _refused(self, node: fx.Node, does: str) -> InputError:
        path = module_path(node)
        kind = self._model.module_types.get(path, "")
        where = f"{path} ({kind})" if path else "the model's forward"
        return InputError(
            "Traced influence follows convolutions, linear layers, sums and whatever keeps channels apart and has one "
            "direction.",
            f"{where} calls {operator_name(node) or node.op}, which {does}.",
            "Use --influence gradient, or auto, which takes gradients only where nothing can be traced; "
            "or record a layer on each side of it with --layers.",
        )


def _full(value: float, n_channels: int) -> torch.Tensor:
    return torch.full((n_channels,), value, dtype=torch.float64)


def _pair(value: Any) -> tuple[int, int]:
    values = tuple(int(v) for v in value) if isinstance(value, list | tuple) else (int(value),)
    return (values[0], values[-1])
