"""The cost of transfer: `python -m benchmarks.transfer IMAGES MODEL [--weights FILE] [--preprocess FILE]`.

The pass that stores pooled features as a multiple of the bare forward pass, in turns, least of each; and the seconds of
linear heads on ten cuts in five folds. On one thread for each core, as the command computes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from precompute.aggregate.reading import read_images
from precompute.datasets.sources.open import open_images
from precompute.devices.cores import Parallel
from precompute.models.graph.optimized import optimize
from precompute.transfer.config import TransferConfig
from precompute.transfer.features import FeaturePass, FeatureStore, PooledRecorder, Reader
from precompute.transfer.folds import assign_folds
from precompute.transfer.heads import CutStore
from precompute.transfer.naming import NamedModel
from precompute.transfer.opened import OpenedModel, open_model
from precompute.transfer.training import Task, train_heads

CPU = torch.device("cpu")
N_CUTS, N_FOLDS, N_REPEATS, N_BATCH = 10, 5, 8, 32


def measure_pass(opened: OpenedModel, pixels: np.ndarray) -> tuple[float, float]:
    """Measures the seconds of a batch: with all layers pooled, and of the forward pass to the last layer alone."""
    batch = opened.loaded.preprocess.build_tensor(pixels).contiguous(memory_format=torch.channels_last)
    with Parallel(CPU) as parallel, torch.inference_mode():
        recorder = PooledRecorder(opened.model, opened.layers, parallel)
        bare = optimize(opened.model.build_sub_graph([opened.layers[-1].node]))
        pieces = batch.split(parallel.count_images_each(len(batch)))
        ways = (lambda: recorder(batch), lambda: list(parallel.map(bare, pieces)))
        found: tuple[list[float], list[float]] = ([], [])
        for _ in range(N_REPEATS):
            for way, times in zip(ways, found, strict=True):
                start = time.perf_counter()
                way()
                times.append(time.perf_counter() - start)
    return min(found[0]), min(found[1])


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("model")
    parser.add_argument("--weights")
    parser.add_argument("--preprocess")
    parser.add_argument("--images", type=int, default=1000)
    given = parser.parse_args()
    whole = open_images(given.source, None, True)
    n_classes = len(whole.classes)
    source = open_images(given.source, max(N_FOLDS, given.images // n_classes), True)
    opened = open_model(NamedModel("model", given.model, given.weights, given.preprocess), source)
    read = islice(read_images(source, source.images, opened.loaded.preprocess, 2), N_BATCH)
    pooled, bare = measure_pass(opened, np.stack([one.pixels for one in read if one.pixels is not None]))
    ratio = f"{pooled / bare:.2f} x the forward pass"
    print(f"features of {len(opened.layers)} layers: {ratio} ({pooled:.2f} s, {bare:.2f} s)")
    layers = opened.layers[-N_CUTS:]
    with tempfile.TemporaryDirectory() as scratch:
        names = [(layer.name, layer.n_channels) for layer in layers]
        store = FeatureStore(Path(scratch) / "features", "a", names, len(source.images))
        FeaturePass(store, opened.model, layers, Reader(source, opened.loaded.preprocess), CPU).run(lambda n=1: None)
        place = {each.class_id: index for index, each in enumerate(source.classes)}
        labels = np.array([place[image.class_id] for image in source.images])
        task = Task(np.arange(len(labels)), labels, assign_folds(labels, N_FOLDS, 0), n_classes)
        start = time.perf_counter()
        train_heads(store, CutStore(Path(scratch), "b"), task, TransferConfig(n_folds=N_FOLDS), lambda n=1: None)
        seconds = time.perf_counter() - start
    print(f"heads of {len(layers)} cuts x {N_FOLDS} folds on {len(labels):,} images: {seconds:.0f} s")


if __name__ == "__main__":
    main()
