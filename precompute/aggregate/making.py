"""The choice between the makers of units: image by image, or by whole batches."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from precompute.aggregate.batch_maker import UnitMakerByBatch
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.stage import PassInputs, PassSpeed
from precompute.aggregate.unit_maker import UnitMaker, UnitMakerByImage
from precompute.devices.cores import Parallel

__all__ = ["open_maker"]


@contextlib.contextmanager
def open_maker(
    inputs: PassInputs, config: AggregateConfig, speed: PassSpeed, n_cores: int | None = None
) -> Iterator[UnitMaker]:
    """Opens the maker of units that the settings name, while the block lasts.

    Args:
        inputs: the model, the images and all else that the pass reads.
        config: settings of the pass on which its results depend.
        speed: settings of the pass on which its results do not depend.
        n_cores: the number of images at a time on a CPU; None for one per core.
    """
    parallel = Parallel(speed.device, n_cores)
    if speed.is_by_batch:  # threads of torch within each operator, and none of our own
        yield UnitMakerByBatch(inputs, config, speed.batch_size, parallel)
        return
    with parallel:
        yield UnitMakerByImage(inputs, config, speed.batch_size, parallel)
