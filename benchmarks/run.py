"""Speed as ratios within one run: `make bench`, or `python -m benchmarks.run [--model FILE.py:build ...]`.

Timings of two machines cannot be compared, nor those of one machine on two days; what is measured side by side can.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.recording import Recorder
from precompute.config import AggregateConfig
from precompute.datasets.open import open_images
from precompute.models.loading import ModelConfig, load_model
from precompute.parallel import Parallel
from precompute.run import prepare

RESULTS = Path(__file__).with_name("results")


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Milliseconds per image, medians: the forward pass alone, recording, and everything the pass does."""
    loaded = load_model(ModelConfig(options.model, options.weights, options.preprocess))
    source = open_images(options.images)
    inputs = prepare(loaded, source, options.layers.split(",") if options.layers else None, AggregateConfig())
    step = max(1, len(source.images) // options.batch_size)
    images = [source.images[i * step] for i in range(options.batch_size)]
    batch = loaded.preprocess.tensor(np.stack([loaded.preprocess.image(source.load(image)) for image in images]))
    with Parallel(torch.device("cpu")) as parallel:
        forward = Recorder(inputs.model, (), (), parallel)
        recorder = Recorder(inputs.model, inputs.layers, inputs.measures, parallel)
        sums = ClassAccumulator(inputs.layers, inputs.measures, AggregateConfig(), parallel)
        runs: dict[str, Callable[[], object]] = {
            "forward": lambda: forward(batch),
            "recording": lambda: recorder(batch),
            "everything": lambda: sums.update(range(len(images)), recorder(batch).values),
        }
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for repeat in range(options.repeats + 1):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                if repeat:  # the first round warms up
                    seconds[name].append(time.perf_counter() - start)
    return {name: 1000 * statistics.median(times) / len(images) for name, times in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--images", default="demo")
    parser.add_argument("--weights")
    parser.add_argument("--preprocess")
    parser.add_argument("--layers")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    found = measure(options)
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"
    print(f"{options.model} on {machine}; medians of {options.repeats}, {options.batch_size} images")
    for name, value in found.items():
        print(f"{name:<12} {value:8.2f} ms/image   {value / found['forward']:6.2f} x forward")
    RESULTS.mkdir(exist_ok=True)
    name = Path(options.model.split(":")[0]).stem if ":" in options.model else options.model
    record = {"model": options.model, "machine": machine, "date": time.strftime("%Y-%m-%d"), "ms_per_image": found}
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
