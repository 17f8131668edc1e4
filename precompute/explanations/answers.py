"""The questions that a page asks of a run's model, each a function of plain arguments with plain answers.

A process that answers several of them keeps the model (`open_run_once`). Pictures are the content of files, maps are
arrays of numpy.
"""

from __future__ import annotations

import functools
import io
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.explanation_settings import PARTS, Part
from precompute.explanations.channel_answers import (
    attribute_channels,
    build_image_graph,
    map_cells,
    require_target,
    trace_channels,
)
from precompute.explanations.method import Method
from precompute.explanations.opened import OpenedRun, open_run_once
from precompute.explanations.registry import find_methods
from precompute.explanations.target import Target
from precompute.models.graph.probabilities import rank_outputs

__all__ = [
    "Report",
    "attribute_channels",
    "build_image_graph",
    "draw",
    "draw_brought",
    "explain",
    "map_cells",
    "predict",
    "trace_channels",
    "warm",
]

Report = Callable[[int, int, Any], None]
"""Takes the number of steps done, of all steps, and a part of the answer or None."""

_BATCH = 2
"""Images of one pass of methods that take many: the next question waits until it ends."""
_THUMBNAIL = 96
_N_NAMED = 10


def warm(run: str, report: Report) -> None:
    """Opens the model, and explains a black image by every quick method, so that the first image does not wait."""
    opened = open_run_once(run)
    report(0, 1, None)
    explainer = opened.explainer
    pixels = explainer.input_range.low.expand(1, *opened.manifest["model"]["input_size"])
    # A report raises where an image arrives meanwhile.
    with explainer.recent, explainer.wrap_runs(functools.partial(report, 0, 1, None)):
        explainer.record(pixels)
        target = Target(int(rank_outputs(explainer.compute_logits(pixels))[0, 0]))
        for method in (method for part in PARTS if part.is_quick for method in _choose_methods(part.name)):
            _compute_map(opened, method, (pixels, target), {})


def predict(run: str, image: bytes | int, report: Report) -> dict[str, Any]:
    """Computes what the model says about one image.

    Args:
        run: the run's folder.
        image: the content of a file, or the number of an image of the run.
        report: receives the model's view of the image as soon as it is there.

    Returns:
        `picture`: the model's view as PNG; `grey`: the same without colours, as a small JPEG;
            `size`: its width and height; `outputs`: the most probable outputs, the
        first first, each with `output`, `name`, `logit` and `probability`; `n_outputs`; `names` of all outputs.

    Raises:
        InputError: the image, or the run's model, cannot be read.
    """
    opened = open_run_once(run)
    seen, pixels = opened.prepare(image)
    picture = _write_picture(Image.fromarray(seen), "PNG")
    report(0, 1, picture)
    with opened.explainer.recent.keep(pixels):
        opened.explainer.record(pixels)  # the maps that are asked for next begin with this pass
        logits = opened.explainer.compute_logits(pixels)
    opened.require_same(image, logits)
    probabilities = opened.compute_probabilities(logits)[0]
    order = rank_outputs(logits)[0, :_N_NAMED].tolist()
    outputs = [
        {"output": n, "name": opened.names[n], "logit": float(logits[0, n]), "probability": float(probabilities[n])}
        for n in order
    ]
    return {
        "picture": picture,
        "grey": _write_picture(Image.fromarray(seen).convert("L"), "JPEG"),
        "size": (seen.shape[1], seen.shape[0]),
        "outputs": outputs,
        "n_outputs": len(opened.names),
        "names": opened.names,
    }


