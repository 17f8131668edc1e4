"""Reading of a value's channels off the exported graph, as an expression over the recorded layers before it.

Convolutions, linear layers, sums and differences become parts of the expression. Movements are followed channel by
channel. Operators that keep channels apart pass their input's expression on, turned round where they decrease. In a
product or a quotient only the main path is followed, not the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import fx

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.layout import Layout
from precompute.models.graph.main_path import find_main_inputs
from precompute.models.graph.movement import Graph, Movement, follow_movement, is_one_per_row
from precompute.models.graph.operators import (
    ELEMENTWISE,
    GREATER_OR_LESSER,
    NORMALIZATION,
    POOLING,
    find_reduced_axes,
    get_argument,
    get_operator_name,
    get_shape,
    is_first_of_several,
    is_movement,
    is_reduction,
)
from precompute.models.graph.products import Product, read_product
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.descent import find_descents, is_turned
from precompute.models.provenance.directions import Directions, is_elementwise
from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Convolution,
    Nothing,
    Source,
    Term,
    arrange,
    close,
)
from precompute.models.provenance.factors import (
    read_coefficients,
    read_factor,
    read_norm_scale,
    strip_positive_factors,
)
from precompute.models.provenance.refusals import build_direction_error, build_mixing_error, find_mixing_operator
from precompute.models.provenance.turning import Turner

__all__ = ["ChannelReader"]


class _Unread(Exception):
    """An operand that has to be read first. The reader keeps a stack of its own: networks are deeper than Python's."""

    def __init__(self, node: fx.Node) -> None:
        self.node = node


