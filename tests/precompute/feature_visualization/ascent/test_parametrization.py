"""The Fourier parametrisation against a slow reference; colour matrices against their covariance."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from precompute.feature_visualization.ascent.config import IMAGENET_COLOUR
from precompute.feature_visualization.ascent.image_statistics import measure_colour_matrix
from precompute.feature_visualization.ascent.parametrization import FourierParametrization, channel_generator
from tests.reference.visualization import fourier_picture

CPU = torch.device("cpu")


@pytest.mark.parametrize("size", [5, 6, 8])
def test_pictures_equal_the_sum_of_waves(size: int) -> None:
    spectra = 2 * torch.randn((2, 3, size, size // 2 + 1, 2), generator=torch.Generator().manual_seed(0))
    pictures = FourierParametrization((size, size), IMAGENET_COLOUR, CPU).render(spectra)
    for picture, spectrum in zip(pictures, spectra, strict=True):
        expected = fourier_picture(spectrum.double().numpy(), np.array(IMAGENET_COLOUR))
        np.testing.assert_allclose(picture.numpy(), expected, atol=1e-5)


def test_the_start_is_faint_noise_around_grey() -> None:
    parametrization = FourierParametrization((64, 64), IMAGENET_COLOUR, CPU)
    picture = parametrization.render(parametrization.draw_start(channel_generator(0, "mixed4d", 3))[None])
    assert 0 < picture.std() < 0.02
    assert (picture - 0.5).abs().max() < 0.05


def test_a_generator_depends_on_seed_layer_and_channel_alone() -> None:
    def first(seed: int, layer: str, channel: int) -> float:
        return float(torch.rand((), generator=channel_generator(seed, layer, channel)))

    assert first(0, "a", 1) == first(0, "a", 1)
    assert len({first(0, "a", 1), first(1, "a", 1), first(0, "b", 1), first(0, "a", 2), first(0, "a1", 1)}) == 5


def test_the_measured_matrix_times_its_transpose_is_the_covariance() -> None:
    rng = np.random.default_rng(0)
    brightness = rng.integers(0, 200, (4, 9, 7, 1))
    images = (brightness + rng.integers(0, 55, (4, 9, 7, 3))).astype(np.uint8)
    matrix = np.array(measure_colour_matrix(images))
    np.testing.assert_allclose(matrix @ matrix.T, np.cov(images.reshape(-1, 3).T / 255), atol=1e-12)
    assert (matrix[:, 0] > 0).all(), "the first component of correlated colours is brightness"
    components = np.linalg.solve(matrix, (images.reshape(-1, 3) / 255).T)
    np.testing.assert_allclose(np.cov(components), np.eye(3), atol=1e-9)


def test_grey_images_give_grey_pictures() -> None:
    values = np.random.default_rng(1).integers(0, 256, (2, 8, 8, 1)).astype(np.uint8)
    colour = measure_colour_matrix(values.repeat(3, axis=3))
    spectra = torch.randn((1, 3, 16, 9, 2), generator=torch.Generator().manual_seed(0))
    picture = FourierParametrization((16, 16), colour, CPU).render(spectra)
    assert (picture.amax(1) - picture.amin(1)).max() < 1e-4
    assert picture.std() > 0.05


@pytest.mark.parametrize(
    "images",
    [np.zeros((1, 4, 4), np.uint8), np.zeros((1, 3, 4, 4), np.uint8), np.zeros((1, 4, 4, 3), np.float32)],
)
def test_other_arrays_are_refused(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        measure_colour_matrix(images)
