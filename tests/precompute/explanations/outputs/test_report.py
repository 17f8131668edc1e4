"""The report on explained images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from precompute.explanations.outputs.files import name_overlay
from precompute.explanations.outputs.report import build_report


def describe(**changes: Any) -> dict[str, Any]:
    return {
        "name": "cat",
        "target": {"name": "<b>", "against_name": None},
        "score": 1.5,
        "predictions": [{"name": "<b>", "probability": 0.75}],
        "maps": [
            {"name": "lrp", "title": "LRP", "error": 0.25, "note": "", "limit": 0.5},
            {"name": "cam", "title": "CAM", "problem": "relu stands in the way."},
        ],
        "quality": {"lrp": {"selectivity": 0.4, "selectivity_over_edges": 0.1}, "edges": {"selectivity": 0.3}},
        "layer": "last",
        "channels": {
            "for": {"share": 0.5, "channels": [{"channel": 3, "attribution": 2.0}, {"channel": 4, "attribution": 1.0}]},
            "against": {"share": None, "channels": []},
        },
        "has_cells": False,
        **changes,
    }


def build(folder: Path, *images: dict[str, Any], pictures: dict[int, bytes] | None = None) -> str:
    for what in ("image", "lrp"):
        Image.new("RGB", (2, 2)).save(folder / name_overlay("cat", what))
    return build_report(folder, "run", "model", images, pictures or {})


def test_every_map_has_its_figures_warnings_or_the_reason_why_it_is_missing(tmp_path: Path) -> None:
    report = build(tmp_path, describe())
    for words in ("its sum misses 25.00% of the score", "does not beat an edge detector", "relu stands in the way.",
                  "selectivity 0.400", "n = 1 image", "last-3", "50% of the sum"):  # fmt: skip
        assert words in report
    assert "Speak against" not in report


def test_the_report_needs_no_other_file_and_runs_nothing_of_a_name(tmp_path: Path) -> None:
    report = build(tmp_path, describe(), describe(quality={}), pictures={3: b"webp"})
    assert "&lt;b&gt;" in report and "<script" not in report and "<b>:" not in report
    assert "http" not in report and report.count("data:image/webp;base64,") == 2
    assert "2 images explained" in report
