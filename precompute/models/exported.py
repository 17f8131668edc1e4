"""A model as the graph that `torch.export` sees: the ground on which layers, provenance and recording stand.

Decomposing to core ATen operators makes the graph functional (no in-place ReLU overwrites a recorded value) and small
in vocabulary. Recording needs no hooks: a sub-graph that returns the wanted values is an ordinary module.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from precompute.errors import InputError
from precompute.models.export import export_graph

NORMALIZATION = {"_native_batch_norm_legit_no_training", "batch_norm"}
RELU_LIKE = {
    "relu", "hardtanh", "relu6", "leaky_relu", "elu", "selu", "celu", "silu", "gelu", "mish", "hardswish",
    "hardsigmoid", "sigmoid", "tanh", "softplus", "clamp", "clamp_min", "prelu", "_prelu_kernel", "rrelu_with_noise",
}  # fmt: skip


def operator_name(node: fx.Node) -> str:
    """The plain name of what a node calls, such as ``"conv2d"``; empty for inputs, weights and outputs."""
    if node.op != "call_function":
        return ""
    if isinstance(node.target, torch._ops.OpOverload):
        return str(node.target.overloadpacket.__name__)
    return "getitem" if node.target is operator.getitem else str(getattr(node.target, "__name__", node.target))


def shape_of(node: fx.Node) -> tuple[int, ...] | None:
    """Shape of a node's value with the batch as -1; None where it is no tensor."""
    value = node.meta.get("val")
    if not isinstance(value, Tensor):
        return None
    return tuple(size if isinstance(size, int) else -1 for size in value.shape)


class ExportedModel:
    """The exported graph of an image classifier, `(batch, channel, height, width)` in, logits out.

    Whatever else the model returns beside its logits (see `outputs.choose_logits`) is no part of the graph.

    Args:
        module: the model; it is put into eval mode.
        input_size: `(channels, height, width)` of one image.

    Raises:
        InputError: the model cannot be exported, takes several inputs or returns no logits, computes in half precision,
            or draws random numbers.
    """

    def __init__(self, module: nn.Module, input_size: tuple[int, int, int]) -> None:
        self.input_size = input_size
        self.module = module.eval()
        self._graph_module = export_graph(module, input_size)
        self.module_types = {name: type(child).__name__ for name, child in module.named_modules()}
        (self.input,) = (n for n in self.graph.nodes if n.op == "placeholder")
        self.output = self._logits()
        self._after_input = self._reached_from(self.input)

    @property
    def graph(self) -> fx.Graph:
        return self._graph_module.graph

    @property
    def n_outputs(self) -> int:
        """Length of the vector of logits."""
        shape = shape_of(self.output)
        assert shape is not None
        return shape[-1]

    @property
    def output_layer(self) -> str:
        """Path of the module with the last weights before the logits; the operator where no module has them."""
        node = self.output
        while operator_name(node) not in {"linear", "conv2d"} and (read := self.inputs_of(node)):
            node = read[0]
        paths = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values() if path]
        return paths[-1] if paths else operator_name(node)

    def depends_on_input(self, node: fx.Node) -> bool:
        """Whether a value changes with the image, as weights and constants do not."""
        return node in self._after_input

    def inputs_of(self, node: fx.Node) -> list[fx.Node]:
        """The image-dependent values that a node reads, in order."""
        return [n for n in node.all_input_nodes if n in self._after_input]

    def parameter(self, node: fx.Node | None) -> Tensor | None:
        """The value of a weight or buffer node."""
        if node is None:
            return None
        if node.op != "get_attr":
            raise InputError(
                "Weights of a convolution are parameters of the model.",
                f"{node.name} is computed on the way.",
                "Fold the computation into the weights before handing the model over.",
            )
        value: Any = self._graph_module
        for part in str(node.target).split("."):
            value = getattr(value, part)
        return value.detach()

    def outputs_of_modules(self) -> dict[str, fx.Node]:
        """The node whose value each module returns, by module path; modules with several outputs are left out."""
        members: dict[str, list[fx.Node]] = {}
        for node in self.graph.nodes:
            if node in self._after_input and node.op == "call_function":
                for path in _module_paths(node):
                    members.setdefault(path, []).append(node)
        found = {}
        for path, nodes in members.items():
            inside = set(nodes)
            leaving = [n for n in nodes if shape_of(n) is not None and any(u not in inside for u in n.users)]
            if len(leaving) == 1:
                found[path] = leaving[0]
        return found

    def sub_graph(self, nodes: Sequence[fx.Node]) -> fx.GraphModule:
        """A module from images to the values of `nodes` that computes nothing beyond them; it shares the weights."""
        graph = fx.Graph()
        copies: dict[fx.Node, fx.Node] = {}
        wanted = self._needed_for(nodes)
        for node in self.graph.nodes:
            if node in wanted:
                copies[node] = graph.node_copy(node, lambda n: copies[n])
        graph.output(tuple(copies[n] for n in nodes))
        return fx.GraphModule(self._graph_module, graph)

    def _needed_for(self, nodes: Sequence[fx.Node]) -> set[fx.Node]:
        wanted: set[fx.Node] = {self.input}
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node not in wanted:
                wanted.add(node)
                stack.extend(node.all_input_nodes)
        return wanted

    def _reached_from(self, start: fx.Node) -> set[fx.Node]:
        reached = {start}
        for node in self.graph.nodes:
            # A size is a number, not a picture: what depends on it alone does not depend on the image.
            if any(n in reached for n in node.all_input_nodes) and not operator_name(node).startswith("sym_"):
                reached.add(node)
        return reached

    def _logits(self) -> fx.Node:
        """`LogitsAlone` returns one value of two dimensions."""
        ((result,),) = next(iter(reversed(self.graph.nodes))).args
        if not isinstance(result, fx.Node) or result not in self._reached_from(self.input):
            raise InputError(
                "Logits depend on the image.",
                "The model returns the same values whatever it sees.",
                "Check what its forward returns.",
            )
        return result


def _module_paths(node: fx.Node) -> list[str]:
    """Paths of the modules around a node, outermost first, without the model itself."""
    stack = node.meta.get("nn_module_stack") or {}
    return [path for path, _ in stack.values() if path]
