"""The command `summit-dash transfer`: compares the cuts of models on a person's labelled images."""

from __future__ import annotations

import datetime
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from precompute.contract.lock import hold_run, require_no_writer
from precompute.contract.manifest import read_library_versions
from precompute.contract.progress import Progress
from precompute.contract.transfer_tables import (
    is_transfer,
    open_transfer_table,
    read_transfer_manifest,
    write_transfer_manifest,
    write_transfer_table,
)
from precompute.contract.wording import format_count
from precompute.datasets.images import ImageSource
from precompute.datasets.reopening import record_place
from precompute.datasets.sources.open import open_images
from precompute.transfer.advice import advise, build_sentence, compute_rank_correlation
from precompute.transfer.chosen import list_cuts, require_cuts, save_heads
from precompute.transfer.config import COSTS
from precompute.transfer.features import FeatureStore
from precompute.transfer.folds import require_classes
from precompute.transfer.heads import CutStore
from precompute.transfer.learning import train_chosen
from precompute.transfer.opened import OpenedModel, open_model
from precompute.transfer.pictures import write_pictures
from precompute.transfer.prepared import identify_heads, open_features, prepare_task
from precompute.transfer.recording import record_features
from precompute.transfer.report import write_report
from precompute.transfer.request import TransferRequest
from precompute.transfer.rows import (
    build_class_rows,
    build_cut_row,
    build_fold_rows,
    build_image_rows,
    build_prediction_columns,
    mark,
)
from precompute.transfer.training import Task, train_heads

__all__ = ["TransferReport", "compare_cuts"]

_RULE = "A transfer result is of one set of images and one config; models can be added."


@dataclass(frozen=True)
class TransferReport:
    """The outcome.

    Attributes:
        manifest: as written.
        cuts: the rows of the table `cuts`.
        notes: sentences for the person on models and images.
    """

    manifest: dict[str, Any]
    cuts: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


def compare_cuts(request: TransferRequest, progress: Progress) -> TransferReport:
    """Compares all cuts of models on images, into a folder. After an interruption a second call goes on.

    A folder of the same images and config keeps the models that it has; others are added.

    Raises:
        InputError: bad input of any kind; nothing is half-written.
    """
    if request.cost not in COSTS:
        raise InputError(f"The costs are {', '.join(COSTS)}.", f"Found {request.cost}.", "Correct --cost.")
    require_no_writer(request.out)
    source = open_images(request.images, request.limit_per_class, request.allow_outside)
    require_classes(source.classes, Counter(image.class_id for image in source.images), request.config.n_folds)
    _require_result(request, source)
    opened = [open_model(each, source, request.model_path) for each in request.models]
    with hold_run(request.out):
        manifest = _open_result(request, source)
        _require_same_models(manifest, opened, source)
        require_cuts(request.save, list_cuts(manifest, opened))
        notes = [*source.notes, *(note for each in opened for note in each.loaded.notes)]
        record_features(opened, request, source, manifest, progress)
        stores = {name: open_features(request.out, name, entry, source) for name, entry in manifest["models"].items()}
        task, skipped = prepare_task(stores, source, request.config)
        write_pictures(request.out, source, request.workers, progress)
        found = _train(request, manifest, stores, task, progress)
        cuts = _write_tables(request.out, manifest, found, task, source)
        manifest |= {"n_images": len(task.kept), "skipped": skipped}
        _finish(request, manifest, cuts)
        if request.head.is_learned:
            train_chosen(request, manifest, (stores, found), task, source, progress)
        else:
            save_heads(request, manifest, stores, task, source)
        write_report(request.out)
    if skipped:
        notes.append(f"{format_count(len(skipped), 'images')} could not be read, and are left out for all models.")
    return TransferReport(manifest, tuple(cuts), tuple(notes))


def _require_result(request: TransferRequest, source: ImageSource) -> None:
    """Checks that the folder can take the result."""
    out = request.out
    if is_transfer(out):
        if request.overwrite:
            return
        manifest = read_transfer_manifest(out)
        changed = []
        if manifest["dataset"]["fingerprint"] != source.fingerprint():
            changed.append("the images are others, or their labels, names, sizes or times have changed")
        asked = json.loads(json.dumps(asdict(request.config)))
        found = manifest["config"]
        changed += [f"{k} is {found.get(k)}, asked for {v}" for k, v in asked.items() if found.get(k) != v]
        if changed:
            raise InputError(
                _RULE,
                f"{out} holds another one: {'; '.join(changed)}.",
                "Choose another --out, or replace the result with --overwrite.",
            )
    elif out.is_dir() and any(path for path in out.iterdir() if not path.name.startswith(".")):
        raise InputError(_RULE, f"{out} exists, is not empty and holds none.", "Choose another --out.")


