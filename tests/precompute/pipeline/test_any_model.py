"""Whole runs of architectures without a family: a small transformer, and a network whose norms mix channels."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest, read_table
from precompute.models.provenance.turning import Turner
from summit_dash.cli import app
from tests.support.small import write_small
from tests.support.validation import validate

TRANSFORMER = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(n), nn.LayerNorm(n)
        self.attention = nn.MultiheadAttention(n, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(n, 2 * n), nn.GELU(), nn.Linear(2 * n, n))

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, n=16):
        super().__init__()
        self.patches = nn.Conv2d(3, n, 4, 4)
        self.class_token = nn.Parameter(torch.randn(1, 1, n))
        self.position = nn.Parameter(torch.randn(1, 37, n))
        self.blocks = nn.Sequential(*(Block(n) for _ in range(4)))
        self.head = nn.Linear(n, 3)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1) + self.position
        return self.head(self.blocks(x)[:, 0])


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU())
        self.second = nn.Sequential(nn.GroupNorm(2, 8), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(12, 12, 3, padding=1, groups=12), nn.ReLU())
        self.fourth = nn.Sequential(nn.Conv2d(12, 16, 1), nn.ReLU())
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.fourth(self.third(self.second(self.first(x)))).mean((2, 3)))


def transformer():
    torch.manual_seed(0)
    return Transformer()


def mixed():
    torch.manual_seed(0)
    return Mixed()


class Minus(nn.Conv2d):
    def forward(self, x):
        return torch.relu(-super().forward(x))


def turned():
    model = mixed()
    model.fourth = Minus(12, 16, 3)
    return model
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_small(tmp_path)
    (tmp_path / "any.py").write_text(TRANSFORMER)
    return tmp_path


def build_arguments(folder: Path, name: str, *options: str) -> list[str]:
    return [
        *("precompute", f"{folder}/any.py:{name}", f"{folder}/images", "--preprocess", f"{folder}/input.toml"),
        *("--visualizations", "4", "--visualization-steps", "4", "--out", f"{folder}/run", *options),
    ]


def run_precompute(folder: Path, name: str, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, build_arguments(folder, name, *options))
    return result.exit_code, result.output


def test_a_transformer_makes_a_whole_run(folder: Path) -> None:
    code, output = run_precompute(folder, "transformer")
    assert code == 0, output
    run = folder / "run"
    manifest = read_manifest(run)
    assert manifest["layers"] == ["patches", "blocks.0", "blocks.1", "blocks.2", "blocks.3"]
    assert [link["influence"] for link in manifest["links"]] == ["gradient"] * 4
    assert "scaled_dot_product_attention" in manifest["links"][0]["reason"]
    assert "Influence on 4 of 4 layers is by gradient x activation" in output
    layers = read_table(run, "layers").to_pydict()
    assert set(zip(layers["n_channels"], layers["height"], layers["width"], strict=True)) == {(16, 6, 6)}
    assert layers["receptive_field"] == [4, 24, 24, 24, 24]
    assert len(read_table(run, "influences")) > 0
    assert len(read_table(run, "feature_visualizations")) == 4
    assert [str(finding) for finding in validate(run)] == []


def test_each_layer_pair_has_the_measure_that_fits_it(folder: Path) -> None:
    code, output = run_precompute(folder, "mixed", "--stages", "aggregate,graphs")
    assert code == 0, output
    links = read_manifest(folder / "run")["links"]
    assert [(link["target"], link["influence"]) for link in links] == [
        ("second", "gradient"), ("third", "traced"), ("fourth", "traced"),
    ]  # fmt: skip
    assert links[0]["reason"] == "second.0 (GroupNorm) calls group_norm, which mixes channels otherwise."


@pytest.mark.parametrize("influence", ["traced", "summit"])
def test_insisting_on_what_cannot_be_is_refused_with_the_way_out(folder: Path, influence: str) -> None:
    with pytest.raises(InputError, match=r"second.0 \(GroupNorm\) calls group_norm.*Use --influence gradient"):
        CliRunner().invoke(app, build_arguments(folder, "mixed", "--influence", influence), catch_exceptions=False)
    assert not (folder / "run").exists()


@pytest.mark.parametrize("influence", ["traced", "summit", "gradient"])
def test_every_measure_makes_tables_that_fit_together(folder: Path, influence: str) -> None:
    code, output = run_precompute(folder, "mixed", "--influence", influence, "--layers", "second,third,fourth")
    assert code == 0, output
    manifest = read_manifest(folder / "run")
    assert {link["influence"] for link in manifest["links"]} == {influence}
    assert manifest["config"]["aggregate"]["influence"] == influence
    assert [str(finding) for finding in validate(folder / "run")] == []


def test_inspect_says_what_is_not_traced(folder: Path) -> None:
    result = CliRunner().invoke(app, ["inspect", f"{folder}/any.py:mixed", "--preprocess", f"{folder}/input.toml"])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "Not traced: influence on second. second.0 (GroupNorm) calls group_norm" in said
    assert "Output layer: head, 3 outputs" in said


def test_inspect_checks_the_links_by_intervention(folder: Path) -> None:
    result = CliRunner().invoke(
        app, ["inspect", f"{folder}/any.py:mixed", "--preprocess", f"{folder}/input.toml", "--check"]
    )
    assert result.exit_code == 0, result.output
    # Two channels of both layers and both convolutions, as what feeds a link and as what a convolution reads.
    assert "Checked: 12 interventions on 2 traced links" in " ".join(result.output.split())


def test_inspect_refuses_a_sign_that_was_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["inspect", f"{folder}/any.py:turned", "--preprocess", f"{folder}/input.toml", "--check"]
    assert CliRunner().invoke(app, command).exit_code == 0
    scaled = Turner.scale
    monkeypatch.setattr(Turner, "scale", lambda self, channels, scale: scaled(self, channels, scale.abs()))
    with pytest.raises(InputError, match=r"in the derived direction.*moves channels of .* otherwise than derived"):
        CliRunner().invoke(app, command, catch_exceptions=False)
