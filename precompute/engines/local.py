"""The engine of a single process, which reads images ahead across units; a batch may hold images of several."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from itertools import islice

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.making import open_maker
from precompute.aggregate.reading import Awaited, read_images
from precompute.aggregate.stage import MadeUnit, PassInputs, PassSpeed
from precompute.aggregate.units import UnitKey, pack
from precompute.contract.labelled import LabelledImage
from precompute.contract.progress import Advance

__all__ = ["LocalEngine"]


class LocalEngine:
    """An `Engine` that computes in this process.

    Args:
        inputs: the model, the images and all else that the pass reads.
        config: settings of the pass on which its results depend.
        speed: settings of the pass on which its results do not depend.
    """

    def __init__(self, inputs: PassInputs, config: AggregateConfig, speed: PassSpeed) -> None:
        self._inputs, self._config, self._speed = inputs, config, speed

    def make(
        self, units: Mapping[UnitKey, Sequence[LabelledImage]], fingerprint: str, advance: Advance
    ) -> Generator[MadeUnit, None, None]:
        """Makes units in the order of the mapping.

        Args:
            units: the images of each unit.
            fingerprint: of the inputs, stored in each unit.
            advance: called with the number of images that are done.
        """
        inputs, speed = self._inputs, self._speed
        everything = [image for images in units.values() for image in images]
        with open_maker(inputs, self._config, speed) as maker:
            reading = Awaited(read_images(inputs.source, everything, inputs.preprocess, speed.workers))
            each = ((key, islice(reading, len(images))) for key, images in units.items())
            start, waited = time.perf_counter(), reading.seconds
            for key, unit in maker.make_all(each, advance):
                packed = pack(unit, fingerprint)
                yield MadeUnit(key, packed, time.perf_counter() - start, reading.seconds - waited)
                start, waited = time.perf_counter(), reading.seconds
