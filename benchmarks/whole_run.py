"""The time of a whole `precompute` without pictures: `python -m benchmarks.whole_run MODEL IMAGES [--weights ...]`.

The command runs in a process of its own. Printed are the seconds of every stage, the stage `examples` and the whole
command in multiples of the pass, and the megabytes that examples take in the run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.measured import measure

_STAGES = "aggregate,graphs,examples,embedding"


def measure_whole_run(arguments: list[str], run: Path) -> dict[str, float]:
    """Makes a run and returns its figures by name.

    Args:
        arguments: of `summit-dash precompute`, from MODEL on.
        run: folder of the run.
    """
    measured = measure(["precompute", *arguments, "--stages", _STAGES, "--out", str(run)])
    stages = json.loads((run / "manifest.json").read_text())["stages"]
    seconds = {name: float(stages[name]["seconds"]) for name in _STAGES.split(",")}
    stored = [run / f"{name}.parquet" for name in ("dataset_examples", "example_images")]
    return {
        **{f"{name}, s": one for name, one in seconds.items()},
        "whole command, s": measured.seconds,
        "processor, s": measured.cpu_seconds,
        "examples / aggregate": seconds["examples"] / seconds["aggregate"],
        "whole command / aggregate": measured.seconds / seconds["aggregate"],
        "examples, MB": sum(path.stat().st_size for path in stored if path.is_file()) / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1)
    options, arguments = parser.parse_known_args()
    for repeat in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            figures = measure_whole_run(arguments, Path(folder) / "run")
        print(f"{repeat + 1}: " + "; ".join(f"{name} {value:.2f}" for name, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
