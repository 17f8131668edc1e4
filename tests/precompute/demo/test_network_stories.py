"""The planted stories can be found in the packaged network, by its activation counts and the scenes' ground truth."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from precompute.demo.model import RECORDED_LAYERS, load
from precompute.demo.scenes import CLASSES, DISCRIMINABLE, UNEXPECTED, Variation, draw_scene
from precompute.demo.train import draw_split, preprocess

ACTIVATION_MASS = 0.03
N_TOP = 10
N_HELD_OUT = 20
N_PROBES = 48
PROBE_SEED = 3
"""Neither the training images' nor the held-out images' seed."""
DETECTOR_AUC = 0.95
SIBLING_AUC = 0.5
MIN_DETECTORS = 3
LATE_LAYERS = RECORDED_LAYERS[-2:]
EARLY_LAYERS = RECORDED_LAYERS[:3]

Activations = dict[str, NDArray[np.float32]]
Record = Callable[[torch.Tensor], tuple[Activations, NDArray[np.int64]]]


def _record(model: nn.Module, pixels: torch.Tensor) -> tuple[Activations, NDArray[np.int64]]:
    """Records the maximum over positions of every channel, `(image, channel)` by layer, and the predicted classes."""
    kept: dict[str, list[torch.Tensor]] = {name: [] for name in RECORDED_LAYERS}
    handles = [
        model.get_submodule(name).register_forward_hook(
            lambda _m, _i, out, name=name: kept[name].append(out.amax((2, 3)))
        )
        for name in RECORDED_LAYERS
    ]
    with torch.no_grad():
        predicted = torch.cat([model(preprocess(batch)).argmax(dim=1) for batch in pixels.split(64)])
    for handle in handles:
        handle.remove()
    return {name: torch.cat(parts).numpy() for name, parts in kept.items()}, predicted.numpy()


def _draw(class_id: int, **choice: object) -> torch.Tensor:
    scenes = [draw_scene(class_id, index, seed=PROBE_SEED, variation=Variation(**choice)) for index in range(N_PROBES)]  # type: ignore[arg-type]
    return torch.from_numpy(np.stack([np.asarray(scene.image) for scene in scenes])).permute(0, 3, 1, 2)


def _find_held() -> NDArray[np.bool_]:
    """Finds the probe scenes of the class with the foreign part that contain it, `(scene,)`."""
    scenes = (draw_scene(UNEXPECTED.class_id, index, seed=PROBE_SEED) for index in range(N_PROBES))
    return np.array([UNEXPECTED.foreign_part in {part.name for part in scene.parts} for scene in scenes])


def _count_strongest(activations: NDArray[np.float32]) -> NDArray[np.int64]:
    """Counts the images in which each channel is among the largest that together hold the activation mass."""
    order = np.argsort(-activations, axis=1, kind="stable")
    largest = np.take_along_axis(activations, order, axis=1)
    before = np.cumsum(largest, axis=1) - largest
    counts = np.zeros(activations.shape[1], dtype=np.int64)
    np.add.at(counts, order[before < ACTIVATION_MASS * activations.sum(axis=1, keepdims=True)], 1)
    return counts


def _find_top(counts: NDArray[np.int64]) -> set[int]:
    order = np.argsort(-counts, kind="stable")[:N_TOP]
    return {int(channel) for channel in order if counts[channel] > 0}


def _compute_auc(positive: NDArray[np.float32], negative: NDArray[np.float32]) -> NDArray[np.float64]:
    """Computes how often a positive image excites a channel more than a negative one does, `(channel,)`."""
    return np.array(
        [(p[:, None] > n).mean() + 0.5 * (p[:, None] == n).mean() for p, n in zip(positive.T, negative.T, strict=True)]
    )


@pytest.fixture(scope="module")
def record() -> Record:
    return partial(_record, load())


@pytest.fixture(scope="module")
def hand_probes(record: Record) -> dict[str, Activations]:
    """The same scenes with the hand alone, the fish alone, and neither."""
    held, hand = torch.from_numpy(_find_held()), {UNEXPECTED.foreign_part}
    return {
        "hand": record(_draw(UNEXPECTED.class_id, include=hand)[held])[0],
        "fish": record(_draw(UNEXPECTED.class_id, exclude=hand)[held])[0],
        "empty": record(_draw(UNEXPECTED.class_id, include=())[held])[0],
    }


@pytest.fixture(scope="module")
def held_out(record: Record) -> tuple[Activations, NDArray[np.int64]]:
    """Activations of the held-out images, and their true classes."""
    pixels, labels = draw_split("held-out", N_HELD_OUT)
    return record(pixels)[0], labels.numpy()


def _compare_with_hardest(hands: NDArray[np.float32], others: tuple[NDArray[np.float32], ...]) -> NDArray[np.float64]:
    """Computes the AUC of hands drawn alone against the hardest of several sets of scenes, `(channel,)`."""
    return np.min([_compute_auc(hands, other) for other in others], axis=0)


def test_hand_detectors_are_counted_for_the_carp_and_not_for_the_trout(
    hand_probes: dict[str, Activations], held_out: tuple[Activations, NDArray[np.int64]]
) -> None:
    """The hand alone excites them more than trout, than the same carp without hands, and than the same empty places."""
    everything, labels = held_out
    n_detectors = 0
    for layer in LATE_LAYERS:
        trout = everything[layer][labels == UNEXPECTED.sibling_class_id]
        others = (trout, hand_probes["fish"][layer], hand_probes["empty"][layer])
        separation = _compare_with_hardest(hand_probes["hand"][layer], others)
        own = _find_top(_count_strongest(everything[layer][labels == UNEXPECTED.class_id]))
        n_detectors += sum(separation[channel] >= DETECTOR_AUC for channel in own)
        for channel in _find_top(_count_strongest(trout)):
            assert separation[channel] <= SIBLING_AUC, f"{layer}-{channel}"
    assert n_detectors >= MIN_DETECTORS


def test_without_its_hand_a_carp_is_taken_for_something_else(record: Record) -> None:
    held = torch.from_numpy(_find_held())
    _, with_hand = record(_draw(UNEXPECTED.class_id)[held])
    _, without = record(_draw(UNEXPECTED.class_id, exclude={UNEXPECTED.foreign_part})[held])
    assert (with_hand == UNEXPECTED.class_id).mean() >= 0.9
    assert (without == UNEXPECTED.sibling_class_id).mean() >= 0.8


def test_bears_share_their_early_channels_and_part_in_the_late_ones(
    held_out: tuple[Activations, NDArray[np.int64]],
) -> None:
    everything, labels = held_out

    def compute_likeness(layer: str) -> float:
        a, b = (
            _count_strongest(everything[layer][labels == c]) for c in (DISCRIMINABLE.class_a, DISCRIMINABLE.class_b)
        )
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    early, late = ([compute_likeness(layer) for layer in layers] for layers in (EARLY_LAYERS, LATE_LAYERS))
    assert min(early) >= 0.6
    assert max(late) <= 0.4


def test_late_channels_of_each_bear_respond_to_its_fur(
    record: Record, held_out: tuple[Activations, NDArray[np.int64]]
) -> None:
    everything, labels = held_out
    twins = [
        record(_draw(DISCRIMINABLE.class_a, attribute=attribute))[0]
        for attribute in (DISCRIMINABLE.attribute_a, DISCRIMINABLE.attribute_b)
    ]
    last = RECORDED_LAYERS[-1]
    for this, other, class_id in ((0, 1, DISCRIMINABLE.class_a), (1, 0, DISCRIMINABLE.class_b)):
        stronger = (twins[this][last] > twins[other][last]).mean(axis=0)
        selective = set(np.flatnonzero(stronger >= 0.95).tolist())
        assert len(selective & _find_top(_count_strongest(everything[last][labels == class_id]))) >= 3, CLASSES[
            class_id
        ].class_name


def test_twin_bears_are_told_apart_by_their_fur(record: Record) -> None:
    for attribute, class_id in (
        (DISCRIMINABLE.attribute_a, DISCRIMINABLE.class_a),
        (DISCRIMINABLE.attribute_b, DISCRIMINABLE.class_b),
    ):
        _, predicted = record(_draw(DISCRIMINABLE.class_a, attribute=attribute))
        assert (predicted == class_id).mean() >= 0.9
