"""The tables of docs/faithfulness.md: `python -m benchmarks.proof_tables FOLDER --networks demo,random`.

Makes the runs that are missing in FOLDER, each network by each measure of influence, and proves them; then prints the
tables. After an interruption the same call goes on: the commands that it calls do. `resnet20` and `googlenet` need the
folder of real weights and images, `--data`. `--print` makes nothing, and prints what is there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from precompute.contract.schema import read_manifest, read_table
from precompute.demo.model import PREPROCESS

MEASURES = ("traced", "summit", "gradient")
NETWORKS = ("demo", "resnet20", "googlenet", "random")
SIZES = (1, 2, 4, 8)
QUICK = ["--sizes", "1", "--layer-sizes", "1", "--repeats", "1", "--selection", "pagerank"]
"""Sizes and order of the proof where edges alone are wanted; these are the same whatever the sizes and the order."""


def write_preprocess(folder: Path) -> Path:
    """Writes the demo's preprocessing to a file, for its network with random weights."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in PREPROCESS.items()]  # tuples become lists
    file = folder / "demo.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def list_inputs(network: str, folder: Path, data: Path) -> list[str]:
    """Lists model, images and options of a network, as `summit-dash precompute` takes them."""
    if network == "demo":
        return ["demo", "demo"]
    if network == "random":
        model = Path(__file__).parent.parent / "precompute/demo/model.py"
        return [f"{model}:build", "demo", "--weights", "random", "--preprocess", str(write_preprocess(folder))]
    if network == "resnet20":
        root = data / "cifar10"
        weights = ["--weights", str(root / "resnet20.safetensors"), "--preprocess", str(root / "preprocess.toml")]
        return [f"{root / 'model.py'}:build", str(root / "images"), *weights]
    root = data / "googlenet"
    weights = ["--weights", str(root / "bvlc_googlenet.safetensors"), "--preprocess", str(root / "preprocess.toml")]
    return [f"{root / 'model.py'}:build", str(data / "imagenet_150x5/labels.csv"), *weights]


def list_proof(network: str, measure: str) -> list[str]:
    """Lists the options of `summit-dash faithfulness`: all sizes for one measure, the edges alone for the others."""
    images = ["--images-per-class", "5", "--edge-images", "1"] if network == "googlenet" else ["--edge-images", "5"]
    if measure != MEASURES[0]:
        return [*images, *QUICK]
    if network == "googlenet":
        return [*images, "--sizes", ",".join(map(str, SIZES)), "--layer-sizes", "1", "--repeats", "1"]
    return [*images, "--layer-sizes", "1"]


