"""Parametrizations: pictures as functions of a Fourier spectrum, of pixels, or of phases alone.

Ascent in the Fourier spectrum of decorrelated colours treats all frequencies alike: Olah, Mordvintsev and Schubert,
"Feature Visualization" (Distill, 2017), section "Preconditioning and Parameterization". Phases under a fixed magnitude
keep the spectrum of photographs: Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude
Constrained Optimization" (NeurIPS 2023), section 3.
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
    "choose_parametrization",
    "seed_generator",
]

_START_DEVIATION = 0.01
_CONTRAST = 0.25
_SIGMOID_SLOPE = 4.0


class Parametrization(Protocol):
    """Turns parameters into pictures with values in [0, 1], red, green and blue, or grey alone."""

    def draw_start(self, generator: torch.Generator) -> Tensor:
        """Draws the parameters from which one picture starts."""
        ...

    def render(self, parameters: Tensor) -> Tensor:
        """Computes pictures in [0, 1], `(batch, colour, height, width)`, from parameters `(batch, ...)`.

        Differentiable.
        """
        ...


Penalty = Callable[[Tensor, Tensor], Tensor]
"""A function from parameters `(batch, ...)` and their pictures to a cost, `(batch,)`, subtracted from the objective."""


def choose_parametrization(
    config: OptimizationConfig, statistics: ImageStatistics, device: torch.device
) -> Parametrization:
    """Builds the parametrization of a config's method.

    Raises:
        ValueError: the method is MaCo, and the statistics have no magnitude, or one of another size.
    """
    if config.method == "maco":
        return MacoParametrization(config.shape, statistics, device)
    kind = PixelParametrization if config.method == "pixel" else FourierParametrization
    return kind(config.shape, statistics.colour, device)


def seed_generator(seed: int, layer: str, channel: int, kind: str = "channel") -> torch.Generator:
    """Returns a CPU generator that depends on the arguments alone, not on the batch in which the channel is drawn."""
    name = f"{seed}/{layer}/{channel}" + ("" if kind == "channel" else f"/{kind}")
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))


class FourierParametrization:
    """Pictures from spectra, `(batch, component, height, width // 2 + 1, 2)`, real and imaginary parts last.

    Amplitudes are divided by their frequency, so that equal steps in the parameters give the 1/f spectrum of
    photographs. The colour matrix, its longest column scaled to 1, mixes the components. A sigmoid bounds them.
    """

    def __init__(self, shape: tuple[int, int], colour: ColourMatrix, device: torch.device) -> None:
        rows = torch.fft.fftfreq(shape[0], device=device)[:, None]
        columns = torch.fft.rfftfreq(shape[1], device=device)[None, :]
        self._shape = shape
        self._scale = 1.0 / torch.clamp(torch.sqrt(rows**2 + columns**2), min=1.0 / max(shape))
        self._colour = _scale_colour(colour, device)

    def draw_start(self, generator: torch.Generator) -> Tensor:
        """Draws faint noise around grey."""
        shape = (len(self._colour), *self._scale.shape, 2)
        return _START_DEVIATION * torch.randn(shape, generator=generator).to(self._scale.device)

    def render(self, parameters: Tensor) -> Tensor:
        scaled = torch.view_as_complex(parameters) * self._scale
        components = _CONTRAST * torch.fft.irfft2(scaled, s=self._shape, norm="ortho")
        return torch.sigmoid(_mix_colours(self._colour, components))


class PixelParametrization:
    """Pictures from decorrelated colours of each pixel, `(batch, component, height, width)`, without a 1/f scale."""

    def __init__(self, shape: tuple[int, int], colour: ColourMatrix, device: torch.device) -> None:
        self._shape = shape
        self._colour = _scale_colour(colour, device)

    def draw_start(self, generator: torch.Generator) -> Tensor:
        """Draws faint noise around grey."""
        noise = torch.randn((len(self._colour), *self._shape), generator=generator)
        return _START_DEVIATION * noise.to(self._colour.device)

    def render(self, parameters: Tensor) -> Tensor:
        return torch.sigmoid(_mix_colours(self._colour, parameters))


class MacoParametrization:
    """Pictures from phases, `(batch, component, height, width // 2 + 1)` in radians, under the images' magnitude.

    Components are added to the images' mean colour. A sigmoid bounds them; its slope keeps faint contrasts as they are.

    Raises:
        ValueError: the statistics have no magnitude, or one of another size.
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

    def draw_start(self, generator: torch.Generator) -> Tensor:
        """Draws the phases of white noise, which have the symmetry of a real picture."""
        noise = torch.randn((len(self._magnitude), *self._shape), generator=generator)
        return torch.fft.rfft2(noise).angle().to(self._magnitude.device)

    def render(self, parameters: Tensor) -> Tensor:
        spectrum = torch.polar(self._magnitude.expand_as(parameters).contiguous(), parameters)
        components = torch.fft.irfft2(spectrum, s=self._shape, norm="ortho")
        return torch.sigmoid(self._mean + _SIGMOID_SLOPE * _mix_colours(self._colour, components))


def _scale_colour(colour: ColourMatrix, device: torch.device) -> Tensor:
    """Scales the matrix so that its longest column has length 1."""
    matrix = torch.tensor(colour, device=device)
    return matrix / torch.clamp(torch.linalg.vector_norm(matrix, dim=0).max(), min=1e-8)


def _mix_colours(colour: Tensor, components: Tensor) -> Tensor:
    return torch.einsum("rc,bchw->brhw", colour, components)
