"""The stage `aggregate`: one pass over the images, unit by unit, for all layers at once."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch

from precompute.aggregate.config import AUTO
from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.units import UnitKey, UnitStore
from precompute.contract.labelled import LabelledImage
from precompute.contract.progress import Advance, Progress
from precompute.datasets.images import ImageSource
from precompute.datasets.labels.label_outputs import Meaning
from precompute.datasets.labels.output_match import ModelOutputs
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.links import Link
from precompute.models.sources.preprocess import Preprocess


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
        count_by: one of `config.WAYS`.
    """

    batch_size: int
    workers: int
    device: torch.device
    count_by: str = AUTO

    @property
    def is_by_batch(self) -> bool:
        """True where batches are counted as a whole: on every device but the CPU, unless told otherwise."""
        return self.device.type != "cpu" if self.count_by == AUTO else self.count_by == "batch"


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
