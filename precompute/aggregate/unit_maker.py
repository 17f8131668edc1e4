"""The computation of units from a stream of images: a batch may hold the images of several units."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.aggregate.accumulate import ActivationTotals, ClassAccumulator, Findings, LayerSums
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.finite import FiniteCheck
from precompute.aggregate.influence.pairs import PairSums
from precompute.aggregate.predictions import PredictedRows, Predictions
from precompute.aggregate.reading import ReadImage
from precompute.aggregate.recording import Recorder, Recording
from precompute.aggregate.stage import PassInputs
from precompute.aggregate.units import ImageRows, Unit, UnitKey, join_rows
from precompute.contract.errors import InputError
from precompute.contract.progress import Advance
from precompute.devices.batches import BatchSize
from precompute.devices.cores import Parallel
from precompute.devices.precision import keep_whole_float32

__all__ = ["OpenUnit", "Sums", "UnitMaker", "UnitMakerByImage", "Waiting", "build_empty_sums", "group_by_unit"]

_RECORDED_BYTES = 2**30
"""The limit for the recordings of one batch; a batch of one image may exceed it."""

Sums = tuple[list[LayerSums], list[list[PairSums]]]
"""The sums of a unit: by layer, and by link those of each influence that its measure counts."""


class OpenUnit:
    """A unit of which some images may be left to count.

    Args:
        key: of the unit.
    """

    def __init__(self, key: UnitKey) -> None:
        self.key = key
        self.rows: list[ImageRows] = []
        self.skipped: list[tuple[int, str, str]] = []
        """image_id, path and reason of every image that is left out."""
        self.n_waiting = 0
        """Images that were read, and are not counted yet."""
        self.is_read = False
        self.without_numbers: tuple[str, tuple[int, ...]] | None = None
        """Path and shape of the first image whose numbers are not all finite."""

    @property
    def is_complete(self) -> bool:
        """True where every image is counted or left out."""
        return self.is_read and not self.n_waiting

    def leave_out(self, read: ReadImage, problem: str) -> None:
        """Leaves an image out for a reason."""
        self.skipped.append((read.image.image_id, read.image.path, problem))
        if read.pixels is not None and self.without_numbers is None:
            self.without_numbers = read.image.path, read.pixels.shape


class Waiting(NamedTuple):
    """An image that waits to be counted, and its unit."""

    unit: OpenUnit
    read: ReadImage


class UnitMaker(ABC):
    """A maker of units.

    Args:
        inputs: of the pass.
        config: of the pass.
        batch_size: images at a time, fewer where their recordings are large.
        parallel: the cores, or the device, that the images are on.
    """

    def __init__(self, inputs: PassInputs, config: AggregateConfig, batch_size: int, parallel: Parallel) -> None:
        self._inputs, self._config, self._device = inputs, config, parallel.device
        self._recorder = Recorder(inputs.model, inputs.layers, inputs.measures, parallel, config.precision)
        # Networks of hundreds of convolutions leave gigabytes behind: fewer images at a time then.
        most = max(1, min(batch_size, _RECORDED_BYTES // max(1, self._recorder.bytes_per_image)))
        self._sizes = BatchSize(most, parallel.device)
        self._finite = FiniteCheck(inputs.layers, inputs.model.outputs.masks, parallel)
        self._predictions = Predictions(inputs.model.outputs.probabilities, inputs.class_outputs)

    @property
    def _batch_size(self) -> int:
        return self._sizes.size

    def make(self, class_id: int, images: Iterable[ReadImage], advance: Advance) -> Unit:
        """Makes one unit; see `make_all`."""
        ((_, unit),) = self.make_all([(UnitKey(class_id, 0), images)], advance)
        return unit

    def make_all(
        self, units: Iterable[tuple[UnitKey, Iterable[ReadImage]]], advance: Advance
    ) -> Iterator[tuple[UnitKey, Unit]]:
        """Makes units and yields them in order, each when its last image is counted.

        Args:
            units: their keys, and their images in order of image_id, which are read to the end before the next unit.
            advance: called with the number of images that are done.

        Raises:
            InputError: an image is of another size, or the model yields no finite numbers, neither for any image of a
                unit nor for noise.
        """
        opened: deque[OpenUnit] = deque()
        batch: list[Waiting] = []
        for key, images in units:
            unit = OpenUnit(key)
            opened.append(unit)
            for read in images:
                if read.pixels is None:
                    unit.leave_out(read, read.problem)
                    advance(1)
                    continue
                if not self._has_room(batch, unit):
                    self._count(batch, advance)
                    yield from self._close_complete(opened)
                unit.n_waiting += 1
                batch.append(Waiting(unit, read))
                del read  # the batch alone holds it
            unit.is_read = True
        if batch:
            self._count(batch, advance)
        with keep_whole_float32():
            self._finish()
        yield from self._close_complete(opened)

    def _has_room(self, batch: Sequence[Waiting], unit: OpenUnit) -> bool:
        """Returns True where another image, of a unit, goes into the batch."""
        return len(batch) < self._batch_size

    def _count(self, batch: list[Waiting], advance: Advance) -> None:
        """Counts a batch, and empties its list."""
        n_images = len(batch)
        with keep_whole_float32():
            self._add(batch)
        batch.clear()
        advance(n_images)

    @abstractmethod
    def _add(self, batch: Sequence[Waiting]) -> None:
        """Begins to count a batch; `n_waiting` of its units falls when that is done."""

    @abstractmethod
    def _finish(self) -> None:
        """Ends what was begun."""

    @abstractmethod
    def _take_sums(self, units: Sequence[OpenUnit]) -> list[Sums]:
        """Takes the sums of complete units; what held them is free for other units."""

    def _close_complete(self, opened: deque[OpenUnit]) -> Iterator[tuple[UnitKey, Unit]]:
        """Takes complete units off the front, and yields them."""
        complete: list[OpenUnit] = []
        while opened and opened[0].is_complete:
            complete.append(opened.popleft())
        for unit, sums in zip(complete, self._take_sums(complete) if complete else (), strict=True):
            yield unit.key, self._close(unit, sums)

    def _close(self, unit: OpenUnit, sums: Sums) -> Unit:
        if unit.without_numbers is not None and not any(len(rows.image_id) for rows in unit.rows):
            with keep_whole_float32():
                self._require_numbers(*unit.without_numbers)
        skipped = {path: problem for _, path, problem in sorted(unit.skipped)}
        return Unit(join_rows(unit.rows), *sums, skipped)

    def _require_numbers(self, path: str, shape: tuple[int, ...]) -> None:
        """Tries noise of an image's size, to distinguish unusual images from a model that yields no finite numbers.

        Raises:
            InputError: noise gives none either.
        """
        noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        (problem,) = self._finite.find_problems(self._record([noise]))
        if problem:
            raise InputError(
                "Activations and logits are finite numbers.",
                f"Not those of {path}, nor of noise: {problem}.",
                "Check the weights and the preprocessing (mean, std, scale).",
            )

    def _record(self, pixels: Sequence[NDArray[np.uint8]]) -> Recording:
        self._require_one_size(pixels)
        return self._recorder(self._build_tensor(pixels))

    def _build_tensor(self, pixels: Sequence[NDArray[np.uint8]]) -> Tensor:
        return self._inputs.preprocess.build_tensor(np.stack(pixels), self._device)

    def _require_one_size(self, pixels: Sequence[NDArray[np.uint8]]) -> None:
        expected = self._inputs.model.input_size[1:]
        for array in pixels:
            self._inputs.preprocess.require_one_size((expected[0], expected[1]), (array.shape[0], array.shape[1]))


def group_by_unit(batch: Sequence[Waiting]) -> Iterator[tuple[OpenUnit, list[int]]]:
    """Yields each unit of a batch with the indices of its images."""
    for _, rows in groupby(range(len(batch)), key=lambda row: id(batch[row].unit)):
        indices = list(rows)
        yield batch[indices[0]].unit, indices


def build_empty_sums(inputs: PassInputs, config: AggregateConfig) -> Sums:
    """Returns the sums of a unit without images."""
    return (
        ActivationTotals([layer.n_channels for layer in inputs.layers], config.n_examples).build(),
        [[PairSums.make_empty() for _ in measure.counted] for measure in inputs.measures],
    )


class _Found(NamedTuple):
    """The result of one image: its logits `(1, output)`, and its findings, or the reason that it has none."""

    logits: Tensor
    findings: Findings | None
    problem: str


class UnitMakerByImage(UnitMaker):
    """A maker that counts image by image, several at a time on the cores of a CPU; no number follows the batches.

    A core records an image and reduces it to its findings at once, while its values are still in the core's cache, and
    lets them go. The calling thread adds the findings up, in order of the images, beside the cores.
    """

    def __init__(self, inputs: PassInputs, config: AggregateConfig, batch_size: int, parallel: Parallel) -> None:
        super().__init__(inputs, config, batch_size, parallel)
        self._parallel = parallel
        self._sums = ClassAccumulator(inputs.layers, inputs.measures, config, parallel)
        self._counted: OpenUnit | None = None
        self._built: dict[OpenUnit, Sums] = {}

    def _add(self, batch: Sequence[Waiting]) -> None:
        """Records the images of a batch and counts them."""
        pixels = [one.read.pixels for one in batch if one.read.pixels is not None]
        self._require_one_size(pixels)
        logits: list[Tensor] = []
        kept: list[int] = []
        for row, found in enumerate(self._parallel.map(self._find, pixels)):
            logits.append(found.logits)
            unit, read = batch[row]
            if found.findings is None:
                unit.leave_out(read, found.problem)
            else:
                self._turn_to(unit)
                self._sums.add([read.image.image_id], [found.findings])
                kept.append(row)
        predicted = self._predict(torch.cat(logits), [one.read.image.class_id for one in batch])
        for unit, rows in group_by_unit(batch):
            sound = [row for row in rows if row in kept]
            if sound:
                unit.rows.append(predicted.select([batch[row].read.image.image_id for row in sound], sound))
            unit.n_waiting -= len(rows)

    def _find(self, pixels: NDArray[np.uint8]) -> _Found:
        """Records one image and reduces it, in a thread of its own."""
        with torch.inference_mode():
            recording = self._recorder.record_image(self._build_tensor([pixels]))
            problem = self._finite.find_problem(recording)
            findings = None if problem else self._sums.reduce(recording.values)
        if findings is not None and findings.problem:
            return _Found(recording.logits, None, findings.problem)
        return _Found(recording.logits, findings, problem)

    def _finish(self) -> None:
        """Does nothing: every batch is counted when it is added."""

    def _predict(self, logits: Tensor, class_ids: Sequence[int]) -> PredictedRows:
        with torch.inference_mode():
            return self._predictions.compute(logits.cpu(), class_ids)

    def _turn_to(self, unit: OpenUnit) -> None:
        """Keeps the sums of the unit before, and begins those of another."""
        if self._counted is unit:
            return
        if self._counted is not None:
            self._built[self._counted] = self._build_sums()
        self._sums.reset()
        self._counted = unit

    def _build_sums(self) -> Sums:
        return self._sums.build_layer_sums(), self._sums.build_pair_sums()

    def _take_sums(self, units: Sequence[OpenUnit]) -> list[Sums]:
        found = []
        for unit in units:
            if unit is self._counted:
                found.append(self._build_sums())
                self._counted = None
            else:
                known = unit in self._built
                found.append(self._built.pop(unit) if known else build_empty_sums(self._inputs, self._config))
        return found
