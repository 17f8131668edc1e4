"""The command `summit-dash faithfulness`: proves the attribution graphs of a run, class by class, into the run."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import torch

from precompute.contract.atomic import replace_files
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.contract.lock import hold_run, require_no_writer
from precompute.contract.manifest import remove_leftovers
from precompute.contract.nodes import Nodes
from precompute.contract.output_meanings import find_recorded_outputs
from precompute.contract.progress import Progress
from precompute.contract.schema import locate_table, read_manifest, read_table, write_manifest
from precompute.contract.tables import EFFECT, PAGERANK, TABLES
from precompute.contract.writing import write_table
from precompute.datasets.reopening import open_again
from precompute.devices.choice import require_double
from precompute.devices.cores import Parallel
from precompute.devices.precision import keep_whole_float32
from precompute.faithfulness.ablation import AblatedModel
from precompute.faithfulness.config import ALL_LAYERS, FaithfulnessConfig
from precompute.faithfulness.graph_tables import Proven, write_graph_tables
from precompute.faithfulness.measuring import Images, Measuring
from precompute.faithfulness.outcomes import Outcomes, Prover
from precompute.faithfulness.parts import Parts
from precompute.faithfulness.ranking import Ranking
from precompute.faithfulness.rows import build_edge_rows, build_rows, build_sufficient_rows
from precompute.faithfulness.singles import build_single_rows
from precompute.faithfulness.trials import list_trials
from precompute.graphs.config import GraphConfig
from precompute.models.layers.selection import RecordedLayer
from precompute.models.sources.recorded_model import open_recorded_model
from precompute.models.sources.reloading import NOT_MOVED, Whereabouts

__all__ = ["FaithfulnessReport", "FaithfulnessRequest", "measure_faithfulness"]

_NAME = "faithfulness"
_SINGLES = "single_channels"
TABLES_OF_PROOF = ("edge_faithfulness", "sufficient_graphs", _SINGLES, _NAME)
"""The order in which tables are written. The last one says which classes are proven: the others have them by then."""


@dataclass(frozen=True)
class FaithfulnessRequest:
    """The classes that a person asks for, and the settings.

    Attributes:
        run: the run's folder.
        class_ids: classes of the run; None: all that have outputs, a graph and images.
        where: where the model is now.
        images: where the images are now; None: where the run says.
        config: of the curves.
        device: of the model.
        workers: threads that decode images.
    """

    run: Path
    class_ids: tuple[int, ...] | None = None
    where: Whereabouts = NOT_MOVED
    images: str | None = None
    config: FaithfulnessConfig = field(default_factory=FaithfulnessConfig)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    workers: int = 2


@dataclass(frozen=True)
class FaithfulnessReport:
    """The outcome.

    Attributes:
        n_measured: classes measured by this call.
        n_there: classes asked for whose rows were there.
        accuracies: means over all classes of the table, all layers at once: `untouched`, and `remove`, `random` and
            `keep` of as many channels as the graph has.
        selection: of the channels that were removed: `pagerank`, or `effect` where it was measured alone.
        n_averaged: classes of the table, also those that were not asked for.
        without: classes that no output means, that have no graph, or none of whose images was read.
        n_single: classes of whose channels this call removed each alone.
    """

    n_measured: int
    n_there: int
    accuracies: Mapping[str, float]
    selection: str
    n_averaged: int
    without: tuple[int, ...]
    n_single: int = 0


def measure_faithfulness(request: FaithfulnessRequest, progress: Progress) -> FaithfulnessReport:
    """Proves the graphs of classes that are asked for and missing. After an interruption a second call goes on.

    Writes the tables `faithfulness`, `edge_faithfulness`, `sufficient_graphs` and `single_channels`, the columns
    `effect` and `edge_effect` of the graphs, and each class's graph by effect beside the one by PageRank.

    Raises:
        InputError: a class that is not one, a run without graphs, an imported one, images or a model that are gone or
            have changed; the run is then as it was.
    """
    manifest = read_manifest(request.run)
    require_no_writer(request.run)
    samples, without = _choose_images(request, manifest)
    fingerprint = _compute_fingerprint(request.config, manifest)
    asked = tuple(dict.fromkeys(request.class_ids or samples))
    there = _read_there(request, manifest, fingerprint)
    missing = [class_id for class_id in asked if class_id not in there]
    single = _find_without_singles(request, manifest, asked, fingerprint) if request.config.single else []
    if missing or single:
        _measure(request, samples, missing, single, progress)
    n_there = len(asked) - len(missing)
    return FaithfulnessReport(len(missing), n_there, *_average(request.run), without, len(single))


def _measure(
    request: FaithfulnessRequest,
    samples: Mapping[int, Sequence[LabelledImage]],
    missing: Sequence[int],
    single: Sequence[int],
    progress: Progress,
) -> None:
    require_double(request.device, "The proof adds means and effects up")
    start, manifest = time.perf_counter(), read_manifest(request.run)
    fingerprint = _compute_fingerprint(request.config, manifest)
    source = open_again(request.run, manifest, request.images)
    opened = open_recorded_model(manifest, request.where)
    model, layers = opened.exported, opened.layers
    nodes = Nodes([(layer.name, layer.n_channels) for layer in layers])
    ranking = Ranking(
        request.run, nodes, GraphConfig(**manifest["config"]["graphs"]), _read_excluded(request, manifest)
    )
    probabilities = _read_probabilities(request, samples)
    images = Images(source, samples, probabilities, opened.loaded.preprocess, request.device, request.workers)
    outputs = find_recorded_outputs(manifest["dataset"], samples)
    with hold_run(request.run):
        remove_leftovers(request.run)
        _read_there(request, read_manifest(request.run), fingerprint)  # another process may have proven classes
        parts = Parts(request.run, fingerprint)
        with Parallel(request.device) as parallel, keep_whole_float32():
            prover = Prover(AblatedModel(model, layers, request.device), model.outputs.probabilities, parallel)
            measuring = Measuring(prover, images, ranking, outputs, request.config)
            if missing:
                measuring.measure(parts, missing, progress)
            if single:
                numbers = {c: _number_graphs(request.run, parts, ranking, c) for c in single}
                measuring.measure_singles(parts, numbers, progress)
        _write_tables(request, parts, (missing, single), ranking, layers)
        manifest = read_manifest(request.run)
        seconds = round(time.perf_counter() - start, 2)
        manifest["stages"][_NAME] = {"state": "done", "seconds": seconds}
        n_images = sum(map(len, samples.values()))
        manifest[_NAME] = {"fingerprint": fingerprint, **asdict(request.config), "n_images_of_means": n_images}
        write_manifest(request.run, manifest)
        parts.remove({*missing, *single})


def _choose_images(
    request: FaithfulnessRequest, manifest: Mapping[str, Any]
) -> tuple[dict[int, list[LabelledImage]], tuple[int, ...]]:
    """Chooses the first images of each class, by class, and lists the classes that cannot be proven.

    Raises:
        InputError: the run has no graphs, or a class that was asked for cannot be proven.
    """
    known = read_table(request.run, "classes", ["class_id"])["class_id"].to_pylist()
    outputs = find_recorded_outputs(manifest.get("dataset", {}), known)
    graphs = read_table(request.run, "attribution_graphs", ["class_id", "n_nodes"], pc.field("n_nodes") > 0)
    with_graph = set(graphs["class_id"].to_pylist())
    samples: dict[int, list[LabelledImage]] = {class_id: [] for class_id in known}
    rows = read_table(request.run, "images", ["image_id", "class_id", "path"])
    for image_id, class_id, path in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
        if len(samples[class_id]) < request.config.images_per_class:
            samples[class_id].append(LabelledImage(image_id, class_id, path))
    reasons = {
        class_id: "No output of the model means it." if class_id not in outputs
        else "It has no attribution graph." if class_id not in with_graph
        else "None of its images was read."
        for class_id in known
        if class_id not in outputs or class_id not in with_graph or not samples[class_id]
    }  # fmt: skip
    for class_id in request.class_ids or ():
        if class_id not in samples or class_id in reasons:
            raise InputError(
                "Proven is the graph of a class of the run that outputs of the model mean.",
                f"Class {class_id}: {reasons.get(class_id, 'The run has none of this id.')}",
                "Leave it out of --classes.",
            )
    if len(reasons) == len(known):
        raise InputError(
            "Proven is the graph of a class of the run that outputs of the model mean.",
            f"No class can be: {next(iter(reasons.values()), 'There is none.')}",
            "Make the run with labels that the model's outputs mean, see --class-outputs of `summit-dash precompute`.",
        )
    return {c: sample for c, sample in samples.items() if c not in reasons}, tuple(reasons)


def _read_probabilities(
    request: FaithfulnessRequest, samples: Mapping[int, Sequence[LabelledImage]]
) -> dict[int, list[float]]:
    """Reads the probability of its own class that the run recorded for each image of the samples."""
    rows = read_table(request.run, "images", ["image_id", "true_probability"])
    of_all = dict(zip(rows["image_id"].to_pylist(), rows["true_probability"].to_pylist(), strict=True))
    return {
        class_id: [float("nan") if of_all[each.image_id] is None else of_all[each.image_id] for each in sample]
        for class_id, sample in samples.items()
    }


def _compute_fingerprint(config: FaithfulnessConfig, manifest: Mapping[str, Any]) -> str:
    """Computes the SHA-256 of all that the numbers depend on."""
    settings = {name: value for name, value in asdict(config).items() if name != "single"}  # it adds a table
    if config.count_effect_images() == config.images_per_class:
        settings.pop("effect_images")  # all images: nothing depends on it, and runs of before have the same settings
    identity = [settings, manifest.get("identity"), manifest.get("layers")]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _read_there(request: FaithfulnessRequest, manifest: Mapping[str, Any], fingerprint: str) -> set[int]:
    """Reads which classes the table holds with these settings.

    Raises:
        InputError: it holds other classes with other settings, which would be lost.
    """
    if not locate_table(request.run, _NAME).is_file() or _NAME not in manifest:
        return set()
    found = set(read_table(request.run, _NAME, ["class_id"])["class_id"].to_pylist())
    if manifest[_NAME].get("fingerprint") == fingerprint:
        return found
    lost = found - set(request.class_ids or found)
    if lost:
        raise InputError(
            "All classes of a run are proven with the same settings.",
            f"Of the classes that --classes leaves out, {len(lost):,} "
            f"{'was' if len(lost) == 1 else 'were'} proven with other ones.",
            "Leave --classes out to prove all again, or take the settings of the run's manifest.",
        )
    return set()


def _read_excluded(request: FaithfulnessRequest, manifest: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Reads the outlier channels that the run's graphs leave out."""
    if not manifest["config"]["aggregate"].get("exclude_outliers"):
        return []
    table = read_table(request.run, "channels", ["layer", "channel"], pc.field("is_outlier"))
    return list(zip(table["layer"].to_pylist(), table["channel"].to_pylist(), strict=True))


