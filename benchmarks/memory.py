"""Memory of every stage over few and over many images: `python -m benchmarks.memory MODEL MANIFEST`.

Each stage runs in a process of its own. Some runs are compared: the first image of some classes, each so many times
over, as links in a temporary folder. The first fills a batch with each class by default, for a batch holds what it
records until it is counted. A run over the whole manifest may follow (`--whole RUN`, kept). The figures go to
`benchmarks/results/memory.json`, which `benchmarks.scale` reads for its projection.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measured import measure

RESULTS = Path(__file__).with_name("results") / "memory.json"
STAGES = ("aggregate", "graphs", "examples", "embedding")


def write_links(manifest: Path, folder: Path, n_classes: int, times: int) -> Path:
    """Writes a manifest of the first image of the first classes, each `times` times under another name."""
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = {row["class_name"] + row.get("class_id", ""): row for row in reversed(rows)}
    chosen = list(reversed(first.values()))[:n_classes]
    folder.mkdir()
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for number, row in enumerate(chosen):
            image = (manifest.parent / row["path"]).resolve()
            for time_ in range(times):
                name = f"{number:04d}-{time_:03d}{image.suffix}"
                (folder / name).symlink_to(image)
                writer.writerow({**row, "path": name})
    return folder / "labels.csv"


def measure_run(options: argparse.Namespace, manifest: Path, run: Path) -> dict[str, Any]:
    """Makes a run stage by stage, and returns time and memory of each process, with the seconds in the manifest."""
    named = ("weights", "preprocess", "layers", "workers")
    chosen = [text for name in named if getattr(options, name) for text in (f"--{name}", getattr(options, name))]
    arguments = ["precompute", options.model, str(manifest), *chosen, "--allow-outside", "--out", str(run)]
    stages: dict[str, Any] = {}
    for stage in STAGES:
        measured = asdict(measure([*arguments, "--stages", stage], options.cores))
        entry = read(run)["stages"][stage]
        waiting = {name: entry[name] for name in ("waiting_fraction",) if name in entry}
        stages[stage] = {**measured, "stage_seconds": entry["seconds"], **waiting}
        print(f"{run.name:<12} {stage:<10} {entry['seconds']:8.1f} s {measured['peak_mb']:8.0f} MB", flush=True)
    dataset = read(run)["dataset"]
    return {"n_images": dataset["n_images"], "n_classes": dataset["n_classes"], "stages": stages}


def read(run: Path) -> dict[str, Any]:
    """Reads the manifest of a run."""
    found: dict[str, Any] = json.loads((run / "manifest.json").read_text())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("manifest", type=Path, help="a .csv with class_id")
    parser.add_argument("--weights")
    parser.add_argument("--preprocess")
    parser.add_argument("--layers")
    parser.add_argument("--workers")
    parser.add_argument("--cores", type=int, help="how many the processes may use; all by default")
    parser.add_argument("--classes", type=int, default=5, help="of the runs that are compared")
    parser.add_argument("--times", default="16,160", help="how often each run has each image")
    parser.add_argument("--whole", type=Path, help="folder for a run over the whole manifest")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    machine = f"{platform.processor() or platform.machine()}, {options.cores or os.cpu_count()} cores"
    model = Path(options.model).parent.name or options.model
    record: dict[str, Any] = {"model": model, "machine": machine, "date": time.strftime("%Y-%m-%d"), "runs": []}

    def add(manifest: Path, run: Path) -> None:
        record["runs"].append(measure_run(options, manifest, run))
        options.results.write_text(json.dumps(record, indent=1) + "\n")  # what is measured is kept

    with tempfile.TemporaryDirectory() as name:
        for times in map(int, options.times.split(",")):
            manifest = write_links(options.manifest, Path(name) / f"images-{times}", options.classes, times)
            add(manifest, Path(name) / f"x {times}")
    for stage in STAGES:
        peaks = [run["stages"][stage]["peak_mb"] for run in record["runs"]]
        print(f"{stage:<10} {' -> '.join(f'{peak:.0f}' for peak in peaks)} MB: {peaks[-1] / peaks[0] - 1:+.1%}")
    if options.whole is not None:
        add(options.manifest, options.whole)


if __name__ == "__main__":
    main()
