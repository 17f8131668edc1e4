"""The command `summit-dash explain` on image files: every image in turn, into a folder, and a report on all."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from PIL import Image

from precompute.contract.atomic import replace_file
from precompute.contract.errors import InputError
from precompute.contract.progress import Advance, Progress, SilentProgress
from precompute.contract.schema import locate_table, read_table
from precompute.explanations.channels.relevance import read_channels
from precompute.explanations.explain import (
    ExplainConfig,
    choose_methods,
    explain_image,
    hash_content,
)
from precompute.explanations.methods.grad_cam import choose_layer
from precompute.explanations.opened import OpenedRun, open_run
from precompute.explanations.outputs.files import read_finished, write_figures, write_image
from precompute.explanations.outputs.report import build_report
from precompute.models.sources.reloading import NOT_MOVED, Whereabouts

__all__ = ["ExplainRequest", "explain_files"]

_FIGURES = "figures"
"""The stem of the files that hold the figures of all images."""
_VERSION = 1
"""The version of the files; earlier ones are made again."""


@dataclass(frozen=True)
class ExplainRequest:
    """Images to explain.

    Attributes:
        run: the run's folder.
        images: files.
        out: the folder of the answers.
        config: the questions.
        where: where the model is now.
    """

    run: Path
    images: tuple[Path, ...]
    out: Path
    config: ExplainConfig = field(default_factory=ExplainConfig)
    where: Whereabouts = NOT_MOVED


def explain_files(request: ExplainRequest, progress: Progress | None = None) -> list[dict[str, Any]]:
    """Explains image files, and writes overlays, raw maps, figures and `report.html`.

    All files are read before the first is explained, so that a broken one is known at once. Images that an earlier
    call explained in the same way are not explained again.

    Returns:
        The facts of each image, as in its JSON file.

    Raises:
        InputError: a file, a name or the run's model cannot be used; the message names it.
    """
    if not request.images:
        raise InputError("At least one image is explained.", "Found none.", "Name image files, or use --sample.")
    opened = open_run(request.run, request.where)
    methods = choose_methods(request.config)
    choose_layer(opened.explainer, request.config.layer)
    channels = read_channels(request.config.channels, list(opened.explainer.layers))
    contents = [_read(opened, path) for path in request.images]
    request.out.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, Any]] = []
    n_maps = len(methods) + sum(map(len, channels.values()))
    with (progress or SilentProgress()).open_stage("Explaining", len(contents) * n_maps, "maps") as advance:
        for name, path, content in zip(_name_images(request.images), request.images, contents, strict=True):
            found.append(_explain(opened, request, (name, path, content), n_maps, advance))
    write_figures(request.out, found)
    channels_of_all = {
        one["channel"] for facts in found for sign in facts["channels"].values() for one in sign["channels"]
    }
    pictures = _read_pictures(request.run, found[0]["layer"], channels_of_all)
    report = build_report(request.out, request.run.name, str(opened.manifest["model"]["name"]), found, pictures)
    with replace_file(request.out / "report.html") as temporary:
        temporary.write_text(report, encoding="utf-8")
    return found


def _explain(
    opened: OpenedRun, request: ExplainRequest, image: tuple[str, Path, bytes], n_maps: int, advance: Advance
) -> dict[str, Any]:
    """Explains one image, its name, file and content, where an earlier call did not do so."""
    name, path, content = image
    digest = hash_content(content)
    identity = [_VERSION, digest, opened.manifest.get("identity"), opened.manifest["layers"], asdict(request.config)]
    fingerprint = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    finished = read_finished(request.out, name, fingerprint)
    if finished is not None:
        advance(n_maps)
        return finished
    try:
        explained = explain_image(opened, content, request.config, advance)
    except InputError as problem:
        raise InputError(problem.rule, f"{path}: {problem.found}", problem.fix) from problem
    cells = set(explained.cells.channels[..., 0].flatten().tolist())
    pictures = {
        channel: Image.open(io.BytesIO(content)).convert("RGB")
        for channel, content in _read_pictures(request.run, explained.layer, cells).items()
    }
    about = {"fingerprint": fingerprint, "file": path.name, "sha256": digest, "run": request.run.name}
    return write_image(request.out, name, explained, opened.names, pictures, about)


def _read(opened: OpenedRun, path: Path) -> bytes:
    """Reads a file, and checks that the model can see it."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise InputError("An image is a file.", f"{path}: {problem.strerror}.", "Check the path.") from problem
    try:
        opened.prepare(content)
    except InputError as problem:
        raise InputError(problem.rule, f"{path}: {problem.found}", problem.fix) from problem
    return content


def _name_images(paths: Sequence[Path]) -> list[str]:
    """Names images by the stems of their files; equal ones, and one named as the figures of all are, are numbered."""
    names: list[str] = []
    for path in paths:
        name, number = path.stem, 2
        while name in names or name == _FIGURES:
            name, number = f"{path.stem}-{number}", number + 1
        names.append(name)
    return names


def _read_pictures(run: Path, layer: str, channels: set[int]) -> dict[int, bytes]:
    """Reads the pictures of channels as WebP, as many as the run has."""
    if not locate_table(run, "feature_visualizations").is_file():
        return {}
    chosen = (pc.field("layer") == layer) & (pc.field("kind") == "channel") & pc.field("channel").isin(sorted(channels))
    rows = read_table(run, "feature_visualizations", ["channel", "image"], chosen).to_pylist()
    return {row["channel"]: row["image"] for row in rows}
