"""How many counts differ from the definition: `python -m benchmarks.exactness --images 200` on the real GoogLeNet.

Both sides read what one forward pass recorded. The other side computes every influence by a grouped convolution, the
shares and their products in torch, and sorts; nothing of the compiled loops has a part in it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.run import grouped_influence
from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.recording import Recorder
from precompute.aggregate.values import Values
from precompute.config import AggregateConfig
from precompute.datasets.open import open_images
from precompute.models.expressions import Channels, Concatenation, Convolution, Passed, Source
from precompute.models.loading import ModelConfig, load_model
from precompute.models.provenance import Link
from precompute.parallel import Parallel
from precompute.run import prepare

DATA = Path(__file__).resolve().parents[1] / "../shared/data"
LAYERS = [f"mixed{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")]


def slow_influence(channels: Channels, values: Values) -> tuple[Tensor, bool]:
    """Influences of one image `(target, source)` by the definition, and whether they are composed of shares.

    Raises:
        TypeError: an expression is none of those that GoogLeNet has.
    """
    match channels:
        case Passed(inner):
            return slow_influence(inner, values)
        case Concatenation(parts):
            return torch.cat([slow_influence(part, values)[0] for part in parts]), True
        case Convolution(input=below):
            direct = grouped_influence(channels, values[channels.input_node], 1).clamp_min_(0)
            while isinstance(below, Passed):
                below = below.of
            if isinstance(below, Source):
                return direct, False
            inner, is_composed = slow_influence(below, values)
            return shares(direct) @ (inner if is_composed else shares(inner)), True
    raise TypeError(f"No influence through {type(channels).__name__}.")


def shares(influence: Tensor) -> Tensor:
    """Each row divided by its sum."""
    total = influence.sum(1, keepdim=True)
    return torch.where(total > 0, influence / total, 0)


def slow_counts(link: Link, values: Values, top_k: int) -> Tensor:
    """Which pairs are among the strongest in one image, `(target, source)`, ties by the lower source."""
    assert link.channels is not None
    influence, _ = slow_influence(link.channels, values)
    ordered, order = influence.sort(dim=1, descending=True, stable=True)
    return torch.zeros_like(influence).scatter(1, order[:, :top_k], (ordered[:, :top_k] > 0).float()).int()


def differences(options: argparse.Namespace) -> Iterator[tuple[int, int]]:
    """Counts that differ, and counts that there are, image by image."""
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
        for image in source.images[::step][: options.images]:
            pixels = np.stack([loaded.preprocess.image(source.load(image))])
            values = recorder(loaded.preprocess.tensor(pixels)).values
            sums.reset()
            sums.update([image.image_id], values)
            differing = total = 0
            for link, found in zip(inputs.links, sums.influence_sums(), strict=True):
                expected = slow_counts(link, values, config.top_k).numpy()
                counted = np.zeros_like(expected)
                counted[found.target_channel, found.source] = found.influence_count
                differing += int((counted != expected).sum())
                total += int(expected.sum())
            yield differing, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with googlenet and imagenet_sample")
    options = parser.parse_args()
    differing = total = n_images = 0
    for one, counted in differences(options):
        differing, total, n_images = differing + one, total + counted, n_images + 1
        if n_images % 20 == 0:
            print(f"{n_images} images: {differing} of {total} counts differ", flush=True)
    print(f"{n_images} images: {differing} of {total} counts differ")


if __name__ == "__main__":
    main()
