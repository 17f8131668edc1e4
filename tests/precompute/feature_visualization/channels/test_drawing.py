"""The precision of a drawing, and pictures of the other one that are as good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn

from precompute.contract.errors import InputError
from precompute.feature_visualization.ascent import precision
from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.ascent.forwards import Forwards
from precompute.feature_visualization.channels.drawing import Drawing, set_step_precision
from precompute.models.graph.exported import ExportedModel


@pytest.fixture(scope="module")
def forwards() -> Forwards:
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    return Forwards(ExportedModel(net.eval().requires_grad_(False), (3, 8, 8)), ["1"], torch.device("cpu"))


def ignore(facts: Mapping[str, Any]) -> None:
    """Writes no facts."""


def build_drawing(forwards: Forwards, asked: str) -> Drawing:
    """Builds a drawing whose config asks for a precision."""
    return Drawing(forwards, lambda x: x, ("1",), VisualizationConfig(size=8, precision=asked), {}, ignore)


@pytest.mark.parametrize(
    ("is_fast", "chosen", "other"), [(True, "bfloat16", "float32"), (False, "float32", "bfloat16")]
)
def test_what_is_left_open_takes_pictures_of_either_precision(
    forwards: Forwards, monkeypatch: pytest.MonkeyPatch, is_fast: bool, chosen: str, other: str
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: is_fast)
    drawing = set_step_precision(build_drawing(forwards, "auto"), forwards)
    assert drawing.config.precision == chosen
    assert [config.precision for config in drawing.same] == [other]
    assert (drawing.step_forward is not None) == is_fast


@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
def test_a_precision_that_is_named_takes_no_other(forwards: Forwards, asked: str) -> None:
    drawing = set_step_precision(build_drawing(forwards, asked), forwards)
    assert (drawing.config.precision, drawing.same) == (asked, ())
    if asked == "bfloat16":
        assert drawing.step_forward is not None
        picture = torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(0))
        reduced, full = drawing.step_forward("1", "channel")(picture), drawing.forward("1", "channel")(picture)
        assert 0 < (reduced - full).abs().max() < 0.05


def test_there_is_no_other_precision(forwards: Forwards) -> None:
    with pytest.raises(InputError, match="Found half"):
        set_step_precision(build_drawing(forwards, "half"), forwards)
