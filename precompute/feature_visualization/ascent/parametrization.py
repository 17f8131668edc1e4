"""Pictures as functions of the numbers that are optimised: a Fourier spectrum, pixels, or phases alone.

The Fourier spectrum of decorrelated colours lets gradient ascent treat all frequencies alike: Olah, Mordvintsev and
Schubert, "Feature Visualization" (Distill, 2017), "Preconditioning and Parameterization". Phases under a fixed
magnitude keep a picture's spectrum that of photographs: Fel et al., "Unlocking Feature Visualization for Deeper
Networks with MAgnitude Constrained Optimization" (NeurIPS 2023).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from precompute.feature_visualization.ascent.config import ColourMatrix, OptimizationConfig
from precompute.feature_visualization.ascent.image_statistics import ImageStatistics

__all__ = [
    "FourierParametrization",
    "MacoParametrization",
    "Parametrization",
    "Penalty",
    "PixelParametrization",
    "channel_generator",
    "parametrization_of",
]

_START_DEVIATION = 0.01
_CONTRAST = 0.25
_SIGMOID_SLOPE = 4.0


class Parametrization(Protocol):
    """Turns parameters into pictures with values in [0, 1], red, green and blue, or grey alone."""

    def start(self, generator: torch.Generator) -> Tensor:
        """The parameters of one picture to start from."""
        ...

    def pictures(self, parameters: Tensor) -> Tensor:
        """`(batch, colour, height, width)` in [0, 1] of parameters, `(batch, ...)`; differentiable."""
        ...


Penalty = Callable[[Tensor, Tensor], Tensor]
"""What parameters `(batch, ...)` and their pictures cost, `(batch,)`: subtracted from what a picture maximises."""


def parametrization_of(
    config: OptimizationConfig, statistics: ImageStatistics, device: torch.device
) -> Parametrization:
    """The parametrization of a config's method.

    Raises:
        ValueError: MaCo without a magnitude, or with one of another size.
    """
    if config.method == "maco":
        return MacoParametrization(config.shape, statistics, device)
    kind = PixelParametrization if config.method == "pixel" else FourierParametrization
    return kind(config.shape, statistics.colour, device)


def channel_generator(seed: int, layer: str, channel: int, kind: str = "channel") -> torch.Generator:
    """A CPU generator that depends on these alone, so not on the batch in which the channel is drawn."""
    name = f"{seed}/{layer}/{channel}" + ("" if kind == "channel" else f"/{kind}")
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))


class FourierParametrization:
    """Spectra, `(batch, component, height, width // 2 + 1, 2)` real and imaginary.

    Amplitudes are divided by their frequency, so that equal steps in the parameters give the 1/f spectrum of
    photographs; components are mixed by the colour matrix, whose longest column is scaled to 1; a sigmoid bounds them.
    """

    def __init__(self, shape: tuple[int, int], colour: ColourMatrix, device: torch.device) -> None:
        rows = torch.fft.fftfreq(shape[0], device=device)[:, None]
        columns = torch.fft.rfftfreq(shape[1], device=device)[None, :]
        self._shape = shape
        self._scale = 1.0 / torch.clamp(torch.sqrt(rows**2 + columns**2), min=1.0 / max(shape))
        self._colour = _unit_colour(colour, device)

    def start(self, generator: torch.Generator) -> Tensor:
        """Faint noise around grey."""
        shape = (len(self._colour), *self._scale.shape, 2)
        return _START_DEVIATION * torch.randn(shape, generator=generator).to(self._scale.device)

    def pictures(self, parameters: Tensor) -> Tensor:
        scaled = torch.view_as_complex(parameters) * self._scale
        components = _CONTRAST * torch.fft.irfft2(scaled, s=self._shape, norm="ortho")
        return torch.sigmoid(_mixed(self._colour, components))


class PixelParametrization:
    """Decorrelated colours of each pixel, `(batch, component, height, width)`: no frequency is favoured."""

    def __init__(self, shape: tuple[int, int], colour: ColourMatrix, device: torch.device) -> None:
        self._shape = shape
        self._colour = _unit_colour(colour, device)

    def start(self, generator: torch.Generator) -> Tensor:
        """Faint noise around grey."""
        noise = torch.randn((len(self._colour), *self._shape), generator=generator)
        return _START_DEVIATION * noise.to(self._colour.device)

    def pictures(self, parameters: Tensor) -> Tensor:
        return torch.sigmoid(_mixed(self._colour, parameters))


class MacoParametrization:
    """Phases, `(batch, component, height, width // 2 + 1)` in radians; the magnitude is that of the run's images.

    Components are added to the images' mean colour; a sigmoid, which changes faint contrasts by nothing, bounds them.
    """

    def __init__(self, shape: tuple[int, int], statistics: ImageStatistics, device: torch.device) -> None:
        if statistics.magnitude is None:
            raise ValueError("maco needs the magnitude spectrum of images")
        self._shape = shape
        self._magnitude = torch.from_numpy(statistics.magnitude).to(device, torch.float32)
        if self._magnitude.shape[1:] != (shape[0], shape[1] // 2 + 1):
            raise ValueError(f"the magnitude is of another size than {shape[0]} x {shape[1]}")
        self._colour = torch.tensor(statistics.colour, device=device)
        self._mean = torch.logit(torch.tensor(statistics.mean, device=device), eps=0.01).view(-1, 1, 1)

    def start(self, generator: torch.Generator) -> Tensor:
        """The phases of white noise, as any real picture has them."""
        noise = torch.randn((len(self._magnitude), *self._shape), generator=generator)
        return torch.fft.rfft2(noise).angle().to(self._magnitude.device)

    def pictures(self, parameters: Tensor) -> Tensor:
        spectrum = torch.polar(self._magnitude.expand_as(parameters).contiguous(), parameters)
        components = torch.fft.irfft2(spectrum, s=self._shape, norm="ortho")
        return torch.sigmoid(self._mean + _SIGMOID_SLOPE * _mixed(self._colour, components))


def _unit_colour(colour: ColourMatrix, device: torch.device) -> Tensor:
    """The matrix with its longest column scaled to 1."""
    matrix = torch.tensor(colour, device=device)
    return matrix / torch.clamp(torch.linalg.vector_norm(matrix, dim=0).max(), min=1e-8)


def _mixed(colour: Tensor, components: Tensor) -> Tensor:
    return torch.einsum("rc,bchw->brhw", colour, components)