def _write_tables(
    request: FaithfulnessRequest,
    parts: Parts,
    measured: tuple[Sequence[int], Sequence[int]],
    ranking: Ranking,
    layers: Sequence[RecordedLayer],
) -> None:
    """Adds rows to the tables of the proof, and what was measured to those of the graphs.

    Args:
        request: the settings.
        parts: what was measured.
        measured: classes, and classes of whose channels each was removed alone.
        ranking: of the channels.
        layers: in order.
    """
    class_ids, single = measured
    manifest = read_manifest(request.run)
    is_same = manifest.get(_NAME, {}).get("fingerprint") == _compute_fingerprint(request.config, manifest)
    if not is_same and manifest.pop(_NAME, None):
        write_manifest(request.run, manifest)  # ended here, no rows pass for those of the former settings
    again = dict.fromkeys(TABLES_OF_PROOF, class_ids) | {_SINGLES: single}
    rows = {name: _read_kept_rows(request.run, name, is_same, again[name]) for name in TABLES_OF_PROOF}
    proven: dict[int, Proven] = {}
    names = [layer.name for layer in layers]
    for class_id in class_ids:
        found = parts.read("curves", class_id)
        trials = list_trials(ranking.count_kept(class_id), [layer.n_channels for layer in layers], request.config)
        outcomes = Outcomes(found["is_right"], found["log_probability"])
        rows[_NAME] += build_rows(class_id, trials, outcomes, names, request.config.selections)
        rows["edge_faithfulness"] += build_edge_rows(class_id, found, ranking.nodes, request.config)
        rows["sufficient_graphs"] += build_sufficient_rows(class_id, found, request.config)
        nothing = np.zeros((0, 2), np.int64)
        proven[class_id] = Proven(
            found["effects"],
            found["kept_by_effect"],
            found.get("edges", nothing),
            found.get("edge_effects", nothing[:, 0]),
        )
    for class_id in single:
        found = parts.read("singles", class_id)
        rows[_SINGLES] += build_single_rows(
            class_id, found["numbers"].tolist(), found["is_right"], found["log_probability"], ranking.nodes
        )
    with replace_files() as name_file:  # all at once: a full disk leaves them as they were
        if proven:
            write_graph_tables(request.run, ranking.nodes, proven, ranking.read_channels, name_file)
        for name, of_table in rows.items():
            of_table.sort(key=lambda row: row["class_id"])  # stable: rows of a class are in order
            columns = {column.name: [row.get(column.name) for row in of_table] for column in TABLES[name].columns}
            if of_table:
                write_table(request.run, name, columns, name_file)
    for name in (name for name, of_table in rows.items() if not of_table):
        locate_table(request.run, name).unlink(missing_ok=True)


