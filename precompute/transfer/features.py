"""The features of images: every recorded layer pooled over its positions, by one pass, on disk."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from precompute.aggregate.reading import ReadImage, read_images
from precompute.contract.atomic import replace_file
from precompute.contract.progress import Advance
from precompute.datasets.images import ImageSource
from precompute.devices.batches import BatchSize
from precompute.devices.cores import Parallel
from precompute.devices.precision import keep_whole_float32
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.memory import estimate_bytes
from precompute.models.graph.optimized import optimize
from precompute.models.layers.selection import RecordedLayer
from precompute.models.sources.preprocess import Preprocess

__all__ = ["FeatureMaker", "FeaturePass", "FeatureStore", "MadeFeatures", "PooledRecorder", "Reader", "open_maker"]

CHUNK = 256
"""Images of a file, and so what an interruption loses at most."""
_MEAN, _MAX = 0, 1
_ROUNDING = 2.0**-10
"""The greatest rounding, as a share of the greatest value of a layer, with which float16 is good enough."""


class PooledRecorder:
    """A forward pass up to the last of some layers, which returns every layer pooled over its positions.

    Args:
        model: the exported model.
        layers: in order from the input.
        parallel: computes on its device, one image per thread on a CPU.
    """

    def __init__(self, model: ExportedModel, layers: Sequence[RecordedLayer], parallel: Parallel) -> None:
        sub_graph = model.build_sub_graph([layer.node for layer in layers])
        self._forward = optimize(sub_graph).to(parallel.device)
        self._layouts = [model.layouts[layer.node] for layer in layers]
        self._parallel = parallel

    def __call__(self, batch: torch.Tensor) -> NDArray[np.float32]:
        """Returns mean and maximum of every channel, `(image, 2, channel)`, the channels of all layers in order.

        Args:
            batch: preprocessed images, `(image, channel, height, width)`.
        """
        if batch.device.type == "cpu":
            batch = batch.contiguous(memory_format=torch.channels_last)
        pieces = batch.split(self._parallel.count_images_each(len(batch)))
        return np.concatenate(list(self._parallel.map(self._run, pieces)))

    def _run(self, batch: torch.Tensor) -> NDArray[np.float32]:
        with torch.inference_mode():
            values = self._forward(batch)
            maps = [layout.view_maps(value).flatten(2) for layout, value in zip(self._layouts, values, strict=True)]
            pooled = [torch.stack([each.mean(2), each.amax(2)], 1) for each in maps]
            found: NDArray[np.float32] = torch.cat(pooled, 2).float().cpu().numpy()
            return found


@dataclass(frozen=True)
class Reader:
    """The images of a pass, and how they are read.

    Attributes:
        workers: threads that decode.
        batch_size: images of a forward pass at most.
    """

    source: ImageSource
    preprocess: Preprocess
    workers: int = 2
    batch_size: int = 16


class FeatureStore:
    """The pooled features of one model for all images of a source: files of `CHUNK` images, each whole or not there.

    A file holds `(image, 2, channel)` as float16; as float32 where that would round a layer too much. It is mapped into
    memory when it is read. An image that cannot be read is a row of NaN.

    Args:
        folder: of the model.
        fingerprint: of model, images and layers; features of another one are removed when these are complete.
        layers: name and channels of each, in order.
        n_images: of the source.
    """

    def __init__(self, folder: Path, fingerprint: str, layers: Sequence[tuple[str, int]], n_images: int) -> None:
        self._root, self._folder = folder, folder / fingerprint[:16]
        self.layers, self.n_images = tuple(layers), n_images
        self._offsets = dict(zip((name for name, _ in layers), np.cumsum([0, *(n for _, n in layers)]), strict=False))

    @property
    def n_channels(self) -> int:
        """The channels of all layers."""
        return sum(n for _, n in self.layers)

    def list_missing(self) -> list[range]:
        """Lists the ranges of images whose file is not there."""
        starts = range(0, self.n_images, CHUNK)
        ranges = [range(start, min(start + CHUNK, self.n_images)) for start in starts]
        return [images for images in ranges if not self._locate(images.start).is_file()]

    def write(self, first: int, values: NDArray[np.float32], skipped: Mapping[int, str]) -> None:
        """Writes one file.

        Args:
            first: number of its first image.
            values: `(image, 2, channel)`.
            skipped: the reason for each image that could not be read, by number.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if skipped:
            with replace_file(self._locate(first).with_suffix(".json")) as temporary:
                temporary.write_text(json.dumps({str(image): reason for image, reason in skipped.items()}))
        with replace_file(self._locate(first)) as temporary, temporary.open("wb") as file:
            np.save(file, self._pack(values))

    def read(self, layer: str, pooling: str) -> NDArray[np.float32]:
        """Reads the features of a layer, `(image, feature)`: a mean or a maximum per channel, or all of both.

        Args:
            layer: one of `layers`.
            pooling: one of `config.POOLINGS`.
        """
        start = self._offsets[layer]
        channels = slice(start, start + dict(self.layers)[layer])
        kinds = {"mean": [_MEAN], "max": [_MAX], "both": [_MEAN, _MAX]}[pooling]
        files = [np.load(self._locate(first), mmap_mode="r") for first in range(0, self.n_images, CHUNK)]
        return np.concatenate(
            [np.concatenate([one[:, kind, channels] for kind in kinds], 1).astype(np.float32) for one in files]
        )

    def read_skipped(self) -> dict[int, str]:
        """Reads the reason for each image that could not be read."""
        found: dict[int, str] = {}
        for path in sorted(self._folder.glob("*.json")):
            found |= {int(image): reason for image, reason in json.loads(path.read_text()).items()}
        return found

    def remove_others(self) -> None:
        """Removes the features of other fingerprints, and what a killed process left."""
        for path in self._root.iterdir():
            if path != self._folder:
                shutil.rmtree(path, ignore_errors=True)
        for path in self._folder.glob(".*.tmp"):
            path.unlink()

    def _pack(self, values: NDArray[np.float32]) -> NDArray[np.float16] | NDArray[np.float32]:
        with np.errstate(over="ignore", invalid="ignore"):
            half = values.astype(np.float16)
            known = np.isfinite(values)
            error = np.where(known, np.abs(half.astype(np.float32) - values), 0)
            size = np.where(known, np.abs(values), 0)
        for name, n_channels in self.layers:
            channels = slice(self._offsets[name], self._offsets[name] + n_channels)
            if not error[..., channels].max(initial=0) <= _ROUNDING * size[..., channels].max(initial=0):
                return values
        return half

    def _locate(self, first: int) -> Path:
        return self._folder / f"{first:09d}.npy"


