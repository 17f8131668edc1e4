"""The import of Summit's published folder as a run: all data is read and checked, then written, then put in place."""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from precompute.contract.labelled import LabelledClass
from precompute.contract.lock import hold_run, require_no_writer
from precompute.contract.manifest import read_library_versions, replace_run, require_replaceable
from precompute.contract.progress import Progress, SilentProgress
from precompute.contract.schema import read_manifest
from precompute.contract.summit_files import RUN_FACTS
from precompute.embedding.build import build_embeddings
from precompute.embedding.config import EmbeddingConfig
from precompute.embedding.layout import embed_layer, has_umap, project_layer
from precompute.import_summit.judgement import Faults, judge
from precompute.import_summit.metadata import ClassFacts, read_imagenet, read_labels, state_facts
from precompute.import_summit.network import Network, read_network
from precompute.import_summit.pictures import Encoding, Pictures, find_pictures, write_pictures
from precompute.import_summit.published import find_data, find_graphs, read_graph
from precompute.import_summit.report import list_gaps
from precompute.import_summit.tables import ImportedClass, write_class_tables, write_embeddings

__all__ = ["ImportReport", "ImportRequest", "import_summit"]

_STAGING = ".import.tmp"


@dataclass(frozen=True)
class ImportRequest:
    """A user's request for an import.

    Attributes:
        folder: the published data, with `data/ag` or `ag` in it.
        out: folder of the run.
        labels: a .csv that names the classes; None without one.
        overwrite: replace a run in `out`.
        embedding: settings of the embedding, for data without one.
        encoding: settings of the pictures.
    """

    folder: Path
    out: Path
    labels: Path | None = None
    overwrite: bool = False
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    encoding: Encoding = field(default_factory=Encoding)


@dataclass(frozen=True)
class ImportReport:
    """The result of an import: the manifest as written; `is_new` is False if the same run was there already."""

    manifest: Mapping[str, Any]
    is_new: bool


@dataclass(frozen=True)
class _Published:
    """The whole content of a folder except for the pixels.

    Attributes:
        network: the network of the data.
        classes: sorted by class_id.
        pictures: the files of pictures.
        other_files: names of files beside the graphs that are no graphs.
        n_told: number of classes that the labels and `imagenet.json` describe, by file.
        fingerprint: digest of all files.
    """

    network: Network
    classes: Sequence[ImportedClass]
    pictures: Pictures
    other_files: Sequence[str]
    n_told: Mapping[str, int]
    fingerprint: str


def import_summit(request: ImportRequest, progress: Progress | None = None) -> ImportReport:
    """Makes a run of Summit's published data; an existing run of the same data is kept unless `overwrite` is set.

    After an error the folder of the run is as before.

    Raises:
        InputError: the input is faulty; the folder of the run holds something else, or is being written.
    """
    shown = progress or SilentProgress()
    require_no_writer(request.out)
    published = _read(request, shown)
    manifest = _build_manifest(request, published)
    with hold_run(request.out):
        _remove_staging(request.out)
        if require_replaceable(request.out, manifest["identity"], request.overwrite) and not request.overwrite:
            found = read_manifest(request.out)
            if found["stages"].get("import", {}).get("state") == "done":
                return ImportReport(found, False)
        staging = request.out / _STAGING
        staging.mkdir()
        try:
            _write(staging, request, published, manifest, shown)
            replace_run(request.out, staging, manifest)
        finally:
            _remove_staging(request.out)
    return ImportReport(read_manifest(request.out), True)


def _remove_staging(out: Path) -> None:
    shutil.rmtree(out / _STAGING, ignore_errors=True)


# --- reading --------------------------------------------------------------------------------------------------------


def _read(request: ImportRequest, progress: Progress) -> _Published:
    data = find_data(request.folder)
    paths, others = find_graphs(data)
    network = read_network(data)
    labels = read_labels(request.labels) if request.labels is not None else {}
    told = read_imagenet(data / "imagenet.json", network) if (data / "imagenet.json").is_file() else {}
    classes = []
    with progress.open_stage("Attribution graphs", total=len(paths), unit="classes") as advance:
        for class_id, path in paths.items():
            facts = state_facts(told.get(class_id, ClassFacts()), network.classes.get(class_id))
            classes.append(_build_class(class_id, path, labels.get(class_id), facts, network))
            advance(1)
    pictures = find_pictures(data, network)
    texts = [*paths.values(), *(p for p in (data / "imagenet.json", data / RUN_FACTS, request.labels) if p is not None)]
    n_told = {"labels": len(labels.keys() & paths.keys()), "imagenet.json": len(told.keys() & paths.keys())}
    return _Published(network, classes, pictures, others, n_told, _compute_fingerprint(texts, pictures))