def make(network: str, measure: str, folder: Path, data: Path) -> None:
    """Makes a run and its proof, as far as they are missing."""
    out = str(folder / f"{network}_{measure}")
    stages = ["--stages", "aggregate,graphs", "--influence", measure, "--out", out]
    for command in (
        ["precompute", *list_inputs(network, folder, data), *stages],
        ["faithfulness", out, *list_proof(network, measure)],
    ):
        print(f"summit-dash {' '.join(command)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "summit_dash.cli", *command], check=True, stdout=sys.stderr)


def read(folder: Path, network: str, measure: str, table: str) -> pd.DataFrame | None:
    """Reads a table of a run; None where there is none."""
    run = folder / f"{network}_{measure}"
    return read_table(run, table).to_pandas() if (run / f"{table}.parquet").is_file() else None


def print_accuracy(folder: Path, network: str) -> None:
    """Prints accuracies, means over classes, without and with channels of all layers, by multiples of the graph."""
    rows = read(folder, network, MEASURES[0], "faithfulness")
    if rows is None:
        return
    graphs = read(folder, network, MEASURES[0], "attribution_graphs")
    assert graphs is not None
    n_nodes = graphs.set_index("class_id")["n_nodes"]
    rows = rows[rows["layer"] == "all"]
    whole = rows[rows["n_channels"] == 0].groupby("class_id")["accuracy"].first()
    n_images = int(rows["n_images"].max())
    rows = rows[rows["n_channels"] > 0]
    places = rows.groupby(["class_id", "selection", "intervention"], observed=True)["n_channels"].rank(method="first")
    # Sizes rise, and each class has the same multiples, but where two of them are one number of channels.
    first = rows["n_channels"] >= rows["class_id"].map(n_nodes)
    place_of_one = (
        places[first].groupby([rows["class_id"], rows["selection"], rows["intervention"]], observed=True).min()
    )
    keys = pd.MultiIndex.from_frame(rows[["class_id", "selection", "intervention"]])
    step = places.to_numpy() - place_of_one.reindex(keys).to_numpy()
    steps = {1: 0, 2: 1, 4: 2, 8: 3 if network == "googlenet" else 4}
    print(f"\n| {network} ({len(whole)} classes, n = {n_images} each, untouched {whole.mean():.1%}) | "
          + " | ".join(f"{size} x" for size in SIZES) + " |\n|---|" + "---|" * len(SIZES))  # fmt: skip
    for selection, intervention, words in (
        ("pagerank", "remove", "without the first by PageRank"),
        ("effect", "remove", "without the first by effect"),
        ("pagerank", "random", "without as many at random"),
        ("pagerank", "keep", "with the first by PageRank alone"),
        ("effect", "keep", "with the first by effect alone"),
    ):
        mine = (rows["selection"] == selection) & (rows["intervention"] == intervention)
        means = [rows[mine & (step == steps[size])]["accuracy"].mean() for size in SIZES]
        print(f"| {words} | " + " | ".join("–" if np.isnan(mean) else f"{mean:.1%}" for mean in means) + " |")


def print_layers(folder: Path, network: str) -> None:
    """Prints in how many classes a layer's channels matter more than random ones, the interval above 0."""
    rows = read(folder, network, MEASURES[0], "faithfulness")
    if rows is None:
        return
    rows = rows[(rows["layer"] != "all") & (rows["intervention"] == "remove")]
    print(f"\n| {network} | by PageRank | further fall | by effect | further fall |\n|---|---|---|---|---|")
    n_certain = {"pagerank": 0, "effect": 0}
    layers = read_manifest(folder / f"{network}_{MEASURES[0]}")["layers"]
    for layer in layers:
        cells = []
        for selection in n_certain:
            mine = rows[(rows["layer"] == layer) & (rows["selection"] == selection)]
            better = int((mine["below_random_low"] > 0).sum())
            cells += [f"{better} of {len(mine)}", f"{mine['below_random'].mean():.3f}"]
            n_certain[selection] += find_low_end(mine["below_random"].to_numpy()) > 0
        print(f"| `{layer}` | {' | '.join(cells)} |")
    print(f"layers whose mean over classes is above 0 with its interval, of {len(layers)}: {n_certain}")


def find_low_end(values: np.ndarray) -> float:
    """Finds the lower end of the 95 % interval of a mean over classes, by 2,000 bootstrap samples of the classes."""
    chosen = np.random.default_rng(0).integers(0, len(values), (2_000, len(values)))
    return float(np.quantile(values[chosen].mean(1), 0.025))


def print_edges(folder: Path, networks: Sequence[str]) -> None:
    """Prints the area under the curve of edges by measure, means over classes, with the classes behind each."""
    print("\n| network, layer of the targets | " + " | ".join(MEASURES) + " |\n|---|" + "---|" * len(MEASURES))
    for network in networks:
        tables = {measure: read(folder, network, measure, "edge_faithfulness") for measure in MEASURES}
        known = {measure: table for measure, table in tables.items() if table is not None}
        layers = list(dict.fromkeys(layer for table in known.values() for layer in table["layer"]))
        for layer in layers:
            cells = []
            for measure in MEASURES:
                table = known.get(measure)
                values = [] if table is None else table[table["layer"] == layer]["auc"].dropna()
                cells.append(f"{np.mean(values):.2f} ({len(values)})" if len(values) else "–")
            print(f"| {network}, `{layer}` | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--networks", default="demo,random", help=",".join(NETWORKS))
    parser.add_argument("--measures", default=",".join(MEASURES))
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of real weights and images")
    parser.add_argument("--print", action="store_true", dest="only_print")
    asked = parser.parse_args()
    networks, measures = asked.networks.split(","), asked.measures.split(",")
    if unknown := [name for name in (*networks, *measures) if name not in (*NETWORKS, *MEASURES)]:
        parser.error(f"unknown: {', '.join(unknown)}")
    asked.folder.mkdir(parents=True, exist_ok=True)
    for network in [] if asked.only_print else networks:
        for measure in measures:
            make(network, measure, asked.folder, asked.data)
    for network in networks:
        print_accuracy(asked.folder, network)
    for network in networks:
        print_layers(asked.folder, network)
    print_edges(asked.folder, networks)


if __name__ == "__main__":
    main()
