"""Pictures as the Fourier spectrum of decorrelated colours, so that gradient ascent treats all frequencies alike.

After Olah, Mordvintsev and Schubert, "Feature Visualization" (Distill, 2017), section "Preconditioning and
Parameterization".
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.feature_visualization.config import ColourMatrix

__all__ = [
    "FourierParametrization",
    "channel_generator",
    "measure_colour_matrix",
]

_START_DEVIATION = 0.01
_CONTRAST = 0.25


def measure_colour_matrix(images: NDArray[np.uint8]) -> ColourMatrix:
    """The root of the covariance of the images' pixel colours, `U sqrt(S)` of its singular value decomposition.

    Times its own transpose it is the covariance. Each column's sign is chosen so that its greatest entry is positive.

    Args:
        images: RGB, `(n, height, width, 3)`, 0 to 255.

    Raises:
        ValueError: another shape or dtype, or fewer than two pixels.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(f"images must be uint8 (n, height, width, 3), not {images.dtype} {images.shape}")
    pixels = images.reshape(-1, 3)
    if len(pixels) < 2:
        raise ValueError("a covariance needs at least two pixels")
    vectors, variances, _ = np.linalg.svd(np.cov(pixels / 255.0, rowvar=False))
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), range(3)])
    root = vectors * np.sqrt(variances)
    red, green, blue = ((float(row[0]), float(row[1]), float(row[2])) for row in root)
    return red, green, blue


def channel_generator(seed: int, layer: str, channel: int) -> torch.Generator:
    """A CPU generator that depends on these three alone, so not on the batch in which the channel is drawn."""
    digest = hashlib.blake2b(f"{seed}/{layer}/{channel}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))


class FourierParametrization:
    """Turns spectra, `(batch, 3, size, size // 2 + 1, 2)` real and imaginary, into RGB in [0, 1].

    Amplitudes are divided by their frequency, so that equal steps in the parameters give the 1/f spectrum of
    photographs; components are mixed by the colour matrix, whose longest column is scaled to 1; a sigmoid bounds them.
    """

    def __init__(self, size: int, colour: ColourMatrix, device: torch.device) -> None:
        rows = torch.fft.fftfreq(size, device=device)[:, None]
        columns = torch.fft.rfftfreq(size, device=device)[None, :]
        frequency = torch.sqrt(rows**2 + columns**2)
        matrix = torch.tensor(colour, device=device)
        self._size = size
        self._scale = 1.0 / torch.clamp(frequency, min=1.0 / size)
        self._colour = matrix / torch.clamp(torch.linalg.vector_norm(matrix, dim=0).max(), min=1e-8)

    def start(self, generator: torch.Generator) -> Tensor:
        """One spectrum to start from, `(3, size, size // 2 + 1, 2)`: faint noise around grey."""
        shape = (3, *self._scale.shape, 2)
        return _START_DEVIATION * torch.randn(shape, generator=generator).to(self._scale.device)

    def pictures(self, spectra: Tensor) -> Tensor:
        """RGB in [0, 1], `(batch, 3, size, size)`, of spectra `(batch, 3, size, size // 2 + 1, 2)`."""
        scaled = torch.view_as_complex(spectra) * self._scale
        components = _CONTRAST * torch.fft.irfft2(scaled, s=(self._size, self._size), norm="ortho")
        return torch.sigmoid(torch.einsum("rc,bchw->brhw", self._colour, components))