def _build_class(
    class_id: int, path: Path, label: LabelledClass | None, facts: ClassFacts, network: Network
) -> ImportedClass:
    graph = read_graph(class_id, path, network)
    counts = [n for listed in facts.counts.values() for n in listed.values()]
    return ImportedClass(
        graph,
        judge(graph, network),
        label.class_name if label else facts.class_name or f"class {class_id}",
        (label.synset if label else None) or facts.synset,
        (label.group if label else None) or facts.group,
        max(facts.n_images or 0, graph.greatest_count, *counts, 0),
        facts,
    )


def _compute_fingerprint(texts: Sequence[Path], pictures: Pictures) -> str:
    """Computes the SHA-256 of the contents of the small files, and of the names and sizes of the pictures."""
    digest = hashlib.sha256()
    for path in texts:
        if path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    sizes = [[*key, path.stat().st_size] for key, path in pictures.files.items()]
    digest.update(json.dumps(sizes).encode())
    return digest.hexdigest()


# --- writing --------------------------------------------------------------------------------------------------------


def _write(
    staging: Path, request: ImportRequest, published: _Published, manifest: dict[str, Any], progress: Progress
) -> None:
    """Writes every table into `staging`; adds the unreadable pictures and the seconds of the stages to the manifest."""
    start = time.perf_counter()
    write_class_tables(staging, published.classes, published.network)
    unreadable = write_pictures(staging, published.pictures, request.encoding, progress, published.network)
    manifest["imported"]["pictures"]["unreadable"] = unreadable
    manifest["stages"]["import"] = {"state": "done", "seconds": round(time.perf_counter() - start, 2)}
    start = time.perf_counter()
    method = manifest["imported"]["embedding"]
    if method == "summit":
        write_embeddings(staging, published.classes, published.network)
    else:
        build_embeddings(
            staging,
            [(layer.layer, layer.n_channels) for layer in published.network.layers],
            [c.class_id for c in published.classes],
            request.embedding,
            layout=embed_layer if method == "umap" else project_layer,
            progress=progress,
        )
    manifest["stages"]["embedding"] = {"state": "done", "seconds": round(time.perf_counter() - start, 2)}


def _choose_embedding_method(classes: Sequence[ImportedClass]) -> str:
    """Chooses the embedding: `summit` if it is published for all classes, otherwise `umap`, or `pca` without UMAP."""
    if all(c.facts.points for c in classes):
        return "summit"
    return "umap" if has_umap() else "pca"


def _build_manifest(request: ImportRequest, published: _Published) -> dict[str, Any]:
    classes, network = published.classes, published.network
    all_told = all(c.facts.n_images == c.n_images for c in classes)
    dataset = {
        "name": network.dataset.get("name", "ImageNet"),
        "n_images": sum(c.n_images for c in classes) if all_told else None,
        "n_classes": len(classes),
        "fingerprint": published.fingerprint,
    }
    method = _choose_embedding_method(classes)
    layers = [layer.layer for layer in network.layers]
    config = {
        "layers": layers,
        "aggregate": dict(network.aggregate),
        "examples": asdict(request.encoding.examples),
        "visualizations": asdict(request.encoding.visualizations),
        "embedding": {"method": method, **asdict(request.embedding)},
    }
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "model": dict(network.model),
        "dataset": dataset,
        "layers": layers,
        "links": [dict(link) for link in network.links],
        "config": config,
        "seeds": {"embedding": request.embedding.seed},
        "identity": {"imported": dict(network.source), "dataset": dataset, "config": config},
        "imported": _build_imported_facts(request, published, method),
        "stages": {},
        "versions": read_library_versions(),
    }


def _build_imported_facts(request: ImportRequest, published: _Published, method: str) -> dict[str, Any]:
    """Builds the manifest's entry `imported`: the source of the data, its faults and its gaps."""
    faults = {c.class_id: c.judged.faults for c in published.classes}
    return {
        **published.network.source,
        "folder": str(request.folder),
        "embedding": method,
        "gaps": list_gaps(published.classes, published.pictures, published.n_told, method, published.network),
        "faults": reduce(add, faults.values(), Faults()).to_dict(),
        "classes": {str(class_id): found.to_dict() for class_id, found in faults.items()},
        "pictures": _build_picture_facts(published),
        "other_files": [*(f"ag/{name}" for name in published.other_files), *published.pictures.strangers],
        "other_folders": list(published.pictures.folders),
    }


def _build_picture_facts(published: _Published) -> dict[str, Any]:
    """Counts the files of pictures and lists, by kind, the channels of graphs that have no picture of the kind."""
    nodes = sorted({(n.layer, n.channel) for c in published.classes for n in c.graph.nodes})
    facts: dict[str, Any] = {"n_files": len(published.pictures.files), "missing": {}}
    for kind in ("channel", "diversity-0", "diversity-1", "diversity-2", "diversity-3", "dataset-p"):
        having = published.pictures.find_channels(kind)
        layers = published.network.layers
        missing = [f"{layers[layer].layer}-{channel}" for layer, channel in nodes if (layer, channel) not in having]
        if missing:
            facts["missing"][kind] = missing
    return facts
