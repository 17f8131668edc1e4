"""A model as the graph that `torch.export` reads, from images to logits.

Decomposing to core ATen operators makes the graph functional (no in-place ReLU overwrites a recorded value) and small
in vocabulary. Recording needs no hooks: a sub-graph that returns the wanted values is an ordinary module.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import torch
from torch import Tensor, fx, nn

from precompute.contract.errors import InputError
from precompute.models.graph.export import export_graph
from precompute.models.graph.final_activation import read_outputs
from precompute.models.graph.independence import require_independence
from precompute.models.graph.infer_layouts import infer_layouts
from precompute.models.graph.layout import Layout
from precompute.models.graph.operators import (
    get_module_path,
    get_operator_name,
    get_shape,
    list_calls_around,
    reads_size_alone,
)
from precompute.models.graph.transposed import write_as_convolutions


class ExportedModel:
    """The exported graph of an image classifier, `(batch, channel, height, width)` in, logits out.

    Values that the model returns beside its logits (see `outputs.choose_logits`) are no part of the graph. A softmax
    or sigmoid at its end is none either: `outputs` names it, and computes probabilities from the logits.

    Args:
        module: the model; it is put into eval mode.
        input_size: `(channels, height, width)` of one image.

    Attributes:
        module_types: the name of the class of each module, by its path.
        input: the images.
        output: the logits.
        outputs: the activation that was taken out.
        layouts: the axes of channels and positions, by value.

    Raises:
        InputError: the model cannot be exported, takes several inputs or returns no logits, computes in half precision,
            draws random numbers, or mixes the images of a batch.
    """

    def __init__(self, module: nn.Module, input_size: tuple[int, int, int]) -> None:
        self.input_size = input_size
        self.module = module.eval()
        self._graph_module = export_graph(module, input_size)
        write_as_convolutions(self._graph_module)
        self.module_types = {name: type(child).__name__ for name, child in module.named_modules()}
        (self.input,) = (n for n in self.graph.nodes if n.op == "placeholder")
        self.set_output(self._find_logits())
        self.outputs = read_outputs(self)
        require_independence(self.build_sub_graph([self.output]), input_size, self.module_types)
        self.layouts: dict[fx.Node, Layout] = infer_layouts(self.graph, self.depends_on_input, self.read_parameter)

    @property
    def graph(self) -> fx.Graph:
        """The operators, in order."""
        return self._graph_module.graph

    @property
    def n_outputs(self) -> int:
        """The length of the vector of logits; at least 2 once `outputs` is known."""
        shape = get_shape(self.output)
        assert shape is not None
        return shape[-1]

    @property
    def output_layer(self) -> str:
        """The path of the module with the last weights before the logits; the operator where no module has them."""
        node = self.output
        while get_operator_name(node) not in {"linear", "conv2d"} and (read := self.find_inputs(node)):
            node = read[0]
        return get_module_path(node) or get_operator_name(node)

    def set_output(self, node: fx.Node) -> None:
        """Makes another value the logits, and removes the operators that nothing reads any more."""
        self.output = node
        next(iter(reversed(self.graph.nodes))).args = ((node,),)
        self.graph.eliminate_dead_code()
        self._after_input = self._find_reached(self.input)

    def depends_on_input(self, node: fx.Node) -> bool:
        """Checks that a value is computed from the values of the image, as weights and constants are not."""
        return node in self._after_input

    def find_inputs(self, node: fx.Node) -> list[fx.Node]:
        """Returns the image-dependent values that a node reads, in order."""
        return [n for n in node.all_input_nodes if n in self._after_input]

    def read_parameter(self, node: fx.Node | None) -> Tensor | None:
        """Returns the value of a weight or a buffer, or computes a value from these, such as a standardised weight.

        Args:
            node: the value; None for a parameter that an operator does not have.

        Raises:
            InputError: the value depends on the image.
        """
        if node is None:
            return None
        if node in self._after_input:
            raise InputError(
                "Weights are the same for every image.",
                f"{node.name} in {get_module_path(node) or 'the model'} is computed from the image.",
                "Use --influence gradient, which needs no weights.",
            )
        if node.op == "get_attr":
            value: Tensor = attrgetter(str(node.target))(self._graph_module)
            return value.detach()
        # What reads the size of the batch, such as the numbers of its images, is taken for one image.
        images = [torch.zeros(1, *self.input_size)] if self.input in self._find_needed([node], []) else []
        with torch.no_grad():
            (computed,) = self.build_sub_graph([node], [self.input] if images else [])(*images)
        return computed.detach()

    def find_outputs_of_modules(self) -> dict[str, fx.Node]:
        """Finds the node whose value each call of a module returns, by call; calls that return several are left out."""
        members: dict[str, list[fx.Node]] = {}
        for node in self.graph.nodes:
            if node in self._after_input and node.op == "call_function":
                for call in list_calls_around(node):
                    members.setdefault(call, []).append(node)
        found = {}
        for call, nodes in members.items():
            inside = set(nodes)
            leaving = [n for n in nodes if get_shape(n) is not None and any(self._leaves(u, inside) for u in n.users)]
            if len(leaving) == 1:
                found[call] = leaving[0]
        return found

    def _leaves(self, user: fx.Node, inside: set[fx.Node]) -> bool:
        """Checks that a reader is outside of a module and reads the value, not its size."""
        return user not in inside and (user in self._after_input or user.op == "output")

    def build_sub_graph(self, nodes: Sequence[fx.Node], given: Sequence[fx.Node] | None = None) -> fx.GraphModule:
        """Builds a module that computes the values of `nodes` and nothing else; it shares the weights.

        Args:
            nodes: the values that the module returns, as a tuple.
            given: the values that it takes, in this order, instead of computing them; by default the images.
        """
        given = [self.input] if given is None else given
        graph = fx.Graph()
        copies: dict[fx.Node, fx.Node] = {}
        for node in given:
            copies[node] = graph.placeholder(node.name)
            copies[node].meta = dict(node.meta)
        wanted = self._find_needed(nodes, given)
        for node in self.graph.nodes:
            if node in wanted and node not in copies:
                copies[node] = graph.node_copy(node, lambda n: copies[n])
                if copies[node].target is torch.ops.aten.view.default:  # values may be channels last in memory
                    copies[node].target = torch.ops.aten.reshape.default
        graph.output(tuple(copies[n] for n in nodes))
        return fx.GraphModule(self._graph_module, graph)

    def _find_needed(self, nodes: Sequence[fx.Node], given: Sequence[fx.Node]) -> set[fx.Node]:
        """Finds the nodes that must run to compute `nodes` from `given`."""
        wanted: set[fx.Node] = set()
        stack = [node for node in nodes if node not in given]
        while stack:
            node = stack.pop()
            if node not in wanted:
                wanted.add(node)
                stack.extend(parent for parent in node.all_input_nodes if parent not in given)
        return wanted

    def _find_reached(self, start: fx.Node) -> set[fx.Node]:
        """Finds the nodes that read a value, directly or through others; reading its size does not count."""
        reached = {start}
        for node in self.graph.nodes:
            if not reads_size_alone(node) and any(n in reached for n in node.all_input_nodes):
                reached.add(node)
        return reached

    def _find_logits(self) -> fx.Node:
        """Returns the one value that the exported `LogitsAlone` returns.

        Raises:
            InputError: it does not depend on the image.
        """
        ((result,),) = next(iter(reversed(self.graph.nodes))).args
        if not isinstance(result, fx.Node) or result not in self._find_reached(self.input):
            raise InputError(
                "Logits depend on the image.",
                "The model returns the same values whatever it sees.",
                "Check what its forward returns.",
            )
        return result
