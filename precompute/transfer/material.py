"""The input of a head that is trained by gradient descent: pooled features, the maps of a cut, or pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.aggregate.reading import read_images
from precompute.contract.errors import InputError
from precompute.contract.progress import Progress
from precompute.datasets.images import ImageSource
from precompute.devices.batches import BatchSize
from precompute.devices.precision import keep_whole_float32
from precompute.transfer.config import HeadConfig, TransferConfig
from precompute.transfer.saving import CutModel
from precompute.transfer.training import Task

__all__ = ["MAPS", "PIXELS", "Lesson", "Material", "Pass", "open_material"]

PIXELS, MAPS = "pixels.npy", "maps.npy"
_WORKERS = 2
"""Threads that decode images."""


@dataclass(frozen=True)
class Lesson:
    """A head that is trained on one cut, and the images that it is trained on.

    Attributes:
        task: the kept images, their labels and folds.
        features: of the kept images, pooled; a linear head begins from the linear head of these.
        config: of linear heads.
        head: what is trained.
        device: of the model.
    """

    task: Task
    features: NDArray[np.float32]
    config: TransferConfig
    head: HeadConfig
    device: torch.device


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


@dataclass(frozen=True)
class Pass:
    """The pass over the images that makes maps or pixels.

    Attributes:
        source: of the images.
        folder: where large arrays are kept while the head is trained.
        progress: reports images.
        finish_step: called after every batch; it may raise KeyboardInterrupt.
    """

    source: ImageSource
    folder: Path
    progress: Progress
    finish_step: Callable[[], None] = lambda: None


def open_material(cut: CutModel, lesson: Lesson, images: Pass) -> Material:
    """Prepares the input: pooled features for `mlp`, maps for a convolution, pixels for a backbone that is trained.

    Args:
        cut: the model.
        lesson: the head, and the images.
        images: how they are read.

    Raises:
        InputError: an image cannot be read any more.
    """
    if not lesson.head.n_unfrozen and lesson.head.kind == "mlp":
        first = list(dict(cut.module.transfer_head.named_children())).index("norm")
        return Material(lesson.features, torch.from_numpy, first)
    if lesson.head.n_unfrozen:
        height, width = cut.recipe.input_size[1:]
        values = _write(images.folder / PIXELS, (height, width, 3), np.uint8, lambda some: some, (cut, lesson, images))
        return Material(values, cut.preprocess.build_tensor, 0)
    grid, n_channels = cut.recipe.layout["grid"], cut.recipe.layout["n_channels"]
    module = cut.module.to(lesson.device)

    def compute(some: NDArray[np.uint8]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = module(cut.preprocess.build_tensor(some, lesson.device)).cpu().numpy()
        return found

    whole, module.transfer_head = module.transfer_head, module.transfer_head[:1]
    try:
        with torch.inference_mode(), keep_whole_float32():
            maps = _write(images.folder / MAPS, (n_channels, *grid), np.float32, compute, (cut, lesson, images))
    finally:
        module.transfer_head = whole
    return Material(maps, lambda some: torch.from_numpy(np.require(some, requirements=["C", "W"])), 1)


def _write(
    path: Path,
    shape: tuple[int, ...],
    kind: type,
    compute: Callable[[NDArray[np.uint8]], NDArray[Any]],
    of: tuple[CutModel, Lesson, Pass],
) -> NDArray[Any]:
    """Writes what is computed of the images, and returns it mapped into memory.

    The batches run one after another, because a cut model notes values in itself. The file is not mapped while it is
    written: a process that writes to mapped memory dies where the disk is full.
    """
    cut, lesson, images = of
    wanted = [images.source.images[number] for number in lesson.task.kept]
    read = (_require_read(one.pixels) for one in read_images(images.source, wanted, cut.preprocess, _WORKERS))
    sizes = BatchSize(lesson.head.batch_size, lesson.device)
    title = f"{path.stem.capitalize()} for {cut.name}@{cut.recipe.layer}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with images.progress.open_stage(title, len(wanted)) as advance, path.open("wb") as file:
        header = {"descr": np.dtype(kind).str, "fortran_order": False, "shape": (len(wanted), *shape)}
        np.lib.format.write_array_header_1_0(file, header)
        for some in _take_together(read, sizes):
            for found in sizes.run(compute, some):
                file.write(np.ascontiguousarray(found, kind).data)
                advance(len(found))
                images.finish_step()
    values: NDArray[Any] = np.load(path, mmap_mode="r")
    return values


def _take_together(read: Iterator[NDArray[np.uint8]], sizes: BatchSize) -> Iterator[NDArray[np.uint8]]:
    """Yields as many images as run together now."""
    while some := list(islice(read, sizes.size)):
        yield np.stack(some)


def _require_read(pixels: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    if pixels is None:
        raise InputError(
            "Images stay as they are while a head is trained.", "One cannot be read any more.", "Run again."
        )
    return pixels