class ChannelReader:
    """Reads expressions off the graph, going back from a value to the recorded layers.

    Attributes:
        gates: values that the expressions leave out although they reach the values that were read, in order of finding.
    """

    def __init__(self, model: ExportedModel, stops: Mapping[fx.Node, RecordedLayer]) -> None:
        self._model = model
        self._stops = stops
        self._fed: set[fx.Node] = set()
        for node in model.graph.nodes:
            if node in stops or any(parent in self._fed for parent in model.find_inputs(node)):
                self._fed.add(node)
        self._read: dict[fx.Node, Channels] = {}
        self._movements: dict[fx.Node, Movement] = {}
        self._turner, self._directions = Turner(), Directions(model)
        self._is_turned: dict[Channels, bool] = {}
        self.gates: dict[fx.Node, None] = {}

    def read(self, node: fx.Node) -> Channels:
        """Reads the channels of a value as an expression.

        Raises:
            InputError: an operator mixes channels and is neither convolution nor linear, or it both raises and lowers
                a channel. The message names it.
        """
        stack = [node]
        while stack:
            top = stack[-1]
            try:
                self._read[top] = self._read_expression(top)
                stack.pop()
            except _Unread as missing:
                stack.append(missing.node)
        return self._read[node]

    def _require_operand(self, node: fx.Node) -> Channels:
        if node not in self._read:
            raise _Unread(node)
        return self._read[node]

    def _read_expression(self, node: fx.Node) -> Channels:
        if node in self._stops:
            return Source(self._stops[node])
        if node not in self._fed:
            return Nothing(self._require_layout(node).n_channels)
        name = get_operator_name(node)
        if name in {"conv2d", "conv1d"}:
            return self._read_convolution(node)
        if (product := read_product(node, self._model.depends_on_input)) is not None:
            return self._read_product(node, product)
        if name in NORMALIZATION:
            return self._read_norm(node)
        if is_movement(node) and name not in ELEMENTWISE:
            return self._read_movement(node)
        if is_first_of_several(node):
            return self._require_operand(node.args[0])
        if name in POOLING:
            self.gates |= dict.fromkeys(one for one in self._model.find_inputs(node)[1:] if one in self._fed)
            return close(self._require_operand(node.all_input_nodes[0]))
        if name in GREATER_OR_LESSER and not is_reduction(node):
            return self._read_greater(node)
        if is_reduction(node):
            return self._read_reduction(node)
        if name in {"add", "sub", "rsub", "neg"}:
            return self._read_sum(node)
        if name in {"mul", "div"}:
            return self._read_scaling(node)
        if is_elementwise(self._model, node):
            return self._read_elementwise(node)
        raise self._build_mixing_error(node)

    def _require_layout(self, node: fx.Node) -> Layout:
        if node not in self._model.layouts:
            raise self._build_mixing_error(node)
        return self._model.layouts[node]

    def _read_convolution(self, node: fx.Node) -> Convolution:
        arguments = dict(enumerate(node.args))
        weight = self._model.read_parameter(node.args[1])
        source = node.args[0]
        assert isinstance(source, fx.Node) and weight is not None
        if get_operator_name(node) == "conv1d":
            return self._read_token_convolution(node, weight)
        layout = self._require_layout(source)
        if layout.axis != 1 or layout.grid != (get_shape(source) or ())[2:]:
            raise self._build_mixing_error(node)  # it takes another axis for that of channels
        dilation = _to_pair(arguments.get(5, 1))
        padding, overhang = arguments.get(4, 0), (0, 0)
        if padding == "same":  # where the number of zeros is odd, the last one is below or on the right
            rows, columns = (d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True))
            padding, overhang = (rows // 2, columns // 2), (rows % 2, columns % 2)
        return Convolution(
            node,
            weight,
            stride=_to_pair(arguments.get(3, 1)),
            padding=_to_pair(0 if padding == "valid" else padding),
            overhang=overhang,
            dilation=dilation,
            groups=int(arguments.get(6, 1)),
            input_node=source,
            input=self._require_operand(source),
        )

    def _read_token_convolution(self, node: fx.Node, weight: torch.Tensor) -> Convolution:
        """Reads a convolution of one tap; a longer one reads across the ends of the grid's rows."""
        is_pointwise = weight.shape[2] == 1 and get_shape(node.args[0])[2:] == get_shape(node)[2:]  # type: ignore[index]
        if self._require_layout(node.args[0]).axis != 1 or not is_pointwise:
            raise self._build_mixing_error(node)
        return self._build_pointwise(node, node.args[0], weight[..., None], int(get_argument(node, "groups")))

    def _read_product(self, node: fx.Node, product: Product) -> Convolution:
        """Reads a product with a matrix: a kernel of one position, or of all positions of flattened channels."""
        weight, layout = self._model.read_parameter(product.matrix), self._require_layout(product.source)
        if weight is None or layout.axis != product.axis:
            raise self._build_mixing_error(node)
        kernel = layout.grid if layout.is_flat else (1, 1)
        matrix = weight.T if product.is_transposed else weight
        return self._build_pointwise(node, product.source, matrix.unflatten(1, (layout.n_channels, *kernel)))

    def _build_pointwise(self, node: fx.Node, source: fx.Node, weight: torch.Tensor, groups: int = 1) -> Convolution:
        """Builds a convolution without stride and padding."""
        return Convolution(node, weight, (1, 1), (0, 0), (1, 1), groups, source, self._require_operand(source))

    def _read_norm(self, node: fx.Node) -> Channels:
        return self._turner.scale(self._require_operand(node.args[0]), read_norm_scale(self._model, node))

    def _read_movement(self, node: fx.Node) -> Channels:
        """Reads views, permutations, concatenations, slices and paddings by following each number of a channel."""
        layout = self._require_layout(node)
        if node not in self._movements:
            graph = Graph(self._model.layouts, self._fed.__contains__, self._model.read_parameter)
            movement = follow_movement(node, graph, self._stops.__contains__)
            if movement is None:
                raise self._build_mixing_error(node)
            self._movements[node] = movement
        movement = self._movements[node]
        parts = [self._require_operand(base) for base in movement.bases]
        numbers = layout.view_maps(movement.select_numbers_of_positions())[0].flatten(1)
        if not is_one_per_row(movement.number_channels()[numbers]):
            raise self._build_mixing_error(node)
        strongest = numbers.amax(1)  # the numbers of one channel belong together, or are padding
        for index, base in enumerate(movement.bases):
            mine = movement.base[strongest] == index
            positions = movement.position[numbers[mine]]
            is_still = positions.shape[1] == self._require_layout(base).n_positions and bool(
                (positions == torch.arange(positions.shape[1])).all()
            )
            parts[index] = parts[index] if is_still else close(parts[index])
        return arrange(parts, movement.base[strongest].tolist(), movement.channel[strongest].tolist())

    def _read_reduction(self, node: fx.Node) -> Channels:
        read = node.args[0]
        is_of_groups = is_movement(read) and all(one in self._model.layouts for one in self._model.find_inputs(read))
        if read not in self._model.layouts and not is_of_groups:
            raise self._build_mixing_error(read)
        if read not in self._model.layouts or self._require_layout(read).axis in find_reduced_axes(node):
            raise self._build_mixing_error(node)
        if get_operator_name(node) in {"var", "std"}:
            raise build_direction_error(self._model, node)
        return close(self._require_operand(node.args[0]))

    def _read_elementwise(self, node: fx.Node) -> Channels:
        (operand,) = set(self._model.find_inputs(node))
        inner, direction = self._require_operand(operand), self._directions.find(node)
        if direction is None:
            raise build_direction_error(self._model, node)
        return close(self._turner.turn(inner, direction))

    def _read_greater(self, node: fx.Node) -> Channels:
        """Reads the greater or lesser of a value and a constant, or of a value and itself times a positive constant.

        Of two different values one wins at each position, which a sum of both cannot express. They are refused.
        """
        origins = {strip_positive_factors(self._model, operand) for operand in self._model.find_inputs(node)}
        if len(origins) != 1:
            raise self._build_mixing_error(node)
        return close(self._require_operand(origins.pop()))

    def _read_sum(self, node: fx.Node) -> Channels:
        coefficients = read_coefficients(self._model, node)
        layout = self._require_layout(node)
        if len(coefficients) == 1:  # the other operand is a constant: a bias
            ((operand, coefficient),) = coefficients.items()
            return self._turner.scale(self._require_operand(operand), _fill(coefficient, layout.n_channels))
        terms: list[Term] = []
        for operand, coefficient in coefficients.items():
            inner = self._require_operand(operand)
            # A single channel that is added to all would be a part of each.
            if self._require_layout(operand).axis != layout.axis or inner.n_channels != layout.n_channels:
                raise self._build_mixing_error(node)
            factor = _fill(coefficient, layout.n_channels)
            parts = inner.terms if isinstance(inner, Addition) else (Term(inner, operand),)
            terms.extend(self._turner.weigh(part, factor) for part in parts)
        found = Addition(tuple(terms), layout.n_channels)
        if is_turned(found, self._is_turned) and any(0 in descent.values() for descent in find_descents(found)):
            raise build_direction_error(self._model, node)
        return found

    def _read_scaling(self, node: fx.Node) -> Channels:
        """Reads a product or quotient: folds a factor per channel, or follows the main one of two values."""
        operands = self._model.find_inputs(node)
        if len(operands) == 1:
            factor = read_factor(self._model, node)
            return (
                self._read_elementwise(node)
                if factor is None
                else self._turner.scale(self._require_operand(operands[0]), factor)
            )
        followed = find_main_inputs(self._model, node)
        if len(followed) != 1:
            raise self._build_mixing_error(node)
        inner = self._require_operand(followed[0])
        gates = [operand for operand in operands if operand is not followed[0]]
        sign = self._directions.find_sign(gates[0])
        if sign is None:
            raise build_direction_error(self._model, node)
        self.gates |= dict.fromkeys(gates)
        return close(self._turner.turn(inner, _fill(sign, inner.n_channels)))

    def _build_mixing_error(self, node: fx.Node) -> InputError:
        return build_mixing_error(self._model, find_mixing_operator(self._model, node, self._fed, self._stops))


def _fill(value: float, n_channels: int) -> torch.Tensor:
    return torch.full((n_channels,), value, dtype=torch.float64)


def _to_pair(value: Any) -> tuple[int, int]:
    values = tuple(int(v) for v in value) if isinstance(value, list | tuple) else (int(value),)
    return (values[0], values[-1])
