"""Gradient ascent on pictures of many channels of one layer together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.feature_visualization.ascent.adam import Adam
from precompute.feature_visualization.ascent.config import DIVERSITY, OptimizationConfig
from precompute.feature_visualization.ascent.image_statistics import ImageStatistics
from precompute.feature_visualization.ascent.objective import (
    ChannelObjective,
    NeuronObjective,
    Objective,
    compute_gram_similarity,
    view_as_maps,
)
from precompute.feature_visualization.ascent.parametrization import (
    Parametrization,
    Penalty,
    choose_parametrization,
    seed_generator,
)
from precompute.feature_visualization.ascent.plateau import Plateau
from precompute.feature_visualization.ascent.relu import RedirectedRelu
from precompute.feature_visualization.ascent.transforms import draw_transforms, transform

__all__ = [
    "ChannelVisualization",
    "LayerForward",
    "Normalize",
    "PictureRequest",
    "VisualizationRequest",
    "build_objective",
    "optimize_pictures",
    "visualize_channels",
]

LayerForward = Callable[[Tensor], Tensor]
"""A function from model input to a layer's output, `(batch, channel, height, width)` or `(batch, channel)`."""

Normalize = Callable[[Tensor], Tensor]
"""A function from colours in [0, 1], `(batch, colour, height, width)`, to model input of that shape; differentiable."""


@dataclass(frozen=True)
class VisualizationRequest:
    """Channels of one layer to draw.

    Attributes:
        forward: the model up to the layer, in evaluation mode on `device`; no parameter requires a gradient.
        normalize: the function from picture to model input.
        layer: name of the layer, part of each channel's seed.
        channels: indices of channels in the order of the results.
        config: settings of the ascent.
        device: device of the pictures.
        kind: `channel`, `neuron`, `negative`, or `diversity` for four pictures of each channel.
        statistics: statistics of the images whose colours, and with MaCo magnitudes, the pictures take over.
        step_forward: the forward pass of the steps, such as the same in lower precision; None: `forward`. Objectives
            that are reported come from `forward` in either case.
    """

    forward: LayerForward
    normalize: Normalize
    layer: str
    channels: tuple[int, ...]
    config: OptimizationConfig = field(default_factory=OptimizationConfig)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    kind: str = "channel"
    statistics: ImageStatistics = field(default_factory=ImageStatistics)
    step_forward: LayerForward | None = None


class PictureRequest(NamedTuple):
    """Pictures for any objective.

    Attributes:
        how: forward, colours, config and device; its channels and kind are not read.
        objective: objective of a batch of as many pictures as there are `generators`.
        generators: the random numbers of each picture's start and movements.
        group: number of consecutive pictures that repel one another; 1: none do.
        parametrization: the parametrization to optimise; None: that of the config's method.
        penalty: see `Penalty`; None: no penalty.
        starts: parameters to start from, `(batch, ...)`; None: the parametrization draws them.
    """

    how: VisualizationRequest
    objective: Objective
    generators: Sequence[torch.Generator]
    group: int = 1
    parametrization: Parametrization | None = None
    penalty: Penalty | None = None
    starts: Tensor | None = None


@dataclass(frozen=True)
class ChannelVisualization:
    """One channel's picture.

    Attributes:
        channel: index in the layer.
        kind: kind in the table: `channel`, `neuron`, `negative`, `diversity-0` to `diversity-3`.
        picture: RGB or grey, `(height, width, colour)` uint8.
        initial_objective_value: objective of the noise at the start, without movement, in the layer's own unit.
        objective_value: objective of the finished picture, without movement.
        n_steps: number of steps taken.
        is_dead: true if the objective did not rise, so that the picture shows nothing.
    """

    channel: int
    kind: str
    picture: NDArray[np.uint8]
    initial_objective_value: float
    objective_value: float
    n_steps: int
    is_dead: bool


class Optimized(NamedTuple):
    """Finished pictures, in the order of the batch.

    Attributes:
        pictures: `(batch, height, width, colour)` uint8.
        start, end: objectives before the first and after the last step, without movement, `(batch,)`.
        n_steps: number of steps of each, `(batch,)`.
    """

    pictures: NDArray[np.uint8]
    start: list[float]
    end: list[float]
    n_steps: list[int]


