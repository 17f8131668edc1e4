"""The files of an explained image: overlays, raw maps, and a JSON file with everything else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from precompute.contract.atomic import replace_file
from precompute.explanations.explain import ComputedMap, ExplainedImage
from precompute.explanations.outputs.overlays import draw_cells, draw_overlay, find_limit

__all__ = ["name_overlay", "read_finished", "write_figures", "write_image"]

_FIGURES = ("score", "reference_score", "error", "seconds", "problem")


def name_overlay(image: str, what: str) -> str:
    """Returns the name of the picture of a map, of the cells (`cells`), or of the model's view (`image`)."""
    return f"{image}.{what}.png"


def read_finished(folder: Path, name: str, fingerprint: str) -> dict[str, Any] | None:
    """Reads the facts of an image that an earlier call explained in the same way; None where it did not."""
    try:
        facts = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) and facts.get("fingerprint") == fingerprint else None


def write_image(
    folder: Path,
    name: str,
    explained: ExplainedImage,
    names: Sequence[str],
    pictures: Mapping[int, Image.Image],
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """Writes the files of one image; the JSON file comes last, so that it proves that all are there.

    Args:
        folder: that exists.
        name: of the image, the stem of its files.
        explained: the answers.
        names: of the model's outputs.
        pictures: of the layer's channels, as many as there are.
        about: further facts, such as `fingerprint` and the file.

    Returns:
        The facts in the JSON file.
    """
    raw = {one.name: one.raw for one in explained.maps if one.raw is not None}
    with replace_file(folder / f"{name}.npz") as path:
        content = io.BytesIO()
        np.savez_compressed(content, **raw)  # type: ignore[arg-type]
        path.write_bytes(content.getvalue())
    _write_picture(folder / name_overlay(name, "image"), Image.fromarray(explained.seen))
    for one in explained.maps:
        if one.flat is not None:
            overlay = draw_overlay(explained.seen, one.flat, "signed" if one.family == "signed" else "positive")
            _write_picture(folder / name_overlay(name, one.name), overlay)
    if pictures:
        cells = draw_cells(explained.seen, explained.cells.channels[..., 0].numpy(), pictures)
        _write_picture(folder / name_overlay(name, "cells"), cells)
    facts = {**about, "name": name, **_build_facts(explained, names, bool(pictures))}
    with replace_file(folder / f"{name}.json") as path:
        path.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return facts


def write_figures(folder: Path, images: Sequence[Mapping[str, Any]]) -> None:
    """Writes the figures of all images as `figures.csv` and `figures.json`, a row for each map and baseline."""
    rows = [row for facts in images for row in _list_figures(facts)]
    metrics = list(dict.fromkeys(name for row in rows for name in row["quality"]))
    head = ("image", "method", "target", "against", *_FIGURES)
    with replace_file(folder / "figures.csv") as path, path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*head, *metrics])
        for row in rows:
            writer.writerow([*(row.get(name) for name in head), *(row["quality"].get(name) for name in metrics)])
    with replace_file(folder / "figures.json") as path:
        path.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def _list_figures(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    target = facts["target"]
    common = {"image": facts["name"], "target": target["name"], "against": target["against_name"]}
    maps = {one["name"]: one for one in facts["maps"]}
    names = [*maps, *(name for name in facts["quality"] if name not in maps)]
    return [
        {
            **common,
            "method": name,
            **{figure: maps.get(name, {}).get(figure) for figure in _FIGURES},
            "quality": facts["quality"].get(name, {}),
        }
        for name in names
    ]


def _build_facts(explained: ExplainedImage, names: Sequence[str], has_cells: bool) -> dict[str, Any]:
    target = explained.target
    quality: dict[str, dict[str, float | None]] = {}
    for one in explained.quality:
        value = one.values[0]
        quality.setdefault(one.method, {})[one.metric] = value if np.isfinite(value) else None
    return {
        "target": {
            "output": target.class_id,
            "name": names[target.class_id],
            "against": target.against,
            "against_name": None if target.against is None else names[target.against],
        },
        "score": explained.score,
        "predictions": list(explained.predictions),
        "maps": [_describe_map(one) for one in explained.maps],
        "layer": explained.layer,
        "channels": explained.strongest,
        "cells": explained.cells.channels.tolist(),
        "has_cells": has_cells,
        "heat": explained.cells.heat.tolist(),
        "heat_against": None if explained.cells.heat_against is None else explained.cells.heat_against.tolist(),
        "quality": quality,
    }


def _describe_map(one: ComputedMap) -> dict[str, Any]:
    shape = None if one.raw is None else list(one.raw.shape)
    limit = None if one.flat is None else find_limit(one.flat)
    return {"name": one.name, "title": one.title, "family": one.family, "shape": shape, "limit": limit, **one.facts}


def _write_picture(path: Path, picture: Image.Image) -> None:
    with replace_file(path) as temporary:
        picture.save(temporary, "PNG")
