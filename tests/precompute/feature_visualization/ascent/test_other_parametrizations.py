"""Pixels and phases as parameters, Adam, and the plateau, each against a slow or known version."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from precompute.feature_visualization.ascent.adam import Adam
from precompute.feature_visualization.ascent.config import IMAGENET_COLOUR, OptimizationConfig, PlateauConfig
from precompute.feature_visualization.ascent.image_statistics import ImageStatistics, measure_statistics
from precompute.feature_visualization.ascent.parametrization import (
    MacoParametrization,
    PixelParametrization,
    channel_generator,
    choose_parametrization,
)
from precompute.feature_visualization.ascent.plateau import Plateau
from tests.reference.visualization import maco_picture

CPU = torch.device("cpu")


def photographs(size: int, n: int = 6) -> np.ndarray:
    """Smooth random images of correlated colours."""
    rng = np.random.default_rng(0)
    coarse = np.kron(rng.normal(size=(n, 4, 4, 1)), np.ones((1, size // 4, size // 4, 1)))
    values = 110 + 40 * coarse + rng.normal(size=(n, size, size, 3)) * 12 + np.array([20, 0, -10])
    return values.clip(0, 255).astype(np.uint8)


def test_pixels_are_mixed_and_bounded() -> None:
    values = torch.randn((2, 3, 4, 5), generator=torch.Generator().manual_seed(0))
    matrix = np.array(IMAGENET_COLOUR) / max(np.linalg.norm(np.array(IMAGENET_COLOUR), axis=0))
    expected = 1 / (1 + np.exp(-np.einsum("rc,bchw->brhw", matrix, values.numpy())))
    found = PixelParametrization((4, 5), IMAGENET_COLOUR, CPU).render(values)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_maco_picture_is_a_sum_of_waves_of_given_magnitude() -> None:
    statistics = measure_statistics(photographs(8))
    assert statistics.magnitude is not None
    parametrization = MacoParametrization((8, 8), statistics, CPU)
    phase = parametrization.draw_start(channel_generator(0, "layer", 1))
    phase[:, 0, 0] = phase[:, 0, 4] = phase[:, 4, 0] = phase[:, 4, 4] = 0
    # Twins in the columns without mirror image have opposite phases in a real picture.
    expected = maco_picture(
        phase.double().numpy(),
        statistics.magnitude.astype(float),
        np.array(statistics.colour),
        np.array(statistics.mean),
    )
    np.testing.assert_allclose(parametrization.render(phase[None])[0], expected, atol=1e-4)


def test_the_magnitude_stays_that_of_the_images_whatever_the_phases() -> None:
    images = photographs(16)
    statistics = measure_statistics(images)
    parametrization = MacoParametrization((16, 16), statistics, CPU)
    phases = torch.stack([parametrization.draw_start(channel_generator(seed, "layer", 0)) for seed in range(8)])
    pictures = parametrization.render(phases).numpy()
    assert abs(pictures.mean() - images.mean() / 255) < 0.03
    assert 0.7 < pictures.std(axis=(2, 3)).mean() / (images / 255).std(axis=(1, 2)).mean() < 1.3


def test_maco_without_images_is_an_error() -> None:
    with pytest.raises(ValueError, match="magnitude"):
        choose_parametrization(OptimizationConfig(method="maco"), ImageStatistics(), CPU)


def test_statistics_are_those_of_the_images_one_by_one() -> None:
    images = photographs(8, n=3)
    found = measure_statistics(images)
    matrix = np.array(found.colour)
    magnitudes = []
    window = np.array(
        [[np.sin(np.pi * (y + 0.5) / 8) * np.sin(np.pi * (x + 0.5) / 8) for x in range(8)] for y in range(8)]
    )
    window = window**2 / np.sqrt(np.mean(window**4))
    for image in images:
        flat = np.linalg.solve(matrix, (image.reshape(-1, 3) / 255 - np.array(found.mean)).T).reshape(3, 8, 8)
        magnitudes.append([np.abs(np.fft.rfft2(component * window)) / 8 for component in flat])
    assert found.magnitude is not None
    np.testing.assert_allclose(found.magnitude, np.mean(magnitudes, axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.mean, images.mean(axis=(0, 1, 2)) / 255)
    assert found.n_images == 3
    assert found.fingerprint == measure_statistics(images).fingerprint != measure_statistics(images[:2]).fingerprint


def test_adam_is_adam_and_forgets_those_that_leave() -> None:
    generator = torch.Generator().manual_seed(0)
    start, gradients = torch.randn((3, 4), generator=generator), torch.randn((9, 3, 4), generator=generator)
    expected = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([expected], lr=0.1, maximize=True)
    mine = Adam(start.clone(), 0.1)
    for step, gradient in enumerate(gradients):
        expected.grad = gradient
        optimizer.step()
        if step == 5:
            mine.keep(torch.tensor([0, 2]))
        mine.step(gradient if step < 5 else gradient[[0, 2]])
    torch.testing.assert_close(mine.parameters, expected[[0, 2]])


def test_a_plateau_is_a_window_that_gains_little_of_the_whole_rise() -> None:
    plateau = Plateau(PlateauConfig(window=2, min_gain=0.1), torch.zeros(4))
    rising, flat, falling, foot = (2.0, 4.0, 8.0), (4.0, 9.0, 9.5), (1.0, 9.0, 5.0), (0.0, 0.0, 0.0)
    found = []
    for window in zip(rising, flat, falling, foot, strict=True):
        values = torch.tensor(window)
        assert plateau.update(values - 0.5) is None
        found.append(plateau.update(values + 0.5))
    assert found[0] is None, "one window alone has gained nothing"
    assert found[1] is not None and found[2] is not None
    assert found[1].tolist() == [False, False, False, False]
    assert found[2].tolist() == [False, True, True, False], "what has not risen yet may still find a way"


def test_without_a_window_nothing_stops() -> None:
    plateau = Plateau(PlateauConfig(window=0), torch.zeros(1))
    assert all(plateau.update(torch.zeros(1)) is None for _ in range(100))