def explain(
    run: str,
    image: bytes | int,
    outputs: tuple[int | None, int | None],
    part: str,
    settings: Mapping[str, str],
    report: Report,
) -> dict[str, Any]:
    """Computes the heat maps of a part of the methods for one image, and reports each as it comes.

    Args:
        run: the run's folder.
        image: the content of a file, or the number of an image of the run.
        outputs: the output that is explained, None for the most probable; and the output whose logit is subtracted,
            None for none.
        part: the name of one of `PARTS`.
        settings: options by name, for the methods that have them.
        report: receives a dict for each method: `name`, `title`, `family`, `citation`, `holds`, `rank`; `map`
            (`(height, width)`, float32, not normalised), `error` (the share of the score that the map's sum misses;
            None where the method promises no sum), `note`, `seconds`; or `problem`, an `InputError`, instead of these.

    Returns:
        `target` and `against`, outputs, and the `score` that is explained.

    Raises:
        InputError: an output is unknown, or the image or the run's model cannot be read.
    """
    opened = open_run_once(run)
    explainer = opened.explainer
    _, pixels = opened.prepare(image)
    target, against = outputs
    methods = _choose_methods(part)
    with explainer.recent.keep(pixels):
        if _find_part(part).is_quick:
            explainer.record(pixels)  # one pass forward serves all of them
        logits = explainer.compute_logits(pixels)
        opened.require_same(image, logits)
        chosen = require_target(opened, int(rank_outputs(logits)[0, 0]) if target is None else target, against)
        report(0, len(methods), None)
        for n_done, method in enumerate(methods, 1):
            # A report may raise, so that nobody waits for a map that takes seconds and is not wanted any more.
            with explainer.wrap_runs(functools.partial(report, n_done - 1, len(methods), None)):
                found = _compute_map(opened, method, (pixels, chosen), settings)
            report(n_done, len(methods), found)
        score = float(explainer.compute_scores(pixels, [chosen])[0])
    return {"target": chosen.class_id, "against": chosen.against, "score": score}


def _find_part(name: str) -> Part:
    """Finds a part by its name."""
    known = {each.name: each for each in PARTS}
    if name not in known:
        raise InputError(f"A part is one of {', '.join(known)}.", f"Found {name}.", "Name one of them.")
    return known[name]


def _choose_methods(part: str) -> list[Method]:
    """Chooses the methods of a part; those of a layer's grid come first, which need no pass back to the image."""
    elsewhere = {name for each in PARTS for name in each.methods}
    own = _find_part(part).methods
    chosen = [m for m in find_methods().values() if (m.name in own if own else m.name not in elsewhere)]
    return sorted(chosen, key=lambda method: (method.grid != "layer", method.rank))


def draw(run: str, image_ids: Sequence[int], report: Report) -> None:
    """Draws small pictures of images of the run, and reports each as `(image_id, JPEG)`.

    Raises:
        InputError: the run's images are gone, or others.
    """
    opened = open_run_once(run)
    for n_done, image_id in enumerate(image_ids, 1):
        report(n_done, len(image_ids), (image_id, _draw_small(opened, image_id)))


def draw_brought(run: str, images: Sequence[tuple[str, bytes]], report: Report) -> None:
    """Draws small pictures of images that a person brought.

    Args:
        run: the run's folder.
        images: a key and the content of a file each.
        report: receives `(key, JPEG)` for each; nothing in place of the JPEG where the file is no image.

    Raises:
        InputError: the run's model cannot be read.
    """
    opened = open_run_once(run)
    for n_done, (key, content) in enumerate(images, 1):
        try:
            picture = _draw_small(opened, content)
        except InputError:  # it is said where the image is opened
            picture = b""
        report(n_done, len(images), (key, picture))


def _draw_small(opened: OpenedRun, image: bytes | int) -> bytes:
    """Draws an image as a small JPEG."""
    picture = opened.load_image(image)
    picture.thumbnail((2 * _THUMBNAIL, 2 * _THUMBNAIL))
    return _write_picture(picture, "JPEG")


def _compute_map(
    opened: OpenedRun, method: Method, asked: tuple[torch.Tensor, Target], settings: Mapping[str, str]
) -> dict[str, Any]:
    """Computes one method's map with its facts, or the problem where it does not apply."""
    facts: dict[str, Any] = {
        "name": method.name, "title": method.title, "family": method.family, "citation": method.citation,
        "holds": method.holds, "rank": method.rank,
    }  # fmt: skip
    start = time.perf_counter()
    try:
        wanted = {"batch_size": _BATCH, **settings}
        options = {name: value for name, value in wanted.items() if name in method.options}
        found = method.explain(opened.explainer, asked[0], [asked[1]], options)
    except InputError as problem:
        return {**facts, "problem": problem}
    values = method.flatten(found.map.detach())[0].float().numpy()
    if not np.isfinite(values).all():
        unsound = InputError("A map holds finite numbers.", "This one does not.", "Take another method.")
        return {**facts, "problem": unsound}
    error = None if found.error is None else float(found.error[0])
    return {**facts, "map": values, "error": error, "note": found.note, "seconds": time.perf_counter() - start}


def _write_picture(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()
