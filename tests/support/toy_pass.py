"""The pass over a handful of images of two pixels: sources in memory, and the finished units of the toy network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.reading import read_images
from precompute.aggregate.stage import PassInputs
from precompute.aggregate.unit_maker import UnitMakerByImage
from precompute.aggregate.units import UnitStore, pack, plan_units
from precompute.contract.labelled import MID_GREY, Colour, LabelledClass, LabelledImage, UnreadableImage
from precompute.datasets.labels.label_outputs import Meaning
from precompute.datasets.labels.output_match import ModelOutputs
from precompute.devices.cores import Parallel
from precompute.models.sources.preprocess import Preprocess
from tests.support.toy_network import CPU, IMAGES, ExportedToy

AS_IT_IS = Preprocess(0, 0, scale=255.0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
"""The preprocessing by which a pixel of 4 is the number 4."""

Pixels = NDArray[np.uint8]
FIRST, SECOND = IMAGES.permute(0, 2, 3, 1).byte().numpy()
"""The images of the toy network, `(1, 2, 3)`."""


@dataclass
class ArraySource:
    """Images in memory, by class_id; None is an image that cannot be read.

    Attributes:
        arrays: by class_id, `(height, width, 3)` each.
        loaded: image_ids in the order in which they were loaded.
    """

    arrays: Mapping[int, Sequence[Pixels | None]]
    loaded: list[int] = field(default_factory=list)

    name: ClassVar[str] = "arrays"
    labels_are_outputs: ClassVar[None] = None
    stories: ClassVar[tuple[()]] = ()
    notes: ClassVar[tuple[str, ...]] = ()

    @property
    def classes(self) -> Sequence[LabelledClass]:
        return [LabelledClass(class_id, f"class {class_id}") for class_id in self.arrays]

    @property
    def n_labels(self) -> int:
        return len(self.arrays)

    @property
    def images(self) -> Sequence[LabelledImage]:
        of_class = [class_id for class_id, arrays in self.arrays.items() for _ in arrays]
        return [LabelledImage(index, class_id, f"{index}.png") for index, class_id in enumerate(of_class)]

    def load(self, image: LabelledImage, background: Colour = MID_GREY) -> Image.Image:
        """Returns one image.

        Raises:
            UnreadableImage: its array is None.
        """
        self.loaded.append(image.image_id)
        pixels = [one for arrays in self.arrays.values() for one in arrays][image.image_id]
        if pixels is None:
            raise UnreadableImage("it is torn")
        return Image.fromarray(pixels)

    def fingerprint(self) -> str:
        """Returns the same text for all sources."""
        return "arrays"


def make_inputs(
    toy: ExportedToy, source: ArraySource, config: AggregateConfig, outputs: Mapping[int, tuple[int, ...]]
) -> PassInputs:
    """Makes the inputs of a pass of the toy network; `outputs` are those that mean a class."""
    measures = (toy.choose_measure(config),)
    named = ModelOutputs(toy.model.n_outputs)
    return PassInputs(toy.model, toy.layers, measures, AS_IT_IS, source, named, Meaning(outputs, "file"))


def write_units(run: Path, inputs: PassInputs, config: AggregateConfig) -> UnitStore:
    """Makes and writes every unit of a run."""
    store = UnitStore(run, "toy")
    with Parallel(CPU, 1) as parallel:
        maker = UnitMakerByImage(inputs, config, 4, parallel)
        for key, images in plan_units(inputs.source, config.chunk_size).items():
            read = read_images(inputs.source, images, inputs.preprocess, workers=0)
            store.write(key, pack(maker.make(key.class_id, read, lambda n=1: None), "toy"))
    return store
