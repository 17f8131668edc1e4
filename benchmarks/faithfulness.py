"""The cost of the proof of a run's graphs, in multiples of a forward pass: `python -m benchmarks.faithfulness RUN`.

The run stays as it is: its first classes are proven in a copy, whose files are the same on the disk until they are
written. A forward pass is that of the command itself, one image on each core. The effect of channels is compared with
the pass over the images that made the run, at 100 images of each class.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from precompute.contract.progress import Advance
from precompute.contract.schema import locate_table, read_manifest, write_manifest
from precompute.faithfulness.asking import open_ablated
from precompute.faithfulness.config import FACTORS, FaithfulnessConfig
from precompute.faithfulness.measure import TABLES_OF_PROOF, FaithfulnessRequest, measure_faithfulness

OF_PASS = 100
"""Images of a class at which the effect is compared with the pass."""


class Stopwatch:
    """Progress that notes seconds and units of each stage, and shows nothing."""

    def __init__(self) -> None:
        self.stages: dict[str, tuple[float, int]] = {}

    @contextmanager
    def open_stage(self, description: str, total: int, unit: str = "images") -> Iterator[Advance]:
        """Times a stage."""
        start, n_done = time.perf_counter(), 0

        def advance(n: int = 1) -> None:
            nonlocal n_done
            n_done += n

        yield advance
        self.stages[description] = time.perf_counter() - start, n_done


def copy_run(run: Path, folder: Path) -> Path:
    """Copies a run without the proof that it holds; large files are linked."""
    copy = folder / run.name
    shutil.copytree(run, copy, copy_function=os.link, ignore=shutil.ignore_patterns("parts", ".*"))
    for name in TABLES_OF_PROOF:
        locate_table(copy, name).unlink(missing_ok=True)
    manifest = read_manifest(copy)
    manifest.pop("faithfulness", None)
    manifest["stages"].pop("faithfulness", None)
    write_manifest(copy, manifest)
    return copy


def time_passes(run: Path, n_classes: int, n_images: int) -> tuple[float, float]:
    """Times a forward pass and the pass of effects, seconds per image, over images that are decoded before."""
    opened = open_ablated(run)
    with opened.open_prover("mean", opened.choose_for_means(1)) as prover:
        batches = [
            (batch, opened.outputs[class_id], opened.build_masks(class_id, [f"{opened.layers[-1].name}-0"])[1])
            for class_id in list(opened.outputs)[:n_classes]
            for batch in opened.read(class_id, opened.choose_images(class_id, None, n_images))
        ]
        n = sum(len(batch) for batch, _, _ in batches)

        def average(call: Callable[[], object]) -> float:
            call()
            start = time.perf_counter()
            call()
            return (time.perf_counter() - start) / n

        forward = average(lambda: [prover.compute_logits(batch, [], masks) for batch, _, masks in batches])
        effects = average(lambda: [prover.measure_effects(batch, outputs) for batch, outputs, _ in batches])
    return forward, effects


def print_effects(run: Path, forward: float, effects: float) -> None:
    """Prints the cost of effects, beside that of the pass that made the run, at 100 images of each class."""
    manifest = read_manifest(run)
    each = manifest["stages"]["aggregate"]["seconds"] / manifest["dataset"]["n_images"]
    print(f"a forward pass: {1e3 * forward:.1f} ms an image; of effects: {effects / forward:.1f} forward passes")
    print(f"the pass that made the run: {1e3 * each:.1f} ms an image, {each / forward:.1f} forward passes")
    for n_sampled in (FaithfulnessConfig.images_per_class, FaithfulnessConfig.effect_images, OF_PASS):
        share = n_sampled * effects / (OF_PASS * each)
        print(f"effects from {n_sampled} images of a class: {share:.3f} x the pass over {OF_PASS}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--classes", type=int, default=8, help="the first so many classes")
    parser.add_argument("--images-per-class", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--edge-images", type=int, default=0)
    parser.add_argument("--effects-only", action="store_true", help="compare the effects with the pass, and no more")
    parser.add_argument("--all-sizes", action="store_true", help="all eight sizes; else that of the graph alone")
    asked = parser.parse_args()
    sizes = FACTORS if asked.all_sizes else (1.0,)
    config = FaithfulnessConfig(
        images_per_class=asked.images_per_class,
        n_repeats=asked.repeats,
        factors=sizes,
        layer_factors=sizes,
        edge_images=asked.edge_images,
    )
    with tempfile.TemporaryDirectory(dir=asked.run.parent) as folder:
        run = copy_run(asked.run, Path(folder))
        forward, effects = time_passes(run, asked.classes, asked.images_per_class)
        if asked.effects_only:
            print_effects(asked.run, forward, effects)
            return
        class_ids = tuple(open_ablated(run).outputs)[: asked.classes]
        stopwatch, start = Stopwatch(), time.perf_counter()
        measure_faithfulness(FaithfulnessRequest(run, class_ids, config=config), stopwatch)
        whole = time.perf_counter() - start
        stages = stopwatch.stages
    print_effects(asked.run, forward, effects)
    for title, (took, n) in stages.items():
        print(f"{title}: {n} images, {took / n:.3f} s an image, {took / n / forward:.1f} forward passes")
    took, n = stages["Removing and keeping channels"]
    each = took / len(class_ids)
    means = stages["Means of channels"][0]
    print(f"a class of {n / len(class_ids):g} images: {each:.2f} s; opening and tables: {whole - took - means:.1f} s")
    n_all = len(open_ablated(asked.run).outputs)
    print(f"all {n_all} classes so: {(each * n_all + whole - took) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
