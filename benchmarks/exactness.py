"""Counts of the real GoogLeNet against the definition: `python -m benchmarks.exactness --images 200`.

Both sides read what one forward pass recorded. The other side computes every influence by a grouped convolution, the
shares and their products in torch, and sorts; nothing of the compiled loops has a part in it. It does so in single
precision; where that differs, two influences are nearly equal, and it is asked again in double precision.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.run import compute_grouped_influence
from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.values import Values
from precompute.aggregate.recording import Recorder
from precompute.datasets.sources.open import open_images
from precompute.devices.cores import Parallel
from precompute.models.provenance.expressions import Channels, Concatenation, Convolution, Passed, Source
from precompute.models.provenance.links import Link
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.pipeline.inputs import prepare

DATA = Path(__file__).resolve().parents[1] / "../shared/data"
LAYERS = [f"mixed{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")]


def compute_influence(channels: Channels, values: Values, dtype: torch.dtype) -> tuple[Tensor, bool]:
    """Computes the influences of one image `(target, source)` by the definition.

    The second value is true where they are composed of shares.

    Raises:
        TypeError: an expression is none of those that GoogLeNet has.
    """
    match channels:
        case Passed(inner):
            return compute_influence(inner, values, dtype)
        case Concatenation(parts):
            return torch.cat([compute_influence(part, values, dtype)[0] for part in parts]), True
        case Convolution(input=below):
            direct = compute_grouped_influence(channels, values[channels.input_node].to(dtype), 1).clamp_min_(0)
            while isinstance(below, Passed):
                below = below.of
            if isinstance(below, Source):
                return direct, False
            inner, is_composed = compute_influence(below, values, dtype)
            return compute_shares(direct) @ (inner if is_composed else compute_shares(inner)), True
    raise TypeError(f"No influence through {type(channels).__name__}.")


def compute_shares(influence: Tensor) -> Tensor:
    """Divides each row by its sum; a row without a positive sum becomes 0."""
    total = influence.sum(1, keepdim=True)
    return torch.where(total > 0, influence / total, 0)


def count_strongest(link: Link, values: Values, top_k: int, dtype: torch.dtype) -> NDArray[np.int32]:
    """Returns 1 for the strongest pairs `(target, source)` of one image, ties by the lower source, else 0."""
    assert link.channels is not None
    influence, _ = compute_influence(link.channels, values, dtype)
    ordered, order = influence.sort(dim=1, descending=True, stable=True)
    counted: NDArray[np.int32] = (
        torch.zeros_like(influence).scatter(1, order[:, :top_k], (ordered[:, :top_k] > 0).to(dtype)).int().numpy()
    )
    return counted


class Differences(NamedTuple):
    """Counts of one image that differ from the definition in single and in double precision, and all its counts."""

    single: int
    double: int
    n_counts: int


def compare_images(options: argparse.Namespace) -> Iterator[Differences]:
    """Yields the differences of each image. Double precision is computed only where single precision differs."""
    folder = options.data / "googlenet"
    files = (str(folder / "bvlc_googlenet.safetensors"), str(folder / "preprocess.toml"))
    loaded = load_model(ModelConfig(f"{folder}/model.py:build", *files))
    source = open_images(str(options.data / "imagenet_sample" / "labels.csv"))
    config = AggregateConfig()
    inputs = prepare(loaded, source, LAYERS, config)
    step = max(1, len(source.images) // options.images)
    with Parallel(torch.device("cpu"), 1) as parallel, torch.inference_mode():
        recorder = Recorder(inputs.model, inputs.layers, inputs.measures, parallel)
        sums = ClassAccumulator(inputs.layers, inputs.measures, config, parallel)
        for image in source.images[::step][options.first : options.images]:
            pixels = np.stack([loaded.preprocess.prepare_image(source.load(image))])
            values = recorder(loaded.preprocess.build_tensor(pixels)).values
            sums.reset()
            sums.update([image.image_id], values)
            single = double = n_counts = 0
            for link, (found,) in zip(inputs.links, sums.build_pair_sums(), strict=True):
                expected = count_strongest(link, values, config.top_k, torch.float32)
                counted = np.zeros_like(expected)
                counted[found.target_channel, found.source] = found.influence_count
                n_counts += int(expected.sum())
                if differing := int((counted != expected).sum()):
                    single += differing
                    double += int((counted != count_strongest(link, values, config.top_k, torch.float64)).sum())
            yield Differences(single, double, n_counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="of these images, the one to begin with")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with googlenet and imagenet_sample")
    options = parser.parse_args()
    found = []
    for one in compare_images(options):
        found.append(one)
        if len(found) % 20 == 0:
            print(describe(found), flush=True)
    print(describe(found))


def describe(found: Sequence[Differences]) -> str:
    """Returns the sums as a sentence."""
    single, double, n_counts = (sum(each) for each in zip(*found, strict=True))
    return (
        f"{len(found)} images, {n_counts} counts: {single} differ from the definition in single precision, "
        f"{double} of what those links hold from the definition in double precision"
    )


if __name__ == "__main__":
    main()
