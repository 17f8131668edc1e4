"""A model in which channels of recorded layers are replaced while it runs: other channels for each row of a batch."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from torch import Tensor, fx, nn

from precompute.faithfulness.replacement import replace_channels
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.layout import Layout
from precompute.models.graph.local_response_norm import fuse_local_response_norms
from precompute.models.graph.memory import estimate_bytes
from precompute.models.graph.optimized import optimize
from precompute.models.layers.selection import RecordedLayer

__all__ = ["AblatedModel"]


class AblatedModel:
    """A model that computes logits with channels of its recorded layers replaced.

    Nothing is hooked into the model: each way to compute is a graph of its own that shares the weights.

    Args:
        model: the exported model.
        layers: the recorded layers, in order from the input.
        device: of all tensors.

    Attributes:
        layers: as given.
        layouts: of the layers' values.
        device: as given.
        bytes_per_image: an estimate of the memory that an image takes.
    """

    def __init__(self, model: ExportedModel, layers: Sequence[RecordedLayer], device: torch.device) -> None:
        self.layers, self.device = layers, device
        self.bytes_per_image = estimate_bytes(model, with_gradients=False)
        self.layouts: list[Layout] = [model.layouts[layer.node] for layer in layers]
        self._model = model
        self._recording = self._prepare(model.build_sub_graph([model.output, *(layer.node for layer in layers)]))
        self._build_once = functools.cache(self._build_replaced)
        self._build_above_once = functools.cache(self._build_above)

    def record(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Computes logits `(batch, output)` and the values of all layers, as they are; gradients are carried."""
        logits, *values = self._recording(images)
        return logits, values

    def replace_in_all(self, images: Tensor, first: Tensor, kept: Sequence[Tensor], fills: Sequence[Tensor]) -> Tensor:
        """Computes logits with channels of all layers replaced.

        Args:
            images: `(batch, channel, height, width)`, for what leads past the first layer.
            first: the value of the first layer, as `record` returns it.
            kept: per layer `(batch, channel)` of bool.
            fills: per layer what takes the others' place, as `build_replacement` returns it.

        Returns:
            `(batch, output)`.
        """
        replaced = self._replace(0, first, kept[0], fills[0])
        (logits,) = self._build_once(0, True)(replaced, images, *kept[1:], *fills[1:])
        return logits

    def replace_in_one(self, index: int, images: Tensor, value: Tensor, kept: Tensor, fill: Tensor) -> Tensor:
        """Computes logits with channels of one layer replaced, from the layer's value on.

        Args:
            index: of the layer.
            images: `(batch, channel, height, width)`, for what leads past the layer.
            value: of the layer, as `record` returns it.
            kept: `(batch, channel)` of bool.
            fill: what takes the others' place.

        Returns:
            `(batch, output)`.
        """
        replaced = self._replace(index, value, kept, fill)
        (logits,) = self._build_once(index, False)(replaced, images)
        return logits

    def read_above(
        self, index: int, images: Tensor, value: Tensor, kept: Tensor, fill: Tensor, above: Sequence[int]
    ) -> list[Tensor]:
        """Computes the values of layers above one in which channels are replaced.

        Args:
            index: of the layer.
            images: `(batch, channel, height, width)`, for what leads past the layer.
            value: of the layer, as `record` returns it.
            kept: `(batch, channel)` of bool.
            fill: what takes the others' place.
            above: indices of the layers to return.
        """
        replaced = self._replace(index, value, kept, fill)
        return list(self._build_above_once(index, tuple(above))(replaced, images))

    def _build_above(self, index: int, above: Sequence[int]) -> fx.GraphModule:
        given = [self.layers[index].node, self._model.input]
        return self._prepare(self._model.build_sub_graph([self.layers[i].node for i in above], given))

    def _build_replaced(self, index: int, also_above: bool) -> fx.GraphModule:
        """Builds the graph from the value of a layer to the logits; `also_above` replaces in the layers above it too.

        It takes the value and the images, then what is kept of each layer above, then what replaces the rest of each.
        """
        given = [self.layers[index].node, self._model.input]
        above = range(index + 1, len(self.layers)) if also_above else range(0)
        nodes = [self._model.output, *(self.layers[i].node for i in above)]
        module = self._prepare(self._model.build_sub_graph(nodes, given))
        graph = module.graph
        (output,) = (node for node in graph.nodes if node.op == "output")
        placeholders = _add_placeholders(graph, [f"{what}_{i}" for what in ("kept", "fill") for i in above])
        for number, value in enumerate(output.args[0][1:]):
            name = f"replacing_{number}"
            module.add_submodule(name, _Replacing(self.layouts[above[number]]))
            with graph.inserting_after(value):
                replaced = graph.call_module(name, (value, placeholders[number], placeholders[number + len(above)]))
            value.replace_all_uses_with(replaced, delete_user_cb=functools.partial(_is_other, replaced))
        output.args = (output.args[0][:1],)
        graph.eliminate_dead_code()
        graph.lint()
        module.recompile()
        return module

    def _replace(self, index: int, value: Tensor, kept: Tensor, fill: Tensor) -> Tensor:
        """Replaces channels of a layer's value, whose order in memory stays: operators are slow in another one."""
        replaced = replace_channels(value, kept, fill, self.layouts[index])
        if value.ndim == 4 and value[:1].is_contiguous(memory_format=torch.channels_last):
            return replaced.contiguous(memory_format=torch.channels_last)
        return replaced

    def _prepare(self, module: fx.GraphModule) -> fx.GraphModule:
        fuse_local_response_norms(module)
        finished: fx.GraphModule = optimize(module).to(self.device)
        return finished


class _Replacing(nn.Module):
    """An operator of a graph that replaces channels of a value of one layout."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout

    def forward(self, value: Tensor, kept: Tensor, replacement: Tensor) -> Tensor:
        return replace_channels(value, kept, replacement, self._layout)


def _is_other(node: fx.Node, user: fx.Node) -> bool:
    return user is not node


def _add_placeholders(graph: fx.Graph, names: Sequence[str]) -> list[fx.Node]:
    """Adds inputs after the ones that there are, in order."""
    last = [node for node in graph.nodes if node.op == "placeholder"][-1]
    found: list[fx.Node] = []
    for name in names:
        with graph.inserting_after(found[-1] if found else last):
            found.append(graph.placeholder(name))
    return found
