"""Graphs built operator by operator, with the shapes of their values, for tests of functions that read graphs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx

from precompute.models.graph.layout import Layout
from precompute.models.graph.movement import Graph

ATEN = torch.ops.aten


class SmallGraph:
    """A graph for one image.

    Attributes:
        graph: the operators.
        constants: the values of nodes that do not depend on the image.
    """

    def __init__(self) -> None:
        self.graph = fx.Graph()
        self.constants: dict[fx.Node, Tensor] = {}
        self._fed: set[fx.Node] = set()

    def add_input(self, *shape: int) -> fx.Node:
        """Adds an image-dependent value."""
        node = self.graph.placeholder(f"input_{len(self._fed)}")
        node.meta["val"] = torch.empty(shape, device="meta")
        self._fed.add(node)
        return node

    def add_constant(self, value: Tensor) -> fx.Node:
        """Adds a weight or another constant."""
        node = self.graph.get_attr(f"constant_{len(self.constants)}")
        node.meta["val"] = value.to("meta")
        self.constants[node] = value
        return node

    def call(self, operator: Any, *args: Any, **kwargs: Any) -> fx.Node:
        """Adds an operator, and computes the shape of its value."""
        node = self.graph.call_function(operator, args, kwargs)
        values = fx.node.map_arg((args, kwargs), lambda one: one.meta["val"])
        node.meta["val"] = operator(*values[0], **values[1])
        if any(self.is_fed(one) for one in node.all_input_nodes):
            self._fed.add(node)
        return node

    def is_fed(self, node: fx.Node) -> bool:
        """Checks that a value depends on the image."""
        return node in self._fed

    def describe(self, layouts: dict[fx.Node, Layout]) -> Graph:
        """Returns the facts that following a movement takes."""
        return Graph(layouts, self.is_fed, self.constants.get)
