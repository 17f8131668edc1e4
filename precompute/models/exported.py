"""A model as the graph that `torch.export` sees: the ground on which layers, provenance and recording stand.

Decomposing to core ATen operators makes the graph functional (no in-place ReLU overwrites a recorded value) and small
in vocabulary. Recording needs no hooks: a sub-graph that returns the wanted values is an ordinary module.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from precompute.errors import InputError
from precompute.models.layout import Layout, infer_layouts
from precompute.models.operators import module_path, operator_name, paths_around, shape_of


class ExportedModel:
    """The exported graph of an image classifier, `(batch, channel, height, width)` in, logits out.

    Args:
        module: the model; it is put into eval mode.
        input_size: `(channels, height, width)` of one image.

    Raises:
        InputError: the model cannot be exported, takes several inputs or returns no logits.
    """

    def __init__(self, module: nn.Module, input_size: tuple[int, int, int]) -> None:
        self.input_size = input_size
        self.module = module.eval()
        self._graph_module = _export(module, input_size)
        self.module_types = {name: type(child).__name__ for name, child in module.named_modules()}
        placeholders = [n for n in self.graph.nodes if n.op == "placeholder"]
        if len(placeholders) != 1:
            raise InputError(
                "A model takes one batch of images.",
                f"Its forward takes {len(placeholders)} inputs.",
                "Wrap it in a module whose forward takes the images alone.",
            )
        self.input = placeholders[0]
        self.output = self._logits()
        self._after_input = self._reached_from(self.input)
        self.layouts: dict[fx.Node, Layout] = infer_layouts(self.graph, self.depends_on_input, self.parameter)

    @property
    def graph(self) -> fx.Graph:
        return self._graph_module.graph

    @property
    def n_outputs(self) -> int:
        """Length of the vector of logits."""
        shape = shape_of(self.output)
        assert shape is not None
        return shape[-1]

    def depends_on_input(self, node: fx.Node) -> bool:
        """Whether a value changes with the image, as weights and constants do not."""
        return node in self._after_input

    def inputs_of(self, node: fx.Node) -> list[fx.Node]:
        """The image-dependent values that a node reads, in order."""
        return [n for n in node.all_input_nodes if n in self._after_input]

    def parameter(self, node: fx.Node | None) -> Tensor | None:
        """The value of a weight, a buffer, or whatever is computed from them alone, such as a standardised weight."""
        if node is None:
            return None
        if node in self._after_input:
            raise InputError(
                "Weights are the same for every image.",
                f"{node.name} in {module_path(node) or 'the model'} is computed from the image.",
                "Use --influence gradient, which needs no weights.",
            )
        if node.op == "get_attr":
            value: Any = self._graph_module
            for part in str(node.target).split("."):
                value = getattr(value, part)
            return value.detach()
        with torch.no_grad():
            (computed,) = self._computing([node], [])()
        return computed.detach()

    def outputs_of_modules(self) -> dict[str, fx.Node]:
        """The node whose value each module returns, by module path; modules with several outputs are left out."""
        members: dict[str, list[fx.Node]] = {}
        for node in self.graph.nodes:
            if node in self._after_input and node.op == "call_function":
                for path in paths_around(node):
                    members.setdefault(path, []).append(node)
        found = {}
        for path, nodes in members.items():
            inside = set(nodes)
            leaving = [n for n in nodes if shape_of(n) is not None and any(self._leaves(u, inside) for u in n.users)]
            if len(leaving) == 1:
                found[path] = leaving[0]
        return found

    def _leaves(self, user: fx.Node, inside: set[fx.Node]) -> bool:
        """Whether a reader stands outside of a module and reads the value, not its size."""
        return user not in inside and (user in self._after_input or user.op == "output")

    def sub_graph(self, nodes: Sequence[fx.Node], given: Sequence[fx.Node] | None = None) -> fx.GraphModule:
        """A module that computes the values of `nodes` and nothing beyond them; it shares the weights.

        Args:
            nodes: whose values it returns, as a tuple.
            given: whose values it takes, in this order, instead of computing them; by default the images.
        """
        return self._computing(nodes, [self.input] if given is None else given)

    def inputs_needed(self, nodes: Sequence[fx.Node], given: Sequence[fx.Node]) -> bool:
        """Whether the values of `nodes` take the images, even when those of `given` are known."""
        return self.input in self._needed_for(nodes, given)

    def _computing(self, nodes: Sequence[fx.Node], given: Sequence[fx.Node]) -> fx.GraphModule:
        graph = fx.Graph()
        copies: dict[fx.Node, fx.Node] = {}
        for node in given:
            copies[node] = graph.placeholder(node.name)
            copies[node].meta = dict(node.meta)
        wanted = self._needed_for(nodes, given)
        for node in self.graph.nodes:
            if node in wanted and node not in copies:
                copies[node] = graph.node_copy(node, lambda n: copies[n])
        graph.output(tuple(copies[n] for n in nodes))
        return fx.GraphModule(self._graph_module, graph)

    def _needed_for(self, nodes: Sequence[fx.Node], given: Sequence[fx.Node]) -> set[fx.Node]:
        wanted: set[fx.Node] = set()
        stack = [node for node in nodes if node not in given]
        while stack:
            node = stack.pop()
            if node not in wanted:
                wanted.add(node)
                stack.extend(parent for parent in node.all_input_nodes if parent not in given)
        return wanted

    def _reached_from(self, start: fx.Node) -> set[fx.Node]:
        reached = {start}
        for node in self.graph.nodes:
            # What reads a size alone does not depend on the image.
            name = operator_name(node)
            reads_size = name.startswith(("sym_", "new_")) or name.endswith("_like")
            if not reads_size and any(n in reached for n in node.all_input_nodes):
                reached.add(node)
        return reached

    def _logits(self) -> fx.Node:
        (result,) = next(iter(reversed(self.graph.nodes))).args
        values = list(_flatten(result))
        shape = shape_of(values[0]) if len(values) == 1 else None
        if shape is None or len(shape) != 2:
            raise InputError(
                "A classifier returns logits (batch, output).",
                f"It returns {len(values)} values, the first of shape {shape_of(values[0]) if values else None}.",
                "Wrap it in a module whose forward returns the logits alone.",
            )
        return values[0]


def _flatten(value: Any) -> Iterator[fx.Node]:
    if isinstance(value, fx.Node):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _flatten(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _flatten(item)


def _export(module: nn.Module, input_size: tuple[int, int, int]) -> fx.GraphModule:
    """Exports with a free batch size; the module itself is left as it was."""
    example = torch.zeros(2, *input_size)
    try:
        with torch.no_grad():
            program = torch.export.export(
                copy.deepcopy(module), (example,), dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},)
            ).run_decompositions({})
    except Exception as problem:  # any exception of the user's own forward may come out here
        reason = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        raise InputError(
            f"The model takes images of shape {input_size} and can be read by torch.export.",
            f"{type(problem).__name__}: {reason[:300]}.",
            "Check the input size of --preprocess, and that forward has no branches that depend on the image.",
        ) from problem
    exported = program.module()
    assert isinstance(exported, fx.GraphModule)
    for node in list(exported.graph.nodes):
        if node.op == "call_module":  # export's own checks of input shapes: ours are earlier and clearer
            exported.graph.erase_node(node)
    return exported
