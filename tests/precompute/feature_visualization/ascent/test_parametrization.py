"""Pictures of spectra, pixels and phases, each against a slow sum."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from precompute.feature_visualization.ascent.config import IMAGENET_COLOUR, OptimizationConfig
from precompute.feature_visualization.ascent.image_statistics import (
    ImageStatistics,
    measure_colour_matrix,
    measure_statistics,
)
from precompute.feature_visualization.ascent.parametrization import (
    FourierParametrization,
    MacoParametrization,
    PixelParametrization,
    choose_parametrization,
    seed_generator,
)
from tests.reference.visualization import sum_fourier_picture, sum_maco_picture
from tests.support.photographs import draw_photographs

CPU = torch.device("cpu")


@pytest.mark.parametrize("size", [5, 6, 8])
def test_pictures_equal_the_sum_of_waves(size: int) -> None:
    spectra = 2 * torch.randn((2, 3, size, size // 2 + 1, 2), generator=torch.Generator().manual_seed(0))
    pictures = FourierParametrization((size, size), IMAGENET_COLOUR, CPU).render(spectra)
    for picture, spectrum in zip(pictures, spectra, strict=True):
        expected = sum_fourier_picture(spectrum.double().numpy(), np.array(IMAGENET_COLOUR))
        np.testing.assert_allclose(picture.numpy(), expected, atol=1e-5)


def test_the_start_is_faint_noise_around_grey() -> None:
    parametrization = FourierParametrization((64, 64), IMAGENET_COLOUR, CPU)
    picture = parametrization.render(parametrization.draw_start(seed_generator(0, "mixed4d", 3))[None])
    assert 0 < picture.std() < 0.02
    assert (picture - 0.5).abs().max() < 0.05


def test_a_generator_depends_on_seed_layer_and_channel_alone() -> None:
    def draw_first(seed: int, layer: str, channel: int) -> float:
        return float(torch.rand((), generator=seed_generator(seed, layer, channel)))

    assert draw_first(0, "a", 1) == draw_first(0, "a", 1)
    assert (
        len(
            {
                draw_first(0, "a", 1),
                draw_first(1, "a", 1),
                draw_first(0, "b", 1),
                draw_first(0, "a", 2),
                draw_first(0, "a1", 1),
            }
        )
        == 5
    )


def test_grey_images_give_grey_pictures() -> None:
    values = np.random.default_rng(1).integers(0, 256, (2, 8, 8, 1)).astype(np.uint8)
    colour = measure_colour_matrix(values.repeat(3, axis=3))
    spectra = torch.randn((1, 3, 16, 9, 2), generator=torch.Generator().manual_seed(0))
    picture = FourierParametrization((16, 16), colour, CPU).render(spectra)
    assert (picture.amax(1) - picture.amin(1)).max() < 1e-4
    assert picture.std() > 0.05


def test_pixels_are_mixed_and_bounded() -> None:
    values = torch.randn((2, 3, 4, 5), generator=torch.Generator().manual_seed(0))
    matrix = np.array(IMAGENET_COLOUR) / max(np.linalg.norm(np.array(IMAGENET_COLOUR), axis=0))
    expected = 1 / (1 + np.exp(-np.einsum("rc,bchw->brhw", matrix, values.numpy())))
    found = PixelParametrization((4, 5), IMAGENET_COLOUR, CPU).render(values)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_maco_picture_is_a_sum_of_waves_of_given_magnitude() -> None:
    statistics = measure_statistics(draw_photographs(8))
    assert statistics.magnitude is not None
    parametrization = MacoParametrization((8, 8), statistics, CPU)
    phase = parametrization.draw_start(seed_generator(0, "layer", 1))
    phase[:, 0, 0] = phase[:, 0, 4] = phase[:, 4, 0] = phase[:, 4, 4] = 0
    # Twins in the columns without mirror image have opposite phases in a real picture.
    expected = sum_maco_picture(
        phase.double().numpy(),
        statistics.magnitude.astype(float),
        np.array(statistics.colour),
        np.array(statistics.mean),
    )
    np.testing.assert_allclose(parametrization.render(phase[None])[0], expected, atol=1e-4)


def test_the_magnitude_stays_that_of_the_images_whatever_the_phases() -> None:
    images = draw_photographs(16)
    statistics = measure_statistics(images)
    parametrization = MacoParametrization((16, 16), statistics, CPU)
    phases = torch.stack([parametrization.draw_start(seed_generator(seed, "layer", 0)) for seed in range(8)])
    pictures = parametrization.render(phases).numpy()
    assert abs(pictures.mean() - images.mean() / 255) < 0.03
    assert 0.7 < pictures.std(axis=(2, 3)).mean() / (images / 255).std(axis=(1, 2)).mean() < 1.3


def test_maco_without_images_is_an_error() -> None:
    with pytest.raises(ValueError, match="magnitude"):
        choose_parametrization(OptimizationConfig(method="maco"), ImageStatistics(), CPU)
