"""Heads that are trained by gradient descent on a chosen cut, and a backbone that is trained with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from precompute.contract.errors import InputError
from precompute.devices.batches import BatchSize
from precompute.models.graph.operators import get_path_of_call
from precompute.models.layers.aliases import find_aliases
from precompute.transfer.descent import Batches, Notes, Trained, count_trainable, predict, train
from precompute.transfer.folds import assign_folds
from precompute.transfer.head_modules import Standardize
from precompute.transfer.linear import fit_head
from precompute.transfer.material import Lesson, Material
from precompute.transfer.saving import CutModel, fill_linear

__all__ = ["Learner", "count_multiply_adds", "find_unfrozen"]

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


class Learner:
    """The training of one head on one cut, for any part of the images, always from the same first weights.

    Args:
        cut: the model with a new head; it is changed.
        material: the input.
        lesson: the head, and the images.
        unfrozen: paths of the modules of the backbone that are trained.
    """

    def __init__(self, cut: CutModel, material: Material, lesson: Lesson, unfrozen: Sequence[str]) -> None:
        self._cut, self._lesson, self._head = cut, lesson, lesson.head
        device = lesson.device
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
            lambda places: material.build(material.values[places]).to(device), lesson.task.labels, device, sizes
        )

    @property
    def n_trained(self) -> int:
        """Numbers that are trained."""
        return count_trainable(self.module)

    def fit(self, places: Places, notes: Notes) -> Trained:
        """Trains on some images, a fifth of which decide when it ends; the module then has the best weights."""
        labels = self._lesson.task.labels[places]
        n_parts = min(_VALIDATION_PARTS, int(np.bincount(labels).min()))
        is_held = (
            assign_folds(labels, n_parts, self._head.seed) == 0 if n_parts > 1 else np.arange(len(labels)) % 5 == 0
        )
        training, validation = places[~is_held], places[is_held]
        self.module.load_state_dict(self._first)
        if self._head.kind == "linear":
            config, features = self._lesson.config, self._lesson.features[training]
            known = self._lesson.task.labels[training]
            linear = fit_head(features, known, config.penalties, config.n_inner_folds, config.seed)
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
