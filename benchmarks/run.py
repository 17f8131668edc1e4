"""Speed as ratios within one run: `make bench`, or `python -m benchmarks.run [--model FILE.py:build ...]`.

Timings of two machines cannot be compared, nor those of one machine on two days; what is measured side by side can.
The unit is the optimised forward: batch norm folded, channels last, inference mode. The baselines `naive` and `summit`
compute the influence of the same convolutions on the same images by a grouped convolution per layer: at stride 1,
exactly, and at stride 3 with a sorted row per channel in dictionaries, as Summit's published code did.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from precompute.aggregate.accumulate import ClassAccumulator, Findings
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.finite import FiniteCheck
from precompute.aggregate.influence.summit import SAMPLING
from precompute.aggregate.influence.values import Values
from precompute.aggregate.recording import Recorder
from precompute.datasets.sources.open import open_images
from precompute.devices.cores import Parallel
from precompute.models.provenance.expressions import Convolution, list_parts
from precompute.models.provenance.links import Link
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.pipeline.inputs import prepare

RESULTS = Path(__file__).with_name("results")
UNIT = "forward, optimised"
TOP_K = AggregateConfig().top_k


def compute_grouped_influence(convolution: Convolution, values: Tensor, step: int) -> Tensor:
    """Computes influences of one image `(target, source)` by a grouped convolution, a group per pair."""
    per_group = convolution.weight.shape[1]
    targets = convolution.n_channels // convolution.groups
    found = []
    for group in range(convolution.groups):
        weight = convolution.weight[group * targets : (group + 1) * targets].to(values.dtype)
        response = functional.conv2d(
            values[:, group * per_group : (group + 1) * per_group],
            weight.transpose(0, 1).flatten(0, 1)[:, None].contiguous(),
            stride=(convolution.stride[0] * step, convolution.stride[1] * step),
            padding=convolution.padding,
            dilation=convolution.dilation,
            groups=per_group,
        )
        found.append(response[0].flatten(1).amax(1).unflatten(0, (per_group, targets)).T)
    return torch.cat(found)


def compute_naively(convolutions: list[Convolution], values: Values) -> None:
    """Computes exact influences at stride 1, and finds the strongest of every row."""
    for image in values.split_images():
        for convolution in convolutions:
            influence = compute_grouped_influence(convolution, image[convolution.input_node], 1)
            influence.clamp_min_(0).topk(min(TOP_K, influence.shape[1]))


def compute_as_summit(convolutions: list[Convolution], values: Values) -> None:
    """Computes influences at stride 3, sorts a row per channel, and counts in dictionaries."""
    counts: dict[tuple[int, int, int], int] = defaultdict(int)
    for image in values.split_images():
        for index, convolution in enumerate(convolutions):
            influence = compute_grouped_influence(convolution, image[convolution.input_node], SAMPLING).numpy()
            for target, row in enumerate(influence):
                for source in np.argsort(-row)[:TOP_K]:
                    counts[index, target, int(source)] += 1


def measure(options: argparse.Namespace) -> tuple[dict[str, float], dict[str, float]]:
    """Measures milliseconds per image, and ratios to the optimised forward of the same round; all are medians."""
    loaded = load_model(ModelConfig(options.model, options.weights, options.preprocess))
    source = open_images(options.images)
    inputs = prepare(loaded, source, options.layers.split(",") if options.layers else None, AggregateConfig())
    step = max(1, len(source.images) // options.batch_size)
    images = [source.images[i * step] for i in range(options.batch_size)]
    batch = loaded.preprocess.build_tensor(
        np.stack([loaded.preprocess.prepare_image(source.load(image)) for image in images])
    )
    convolutions = list_convolutions(inputs.links)
    with Parallel(torch.device("cpu"), options.threads) as parallel, torch.inference_mode():
        eager = copy.deepcopy(
            inputs.model.build_sub_graph([inputs.model.output])
        )  # the recorders rearrange shared weights
        pieces = batch.split(parallel.count_images_each(len(batch)))
        forward = Recorder(inputs.model, (), (), parallel)
        recorder = Recorder(inputs.model, inputs.layers, inputs.measures, parallel)
        sums = ClassAccumulator(inputs.layers, inputs.measures, AggregateConfig(), parallel)
        finite = FiniteCheck(inputs.layers, inputs.model.outputs.masks, parallel)

        def run_eager(piece: Tensor) -> None:
            with torch.inference_mode():
                eager(piece)

        def run_on_each_image(baseline: Callable[[list[Convolution], Values], None]) -> None:
            list(parallel.map(lambda one: _run_baseline(baseline, convolutions, one), recorded.split_images()))

        recorded = recorder(batch).values
        runs: dict[str, Callable[[], object]] = {
            "forward, eager": lambda: list(parallel.map(run_eager, pieces)),
            UNIT: lambda: forward(batch),
            "recording": lambda: recorder(batch),
            "everything": lambda: count_everything(batch, recorder, finite, sums, parallel),
        }
        seconds = time_runs(runs, options.repeats)
        recorded = recorder(batch[: options.baseline_images]).values
        slow: dict[str, Callable[[], object]] = {
            "naive influence": lambda: run_on_each_image(compute_naively),
            "summit-style influence": lambda: run_on_each_image(compute_as_summit),
        }
        unit = statistics.median(seconds[UNIT]) / len(images)
        found = {name: statistics.median(times) / len(images) for name, times in seconds.items()}
        ratios = {
            name: statistics.median(one / other for one, other in zip(times, seconds[UNIT], strict=True))
            for name, times in seconds.items()
        }
        for name, times in time_runs(slow, 1).items():
            found[f"forward and {name}"] = unit + statistics.median(times) / options.baseline_images
            ratios[f"forward and {name}"] = found[f"forward and {name}"] / unit
    return {name: 1000 * value for name, value in found.items()}, ratios


def count_everything(
    batch: Tensor, recorder: Recorder, finite: FiniteCheck, sums: ClassAccumulator, parallel: Parallel
) -> None:
    """Records, checks and counts the images of a batch, as `UnitMakerByImage` does."""

    def find(image: Tensor) -> Findings:
        with torch.inference_mode():
            recording = recorder.record_image(image)
            if problem := finite.find_problem(recording):
                raise ValueError(problem)
            return sums.reduce(recording.values)

    for image_id, found in enumerate(parallel.map(find, batch.split(1))):
        sums.add([image_id], [found])


def _run_baseline(
    baseline: Callable[[list[Convolution], Values], None], convolutions: list[Convolution], one: Values
) -> None:
    with torch.inference_mode():
        baseline(convolutions, one)


def time_runs(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Returns the seconds of each run, taken in turn; the first round warms up and is left out."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if repeat:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def list_convolutions(links: list[Link]) -> list[Convolution]:
    """Returns every convolution that the influences go through."""
    return [
        part
        for link in links
        if link.channels is not None
        for part in list_parts(link.channels)
        if isinstance(part, Convolution)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--images", default="demo")
    parser.add_argument("--weights")
    parser.add_argument("--preprocess")
    parser.add_argument("--layers")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--baseline-images", type=int, default=2, help="images that the slow baselines are timed on")
    parser.add_argument("--threads", type=int, help="images at a time; one per core by default")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    found, ratios = measure(options)
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"
    model = Path(options.model).name
    print(f"{model} on {machine}; medians of {options.repeats}, {options.batch_size} images")
    for name, value in found.items():
        print(f"{name:<36} {value:8.2f} ms/image   {ratios[name]:6.2f} x optimised forward")
    RESULTS.mkdir(exist_ok=True)
    record = {
        "model": model,
        "machine": machine,
        "date": time.strftime("%Y-%m-%d"),
        "threads": options.threads,
        "ms_per_image": found,
        "ratio_to_optimised_forward": ratios,
    }
    (RESULTS / f"{model.split(':')[0].removesuffix('.py')}.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
