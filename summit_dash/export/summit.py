"""A run as Summit's own files (Hohman et al. 2020), which its web app and `import-summit` read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from precompute.contract.errors import InputError
from precompute.contract.progress import Advance, Progress
from precompute.contract.summit_files import RUN_FACTS
from summit_dash.export.summit_facts import build_imagenet, build_run_facts, write_json
from summit_dash.export.summit_graphs import build_graph
from summit_dash.export.summit_names import name_classes, name_layers
from summit_dash.export.summit_pictures import count_pictures, list_pictures
from summit_dash.run.store import RunStore

__all__ = ["APP_LAYERS", "SummitFiles", "list_app_limits", "select_classes", "write_summit"]

APP_LAYERS = {
    "mixed3a": 256,
    "mixed3b": 480,
    "mixed4a": 508,
    "mixed4b": 512,
    "mixed4c": 512,
    "mixed4d": 528,
    "mixed4e": 832,
    "mixed5a": 832,
    "mixed5b": 1024,
}
"""The layers that are written in the source of Summit's app, with their channels."""
_FIRST_CLASS = "white_wolf"
"""The class that Summit's app opens with."""
_NEEDED = ("activations", "embeddings", "attribution_graph_nodes", "attribution_graph_edges")


class SummitFiles(NamedTuple):
    """The numbers of classes, pictures and bytes that were written."""

    n_classes: int
    n_pictures: int
    n_bytes: int


def select_classes(store: RunStore) -> list[int]:
    """Returns the classes that the app can show: those with images and with a channel in their attribution graph.

    Raises:
        InputError: a table is missing that the app cannot do without; no class has a graph.
    """
    for table in _NEEDED:
        if not store.has(table):
            stage = {"activations": "aggregate", "embeddings": "embedding"}.get(table, "graphs")
            raise InputError(
                "Summit's app needs the activations, the embedding and the attribution graphs of a run.",
                f"{store.path} has no {table}.parquet.",
                f"Run the stage {stage} of precompute.",
            )
    found = [class_id for class_id, info in store.classes.items() if info.n_images and store.graph(class_id).nodes]
    if not found:
        raise InputError(
            "Summit's app shows classes with an attribution graph.",
            f"No class of {store.path} has images and a channel in its graph.",
            "Check the images and the layers of the run.",
        )
    return found


def write_summit(store: RunStore, out: Path, progress: Progress, overwrite: bool = False) -> SummitFiles:
    """Writes the files into `data` in a folder, whole or not at all.

    Args:
        store: the run, opened with the classes of `select_classes`.
        out: a folder that is absent, empty, or an earlier export to replace.
        progress: shows the classes and pictures that are done.
        overwrite: replaces an earlier export in the folder.

    Raises:
        InputError: the folder holds something else, or an export and `overwrite` is False; the run lacks a table.
    """
    _check_folder(out, overwrite)
    layers = name_layers(store.layers)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
        folder = Path(scratch) / "summit"
        data = folder / "data"
        (data / "ag").mkdir(parents=True)
        (data / "imagenet.json").write_bytes(write_json(build_imagenet(store, layers)))
        (data / RUN_FACTS).write_text(build_run_facts(store, layers).to_json(), encoding="utf-8")
        with progress.open_stage("Attribution graphs", total=len(store.classes), unit="classes") as advance:
            for class_id in store.classes:
                graph = build_graph(store, class_id, layers)
                (data / "ag" / f"ag-{class_id}.json").write_bytes(write_json(graph))
                advance(1)
        with progress.open_stage("Pictures", total=count_pictures(store), unit="pictures") as advance:
            n_pictures = _write_pictures(data, list_pictures(store, layers), advance)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(out, ignore_errors=True)
        folder.rename(out)
    return SummitFiles(len(store.classes), n_pictures, size)


def _write_pictures(data: Path, pictures: Iterator[tuple[str, bytes]], advance: Advance) -> int:
    n_written = 0
    for path, content in pictures:
        target = data / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        n_written += 1
        advance(1)
    return n_written


def _check_folder(out: Path, overwrite: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not ((out / "data" / "imagenet.json").is_file() and (out / "data" / RUN_FACTS).is_file()):
        raise InputError(
            "Summit's files are written into a folder of their own.",
            f"{out} exists and holds no earlier export.",
            "Choose another folder.",
        )
    if not overwrite:
        raise InputError("An export is not replaced by chance.", f"{out} holds one.", "Say --overwrite to replace it.")


def list_app_limits(store: RunStore) -> list[str]:
    """Lists, a sentence each, what keeps Summit's app as published from showing the files; none if it can."""
    names = {name: store.layers[layer].n_channels for layer, name in name_layers(store.layers).items()}
    limits = []
    if missing := [layer for layer in APP_LAYERS if layer not in names]:
        limits.append(
            f"Its source lists the layers mixed3a to mixed5b, and the run has no {missing[0]}: put the run's layers "
            "there."
        )
    if wide := [layer for layer, n in APP_LAYERS.items() if names.get(layer, 0) > n]:
        limits.append(
            f"Its source says that {wide[0]} has {APP_LAYERS[wide[0]]} channels, and the run has {names[wide[0]]}."
        )
    if _FIRST_CLASS not in name_classes(store.classes).values():
        limits.append(f"It opens with the class {_FIRST_CLASS}, which the run has not: name another class there.")
    return limits
