"""The stage `aggregate`: one pass over the images, class by class, for all layers at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.measures import LinkMeasure
from precompute.aggregate.reading import ReadImage, read_images
from precompute.aggregate.recording import Recorder, Recording
from precompute.aggregate.units import ClassUnit, ImageRows, UnitStore
from precompute.config import AggregateConfig
from precompute.datasets.source import ImageSource, LabelledClass
from precompute.errors import InputError
from precompute.models.exported import ExportedModel
from precompute.models.layers import RecordedLayer
from precompute.models.preprocess import Preprocess
from precompute.models.provenance import Link
from precompute.parallel import Parallel
from precompute.progress import Progress


@dataclass(frozen=True)
class PassInputs:
    """What the pass works on: the model with its layers, how influence is told, and the labelled images.

    `class_outputs` are the model's outputs that mean a class, by class_id: one each where the labels are outputs,
    several where a file says so; absent for a class that has none, and so no accuracy.
    """

    model: ExportedModel
    layers: Sequence[RecordedLayer]
    measures: Sequence[LinkMeasure]
    preprocess: Preprocess
    source: ImageSource
    labels_are_outputs: bool
    class_outputs: Mapping[int, tuple[int, ...]]

    @property
    def links(self) -> list[Link]:
        """How the layers feed one another, in order from the input."""
        return [measure.link for measure in self.measures]


@dataclass(frozen=True)
class PassSpeed:
    """What changes how fast the pass is, and nothing else."""

    batch_size: int
    workers: int
    device: torch.device


def aggregate(run: Path, inputs: PassInputs, config: AggregateConfig, speed: PassSpeed, progress: Progress) -> None:
    """Makes a unit of every class that has none yet.

    Raises:
        InputError: images differ in size where the preprocessing leaves them so, or the model yields no numbers.
    """
    store = UnitStore(run)
    pending = [c for c in inputs.source.classes if not store.has(c.class_id)]
    ids = {c.class_id for c in pending}
    images = [image for image in inputs.source.images if image.class_id in ids]
    finished = len(inputs.source.images) - len(images)
    with (
        Parallel(speed.device) as parallel,
        progress.stage("Activations and influences", total=len(inputs.source.images), unit="images") as advance,
    ):
        worker = _ClassWorker(inputs, config, parallel)
        advance(finished)
        reading = read_images(inputs.source, images, inputs.preprocess, speed.workers)
        for batch in _batches(reading, speed.batch_size):
            for class_id, unit in worker.add(batch):
                store.write(class_id, unit)
            advance(len(batch))
        for class_id, unit in worker.finish(pending):
            store.write(class_id, unit)


def _batches(images: Iterator[ReadImage], size: int) -> Iterator[list[ReadImage]]:
    batch: list[ReadImage] = []
    for image in images:
        batch.append(image)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class _ClassWorker:
    """Turns batches, sorted by class, into units: a class is finished when the next one begins."""

    def __init__(self, inputs: PassInputs, config: AggregateConfig, parallel: Parallel) -> None:
        self._inputs, self._device = inputs, parallel.device
        self._recorder = Recorder(inputs.model, inputs.layers, inputs.measures, parallel)
        self._sums = ClassAccumulator(inputs.layers, inputs.measures, config, parallel)
        self._class_id: int | None = None
        self._rows: list[ImageRows] = []
        self._skipped: dict[str, str] = {}
        self._done: set[int] = set()

    def add(self, batch: Sequence[ReadImage]) -> Iterator[tuple[int, ClassUnit]]:
        """Adds images in order; yields every class that ended with them."""
        readable = [item for item in batch if item.pixels is not None]
        recording = self._record(readable) if readable else None
        first = 0
        for class_id, group in groupby(batch, key=lambda item: item.image.class_id):
            if self._class_id is not None and class_id != self._class_id:
                yield self._ended()
            self._class_id = class_id
            members = list(group)
            self._skipped |= {item.image.path: item.problem for item in members if item.pixels is None}
            image_ids = [item.image.image_id for item in members if item.pixels is not None]
            if image_ids and recording is not None:
                rows = slice(first, first + len(image_ids))
                self._sums.update(image_ids, recording.values.images(rows))
                self._rows.append(self._image_rows(image_ids, class_id, recording.logits[rows]))
                first = rows.stop

    def finish(self, classes: Sequence[LabelledClass]) -> Iterator[tuple[int, ClassUnit]]:
        """Ends the last class; yields an empty unit for every class that turned out to have no image at all."""
        if self._class_id is not None:
            yield self._ended()
        for labelled in classes:
            if labelled.class_id not in self._done:
                self._class_id = labelled.class_id
                yield self._ended()

    def _record(self, images: Sequence[ReadImage]) -> Recording:
        pixels = [item.pixels for item in images if item.pixels is not None]
        expected = self._inputs.model.input_size[1:]
        for array in pixels:
            self._inputs.preprocess.require_one_size((expected[0], expected[1]), (array.shape[0], array.shape[1]))
        recording = self._recorder(self._inputs.preprocess.tensor(np.stack(pixels), self._device))
        for layer in self._inputs.layers:
            if not bool(torch.isfinite(recording.values[layer.node]).all()):
                raise InputError(
                    "Activations are finite numbers.",
                    f"Layer {layer.name} yields NaN or infinity, near image {images[0].image.path}.",
                    "Check the weights and the preprocessing (mean, std, scale).",
                )
        return recording

    def _ended(self) -> tuple[int, ClassUnit]:
        assert self._class_id is not None
        ended = self._class_id
        unit = ClassUnit(_joined(self._rows), self._sums.layer_sums(), self._sums.influence_sums(), self._skipped)
        self._sums.reset()
        self._rows, self._skipped, self._class_id = [], {}, None
        self._done.add(ended)
        return ended, unit

    def _image_rows(self, image_ids: Sequence[int], class_id: int, logits: Tensor) -> ImageRows:
        logits = logits.cpu()
        probability = logits.double().softmax(1)
        best, predicted = probability.max(1)
        true = torch.full((len(image_ids),), float("nan"), dtype=torch.float64)
        in_top5 = torch.zeros(len(image_ids), dtype=torch.bool)
        outputs = self._inputs.class_outputs.get(class_id)
        if outputs is not None:
            true = probability[:, list(outputs)].sum(1)
            in_top5 = (logits > logits[:, list(outputs)].amax(1, keepdim=True)).sum(1) < 5
        return ImageRows(
            np.asarray(image_ids, np.int32),
            predicted.int().numpy(),
            best.float().numpy(),
            true.float().numpy(),
            in_top5.numpy(),
        )


def _joined(rows: Sequence[ImageRows]) -> ImageRows:
    empty = ImageRows(
        np.zeros(0, np.int32),
        np.zeros(0, np.int32),
        np.zeros(0, np.float32),
        np.zeros(0, np.float32),
        np.zeros(0, bool),
    )
    columns = ImageRows.__dataclass_fields__
    return ImageRows(*(np.concatenate([getattr(r, name) for r in (empty, *rows)]) for name in columns))