def visualize_channels(request: VisualizationRequest) -> Iterator[ChannelVisualization]:
    """Draws the channels batch by batch, and yields the results in order when their batch is finished."""
    group = DIVERSITY if request.kind == "diversity" else 1
    step = max(1, request.config.batch_size // group)
    for first in range(0, len(request.channels), step):
        members = [
            (channel, f"diversity-{n}" if group > 1 else request.kind)
            for channel in request.channels[first : first + step]
            for n in range(group)
        ]
        generators = [seed_generator(request.config.seed, request.layer, *member) for member in members]
        indices = torch.tensor([channel for channel, _ in members], device=request.device)
        drawn = optimize_pictures(PictureRequest(request, build_objective(request.kind, indices), generators, group))
        for member, picture, start, end, n_steps in zip(members, *drawn, strict=True):
            yield ChannelVisualization(*member, picture, start, end, n_steps, is_dead=not end > start)


def build_objective(kind: str, channels: Tensor) -> Objective:
    """Builds the objective of a kind of picture, for channels `(batch,)`.

    Raises:
        ValueError: there is no such kind.
    """
    if kind == "neuron":
        return NeuronObjective(channels)
    if kind in ("channel", "negative", "diversity"):
        return ChannelObjective(channels, -1 if kind == "negative" else 1)
    raise ValueError(f"no such kind: {kind}")


def optimize_pictures(request: PictureRequest) -> Optimized:
    """Draws one batch of pictures together."""
    return _Batch(request).run()


class _Batch:
    """The state of one batch of pictures; finished ones leave it."""

    def __init__(self, request: PictureRequest) -> None:
        how = request.how
        self._how, self._config, self._group = how, how.config, request.group
        self._objective, self._penalty = request.objective, request.penalty
        self._parametrization = request.parametrization or choose_parametrization(
            how.config, how.statistics, how.device
        )
        starts, movements = [], []
        for generator in request.generators:
            starts.append(self._parametrization.draw_start(generator))
            movements.append(draw_transforms(how.config.transforms, how.config.n_steps, generator))
        parameters = torch.stack(starts) if request.starts is None else request.starts.clone()
        self._adam = Adam(parameters, how.config.step_size)
        self._movements = torch.stack(movements, dim=1).to(how.device)
        self._all = self._adam.parameters.detach().clone()
        self._n_steps = torch.zeros(len(starts), dtype=torch.long, device=how.device)
        self._left = torch.arange(len(starts), device=how.device)

    def run(self) -> Optimized:
        objective = self._objective
        start = self._measure(objective)
        plateau = Plateau(self._config.plateau, start)
        for step in range(self._config.n_steps):
            values = self._step(step)
            done = plateau.update(values)
            if done is not None and bool(done.any()):
                going = (~done.unflatten(0, (-1, self._group)).all(1)).repeat_interleave(self._group).nonzero()[:, 0]
                self._keep(going, step + 1)
                plateau.keep(going)
                if not len(going):
                    break
        self._keep(self._left[:0], self._config.n_steps)
        end = self._measure(objective)
        with torch.no_grad():
            pictures = (self._parametrization.render(self._all) * 255).round().to(torch.uint8)
        return Optimized(pictures.permute(0, 2, 3, 1).cpu().numpy(), *(v.tolist() for v in (start, end, self._n_steps)))

    def _step(self, step: int) -> Tensor:
        """Takes one step with all pictures that are left; returns their objectives before it, `(batch,)`."""
        adam = self._adam
        with RedirectedRelu() if step < self._config.redirected_steps else contextlib.nullcontext():
            pictures = self._parametrization.render(adam.parameters)
            maps = self._compute_maps(
                transform(pictures, self._movements[step]), self._how.step_forward or self._how.forward
            )
            values = self._objective(maps)
            aim = values if self._penalty is None else values - self._penalty(adam.parameters, pictures)
            if self._group > 1:  # units differ from layer to layer: the weight is a share of the objective
                weight = self._config.diversity_weight * values.detach().abs()
                aim = aim - weight * compute_gram_similarity(maps, self._group)
        # The redirected ReLUs read the sign of a loss.
        (gradient,) = torch.autograd.grad(-aim.sum(), [adam.parameters])
        adam.step(-gradient)
        return values.detach()

    def _keep(self, going: Tensor, n_steps: int) -> None:
        """Records all pictures as they are now, and keeps those with the indices `going` in the batch."""
        self._all[self._left] = self._adam.parameters.detach()
        self._n_steps[self._left] = n_steps
        self._left, self._objective = self._left[going], self._objective.keep(going)
        self._movements = self._movements[:, going]
        self._adam.keep(going)

    def _compute_maps(self, pictures: Tensor, forward: LayerForward) -> Tensor:
        return view_as_maps(forward(self._how.normalize(pictures)))

    @torch.no_grad()
    def _measure(self, objective: Objective) -> Tensor:
        """Measures the objective of all pictures as they are, without movement."""
        return objective(self._compute_maps(self._parametrization.render(self._all), self._how.forward))
