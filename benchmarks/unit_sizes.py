"""The pass over classes of one image against classes of ten, in turns: `python -m benchmarks.unit_sizes`.

The same images, dealt out to units of one and of ten: what an image costs may not depend on how many its class has.
`--pass batch` counts whole batches.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from precompute.aggregate.config import AUTO, AggregateConfig
from precompute.aggregate.stage import PassSpeed
from precompute.aggregate.units import UnitKey
from precompute.datasets.sources.open import open_images
from precompute.engines.local import LocalEngine
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.pipeline.inputs import prepare

SIZES = (10, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--images", default="demo")
    parser.add_argument("--weights")
    parser.add_argument("--preprocess")
    parser.add_argument("--n", type=int, default=160, help="images")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--pass", dest="count_by", default=AUTO)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    source = open_images(options.images)
    loaded = load_model(ModelConfig(options.model, options.weights, options.preprocess))
    inputs = prepare(loaded, source, None, AggregateConfig())
    images = list(source.images)[: options.n]
    speed = PassSpeed(options.batch_size, 2, torch.device("cpu"), options.count_by)
    engine = LocalEngine(inputs, AggregateConfig(), speed)

    def time_units(size: int) -> float:
        """Returns the seconds for each image."""
        firsts = range(0, len(images), size)
        units = {UnitKey(number, 0): images[first : first + size] for number, first in enumerate(firsts)}
        start = time.perf_counter()
        list(engine.make(units, "", lambda n=1: None))
        return (time.perf_counter() - start) / len(images)

    time_units(SIZES[0])  # compiles and warms up
    seconds = [[time_units(size) for size in SIZES] for _ in range(options.repeats)]
    for size, times in zip(SIZES, zip(*seconds, strict=True), strict=True):
        print(f"units of {size:2}: {1000 * statistics.median(times):.1f} ms an image")
    ratios = [one / ten for ten, one in seconds]
    print(f"one against ten: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
