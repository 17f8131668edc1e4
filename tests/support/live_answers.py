"""Answers like those of `precompute.explanations.answers`, without a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any

import numpy as np

from precompute.contract.errors import InputError
from tests.support.live_run_picture import write_picture

Report = Callable[[int, int, Any], None]
LAYER = "conv2"
"""A layer of the synthetic run."""


def warm(run: str, report: Report) -> None:
    report(1, 1, None)


def run_until_stopped(report: Report) -> None:
    """Runs until nobody wants the answer any more."""
    pause = Event()
    while True:
        report(0, 1, None)
        pause.wait(0.01)


def predict(run: str, image: bytes | int, report: Report) -> dict[str, Any]:
    if image == b"endless":
        run_until_stopped(report)
    if image == b"text":
        raise InputError("An image is a file.", "This file is no image that Pillow knows.", "Choose another file.")
    picture = write_picture()
    report(0, 1, picture)
    names = ("carp", "trout", "black bear")
    shares = (0.7, 0.2, 0.1)
    outputs = [
        {"output": n, "name": name, "logit": 1.0, "probability": p}
        for n, (name, p) in enumerate(zip(names, shares, strict=True))
    ]
    return {
        "picture": picture,
        "grey": write_picture("JPEG"),
        "size": (8, 8),
        "outputs": outputs,
        "n_outputs": 3,
        "names": names,
    }


def explain(
    run: str,
    image: bytes | int,
    outputs: tuple[int | None, int | None],
    part: str,
    settings: Mapping[str, str],
    report: Report,
) -> dict[str, Any]:
    target, against = outputs
    if image == b"slow" and part == "occlusion":
        run_until_stopped(report)
    values = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
    facts = {"citation": "A 2020", "holds": "Something holds.", "error": None, "note": "", "seconds": 0.1}
    if part != "one_pass":
        if part == "lrp":
            words = {**facts, "note": f"Rules: {settings['preset']}."}
            report(1, 1, {"name": "lrp", "title": "LRP", "family": "signed", "rank": 1, "map": values, **words})
        return {"target": target or 0, "against": against, "score": 1.0}
    report(2, 3, {"name": "cam", "title": "CAM", "family": "positive", "rank": 2, "map": abs(values), **facts})
    problem = InputError("A rule.", "The operator stands in the way.", "Fix.")
    report(3, 3, {"name": "no", "title": "Other", "family": "signed", "rank": 3, "problem": problem})
    return {"target": target or 0, "against": against, "score": 1.0}


def draw(run: str, image_ids: Sequence[int], report: Report) -> None:
    for n, image_id in enumerate(image_ids, 1):
        report(n, len(image_ids), (image_id, write_picture("JPEG")))


def draw_brought(run: str, images: Sequence[tuple[str, bytes]], report: Report) -> None:
    for n, (key, content) in enumerate(images, 1):
        report(n, len(images), (key, write_picture("JPEG") if content.startswith(b"\x89PNG") else b""))


def map_cells(
    run: str, image: bytes | int, target: int, against: int | None, layer: str | None, order: str, report: Report
) -> dict[str, Any]:
    channels = np.array([[[0, 1], [1, -1]]])
    heat = np.array([[1.0, -2.0]], np.float32)
    return {
        "layer": layer or LAYER,
        "channels": channels,
        "strengths": np.array([[[2.0, 1.0], [0.5, 0.0]]], np.float32),
        "heat": heat,
        "heat_against": None if against is None else -heat,
    }


def attribute_channels(
    run: str, images: Sequence[bytes | int], target: int, against: int | None, layer: str | None, report: Report
) -> dict[str, Any]:
    signs = {
        "for": {"share": 0.75, "channels": [(0, 2.0), (1, 1.0)]},
        "against": {"share": None, "channels": []},
    }
    return {"layer": layer or LAYER, "n_images": len(images), **signs}


def trace_channels(
    run: str,
    image: bytes | int,
    target: int,
    against: int | None,
    layer: str,
    channels: Sequence[int],
    report: Report,
) -> None:
    for n_done, channel in enumerate(channels, 1):
        values = np.eye(8, dtype=np.float32) * (channel + 1)
        report(n_done, len(channels), {"channel": channel, "family": "signed", "map": values, "sum": 1.0})


def build_image_graph(run: str, image: bytes | int, target: int, against: int | None, report: Report) -> dict[str, Any]:
    return {"channels": [(LAYER, 0, 3.0, 0.5), (LAYER, 1, 1.5, -0.5)], "influences": []}