def _find_without_singles(
    request: FaithfulnessRequest, manifest: Mapping[str, Any], asked: Sequence[int], fingerprint: str
) -> list[int]:
    """Finds the classes asked for of which no channel was removed alone with these settings."""
    is_same = manifest.get(_NAME, {}).get("fingerprint") == fingerprint
    there = {row["class_id"] for row in _read_kept_rows(request.run, _SINGLES, is_same)}
    return [class_id for class_id in asked if class_id not in there]


def _number_graphs(run: Path, parts: Parts, ranking: Ranking, class_id: int) -> list[int]:
    """Numbers the channels of both graphs of a class, ascending; the one by effect may not be in the tables yet."""
    if parts.has("curves", class_id):
        by_effect = parts.read("curves", class_id)["kept_by_effect"]
    else:
        condition = pc.field("class_id") == class_id
        table = read_table(run, "attribution_graph_nodes", ["layer", "channel"], condition, selection=EFFECT)
        by_effect = ranking.nodes.number_rows(table, "layer", "channel")
    return sorted({*ranking.list_kept(class_id).tolist(), *by_effect.tolist()})


def _read_kept_rows(run: Path, name: str, is_same: bool, again: Sequence[int] = ()) -> list[dict[str, Any]]:
    """Reads the rows of a table that stay: measured with the same settings, and of no class that is written again."""
    if not is_same or not locate_table(run, name).is_file():
        return []
    return [row for row in read_table(run, name).to_pylist() if row["class_id"] not in again]


def _average(run: Path) -> tuple[dict[str, float], str, int]:
    """Averages accuracies over the classes of the table: untouched, and with as many channels as the graph has.

    Returns:
        Means as of `FaithfulnessReport`, the selection, and the number of classes.
    """
    columns = ["class_id", "selection", "intervention", "n_channels", "accuracy"]
    rows = read_table(run, _NAME, columns, pc.field("layer") == ALL_LAYERS).to_pylist()
    selection = PAGERANK if any(row["selection"] == PAGERANK for row in rows) else EFFECT
    rows = [row for row in rows if row["selection"] == selection]
    sizes = read_table(run, "attribution_graphs", ["class_id", "n_nodes"])
    n_nodes = dict(zip(sizes["class_id"].to_pylist(), sizes["n_nodes"].to_pylist(), strict=True))
    found: dict[str, list[float]] = {"untouched": [], "remove": [], "random": [], "keep": []}
    for row in rows:
        if row["n_channels"] == 0:
            found["untouched"].append(row["accuracy"])
        elif row["n_channels"] == n_nodes[row["class_id"]]:
            found[row["intervention"]].append(row["accuracy"])
    n_classes = len(found["untouched"])
    return {name: float(np.mean(values)) for name, values in found.items() if values}, selection, n_classes
