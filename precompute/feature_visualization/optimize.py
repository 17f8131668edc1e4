"""Gradient ascent on pictures, many channels of one layer at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.feature_visualization.config import OptimizationConfig
from precompute.feature_visualization.objective import ObjectiveValues, channel_objective
from precompute.feature_visualization.parametrization import (
    FourierParametrization,
    channel_generator,
)
from precompute.feature_visualization.relu import RedirectedRelu
from precompute.feature_visualization.transforms import draw_transforms, transform

__all__ = [
    "ChannelVisualization",
    "LayerForward",
    "Normalize",
    "VisualizationRequest",
    "visualize_channels",
]

LayerForward = Callable[[Tensor], Tensor]
"""Model input to a layer's output, `(batch, channel, height, width)` or `(batch, channel)`."""

Normalize = Callable[[Tensor], Tensor]
"""RGB in [0, 1], `(batch, 3, height, width)`, to model input of the same shape; differentiable."""


@dataclass(frozen=True)
class VisualizationRequest:
    """Channels of one layer to draw.

    Attributes:
        forward: the model up to the layer; parameters on `device`, in evaluation mode.
        normalize: from picture to model input.
        layer: its name, part of each channel's seed.
        channels: in the order of the results.
        config: how.
        device: where the pictures live.
    """

    forward: LayerForward
    normalize: Normalize
    layer: str
    channels: tuple[int, ...]
    config: OptimizationConfig = field(default_factory=OptimizationConfig)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))


@dataclass(frozen=True)
class ChannelVisualization:
    """One channel's picture.

    Attributes:
        channel: index in the layer.
        picture: RGB, `(size, size, 3)` uint8.
        initial_objective_value: of the noise it started from, unmoved, in the layer's own unit.
        objective_value: of the finished picture, unmoved.
        maximum: the channel's greatest value over positions on the finished picture.
        n_steps: steps taken.
        is_dead: the objective did not rise: the picture shows nothing.
    """

    channel: int
    picture: NDArray[np.uint8]
    initial_objective_value: float
    objective_value: float
    maximum: float
    n_steps: int
    is_dead: bool


def visualize_channels(request: VisualizationRequest) -> Iterator[ChannelVisualization]:
    """Draws the channels in batches, in order; each result is yielded when its batch is done."""
    step = request.config.batch_size
    for first in range(0, len(request.channels), step):
        yield from _Batch(request, request.channels[first : first + step]).run()


class _Batch:
    """The state of one batch of pictures."""

    def __init__(self, request: VisualizationRequest, channels: tuple[int, ...]) -> None:
        config, device = request.config, request.device
        self._request = request
        self._channels = channels
        self._indices = torch.tensor(channels, device=device)
        self._parametrization = FourierParametrization(config.size, config.colour, device)
        starts, movements = [], []
        for channel in channels:
            generator = channel_generator(config.seed, request.layer, channel)
            starts.append(self._parametrization.start(generator))
            movements.append(draw_transforms(config.transforms, config.n_steps, generator))
        self._spectra = torch.stack(starts).requires_grad_()
        self._movements = torch.stack(movements, dim=1).to(device)

    def run(self) -> list[ChannelVisualization]:
        config = self._request.config
        initial = self._measure()
        optimizer = torch.optim.Adam([self._spectra], lr=config.learning_rate)
        for step in range(config.n_steps):
            with RedirectedRelu() if step < config.redirected_steps else contextlib.nullcontext():
                values = self._values(transform(self._pictures(), self._movements[step]))
            (self._spectra.grad,) = torch.autograd.grad(-values.objective.sum(), [self._spectra])
            optimizer.step()
        return self._results(initial, self._measure())

    def _pictures(self) -> Tensor:
        return self._parametrization.pictures(self._spectra)

    def _values(self, pictures: Tensor) -> ObjectiveValues:
        return channel_objective(self._request.forward(self._request.normalize(pictures)), self._indices)

    @torch.no_grad()
    def _measure(self) -> ObjectiveValues:
        """Of the pictures as they are, unmoved."""
        return self._values(self._pictures())

    @torch.no_grad()
    def _results(self, initial: ObjectiveValues, final: ObjectiveValues) -> list[ChannelVisualization]:
        pictures = (self._pictures() * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        starts, ends, maxima = (v.cpu().tolist() for v in (initial.objective, final.objective, final.maximum))
        return [
            ChannelVisualization(
                channel=channel,
                picture=pictures[b],
                initial_objective_value=starts[b],
                objective_value=ends[b],
                maximum=maxima[b],
                n_steps=self._request.config.n_steps,
                is_dead=not ends[b] > starts[b],
            )
            for b, channel in enumerate(self._channels)
        ]
