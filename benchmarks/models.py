"""Every model of the catalogue, tried whole: `make models`, or `python -m benchmarks.models [SOURCE ...]`.

Each is built with random weights, exported, its links derived and checked by intervention, and run over 16 images from
start to end, `validate` included. What comes of it goes to `benchmarks/results/models.json`, row by row; the table of
`docs/models.md` and the shipped facts of the catalogue are written from there. A row that failed says why.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.feature_visualization.channels.config import VisualizeConfig
from precompute.models.graph.exported import ExportedModel
from precompute.models.interventions.intervention import check_links
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.expressions import Convolution, list_parts
from precompute.models.provenance.links import derive_links
from precompute.models.sources.catalogue import FAMILIES, ModelFacts, collect_facts, read_catalogue, write_catalogue
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.pipeline.config import RunConfig
from precompute.pipeline.request import RunRequest
from precompute.pipeline.run import precompute
from tests.support.validation import validate

RESULTS = Path(__file__).with_name("results") / "models.json"
TABLE = Path(__file__).parents[1] / "docs" / "models.md"
N_IMAGES = 16


@dataclass(frozen=True)
class Row:
    """The figures of one model.

    Attributes:
        layers: names of the recorded layers.
        n_channels: over all of them.
        n_convolutions: convolutions and linear layers that the links go through.
        n_traced, n_gradient: links by measure.
        n_interventions: channels changed to check the traced links.
        seconds: of the export, and of the run over 16 images.
        problem: what failed; empty for a green row.
    """

    source: str
    input_size: list[int]
    layers: list[str]
    n_channels: int
    n_convolutions: int
    n_traced: int
    n_gradient: int
    n_interventions: int
    export_seconds: float
    run_seconds: float
    problem: str


def try_model(source: str) -> tuple[Row, ModelFacts]:
    """Tries a model from its name to a validated run, and returns its figures and its facts for the catalogue."""
    loaded = load_model(ModelConfig(source, "random"))
    assert loaded.input_size is not None
    start = time.perf_counter()
    model = ExportedModel(loaded.module, loaded.input_size)
    export_seconds = time.perf_counter() - start
    layers = select_layers(model)
    links = derive_links(model, layers)
    report = check_links(model, links)
    problems = list(report.failures[:1])
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        problems += _check_run(source, Path(folder))
    row = Row(
        source,
        list(loaded.input_size),
        [layer.name for layer in layers],
        sum(layer.n_channels for layer in layers),
        len(
            {
                part.node
                for link in links
                if link.channels
                for part in list_parts(link.channels)
                if isinstance(part, Convolution)
            }
        ),
        sum(link.channels is not None for link in links),
        sum(link.channels is None for link in links),
        report.n_interventions,
        round(export_seconds, 1),
        round(time.perf_counter() - start, 1),
        "; ".join(problems),
    )
    return row, collect_facts(source, model, layers)


def _check_run(source: str, folder: Path) -> list[str]:
    """Runs 16 noisy images of four classes through all stages but the pictures; returns the first problem."""
    random = np.random.default_rng(0)
    for index in range(N_IMAGES):
        path = folder / "images" / f"class{index % 4}" / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = random.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(small).resize((360, 360), Image.Resampling.BICUBIC).save(path)
    config = RunConfig(visualize=VisualizeConfig(n_channels=0))
    request = RunRequest(ModelConfig(source, "random"), str(folder / "images"), folder / "run", config)
    try:
        precompute(request, SilentProgress())
    except InputError as problem:
        return [str(problem)]
    return [f"validate: {finding}" for finding in validate(folder / "run")][:1]


def write_table(rows: list[Row], machine: str) -> None:
    """Writes `docs/models.md`."""
    head = (
        "model | input | recorded layers | channels | convolutions | links traced | by gradient | interventions | "
        "export s | 16 images s | "
    )
    lines = [
        "# Models that are tried",
        "",
        f"Made by `make models` on {time.strftime('%Y-%m-%d')} ({machine}), with random weights.",
        "Each model was exported, the link between each pair of recorded layers derived, and the traced links checked",
        "by intervention: one channel changed, exactly the derived ones seen to change. Links through norms over",
        "channels or attention go by gradient x activation. Last: seconds for the export, and for `precompute`",
        "over 16 images without pictures, its own export and a first UMAP included.",
        "",
        f"| {head}|",
        "|---|---|---|" + "---:|" * 7 + "---|",
    ]
    for row in rows:
        names = f"{len(row.layers)}: {row.layers[0]} … {row.layers[-1]}" if row.layers else ""
        numbers = (
            row.n_channels, row.n_convolutions, row.n_traced, row.n_gradient, row.n_interventions,
            row.export_seconds, row.run_seconds,
        )  # fmt: skip
        state = "✗ " + row.problem if row.problem else "✓"
        lines.append(
            f"| {row.source} | {row.input_size[-1]} | {names} | "
            + " | ".join(f"{n:,}" for n in numbers)
            + f" | {state} |"
        )
    missing = [source for family in FAMILIES for source in family.sources if source not in {row.source for row in rows}]
    if missing:
        lines += ["", f"Not tried to the end yet: {', '.join(missing)}."]
    TABLE.write_text("\n".join(lines) + "\n")


def _describe_machine() -> str:
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"


def _try_alone(source: str) -> Row:
    """Tries a model in a process of its own, so that its memory does not stay for the next."""
    command = [sys.executable, "-m", "benchmarks.models", "--one", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return Row(**json.loads(done.stdout.splitlines()[-1])["row"])
    reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return Row(source, [0], [], 0, 0, 0, 0, 0, 0.0, 0.0, reason)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="*", help="of the catalogue; all that are not in the results yet by default")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        row, facts = try_model(options.one)
        known = read_catalogue() | {facts.source: facts}
        write_catalogue([one.to_dict() for one in known.values()])
        print(json.dumps({"row": asdict(row)}))
        return
    RESULTS.parent.mkdir(exist_ok=True)
    rows = {row["source"]: Row(**row) for row in json.loads(RESULTS.read_text())} if RESULTS.is_file() else {}
    order = [source for family in FAMILIES for source in family.sources]
    for source in options.sources or [source for source in order if source not in rows or rows[source].problem]:
        rows[source] = _try_alone(source)
        print(f"{source:<36} {rows[source].problem or 'green'}  {rows[source].run_seconds} s", flush=True)
        RESULTS.write_text(json.dumps([asdict(rows[s]) for s in order if s in rows], indent=1) + "\n")
    write_table([rows[source] for source in order if source in rows], _describe_machine())


if __name__ == "__main__":
    main()
