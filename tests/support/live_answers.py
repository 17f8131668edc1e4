"""Answers like those of `precompute.explanations.answers`, without a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from precompute.contract.errors import InputError
from tests.support.live_run_picture import write_picture

Report = Callable[[int, int, Any], None]


def warm(run: str, report: Report) -> None:
    report(1, 1, None)


def predict(run: str, image: bytes | int, report: Report) -> dict[str, Any]:
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
    return {"picture": picture, "size": (8, 8), "outputs": outputs, "n_outputs": 3, "names": names}


def explain(run: str, image: bytes | int, target: int | None, against: int | None, report: Report) -> dict[str, Any]:
    values = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
    facts = {"citation": "A 2020", "holds": "Something holds.", "error": None, "note": "", "seconds": 0.1}
    report(1, 3, {"name": "lrp", "title": "LRP", "family": "signed", "rank": 1, "map": values, **facts})
    report(2, 3, {"name": "cam", "title": "CAM", "family": "positive", "rank": 2, "map": abs(values), **facts})
    problem = InputError("A rule.", "The operator stands in the way.", "Fix.")
    report(3, 3, {"name": "no", "title": "Other", "family": "signed", "rank": 3, "problem": problem})
    return {"target": target or 0, "against": against, "score": 1.0}


def draw(run: str, image_ids: Sequence[int], report: Report) -> None:
    for n, image_id in enumerate(image_ids, 1):
        report(n, len(image_ids), (image_id, write_picture("JPEG")))