@dataclass(frozen=True)
class MadeFeatures:
    """The features of a range of images, not yet on disk.

    Attributes:
        images: their numbers.
        values: `(image, 2, channel)`.
        skipped: the reason for each image that could not be read, by number.
    """

    images: range
    values: NDArray[np.float32]
    skipped: Mapping[int, str]


class FeatureMaker:
    """A maker of the features of ranges of images.

    Args:
        recorder: of the model.
        size: of an input of the model, `(channel, height, width)`.
        n_channels: of all layers.
        reader: of the images.
        sizes: of the batches.
    """

    def __init__(
        self,
        recorder: PooledRecorder,
        size: tuple[int, int, int],
        n_channels: int,
        reader: Reader,
        sizes: BatchSize,
    ) -> None:
        self._recorder, self._size, self._n_channels = recorder, size, n_channels
        self._reader, self._sizes = reader, sizes

    def make(self, ranges: Sequence[range], advance: Advance) -> Iterator[MadeFeatures]:
        """Computes ranges in their order, and reads images ahead across them.

        Raises:
            InputError: images have several sizes after preprocessing.
        """
        images = self._reader.source.images
        wanted = [images[number] for chunk in ranges for number in chunk]
        ahead = read_images(self._reader.source, wanted, self._reader.preprocess, self._reader.workers)
        for chunk in ranges:
            yield self._compute(chunk, [next(ahead) for _ in chunk], advance)

    def _compute(self, chunk: range, read: Sequence[ReadImage], advance: Advance) -> MadeFeatures:
        values = np.full((len(chunk), 2, self._n_channels), np.nan, np.float32)
        skipped = {chunk[place]: one.problem for place, one in enumerate(read) if one.pixels is None}
        places = [place for place, one in enumerate(read) if one.pixels is not None]

        def record(some: Sequence[int]) -> tuple[Sequence[int], NDArray[np.float32]]:
            pixels = np.stack([self._take(read[place]) for place in some])
            return some, self._recorder(self._reader.preprocess.build_tensor(pixels, self._sizes.device))

        for some, found in self._sizes.run(record, places):
            values[some] = found
            advance(len(some))
        for place in places:
            if not np.isfinite(values[place]).all():
                values[place] = np.nan
                skipped[chunk[place]] = "the model returns numbers for it that are not finite"
        advance(len(chunk) - len(places))
        return MadeFeatures(chunk, values, skipped)

    def _take(self, read: ReadImage) -> NDArray[np.uint8]:
        assert read.pixels is not None
        height, width, _ = read.pixels.shape
        self._reader.preprocess.require_one_size(self._size[1:], (height, width))
        return read.pixels


@contextlib.contextmanager
def open_maker(
    model: ExportedModel,
    layers: Sequence[RecordedLayer],
    reader: Reader,
    device: torch.device,
    threads: int | None = None,
) -> Iterator[FeatureMaker]:
    """Opens a maker of features on the cores of this process, or on a GPU.

    Args:
        model: the exported model.
        layers: in order from the input.
        reader: of the images.
        device: of the model.
        threads: images at a time on a CPU; None for one per core that this process may use.
    """
    n_channels = sum(layer.n_channels for layer in layers)
    with Parallel(device, threads) as parallel, keep_whole_float32():
        recorder = PooledRecorder(model, layers, parallel)
        sizes = BatchSize(reader.batch_size, device, estimate_bytes(model, with_gradients=False))
        yield FeatureMaker(recorder, model.input_size, n_channels, reader, sizes)


class FeaturePass:
    """The pass over those images whose features are missing.

    Args:
        store: filled by `run`.
        model: the exported model.
        layers: of the store.
        reader: of the images.
        device: of the model.

    Attributes:
        missing: the ranges of images whose file is not there.
        n_images: the images in them.
    """

    def __init__(
        self,
        store: FeatureStore,
        model: ExportedModel,
        layers: Sequence[RecordedLayer],
        reader: Reader,
        device: torch.device,
    ) -> None:
        self._store, self._model, self._layers = store, model, layers
        self._reader, self._device = reader, device
        self.missing = store.list_missing()
        self.n_images = sum(map(len, self.missing))

    def run(self, advance: Advance) -> None:
        """Writes the missing files.

        Raises:
            InputError: images have several sizes after preprocessing.
        """
        with open_maker(self._model, self._layers, self._reader, self._device) as maker:
            for made in maker.make(self.missing, advance):
                self._store.write(made.images.start, made.values, made.skipped)
        self._store.remove_others()
