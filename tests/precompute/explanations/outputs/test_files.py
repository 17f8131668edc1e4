"""The files of an explained image."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from precompute.explanations.channels.semantic_map import SemanticMap
from precompute.explanations.explain import ComputedMap, ExplainedImage
from precompute.explanations.outputs.files import name_overlay, read_finished, write_figures, write_image
from precompute.explanations.quality import Measurement
from precompute.explanations.target import Target


@pytest.fixture
def explained() -> ExplainedImage:
    values = np.array([[1.0, -2.0], [0.0, 0.5]], np.float32)
    cells = SemanticMap("last", torch.tensor([[[3], [-1]]]), torch.zeros(1, 2, 1), torch.ones(1, 2), None, 2.0)
    facts = {"score": 2.0, "error": 0.25, "seconds": 0.1}
    return ExplainedImage(
        np.zeros((8, 8, 3), np.uint8),
        Target(1, 0),
        2.0,
        [{"output": 1, "name": "b", "logit": 2.0, "probability": 0.75}],
        [
            ComputedMap("lrp", "LRP", "signed", values[None], values, facts),
            ComputedMap("cam", "CAM", "signed", None, None, {"problem": "relu stands in the way."}),
        ],
        "last",
        {
            "for": {"share": 1.0, "channels": [{"channel": 3, "attribution": 2.0}]},
            "against": {"share": None, "channels": []},
        },
        cells,
        [Measurement("lrp", "selectivity", (0.5,)), Measurement("random", "selectivity", (float("nan"),))],
    )  # fmt: skip


def test_an_image_has_raw_maps_pictures_and_facts(explained: ExplainedImage, tmp_path: Path) -> None:
    red = Image.new("RGB", (4, 4), "red")
    facts = write_image(tmp_path, "cat", explained, ["a", "b"], {3: red}, {"fingerprint": "f"})
    with np.load(tmp_path / "cat.npz") as maps:
        assert list(maps) == ["lrp"] and maps["lrp"].tolist() == [[[1, -2], [0, 0.5]]]
    assert {path.name for path in tmp_path.iterdir()} == {
        "cat.npz", "cat.json", *(name_overlay("cat", what) for what in ("image", "lrp", "cells"))
    }  # fmt: skip
    assert facts == json.loads((tmp_path / "cat.json").read_text())
    assert facts["target"] == {"output": 1, "name": "b", "against": 0, "against_name": "a"}
    assert facts["quality"] == {"lrp": {"selectivity": 0.5}, "random": {"selectivity": None}}
    assert [one["limit"] is None for one in facts["maps"]] == [False, True]


def test_what_was_asked_in_another_way_is_not_finished(explained: ExplainedImage, tmp_path: Path) -> None:
    assert read_finished(tmp_path, "cat", "f") is None
    written = write_image(tmp_path, "cat", explained, ["a", "b"], {}, {"fingerprint": "f"})
    assert read_finished(tmp_path, "cat", "f") == written and not written["has_cells"]
    assert read_finished(tmp_path, "cat", "other") is None
    (tmp_path / "cat.json").write_text("{")
    assert read_finished(tmp_path, "cat", "f") is None


def test_the_figures_have_a_row_for_each_map_and_baseline(explained: ExplainedImage, tmp_path: Path) -> None:
    facts = write_image(tmp_path, "cat", explained, ["a", "b"], {}, {})
    write_figures(tmp_path, [facts])
    lines = (tmp_path / "figures.csv").read_text().splitlines()
    assert lines[0] == "image,method,target,against,score,reference_score,error,seconds,problem,selectivity"
    assert lines[1:] == [
        "cat,lrp,b,a,2.0,,0.25,0.1,,0.5",
        "cat,cam,b,a,,,,,relu stands in the way.,",
        "cat,random,b,a,,,,,,",
    ]
    assert [row["method"] for row in json.loads((tmp_path / "figures.json").read_text())] == ["lrp", "cam", "random"]
