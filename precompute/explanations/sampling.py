"""The command `summit-dash explain --sample`: the quality of every method over images of a run, into the run."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from precompute.contract.atomic import replace_file
from precompute.contract.errors import InputError
from precompute.contract.lock import hold_run, require_no_writer
from precompute.contract.manifest import remove_if_empty, remove_leftovers
from precompute.contract.map_quality import BASELINES
from precompute.contract.progress import Progress, SilentProgress
from precompute.contract.schema import read_manifest, read_table, write_manifest
from precompute.explanations.explain import ALL, ExplainConfig, choose_methods
from precompute.explanations.method import Method
from precompute.explanations.opened import OpenedRun, open_run
from precompute.explanations.quality import Measurement, measure_quality
from precompute.explanations.quality_table import QualityTable, summarize
from precompute.explanations.target import choose_target
from precompute.models.sources.reloading import NOT_MOVED, Whereabouts

__all__ = ["SampleReport", "SampleRequest", "measure_sample"]

_NAME = "explanation_quality"
_VERSION = 1
"""The version of the parts; earlier ones are made again."""


@dataclass(frozen=True)
class SampleRequest:
    """Images of a run on which methods are measured.

    Attributes:
        run: the run's folder.
        n_per_class: the first so many images of every class; fewer where it has fewer.
        config: methods, target and metrics.
        where: where the model is now.
        images: where the run's images are now; None: where the manifest says.
    """

    run: Path
    n_per_class: int
    config: ExplainConfig = field(default_factory=ExplainConfig)
    where: Whereabouts = NOT_MOVED
    images: str | None = None


@dataclass(frozen=True)
class SampleReport:
    """The outcome.

    Attributes:
        table: the figures.
        refused: of methods that apply to no image of the sample, the reason of the first.
        n_images: that were measured.
    """

    table: QualityTable
    refused: Mapping[str, str]
    n_images: int


def measure_sample(request: SampleRequest, progress: Progress | None = None) -> SampleReport:
    """Measures methods on images of every class, and writes the table `explanation_quality` of the run.

    Explained is the most probable class of each image, or what the config asks for. After an interruption a second
    call goes on.

    Raises:
        InputError: the run's model or images are gone or others, a name is unknown, or no method applies.
    """
    if request.n_per_class < 1:
        raise InputError(
            "--sample is at least 1.", f"Found {request.n_per_class}.", "Take 1 or more images of a class."
        )
    start = time.perf_counter()
    require_no_writer(request.run)
    methods = choose_methods(request.config)
    opened = open_run(request.run, request.where, request.images)
    chosen = _choose_images(request)
    opened.load_image(chosen[0])  # says at once where the images are gone
    with hold_run(request.run):
        remove_leftovers(request.run)
        parts = _Parts(request, opened.manifest)
        with (progress or SilentProgress()).open_stage("Measuring maps", total=len(chosen)) as advance:
            for image_id in chosen:
                if parts.read(image_id) is None:
                    parts.write(image_id, _measure_image(opened, image_id, methods, request.config))
                advance(1)
        report = _summarize(parts, chosen, methods)
        report.table.write(request.run)
        manifest = read_manifest(request.run)
        manifest.setdefault("stages", {})[_NAME] = {"state": "done", "seconds": round(time.perf_counter() - start, 2)}
        manifest[_NAME] = {
            "n_per_class": request.n_per_class,
            "n_images": report.n_images,
            "refused": dict(report.refused),
            **asdict(request.config.quality),
        }
        write_manifest(request.run, manifest)
        parts.remove()
    return report


def _choose_images(request: SampleRequest) -> list[int]:
    """Chooses the first images of every class."""
    rows = read_table(request.run, "images", ["image_id", "class_id"])
    counts: dict[int, int] = {}
    chosen = []
    for image_id, class_id in zip(rows["image_id"].to_pylist(), rows["class_id"].to_pylist(), strict=True):
        if counts.get(class_id, 0) < request.n_per_class:
            counts[class_id] = counts.get(class_id, 0) + 1
            chosen.append(image_id)
    if not chosen:
        raise InputError("Maps are measured on images of the run.", "It has none.", "Make a run of images.")
    return chosen


def _measure_image(
    opened: OpenedRun, image_id: int, methods: Sequence[Method], config: ExplainConfig
) -> tuple[list[Measurement], dict[str, str]]:
    """Measures the methods that apply to one image.

    Returns:
        The figures, and the reason of each refusal by method.
    """
    explainer = opened.explainer
    _, pixels = opened.prepare(image_id)
    logits = explainer.compute_logits(pixels)
    opened.require_same(image_id, logits)
    target = choose_target(logits[0], config.wanted, config.against, opened.names)
    applicable, refused = [], {}
    for method in methods:
        try:
            method.explain(explainer, pixels, [target])
        except InputError as problem:
            if ALL not in config.methods:
                raise
            refused[method.name] = f"{problem.found} {problem.fix}"
        else:
            applicable.append(method)
    return measure_quality(explainer, pixels, [target], applicable, config.quality), refused


def _summarize(parts: _Parts, chosen: Sequence[int], methods: Sequence[Method]) -> SampleReport:
    """Takes the figures of all images together; methods that were refused on every one are left out."""
    found: list[Measurement] = []
    refusals: dict[str, list[str]] = {}
    for image_id in chosen:
        measured = parts.read(image_id)
        assert measured is not None
        found += measured[0]
        for name, reason in measured[1].items():
            refusals.setdefault(name, []).append(reason)
    refused = {name: reasons[0] for name, reasons in refusals.items() if len(reasons) == len(chosen)}
    if len(refused) == len(methods):
        raise InputError("At least one method applies to the model.", next(iter(refused.values())), "Name another one.")
    rank = {name: place for place, name in enumerate((*BASELINES, *(method.name for method in methods)))}
    found.sort(key=lambda each: rank[each.method])
    return SampleReport(summarize(found, parts.seed), refused, len(chosen))


class _Parts:
    """The figures of finished images, on disk until the table is written.

    Args:
        request: what is asked; with other settings or another run's content there are other parts.
        manifest: of the run.
    """

    def __init__(self, request: SampleRequest, manifest: Mapping[str, Any]) -> None:
        config = asdict(request.config)
        identity = [_VERSION, manifest.get("identity"), manifest["layers"], config]
        fingerprint = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        self.seed = request.config.quality.seed
        self._root = request.run / "parts" / _NAME
        self._folder = self._root / fingerprint[:16]

    def read(self, image_id: int) -> tuple[list[Measurement], dict[str, str]] | None:
        """Reads an image's figures and refusals; None where it was not measured yet."""
        path = self._folder / f"{image_id}.json"
        if not path.is_file():
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
        measured = [
            Measurement(method, metric, tuple(math.nan if value is None else value for value in values))
            for method, metric, values in content["measured"]
        ]
        return measured, content["refused"]

    def write(self, image_id: int, found: tuple[Sequence[Measurement], Mapping[str, str]]) -> None:
        """Writes an image's figures and refusals, which appear as a whole."""
        measured = [
            [each.method, each.metric, [value if math.isfinite(value) else None for value in each.values]]
            for each in found[0]
        ]
        self._folder.mkdir(parents=True, exist_ok=True)
        with replace_file(self._folder / f"{image_id}.json") as path:
            path.write_text(json.dumps({"measured": measured, "refused": dict(found[1])}), encoding="utf-8")

    def remove(self) -> None:
        """Removes all parts, those of other settings too."""
        shutil.rmtree(self._root, ignore_errors=True)
        remove_if_empty(self._root.parent)
