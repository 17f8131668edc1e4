"""The stage `aggregate`: one pass over the images, unit by unit, for all layers at once."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.finite import FiniteCheck
from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.reading import ReadImage
from precompute.aggregate.recording import Recorder, Recording
from precompute.aggregate.units import ImageRows, Unit, UnitKey, UnitStore, join_rows
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.contract.progress import Advance, Progress
from precompute.datasets.images import ImageSource
from precompute.datasets.labels.label_outputs import Meaning
from precompute.datasets.labels.output_match import ModelOutputs
from precompute.devices.cores import Parallel
from precompute.devices.precision import keep_whole_float32
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.probabilities import rank_outputs
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.links import Link
from precompute.models.sources.preprocess import Preprocess

_RECORDED_BYTES = 2**30
"""The limit for the recordings of one batch; a batch of one image may exceed it."""


@dataclass(frozen=True)
class PassInputs:
    """The inputs of the pass: the model with its layers, the measures of influence, and the labelled images.

    Attributes:
        model: the exported model.
        layers: the recorded layers, in order from the input.
        measures: one per link, in order from the input.
        preprocess: of the images.
        source: of the images and classes.
        named_outputs: all that is known of the model's outputs.
        meaning: the outputs that mean a class.
    """

    model: ExportedModel
    layers: Sequence[RecordedLayer]
    measures: Sequence[LinkMeasure]
    preprocess: Preprocess
    source: ImageSource
    named_outputs: ModelOutputs
    meaning: Meaning

    @property
    def labels_are_outputs(self) -> bool:
        """True where each class means the one output that its class_id numbers."""
        return self.meaning.are_class_ids(self.source.classes)

    @property
    def class_outputs(self) -> Mapping[int, tuple[int, ...]]:
        """The outputs that mean a class, by class_id; a class without outputs is absent and has no accuracy."""
        return self.meaning.outputs

    @property
    def links(self) -> list[Link]:
        """The links between the layers, in order from the input."""
        return [measure.link for measure in self.measures]


@dataclass(frozen=True)
class PassSpeed:
    """The settings that change the speed of the pass, and nothing else.

    Attributes:
        batch_size: images at a time.
        workers: threads that decode images; 0: the caller's thread.
        device: of the model.
    """

    batch_size: int
    workers: int
    device: torch.device


class MadeUnit(NamedTuple):
    """A unit as the content of its file, with the seconds that it took and those of them spent waiting for images."""

    key: UnitKey
    packed: bytes
    seconds: float
    waited: float


class Engine(Protocol):
    """A maker of units, in this process or on a cluster; all engines make the same units."""

    def make(
        self, units: Mapping[UnitKey, Sequence[LabelledImage]], fingerprint: str, advance: Advance
    ) -> Generator[MadeUnit, None, None]:
        """Yields units, in any order, and reports images as they are done."""
        ...


def make_units(
    store: UnitStore,
    units: Mapping[UnitKey, Sequence[LabelledImage]],
    fingerprint: str,
    engine: Engine,
    progress: Progress,
) -> float | None:
    """Makes every unit that is not there yet.

    Args:
        store: of the units.
        units: all units of the run, as `plan_units` lists them.
        fingerprint: of the model, images and config, as that of the store.
        engine: makes units.
        progress: shows the images that are done.

    Returns:
        the share of the time that was spent waiting for images; None where no unit was missing.

    Raises:
        InputError: images differ in size where the preprocessing leaves them so, or the model yields no finite
            numbers, neither for any image of a unit nor for noise.
    """
    pending = {key: images for key, images in units.items() if not store.has(key)}
    n_images = sum(map(len, units.values()))
    seconds = waited = 0.0
    with progress.open_stage("Activations and influences", total=n_images, unit="images") as advance:
        advance(n_images - sum(map(len, pending.values())))
        if pending:
            with contextlib.closing(engine.make(pending, fingerprint, advance)) as making:
                for made in making:
                    store.write(made.key, made.packed)
                    seconds, waited = seconds + made.seconds, waited + made.waited
    return waited / seconds if seconds else None


def _split_batches(images: Iterable[ReadImage], size: int) -> Iterator[list[ReadImage]]:
    remaining = iter(images)
    while batch := list(islice(remaining, size)):
        yield batch


class UnitMaker:
    """The computation of units from their images; no batch spans two units.

    Args:
        inputs: of the pass.
        config: of the pass.
        batch_size: images at a time, fewer where their recordings are large.
        parallel: the cores, or the device, that the images are on.
    """

    def __init__(self, inputs: PassInputs, config: AggregateConfig, batch_size: int, parallel: Parallel) -> None:
        self._inputs, self._device = inputs, parallel.device
        self._recorder = Recorder(inputs.model, inputs.layers, inputs.measures, parallel, config.precision)
        # Networks of hundreds of convolutions leave gigabytes behind: fewer images at a time then.
        self._batch_size = max(1, min(batch_size, _RECORDED_BYTES // max(1, self._recorder.bytes_per_image)))
        self._sums = ClassAccumulator(inputs.layers, inputs.measures, config, parallel)
        self._finite = FiniteCheck(inputs.layers, inputs.model.outputs.masks, parallel)

    def make(self, class_id: int, images: Iterable[ReadImage], advance: Advance) -> Unit:
        """Makes one unit.

        Args:
            class_id: of all the images.
            images: of the unit, in order of image_id.
            advance: called after every batch, with its number of images.

        Raises:
            InputError: an image is of another size, or the model yields no finite numbers, neither for any of the
                images nor for noise.
        """
        with keep_whole_float32():
            return self._make(class_id, images, advance)

    def _make(self, class_id: int, images: Iterable[ReadImage], advance: Advance) -> Unit:
        self._sums.reset()
        rows: list[ImageRows] = []
        skipped: dict[str, str] = {}
        without_numbers: list[ReadImage] = []
        for batch in _split_batches(images, self._batch_size):
            skipped |= {item.image.path: item.problem for item in batch if item.pixels is None}
            readable = [item for item in batch if item.pixels is not None]
            if readable:
                added, problems = self._add(class_id, readable)
                rows.append(added)
                skipped |= {item.image.path: problem for item, problem in problems}
                without_numbers += [item for item, _ in problems]
            advance(len(batch))
        unit = Unit(join_rows(rows), self._sums.build_layer_sums(), self._sums.build_pair_sums(), skipped)
        if without_numbers and not len(unit.images.image_id):
            self._require_numbers(without_numbers[0])
        return unit

    def _add(self, class_id: int, images: Sequence[ReadImage]) -> tuple[ImageRows, list[tuple[ReadImage, str]]]:
        """Records some images and counts them; the recording, most of the memory, ends before the next one begins.

        Returns:
            the rows of the images that were counted, and the others, whose numbers are not all finite, with the
            reason.
        """
        recording = self._record(images)
        problems = self._finite.find_problems(recording)
        sound = [index for index, problem in enumerate(problems) if not problem]
        if sound:
            image_ids = [images[index].image.image_id for index in sound]
            found = self._sums.update(image_ids, recording.values.select(sound))
            for index, problem in zip(sound, found, strict=True):
                problems[index] = problem
        sound = [index for index in sound if not problems[index]]
        left_out = [(item, problem) for item, problem in zip(images, problems, strict=True) if problem]
        image_ids = [images[index].image.image_id for index in sound]
        return self._build_rows(image_ids, class_id, recording.logits.cpu()[sound]), left_out

    def _require_numbers(self, image: ReadImage) -> None:
        """Tries noise of an image's size, to distinguish unusual images from a model that yields no finite numbers.

        Raises:
            InputError: noise gives none either.
        """
        assert image.pixels is not None
        noise = np.random.default_rng(0).integers(0, 256, image.pixels.shape, dtype=np.uint8)
        (problem,) = self._finite.find_problems(self._record([replace(image, pixels=noise)]))
        if problem:
            raise InputError(
                "Activations and logits are finite numbers.",
                f"Not those of {image.image.path}, nor of noise: {problem}.",
                "Check the weights and the preprocessing (mean, std, scale).",
            )

    def _record(self, images: Sequence[ReadImage]) -> Recording:
        pixels = [item.pixels for item in images if item.pixels is not None]
        expected = self._inputs.model.input_size[1:]
        for array in pixels:
            self._inputs.preprocess.require_one_size((expected[0], expected[1]), (array.shape[0], array.shape[1]))
        return self._recorder(self._inputs.preprocess.build_tensor(np.stack(pixels), self._device))

    def _build_rows(self, image_ids: Sequence[int], class_id: int, logits: Tensor) -> ImageRows:
        probabilities, order = self._inputs.model.outputs.probabilities, rank_outputs(logits)
        best = probabilities.compute_for_outputs(logits.double()).gather(1, order[:, :1])[:, 0]
        true = torch.full((len(image_ids),), float("nan"), dtype=torch.float64)
        in_top5 = torch.zeros(len(image_ids), dtype=torch.bool)
        outputs = self._inputs.class_outputs.get(class_id)
        if outputs is not None:
            true = probabilities.compute_for_class(logits.double(), outputs)
            in_top5 = torch.isin(order[:, :5], torch.tensor(outputs)).any(1)
        return ImageRows(
            np.asarray(image_ids, np.int32),
            order[:, 0].int().numpy(),
            best.float().numpy(),
            true.float().numpy(),
            in_top5.numpy(),
        )
