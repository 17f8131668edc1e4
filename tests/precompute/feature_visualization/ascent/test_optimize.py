"""Pictures of a hand-made network whose channels are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.feature_visualization.ascent.config import IMAGENET_COLOUR, OptimizationConfig, PlateauConfig
from precompute.feature_visualization.ascent.image_statistics import measure_statistics
from precompute.feature_visualization.ascent.objective import compute_gram_similarity
from precompute.feature_visualization.ascent.optimize import (
    ChannelVisualization,
    LayerForward,
    PictureRequest,
    VisualizationRequest,
    build_objective,
    optimize_pictures,
    visualize_channels,
)
from precompute.feature_visualization.ascent.parametrization import _scale_colour, seed_generator

CPU = torch.device("cpu")
RED, GREEN, BLUE, EDGE, DEAD, BRIGHT = range(6)
CONFIG = OptimizationConfig(size=32, n_steps=40, batch_size=8, plateau=PlateauConfig(window=0))


def normalize(pictures: Tensor) -> Tensor:
    return pictures - 0.5


def build_colours() -> nn.Conv2d:
    """Builds the channels red, green, blue (silent on grey), vertical edge, dead, bright."""
    convolution = nn.Conv2d(3, 6, 3, padding=1)
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.bias.zero_()
        for channel in (RED, GREEN, BLUE):
            convolution.weight[channel, :, 1, 1] = -0.5
            convolution.weight[channel, channel, 1, 1] = 1.0
            convolution.bias[channel] = -0.1
        convolution.weight[EDGE, :, :, 0] = -1.0
        convolution.weight[EDGE, :, :, 2] = 1.0
        convolution.bias[DEAD] = -1.0
        convolution.weight[BRIGHT, :, 1, 1] = 1.0
    return convolution


def build_colour_layer() -> LayerForward:
    convolution = build_colours()
    return lambda x: functional.relu(convolution(x))


def build_random_layer() -> LayerForward:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 12, 5, 2, 2), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(12, 16, 3), nn.ReLU()
    )
    return net.eval()


def draw(
    forward: LayerForward, channels: tuple[int, ...], config: OptimizationConfig = CONFIG
) -> list[ChannelVisualization]:
    return list(visualize_channels(VisualizationRequest(forward, normalize, "layer", channels, config)))


def test_a_picture_raises_its_channel_above_start_and_noise() -> None:
    forward, channels = build_random_layer(), tuple(range(8))
    noise = torch.rand((64, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        on_noise = forward(normalize(noise)).mean((2, 3)).amax(0)
    for result in draw(forward, channels):
        assert not result.is_dead
        assert result.objective_value > result.initial_objective_value
        assert result.objective_value > 1.2 * on_noise[result.channel]
        assert result.n_steps == CONFIG.n_steps


def test_the_objective_is_that_of_the_picture() -> None:
    forward = build_random_layer()
    for result in draw(forward, (3, 5)):
        picture = torch.from_numpy(result.picture).permute(2, 0, 1)[None] / 255
        with torch.no_grad():
            activation = forward(normalize(picture))[0, result.channel]
        assert activation.mean().item() == pytest.approx(result.objective_value, rel=0.02)


@pytest.mark.parametrize("channel", [RED, GREEN, BLUE])
def test_a_colour_channel_shows_its_colour(channel: int) -> None:
    (result,) = draw(build_colour_layer(), (channel,), replace(CONFIG, n_steps=128))
    assert result.initial_objective_value == 0, "silent on grey"
    mean = result.picture.reshape(-1, 3).mean(axis=0)
    assert mean.argmax() == channel
    assert mean[channel] > np.delete(mean, channel).max() + 15


def test_a_silent_channel_needs_the_redirected_gradient() -> None:
    (stuck,) = draw(build_colour_layer(), (RED,), replace(CONFIG, redirected_steps=0))
    assert stuck.is_dead


def test_a_dead_channel_is_flagged_and_spoils_no_other() -> None:
    results = draw(build_colour_layer(), (BRIGHT, DEAD, EDGE))
    assert [r.is_dead for r in results] == [False, True, False]
    assert results[0].picture.mean() > 145
    assert np.ptp(results[2].picture.astype(int).sum(axis=2), axis=1).mean() > 200, "dark and bright stripes"


def test_a_picture_is_the_same_alone_and_in_a_batch() -> None:
    forward, channels = build_random_layer(), tuple(range(8))
    together = draw(forward, channels)
    for result in together:
        (alone,) = draw(forward, (result.channel,))
        difference = np.abs(alone.picture.astype(int) - result.picture.astype(int))
        assert difference.max() <= 2
        assert alone.objective_value == pytest.approx(result.objective_value, rel=1e-3)
        assert alone.initial_objective_value == pytest.approx(result.initial_objective_value, abs=1e-6)


def test_the_seed_changes_the_picture_and_nothing_else_does() -> None:
    forward = build_random_layer()
    first, again, other = (draw(forward, (2,), replace(CONFIG, seed=seed))[0].picture for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_layer_without_positions_is_drawn_by_its_unit() -> None:
    convolution = build_colours()
    results = draw(lambda x: functional.relu(convolution(x)).mean((2, 3)), (RED, BLUE))
    assert [r.picture.reshape(-1, 3).mean(axis=0).argmax() for r in results] == [RED, BLUE]


def test_a_neuron_is_excited_at_the_centre_alone() -> None:
    forward = build_random_layer()
    (result,) = visualize_channels(VisualizationRequest(forward, normalize, "layer", (3,), CONFIG, kind="neuron"))
    maps = forward(normalize(torch.from_numpy(result.picture).permute(2, 0, 1)[None] / 255))[0, 3]
    assert maps[maps.shape[0] // 2, maps.shape[1] // 2].item() == pytest.approx(result.objective_value, rel=0.05)
    assert result.objective_value > 2 * maps.mean().item()


def test_a_negative_picture_lowers_its_channel() -> None:
    convolution = build_colours()
    (result,) = visualize_channels(
        VisualizationRequest(convolution, normalize, "layer", (BRIGHT,), CONFIG, kind="negative")
    )
    assert result.objective_value > result.initial_objective_value
    assert result.picture.mean() < 110


def test_four_pictures_of_a_channel_repel_one_another() -> None:
    forward = build_random_layer()

    def measure_likeness(weight: float) -> float:
        config = replace(CONFIG, diversity_weight=weight)
        request = VisualizationRequest(forward, normalize, "layer", (2, 5), config, kind="diversity")
        results = list(visualize_channels(request))
        assert [(r.channel, r.kind) for r in results] == [(c, f"diversity-{n}") for c in (2, 5) for n in range(4)]
        assert all(r.objective_value > r.initial_objective_value for r in results)
        pictures = torch.from_numpy(np.stack([r.picture for r in results])).permute(0, 3, 1, 2) / 255
        with torch.no_grad():
            return float(compute_gram_similarity(forward(normalize(pictures)), 4).mean())

    assert measure_likeness(2.0) < measure_likeness(0.0) - 0.02


def test_a_picture_that_rises_no_more_leaves_the_batch_and_changes_no_other() -> None:
    forward = build_random_layer()
    n_in_batch: list[int] = []

    def count_pictures(x: Tensor) -> Tensor:
        n_in_batch.append(len(x))
        return forward(x)

    channels = tuple(range(8))
    early = replace(CONFIG, n_steps=120, plateau=PlateauConfig(window=10, min_gain=0.08))
    results = draw(count_pictures, channels, early)
    steps = [r.n_steps for r in results]
    assert len(set(steps)) > 1 and set(steps) <= set(range(20, 121, 10)), steps
    assert n_in_batch == [8, *(sum(n > step for n in steps) for step in range(max(steps))), 8]
    in_order = sorted(results, key=lambda result: result.n_steps)
    for result in (in_order[0], in_order[len(in_order) // 2], in_order[-1]):
        stopped = replace(CONFIG, n_steps=120, plateau=early.plateau, batch_size=1)
        (alone,) = draw(forward, (result.channel,), stopped)
        assert alone.n_steps == result.n_steps
        assert np.abs(alone.picture.astype(int) - result.picture.astype(int)).max() <= 3


@pytest.mark.parametrize("method", ["fourier", "pixel", "maco"])
@pytest.mark.parametrize(("shape", "n_colours"), [((24, 36), 3), ((31, 20), 1)])
def test_any_size_and_number_of_colours(method: str, shape: tuple[int, int], n_colours: int) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(n_colours, 4, 5, 2), nn.ReLU()).eval()
    images = np.random.default_rng(0).integers(0, 256, (3, *shape, n_colours)).astype(np.uint8)
    config = replace(CONFIG, size=shape, method=method)
    request = VisualizationRequest(net, normalize, "layer", (0, 3), config, statistics=measure_statistics(images))
    for result in visualize_channels(request):
        assert result.picture.shape == (*shape, n_colours)
        assert result.objective_value > result.initial_objective_value


TINY = replace(CONFIG, size=16, n_steps=2)


def test_steps_take_their_own_forward_and_reported_objectives_do_not() -> None:
    """A forward in lower precision must not change the numbers in the table."""
    calls = {"steps": 0, "reported": 0}
    layer = build_random_layer()

    def count_reported(x: Tensor) -> Tensor:
        calls["reported"] += 1
        return layer(x)

    def count_steps(x: Tensor) -> Tensor:
        calls["steps"] += 1
        return layer(x)

    request = VisualizationRequest(count_reported, normalize, "layer", (1, 2), TINY, step_forward=count_steps)
    results = list(visualize_channels(request))
    assert calls == {"steps": 2, "reported": 2}, "the start and the end"
    assert [result.channel for result in results] == [1, 2]


def test_given_starts_are_taken_and_stay_as_they_are() -> None:
    how = VisualizationRequest(build_random_layer(), normalize, "", (), replace(TINY, method="pixel"))
    starts = torch.full((1, 3, 16, 16), 0.3)
    generators = [seed_generator(0, "layer", 0)]
    objective = build_objective("channel", torch.tensor([2]))
    drawn = optimize_pictures(PictureRequest(how, objective, generators, starts=starts))
    assert torch.equal(starts, torch.full((1, 3, 16, 16), 0.3))
    with torch.no_grad():
        colours = torch.sigmoid(torch.einsum("rc,bchw->brhw", _scale_colour(IMAGENET_COLOUR, CPU), starts))
        expected = objective(how.forward(normalize(colours)))
    assert drawn.start == pytest.approx(expected.tolist(), rel=1e-5)


def test_a_penalty_holds_a_picture_back() -> None:
    how = VisualizationRequest(build_random_layer(), normalize, "", (), replace(CONFIG, size=16, n_steps=20))
    objective = build_objective("channel", torch.tensor([2]))

    def draw_with(weight: float) -> float:
        request = PictureRequest(
            how,
            objective,
            [seed_generator(0, "layer", 2)],
            penalty=lambda parameters, pictures: weight * (pictures - 0.5).square().sum(dim=(1, 2, 3)),
        )
        return float(np.abs(optimize_pictures(request).pictures.astype(float) - 127.5).mean())

    assert draw_with(10.0) < 0.5 * draw_with(0.0)


@pytest.mark.parametrize(("batch_size", "sizes"), [(8, [8, 4]), (4, [4, 4, 4]), (3, [4, 4, 4])])
def test_the_pictures_of_a_channel_are_never_in_two_batches(batch_size: int, sizes: list[int]) -> None:
    """Three channels of four pictures: a batch smaller than a group still holds one."""
    layer, seen = build_random_layer(), list[int]()

    def record(x: Tensor) -> Tensor:
        seen.append(len(x))
        return layer(x)

    config = replace(TINY, n_steps=1, batch_size=batch_size)
    request = VisualizationRequest(record, normalize, "layer", (0, 1, 2), config, kind="diversity")
    assert [result.channel for result in visualize_channels(request)] == [0] * 4 + [1] * 4 + [2] * 4
    assert seen[::3] == sizes, "the start, a step and the end of each batch"