def _open_result(request: TransferRequest, source: ImageSource) -> dict[str, Any]:
    """Reads the manifest of the folder, or begins one. What another one has is removed, but for features that fit."""
    if is_transfer(request.out) and not request.overwrite:
        return read_transfer_manifest(request.out)
    for path in (*request.out.glob("*.parquet"), *request.out.glob("report.*"), *request.out.glob("*.csv")):
        path.unlink()
    shutil.rmtree(request.out / "parts", ignore_errors=True)
    shutil.rmtree(request.out / "heads", ignore_errors=True)
    manifest: dict[str, Any] = {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "dataset": {
            "name": source.name,
            "n_images": len(source.images),
            "n_classes": len(source.classes),
            "fingerprint": source.fingerprint(),
            **record_place(request.images, request.limit_per_class, request.allow_outside),
        },
        "config": json.loads(json.dumps(asdict(request.config))),
        "models": {},
        "versions": read_library_versions(),
    }
    write_transfer_manifest(request.out, manifest)
    return manifest


def _require_same_models(manifest: Mapping[str, Any], opened: Sequence[OpenedModel], source: ImageSource) -> None:
    """Checks that a name means the model that it meant before."""
    for each in opened:
        known = manifest["models"].get(each.name)
        if known is not None and known["fingerprint"] != each.compute_fingerprint(source):
            raise InputError(
                "A name in a transfer result means one model with one choice of cuts.",
                f"{each.name} was another one: its weights, code, preprocessing or cuts were different.",
                f"Give it another name, --models NAME={each.loaded.source}, or replace the result with --overwrite.",
            )


def _train(
    request: TransferRequest,
    manifest: Mapping[str, Any],
    stores: Mapping[str, FeatureStore],
    task: Task,
    progress: Progress,
) -> dict[str, CutStore]:
    """Trains the heads that are missing, and returns what there is by model."""
    config, found = request.config, {}
    for name, features in stores.items():
        store = CutStore(request.out, identify_heads(manifest["models"][name]["fingerprint"], config, task))
        missing = store.list_missing(len(features.layers))
        if missing:
            total = len(missing) * config.n_folds
            with progress.open_stage(f"Heads on {name}", total, "heads") as advance:
                train_heads(features, store, task, config, advance)
        found[name] = store
    return found


def _write_tables(
    out: Path, manifest: Mapping[str, Any], stores: Mapping[str, CutStore], task: Task, source: ImageSource
) -> list[dict[str, Any]]:
    """Writes all tables but `cuts`, whose rows it returns without the advice."""
    classes, pooling = source.classes, manifest["config"]["pooling"]
    cuts, folds, by_class = [], [], []
    with open_transfer_table(out, "predictions") as write:
        for name in sorted(stores):
            for index, cut in enumerate(manifest["models"][name]["cuts"]):
                key, found = {"model": name, "cut": cut["name"], "cut_index": index}, stores[name].read(index)
                cuts.append(build_cut_row(key, cut, pooling, found, task))
                folds += build_fold_rows(key, found, task)
                by_class += build_class_rows(key, found, task, classes)
                write(build_prediction_columns(key, found, task, classes))
    counts = Counter(task.labels.tolist())
    named = [
        {"class_id": each.class_id, "class_name": each.class_name, "n_images": counts[index]}
        for index, each in enumerate(classes)
    ]
    images = build_image_rows(source.images, task)
    if not (out / "learned.parquet").is_file():
        write_transfer_table(out, "learned", [])
    for table, rows in (("folds", folds), ("class_accuracy", by_class), ("images", images), ("classes", named)):
        write_transfer_table(out, table, rows)
    return cuts


def _finish(request: TransferRequest, manifest: dict[str, Any], cuts: list[dict[str, Any]]) -> None:
    """Writes the table `cuts` with the advice, and the manifest."""
    advice = advise(cuts, request.cost)
    mark(cuts, advice)
    write_transfer_table(request.out, "cuts", cuts)
    chosen = cuts[advice.advised]
    manifest["advice"] = {
        "sentence": build_sentence(cuts, advice),
        "model": chosen["model"],
        "cut": chosen["cut"],
        "cost": request.cost,
    }
    manifest["estimate"] = compute_rank_correlation(cuts)
    write_transfer_manifest(request.out, manifest)
