"""A model ready to be explained: what all methods share, in batches, without hooks."""

from __future__ import annotations

import contextlib
import difflib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx

from precompute.contract.errors import InputError
from precompute.devices.batches import MOST_ON_A_GPU, BatchSize
from precompute.explanations.input_range import InputRange
from precompute.explanations.recent import Recent
from precompute.explanations.target import Target, score
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.local_response_norm import fuse_local_response_norms
from precompute.models.graph.optimized import optimize

__all__ = ["Explainer", "do_nothing"]


_RECORD = "record"


class _Recorded(NamedTuple):
    """A pass through the whole graph: the pixels, and every value with and without what leads back to them."""

    pixels: Tensor
    followed: dict[fx.Node, Any]
    values: dict[fx.Node, Any]


class Explainer:
    """An exported model with the range of its input and its recorded layers.

    Args:
        exported: the model; it computes in float32, with the weights as they are when something is first computed.
        input_range: the values that its input can take.
        layers: the value of each recorded layer, by name, in order from the input.

    Attributes:
        between: is called before the model runs; what it raises ends a method that runs the model many times.
        recent: while it is open, `with explainer.recent:`, methods share their passes of one image.
        sizes: of the batches that run together, as many images as there is memory for.
    """

    def __init__(self, exported: ExportedModel, input_range: InputRange, layers: Mapping[str, fx.Node]) -> None:
        self.exported = exported
        self.input_range = input_range
        self.layers = dict(layers)
        self.between: Callable[[], object] = do_nothing
        self.recent = Recent()
        self.sizes = BatchSize(MOST_ON_A_GPU, input_range.low.device)
        self._sub_graphs: dict[tuple[fx.Node, ...], fx.GraphModule] = {}

    @contextlib.contextmanager
    def wrap_runs(self, between: Callable[[], object]) -> Iterator[None]:
        """Calls a function before every run of the model, and afterwards the one that was called before."""
        before, self.between = self.between, between
        try:
            yield
        finally:
            self.between = before

    @functools.cached_property
    def last_layer(self) -> str | None:
        """The last recorded layer on whose values at positions of the image the logits depend; None without such one.

        The last layer of a transformer is none where the class reads a token of its own alone.
        """
        shape = self.exported.input_size
        light = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
        low, high = self.input_range.low.cpu(), self.input_range.high.cpu()
        image = (low + (high - low) * light).to(self.input_range.low)
        for name, node in reversed(self.layers.items()):
            layout = self.exported.layouts[node]
            if layout.n_positions > 1 and layout.is_placed and self._is_read(node, image):
                return name
        return None

    def _is_read(self, node: fx.Node, image: Tensor) -> bool:
        """Checks that the logits of an image depend on a value at positions."""
        with torch.enable_grad():
            value, logits = self._build([node, self.exported.output])(image.clone().requires_grad_())
            (gradient,) = torch.autograd.grad(logits.square().sum(), value, materialize_grads=True)
        return bool(self.exported.layouts[node].view_maps(gradient).any())

    def compute_logits(self, images: Tensor) -> Tensor:
        """Computes the logits of images, `(image, output)`, without gradients.

        Args:
            images: `(image, channel, height, width)`, after preprocessing.
        """
        return self.recent.compute("logits", images, lambda: self._compute_logits(images))

    def _compute_logits(self, images: Tensor) -> Tensor:
        def run(some: Tensor) -> Tensor:
            return self.compute_values([self.exported.output], some)[0]

        found = list(self.sizes.run(run, images))
        return found[0] if len(found) == 1 else torch.cat(found)

    def compute_scores(self, images: Tensor, targets: Sequence[Target]) -> Tensor:
        """Computes the score of each image for its target, `(image,)`, without gradients."""
        return score(self.compute_logits(images), targets)

    def compute_values(self, nodes: Sequence[fx.Node], images: Tensor) -> tuple[Tensor, ...]:
        """Computes values of the graph, as they lie in it, without gradients."""
        recorded: _Recorded | None = self.recent.find(_RECORD, images)
        if recorded is not None:
            return tuple(recorded.values[node] for node in nodes)
        with torch.no_grad():
            values: tuple[Tensor, ...] = self._build(nodes)(images)
        return values

    def differentiate(self, images: Tensor, targets: Sequence[Target]) -> tuple[Tensor, Tensor]:
        """Computes the gradient of each image's score by its pixels.

        Returns:
            The gradient, of the shape of the images, and the scores, `(image,)`.
        """
        kind = ("differentiate", *targets)
        return self.recent.compute(kind, images, lambda: self._differentiate(images, targets))

    def _differentiate(self, images: Tensor, targets: Sequence[Target]) -> tuple[Tensor, Tensor]:
        def run(rows: range) -> tuple[Tensor, Tensor]:
            with torch.enable_grad():
                pixels, (logits,), is_shared = self._follow([self.exported.output], images[rows.start : rows.stop])
                scores = score(logits, targets[rows.start : rows.stop])
                (gradient,) = torch.autograd.grad(scores.sum(), pixels, retain_graph=is_shared)
            return gradient, scores.detach()

        gradient, scores = self._join(run, len(images))
        return gradient, scores

    def read_layer(self, layer: str, images: Tensor, targets: Sequence[Target]) -> tuple[Tensor, Tensor, Tensor]:
        """Computes a recorded layer's values and the gradient of each image's score by them.

        Tokens without a position, such as a class token, are left out.

        Returns:
            Values and gradients, each `(image, channel, height, width)`, and the scores, `(image,)`.

        Raises:
            InputError: the layer is not recorded.
        """
        node = self.find_layer(layer)
        return self.recent.compute(("layer", layer, *targets), images, lambda: self._read_layer(node, images, targets))

    def _read_layer(self, node: fx.Node, images: Tensor, targets: Sequence[Target]) -> tuple[Tensor, Tensor, Tensor]:
        view = self.exported.layouts[node].view_maps

        def run(rows: range) -> tuple[Tensor, Tensor, Tensor]:
            with torch.enable_grad():
                some = images[rows.start : rows.stop]
                _, (value, logits), is_shared = self._follow([node, self.exported.output], some)
                scores = score(logits, targets[rows.start : rows.stop])
                (gradient,) = torch.autograd.grad(scores.sum(), value, retain_graph=is_shared)
            return view(value.detach()), view(gradient), scores.detach()

        values, gradients, scores = self._join(run, len(images))
        return values, gradients, scores

    def _join(self, run: Callable[[range], tuple[Tensor, ...]], n_images: int) -> list[Tensor]:
        """Joins what a function returns for ranges of images, as many at a time as there is memory for."""
        found = list(self.sizes.run(run, range(n_images)))
        return list(found[0]) if len(found) == 1 else [torch.cat(parts) for parts in zip(*found, strict=True)]

    def _follow(self, nodes: Sequence[fx.Node], images: Tensor) -> tuple[Tensor, tuple[Tensor, ...], bool]:
        """Computes values that gradients can follow back to the pixels; True where others may follow the same ones."""
        recorded: _Recorded | None = self.recent.find(_RECORD, images)
        if recorded is not None:
            return recorded.pixels, tuple(recorded.followed[node] for node in nodes), True
        pixels = images.detach().clone().requires_grad_()
        return pixels, self._build(nodes)(pixels), False

    def record(self, images: Tensor) -> dict[fx.Node, Any]:
        """Computes the value of every operator, weight and constant of the graph, without gradients.

        While `recent` is open, logits and gradients of the same image need no other pass.

        Returns:
            By node; operators with several results have a tuple or a list.
        """
        return self.recent.compute(_RECORD, images, lambda: self._record(images)).values

    def _record(self, images: Tensor) -> _Recorded:
        exported = self.exported
        nodes = [node for node in exported.graph.nodes if node.op in {"call_function", "get_attr"}]
        is_followed = self.recent.keeps(images)
        with torch.set_grad_enabled(is_followed):
            pixels = images.detach().clone().requires_grad_(is_followed)
            followed = dict(zip(nodes, self._build(nodes)(pixels), strict=True))
        values = {node: _remove_history(value) for node, value in followed.items()}
        return _Recorded(pixels, followed, {exported.input: images, **values})

    def find_layer(self, layer: str) -> fx.Node:
        """Finds the value of a recorded layer.

        Raises:
            InputError: the layer is not recorded.
        """
        if layer not in self.layers:
            near = difflib.get_close_matches(layer, self.layers, n=3)
            raise InputError(
                "A layer is one of the recorded layers.",
                f"There is no {layer}." + (f" Near it: {', '.join(near)}." if near else ""),
                f"Take one of {', '.join(self.layers)}.",
            )
        return self.layers[layer]

    def _build(self, nodes: Sequence[fx.Node]) -> fx.GraphModule:
        """Builds the module that computes values from images, once, with its own weights, channels last in memory."""
        with torch.enable_grad():  # wherever a method is, another question may be answered here
            self.between()
        key = tuple(nodes)
        if key not in self._sub_graphs:
            module = self.exported.build_sub_graph(nodes)
            if not any(weight.dtype == torch.float64 for weight in module.parameters()):  # which checks compute in
                fuse_local_response_norms(module)
                optimize(module)
            self._sub_graphs[key] = module
        return self._sub_graphs[key]


def _remove_history(value: Any) -> Any:
    """Takes what leads back to the pixels from a value, or from each of several results."""
    if isinstance(value, tuple | list):
        return tuple(map(_remove_history, value))
    return value.detach() if isinstance(value, Tensor) else value


def do_nothing() -> None:
    """Does nothing between two runs of a model."""
