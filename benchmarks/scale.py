"""Time and memory of all stages against images and classes: `python -m benchmarks.scale`.

A small network over drawn images of 32 px, for every number of images and of classes, each in a process of its own.
The processor seconds are fitted by a constant and what each image and each class adds; the
projection to ImageNet takes GoogLeNet's from `benchmarks/results/memory.json`. What comes of it goes to
`benchmarks/results/scale.json`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.measured import measure
from benchmarks.memory import RESULTS as MEMORY

RESULTS = Path(__file__).with_name("results") / "scale.json"
STAGES = "aggregate,graphs,examples"
SIZE = 32
IMAGENET = (1_281_167, 1000)
"""Images and classes."""
MODEL = """
import torch
from torch import nn


def block(n_in, n_out, stride):
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = block(3, 16, 2), block(16, 32, 2), block(32, 64, 2)
        self.head = nn.Linear(64, 1000)

    def forward(self, x):
        return self.head(self.third(self.second(self.first(x))).mean((2, 3)))


def build():
    torch.manual_seed(0)
    return Small()
"""
PREPROCESS = """resize = 0
crop = 0
interpolation = "bilinear"
channels = "RGB"
scale = 1.0
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
"""


def draw_images(folder: Path, n_images: int) -> None:
    """Draws coloured blots of noise, as JPEG."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(n_images):
        coarse = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((SIZE, SIZE), Image.Resampling.BICUBIC).save(folder / f"{number:05d}.jpg")


def write_manifest(folder: Path, n_images: int, n_classes: int) -> Path:
    """Writes a manifest of the first images, dealt out to classes one by one."""
    path = folder / f"{n_images}-{n_classes}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "class_name", "class_id"])
        writer.writerows([f"{i:05d}.jpg", f"class {i % n_classes}", i % n_classes] for i in range(n_images))
    return path


def measure_grid(folder: Path, images: Sequence[int], classes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yields a row per number of images and of classes; the embedding has one row per number of classes."""
    (folder / "model.py").write_text(MODEL)
    (folder / "input.toml").write_text(PREPROCESS)
    draw_images(folder / "images", max(images))
    for n_images in images:
        for n_classes in classes:
            out = folder / f"run-{n_images}-{n_classes}"
            manifest = write_manifest(folder / "images", n_images, n_classes)
            options = ["--weights", "random", "--preprocess", f"{folder}/input.toml", "--out", str(out)]
            command = ["precompute", f"{folder}/model.py:build", str(manifest), *options, "--stages"]
            measured = measure([*command, STAGES])
            yield {
                "n_images": n_images,
                "n_classes": n_classes,
                **asdict(measured),
                "stage_seconds": _read_seconds(out),
            }
            if n_images == images[0]:
                measured = measure([*command, "embedding"])
                yield {
                    "n_images": None,
                    "n_classes": n_classes,
                    **asdict(measured),
                    "stage_seconds": _read_seconds(out),
                }


def _read_seconds(run: Path) -> dict[str, float | None]:
    return {name: stage["seconds"] for name, stage in json.loads((run / "manifest.json").read_text())["stages"].items()}


def _format_row(row: dict[str, Any]) -> str:
    images = "embedding" if row["n_images"] is None else f"{row['n_images']:,}"
    return f"| {images} | {row['n_classes']:,} | {row['cpu_seconds']:.1f} | {row['peak_mb']:,.0f} |"


def fit(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Fits processor seconds as a constant and a share of each image and class, by least squares."""
    rows = [row for row in rows if row["n_images"] is not None]
    terms = np.array([[1.0, row["n_images"], row["n_classes"]] for row in rows])
    cpu = np.array([row["cpu_seconds"] for row in rows])
    constant, per_image, per_class = np.linalg.lstsq(terms, cpu, rcond=None)[0].tolist()
    residual = cpu - terms @ [constant, per_image, per_class]
    explained = 1 - float((residual**2).sum() / ((cpu - cpu.mean()) ** 2).sum())
    found = {"constant": constant, "per_image": per_image, "per_class": per_class, "r_squared": explained}
    return {name: round(value, 5) for name, value in found.items()}


def project(record: dict[str, Any]) -> dict[str, float]:
    """Projects core-hours of each stage for ImageNet's training images, from runs of `benchmarks.memory --whole`.

    The pass: what an image adds between two runs of the same classes, times the images, and what the run over all
    classes took beyond that. Graphs and embedding: as measured over all classes. Examples: ten times as measured,
    because a channel of a class keeps ten images, where a class of the measured run has one.
    """
    few, many, whole = record["runs"]
    n_images, n_classes = IMAGENET
    scale = n_classes / whole["n_classes"]

    def read_cpu(run: dict[str, Any], stage: str) -> float:
        return float(run["stages"][stage]["cpu_seconds"])

    per_image = (read_cpu(many, "aggregate") - read_cpu(few, "aggregate")) / (many["n_images"] - few["n_images"])
    rest = max(0.0, read_cpu(whole, "aggregate") - per_image * whole["n_images"])
    hours = {
        "aggregate": (per_image * n_images + rest * scale) / 3600,
        "graphs": read_cpu(whole, "graphs") * scale / 3600,
        "examples": read_cpu(whole, "examples") * 10 * scale / 3600,
        "embedding": read_cpu(whole, "embedding") * scale / 3600,
    }
    return {
        "seconds_per_image": round(per_image, 4),
        **{f"{name}_core_hours": round(h, 2) for name, h in hours.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", default="1000,3000,10000")
    parser.add_argument("--classes", default="10,100,1000")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--memory", type=Path, default=MEMORY, help="of `benchmarks.memory`, with --whole")
    options = parser.parse_args()
    images, classes = ([int(text) for text in value.split(",")] for value in (options.images, options.classes))
    record: dict[str, Any] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "date": time.strftime("%Y-%m-%d"),
        "rows": [],
    }
    with tempfile.TemporaryDirectory() as name:
        for row in measure_grid(Path(name), images, classes):
            record["rows"].append(row)
            print(_format_row(row), flush=True)
            options.results.write_text(json.dumps(record, indent=1) + "\n")  # what is measured is kept
    record["fit"] = fit(record["rows"])
    print("processor seconds:", record["fit"])
    if options.memory.is_file() and len(json.loads(options.memory.read_text())["runs"]) == 3:
        record["imagenet"] = project(json.loads(options.memory.read_text()))
        print("ImageNet, GoogLeNet:", record["imagenet"])
    options.results.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
