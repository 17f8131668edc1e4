"""Every stage over few and over many classes: `python -m benchmarks.growth`, with 1,000 and 21,000 classes by default.

A small network over the same 50,000 drawn images of 32 px, dealt out to the classes. Each stage runs in a process of
its own, and its seconds and peak memory are printed, then how much each grew beside the classes. Processor seconds are
of the whole process; other work on the machine hardly changes them. The figures go to `benchmarks/results/growth.json`;
stages that are there already are not measured again, if FOLDER is named.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measured import measure
from benchmarks.scale import MODEL, PREPROCESS, draw_images, write_manifest

RESULTS = Path(__file__).with_name("results") / "growth.json"
STAGES = ("aggregate", "graphs", "examples", "embedding")


def write_inputs(folder: Path, n_images: int, n_outputs: int) -> None:
    """Writes the images, the model with an output for each class, and its preprocessing, where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.py").write_text(MODEL.replace("nn.Linear(64, 1000)", f"nn.Linear(64, {n_outputs})"))
    (folder / "input.toml").write_text(PREPROCESS)
    if not (folder / "images").exists():
        draw_images(folder / "images", n_images)


def measure_stages(folder: Path, n_images: int, n_classes: int, known: dict[str, Any], results: Path) -> dict[str, Any]:
    """Makes a run stage by stage; `known` holds all figures, which are written after each stage."""
    rows: dict[str, Any] = known["classes"].setdefault(str(n_classes), {})
    out, manifest = folder / f"run-{n_classes}", write_manifest(folder / "images", n_images, n_classes)
    options = ["--weights", "random", "--preprocess", f"{folder}/input.toml", "--out", str(out)]
    for stage in STAGES:
        done = json.loads((out / "manifest.json").read_text())["stages"] if (out / "manifest.json").exists() else {}
        if stage in rows and (done.get(stage) or {}).get("seconds") is not None:
            continue
        command = ["precompute", f"{folder}/model.py:build", str(manifest), *options, "--stages", stage]
        measured = asdict(measure(command))
        seconds = json.loads((out / "manifest.json").read_text())["stages"][stage]["seconds"]
        rows[stage] = {**measured, "stage_seconds": seconds}
        processor = measured["cpu_seconds"]
        told = f"{n_classes:>7,} {stage:<10} {seconds:9.1f} s, processor {processor:9.1f} s"
        print(f"{told} {measured['peak_mb']:8,.0f} MB", flush=True)
        results.write_text(json.dumps(known, indent=1) + "\n")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classes", default="1000,21000")
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, help="of the images and runs, kept; a temporary one without it")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    classes = [int(text) for text in options.classes.split(",")]
    known: dict[str, Any] = {"classes": {}}
    if options.folder is not None and options.results.exists():
        known = json.loads(options.results.read_text())
    known |= {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "date": time.strftime("%Y-%m-%d"),
        "n_images": options.images,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = (options.folder or Path(name)).resolve()
        write_inputs(folder, options.images, max(classes))
        found = [measure_stages(folder, options.images, n, known, options.results) for n in classes]
    for stage in STAGES:
        few, many = found[0][stage], found[-1][stage]
        time_grew = many["stage_seconds"] / max(few["stage_seconds"], 0.1)
        worked, memory_grew = (many[name] / few[name] for name in ("cpu_seconds", "peak_mb"))
        grew = f"time x {time_grew:.1f}, processor x {worked:.1f}, memory x {memory_grew:.2f}"
        print(f"{stage:<10} classes x {classes[-1] / classes[0]:.0f}: {grew}")


if __name__ == "__main__":
    main()
