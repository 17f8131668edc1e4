"""Units made in this process, one after another, with images read ahead from one to the next."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from itertools import islice

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.reading import Awaited, read_images
from precompute.aggregate.stage import MadeUnit, PassInputs, PassSpeed, UnitMaker
from precompute.aggregate.units import UnitKey, pack
from precompute.contract.labelled import LabelledImage
from precompute.contract.progress import Advance
from precompute.devices.cores import Parallel

__all__ = ["LocalEngine"]


class LocalEngine:
    """Satisfies `Engine`."""

    def __init__(self, inputs: PassInputs, config: AggregateConfig, speed: PassSpeed) -> None:
        self._inputs, self._config, self._speed = inputs, config, speed

    def make(
        self, units: Mapping[UnitKey, Sequence[LabelledImage]], fingerprint: str, advance: Advance
    ) -> Generator[MadeUnit, None, None]:
        """Makes units in the order of the mapping."""
        inputs, speed = self._inputs, self._speed
        everything = [image for images in units.values() for image in images]
        with Parallel(speed.device) as parallel:
            maker = UnitMaker(inputs, self._config, speed.batch_size, parallel)
            reading = Awaited(read_images(inputs.source, everything, inputs.preprocess, speed.workers))
            for key, images in units.items():
                start, waited = time.perf_counter(), reading.seconds
                unit = maker.make(key.class_id, islice(reading, len(images)), advance)
                packed = pack(unit, fingerprint)
                yield MadeUnit(key, packed, time.perf_counter() - start, reading.seconds - waited)
