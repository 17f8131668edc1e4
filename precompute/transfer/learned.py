"""Heads that are trained by gradient descent on a chosen cut, and a backbone that is trained with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from precompute.aggregate.reading import read_images
from precompute.contract.errors import InputError
from precompute.datasets.images import ImageSource
from precompute.devices.batches import BatchSize
from precompute.models.graph.operators import get_path_of_call
from precompute.models.layers.aliases import find_aliases
from precompute.transfer.config import HeadConfig, TransferConfig
from precompute.transfer.descent import Batches, Notes, Trained, count_trainable, predict, train
from precompute.transfer.folds import assign_folds
from precompute.transfer.head_modules import Standardize
from precompute.transfer.linear import fit_head
from precompute.transfer.saving import CutModel, fill_linear
from precompute.transfer.training import Task

__all__ = ["MAPS", "PIXELS", "Learner", "Material", "count_multiply_adds", "find_unfrozen", "open_material"]

PIXELS, MAPS = "pixels.npy", "maps.npy"
_VALIDATION_PARTS = 5
Places = NDArray[np.int64]


def find_unfrozen(module: nn.Module, cuts: Sequence[str], n_unfrozen: int) -> list[str]:
    """Finds the paths of the modules whose weights are trained: those of the last layers up to the cut.

    Args:
        module: the cut model.
        cuts: names of the layers up to the cut, in order.
        n_unfrozen: how many of them.

    Raises:
        InputError: there are not so many.
    """
    if n_unfrozen > len(cuts):
        raise InputError(
            "--unfreeze counts recorded layers from the cut backwards.",
            f"Found {n_unfrozen}; there are {len(cuts)} up to {cuts[-1]}.",
            f"Take at most {len(cuts)}.",
        )
    types = {name: type(child).__name__ for name, child in module.named_modules()}
    paths = {alias: path for path, alias in find_aliases(types).items()}
    chosen = cuts[len(cuts) - n_unfrozen :]
    return [paths.get(get_path_of_call(name), get_path_of_call(name)) for name in chosen]


@dataclass(frozen=True)
class Material:
    """The input of a training: features, maps or pixels, by image.

    Attributes:
        values: `(image, ...)`, on disk where it is large.
        build: makes the input of the module from some of them.
        first: the first part of the head that is trained; 0: the whole model is run.
    """

    values: NDArray[Any]
    build: Callable[[NDArray[Any]], Tensor]
    first: int


def open_material(
    cut: CutModel, head: HeadConfig, features: NDArray[np.float32], source: ImageSource, task: Task, folder: Path
) -> Material:
    """Prepares the input: pooled features for `mlp`, maps for a convolution, pixels for a backbone that is trained.

    Args:
        cut: the model.
        head: what is trained.
        features: of the kept images, pooled.
        source: of the images.
        task: the kept ones.
        folder: where large arrays are kept while it is trained.
    """
    if not head.n_unfrozen and head.kind == "mlp":
        return Material(features, torch.from_numpy, list(dict(cut.module.transfer_head.named_children())).index("norm"))
    images = [source.images[number] for number in task.kept]
    read = (one.pixels for one in read_images(source, images, cut.preprocess, 2))
    folder.mkdir(parents=True, exist_ok=True)
    if head.n_unfrozen:
        height, width = cut.recipe.input_size[1:]
        pixels = np.lib.format.open_memmap(
            folder / PIXELS, mode="w+", dtype=np.uint8, shape=(len(images), height, width, 3)
        )
        for place, one in enumerate(read):
            pixels[place] = _require_read(one)
        return Material(pixels, cut.preprocess.build_tensor, 0)
    grid, n_channels = cut.recipe.layout["grid"], cut.recipe.layout["n_channels"]
    maps = np.lib.format.open_memmap(folder / MAPS, mode="w+", dtype=np.float32, shape=(len(images), n_channels, *grid))
    whole, cut.module.transfer_head = cut.module.transfer_head, cut.module.transfer_head[:1]
    try:
        with torch.inference_mode():
            for place, one in enumerate(read):
                maps[place] = cut.module(cut.preprocess.build_tensor(_require_read(one)[None])).numpy()[0]
    finally:
        cut.module.transfer_head = whole
    return Material(maps, lambda some: torch.from_numpy(np.ascontiguousarray(some)), 1)


def _require_read(pixels: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    if pixels is None:
        raise InputError(
            "Images stay as they are while a head is trained.", "One cannot be read any more.", "Run again."
        )
    return pixels


class Learner:
    """The training of one head on one cut, for any part of the images, always from the same first weights.

    Args:
        cut: the model with a new head; it is changed.
        material: the input.
        task: labels.
        configs: of the heads.
        features: of the kept images, pooled, for the linear head that a linear one begins from.
        unfrozen: paths of the modules of the backbone that are trained.
        device: of the training.
    """

    def __init__(
        self,
        cut: CutModel,
        material: Material,
        task: Task,
        configs: tuple[TransferConfig, HeadConfig],
        features: NDArray[np.float32],
        unfrozen: Sequence[str],
        device: torch.device,
    ) -> None:
        self._cut, self._task, self._features = cut, task, features
        self._config, self._head = configs
        self.module = cut.module.to(device)
        new: nn.Sequential = self.module.transfer_head
        self._trained: nn.Module = self.module if material.first == 0 else new[material.first :]
        for name, value in self.module.named_parameters():
            is_unfrozen = any(name.startswith(f"{path}.") for path in unfrozen)
            value.requires_grad_(is_unfrozen or (name.startswith("transfer_head.") and ".tail." not in name))
        self._material = material
        self._first = {name: value.clone() for name, value in self.module.state_dict().items()}
        sizes = BatchSize(self._head.batch_size, device)
        self._batches = Batches(
            lambda places: material.build(material.values[places]).to(device), task.labels, device, sizes
        )

    @property
    def n_trained(self) -> int:
        """Numbers that are trained."""
        return count_trainable(self.module)

    def fit(self, places: Places, notes: Notes) -> Trained:
        """Trains on some images, a fifth of which decide when it ends; the module then has the best weights."""
        labels = self._task.labels[places]
        n_parts = min(_VALIDATION_PARTS, int(np.bincount(labels).min()))
        is_held = (
            assign_folds(labels, n_parts, self._head.seed) == 0 if n_parts > 1 else np.arange(len(labels)) % 5 == 0
        )
        training, validation = places[~is_held], places[is_held]
        self.module.load_state_dict(self._first)
        if self._head.kind == "linear":
            config = self._config
            linear = fit_head(
                self._features[training],
                self._task.labels[training],
                config.penalties,
                config.n_inner_folds,
                config.seed,
            )
            fill_linear(self._cut, linear)
        else:
            self._standardise(training)
        return train(self._trained, self.module.transfer_head, self._batches, (training, validation), self._head, notes)

    def predict(self, places: Places) -> NDArray[np.float32]:
        """Computes the probabilities of images, `(image, class)`."""
        return predict(self._trained, self._batches, places, self._head.batch_size)

    def _standardise(self, places: Places) -> None:
        """Sets means and deviations from the training images alone."""
        norm: Standardize = self.module.transfer_head.norm
        parts = list(dict(self.module.transfer_head.named_children()))
        before = self.module.transfer_head[self._material.first or 1 : parts.index("norm")]
        sums = [torch.zeros_like(norm.mean) for _ in range(2)]

        def measure(some: Places) -> list[Tensor]:
            values = before(self._read_maps(some))
            axes = [axis for axis in range(values.ndim) if axis != 1]
            return [each.mean(axes) * (len(some) / len(places)) for each in (values, values**2)]

        with torch.no_grad():
            for some in self._batches.split(places, self._head.batch_size):
                for found in self._batches.sizes.run(measure, some):
                    for total, each in zip(sums, found, strict=True):
                        total += each
        norm.fit(*sums)

    def _read_maps(self, places: Places) -> Tensor:
        given = self._batches.take(places)
        if self._material.first:
            return given
        whole, self.module.transfer_head = self.module.transfer_head, self.module.transfer_head[:1]
        try:
            maps: Tensor = self.module(given)
        finally:
            self.module.transfer_head = whole
        return maps


def count_multiply_adds(module: nn.Module, input_size: Sequence[int]) -> int:
    """Counts the multiply-adds of convolutions and matrix products for one image."""
    device = next(module.parameters()).device
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(torch.zeros(1, *input_size, device=device))
    return int(counter.get_total_flops()) // 2
