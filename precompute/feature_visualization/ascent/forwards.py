"""Forward passes of the model up to a layer, prepared for gradients with respect to pictures."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from precompute.contract.errors import InputError
from precompute.feature_visualization.ascent.optimize import LayerForward
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.layout import Layout
from precompute.models.graph.local_response_norm import fuse_local_response_norms
from precompute.models.graph.memory import estimate_bytes
from precompute.models.graph.operators import get_operator_name
from precompute.models.graph.optimized import optimize
from precompute.models.layers.selection import RecordedLayer, select_layers

__all__ = ["Forwards", "build_logits", "export_for_shape"]

_KEPT = 6


def export_for_shape(model: ExportedModel, shape: tuple[int, int]) -> ExportedModel:
    """Exports the model for pictures of another height and width, in pixels.

    Returns:
        The same model if it has that size already, or if it takes no other size.
    """
    if model.input_size[1:] == shape:
        return model
    try:
        return ExportedModel(model.module, (model.input_size[0], *shape))
    except InputError:
        return model


def build_logits(model: ExportedModel, device: torch.device) -> LayerForward:
    """Builds the whole forward pass, from model input to logits `(batch, output)`, with its weights on a device."""
    graph = model.build_sub_graph([model.output])
    fuse_local_response_norms(graph)
    graph = optimize(graph).to(device)
    return lambda batch: graph(batch)[0]


class Forwards:
    """The forward passes up to each layer, built on demand; the last few are kept.

    Batch norm is folded, weights are in the channels-last format, and nothing beyond the layer is computed.

    Args:
        model: the model, exported for pictures of their size; no parameter requires a gradient.
        layers: names as `select_layers` takes them.
        device: device of the weights.
    """

    def __init__(self, model: ExportedModel, layers: Sequence[str], device: torch.device) -> None:
        self.device = device
        self._model = model
        self._layers = {layer.name: layer for layer in select_layers(model, layers)}
        self._made: dict[tuple[str, bool, torch.dtype], LayerForward] = {}
        self._lock = threading.Lock()

    @property
    def bytes_each(self) -> int:
        """An estimate of the memory that a picture takes while it is optimised."""
        return estimate_bytes(self._model, with_gradients=True)

    @property
    def input_size(self) -> tuple[int, int, int]:
        """Colours, height and width of the model's input."""
        return self._model.input_size

    def __call__(self, layer: str, kind: str = "channel") -> LayerForward:
        """Returns the forward pass for a kind of picture.

        The one of `negative` leaves out the layer's last ReLU: a channel cannot fall below the 0 of its ReLU, so the
        picture that silences it most shows only before it.
        """
        return self._find_or_make(layer, kind == "negative", torch.float32)

    def build_in_bfloat16(self, layer: str, kind: str = "channel") -> LayerForward:
        """Returns the same forward pass computed in bfloat16 throughout; its input and output are float32.

        Autocast would convert around every operator, which costs as much time as the operators save.
        """
        return self._find_or_make(layer, kind == "negative", torch.bfloat16)

    def _find_or_make(self, layer: str, before_relu: bool, dtype: torch.dtype) -> LayerForward:
        key = (layer, before_relu, dtype)
        with self._lock:
            if key not in self._made:
                while len(self._made) >= _KEPT:
                    del self._made[next(iter(self._made))]
                self._made[key] = self._make(self._layers[layer], before_relu, dtype)
            return self._made[key]

    def _make(self, layer: RecordedLayer, before_relu: bool, dtype: torch.dtype) -> LayerForward:
        graph = self._model.build_sub_graph([layer.node])
        if before_relu:
            _remove_last_relu(graph)
        fuse_local_response_norms(graph)
        graph = optimize(graph)
        if dtype != torch.float32:  # the model shares its parameters with the graph: they stay float32
            graph = copy.deepcopy(graph).to(dtype)
        return _Forward(graph.to(self.device), self._model.layouts[layer.node], dtype)


@dataclass(frozen=True)
class _Forward:
    """The value of a sub-graph with one output, as `(batch, channel, height, width)`."""

    graph: torch.nn.Module
    layout: Layout
    dtype: torch.dtype

    def __call__(self, batch: Tensor) -> Tensor:
        if batch.device.type == "cpu":
            batch = batch.contiguous(memory_format=torch.channels_last)
        return self.layout.view_maps(self.graph(batch.to(self.dtype))[0]).float()


def _remove_last_relu(module: fx.GraphModule) -> None:
    """Removes the ReLUs whose values are the output, or are concatenated to it."""
    (output,) = (node for node in module.graph.nodes if node.op == "output")
    readers, waiting = {output}, list(output.all_input_nodes)
    while waiting:
        node = waiting.pop()
        if get_operator_name(node) == "cat":
            readers.add(node)
            waiting += node.all_input_nodes
        elif get_operator_name(node) == "relu":
            for reader in readers & set(node.users):
                reader.replace_input_with(node, node.args[0])
    module.graph.eliminate_dead_code()
    module.recompile()
