"""The precision of the steps, and pictures of either precision that are as good."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest, read_table
from precompute.feature_visualization.ascent import precision
from precompute.feature_visualization.ascent.forwards import Forwards
from precompute.feature_visualization.ascent.precision import choose_precision, has_bfloat16
from precompute.models.graph.exported import ExportedModel
from tests.precompute.commands.test_visualize import QUICK, made
from tests.support.command_line import call

__all__ = ["made"]
CPU = torch.device("cpu")


class Insisting(nn.Module):
    """Multiplies in float32, whatever it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.full((4, 4), 0.5, dtype=torch.float32)
        return self.head(self.body(x).mean((2, 3)) @ scale)


def build_forwards(module: nn.Module) -> Forwards:
    return Forwards(ExportedModel(module.eval().requires_grad_(False), (3, 12, 12)), [*LAYERS[type(module)]], CPU)


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean((2, 3)))


LAYERS: dict[type, tuple[str, ...]] = {Plain: ("body",), Insisting: ("body", "head")}


def test_bfloat16_is_taken_where_the_device_computes_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (True, False):
        monkeypatch.setattr(precision, "has_bfloat16", lambda device, answer=answer: answer)
        found = {
            asked: choose_precision(asked, build_forwards(Plain()), "body") for asked in ("auto", "float32", "bfloat16")
        }
        assert found == {"auto": "bfloat16" if answer else "float32", "float32": "float32", "bfloat16": "bfloat16"}


def test_a_processor_without_the_instructions_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    assert not has_bfloat16(CPU)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True, raising=False)
    assert has_bfloat16(CPU)
    assert not has_bfloat16(torch.device("meta"))


def test_a_model_that_insists_on_float32_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)
    assert choose_precision("auto", build_forwards(Insisting()), "head") == "float32"
    with pytest.raises(InputError, match="Up to head one does not"):
        choose_precision("bfloat16", build_forwards(Insisting()), "head")
    with pytest.raises(InputError, match="A precision is one of auto, float32, bfloat16"):
        choose_precision("half", build_forwards(Plain()), "body")


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "run", tmp_path / "run"))


def read_rows(run: Path) -> list[dict[str, Any]]:
    return read_table(run, "feature_visualizations").to_pylist()


def test_pictures_of_either_precision_are_there_already(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = ["visualize", str(run), "--layers", "second", "--channels", "0-3", *QUICK]
    for drawn_in in ("float32", "bfloat16"):
        assert call([*some, "--precision", drawn_in]) == 0, "by name, pictures are drawn in it"
        settings = read_manifest(run)["visualizations"]["settings"]
        assert {settings[row["settings"]].get("precision", "float32") for row in read_rows(run)} == {drawn_in}
        capsys.readouterr()
        before = read_rows(run)
        assert call(some) == 0
        assert "Drew 0 pictures; 4 were there" in capsys.readouterr().err
        assert read_rows(run) == before


def test_what_is_told_of_a_picture_is_float32s(run: Path) -> None:
    some = ["visualize", str(run), "--layers", "third", "--channels", "0-7", "--steps", "1", "--size", "24"]
    found = []
    for drawn_in in ("float32", "bfloat16"):
        assert call([*some, "--device", "cpu", "--precision", drawn_in]) == 0
        found.append({row["channel"]: row["initial_objective_value"] for row in read_rows(run)})
    both = found[0].keys() & found[1].keys()
    assert both and all(found[0][channel] == found[1][channel] for channel in both)
