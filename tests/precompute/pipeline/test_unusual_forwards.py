"""Whole runs of a network written as people write theirs: the tables are those of the plain network it amounts to."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from precompute.contract.schema import read_table
from summit_dash.cli import app
from tests.support.small import write_small

NETWORKS = """
import warnings
import torch
from torch import nn
from torch.nn.utils import prune


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 12, 3, stride=2, padding=1), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(12, 16, 1), nn.ReLU())
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.third(self.second(self.first(x))).mean((2, 3)))


class Unusual(Plain):
    @torch.enable_grad()
    def forward(self, x):
        with torch.autocast("cuda", enabled=False):
            maps = self.first(x).detach()
        with torch.no_grad():
            self.kept = self.second(maps).data
        features = self.third(self.kept.detach())
        return self.head(nn.functional.adaptive_avg_pool2d(features, 1).squeeze())


def unusual():
    torch.manual_seed(0)
    net = Unusual()
    prune.l1_unstructured(net.first[0], "weight", 0.5)
    prune.random_unstructured(net.third[0], "weight", 0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nn.utils.weight_norm(net.second[0])
    net(torch.randn(2, 3, 24, 24))
    return net


def plain():
    other, net = unusual(), Plain()
    with torch.no_grad():
        for name in ("first", "second", "third"):
            mine, theirs = getattr(net, name)[0], getattr(other, name)[0]
            mine.weight.copy_(theirs.weight)
            mine.bias.copy_(theirs.bias)
        net.head.load_state_dict(other.head.state_dict())
    return net


def mixing():
    net = plain()
    net.second.append(nn.BatchNorm2d(12, track_running_stats=False))
    return net


class Counting(Plain):
    def forward(self, x):
        n = len(x)
        return self.head(self.third(self.second(self.first(x))).mean((2, 3)).view(n, 16))


def counting():
    return Counting()
"""

LINE = NETWORKS.splitlines().index("        n = len(x)") + 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_small(tmp_path)
    (tmp_path / "nets.py").write_text(NETWORKS)
    return tmp_path


def build_arguments(folder: Path, name: str, *options: str) -> list[str]:
    return [
        *("precompute", f"{folder}/nets.py:{name}", f"{folder}/images", "--preprocess", f"{folder}/input.toml"),
        *("--visualizations", "4", "--visualization-steps", "4", "--out", f"{folder}/{name}", *options),
    ]


@pytest.mark.parametrize("influence", ["traced", "gradient"])
def test_tables_are_those_of_the_plain_network(folder: Path, influence: str) -> None:
    stages = ("--stages", "aggregate,graphs,visualize" if influence == "gradient" else "aggregate")
    for name in ("plain", "unusual"):
        result = CliRunner().invoke(app, build_arguments(folder, name, "--influence", influence, *stages))
        assert result.exit_code == 0, result.output

    for table in ("layers", "activations", "influences", "channels"):
        assert read_table(folder / "unusual", table).equals(read_table(folder / "plain", table)), table
    columns = ["image_id", "predicted_class_id"]
    assert read_table(folder / "unusual", "images", columns=columns).equals(
        read_table(folder / "plain", "images", columns=columns)
    )
    if influence == "gradient":
        assert len(read_table(folder / "unusual", "feature_visualizations")) == 4


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mixing", "second.2 (BatchNorm2d) takes the statistics of the batch"),
        ("counting", f"The forward of Counting fixes the batch size, in nets.py, line {LINE}: n = len(x)."),
    ],
)
def test_what_depends_on_the_batch_ends_with_one_message(
    folder: Path, name: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    from summit_dash.cli import main

    for command in (
        ["inspect", f"{folder}/nets.py:{name}", "--preprocess", f"{folder}/input.toml"],
        build_arguments(folder, name),
    ):
        with pytest.raises(SystemExit) as ended:
            main(command)
        err = capfd.readouterr().err
        assert ended.value.code == 2
        assert words in " ".join(err.split()) and "Traceback" not in err
    assert not (folder / name).exists()


def test_prototypes_are_drawn_one_by_one(folder: Path) -> None:
    assert CliRunner().invoke(app, build_arguments(folder, "unusual", "--stages", "aggregate")).exit_code == 0

    quick = ("--classes", "0-1", "--steps", "3", "--device", "cpu", "--batch-size", "1")
    result = CliRunner().invoke(app, ["prototypes", str(folder / "unusual"), *quick])

    assert result.exit_code == 0, result.output
    assert len(read_table(folder / "unusual", "prototypes")) == 2


def test_inspect_shows_every_layer(folder: Path) -> None:
    result = CliRunner().invoke(
        app, ["inspect", f"{folder}/nets.py:unusual", "--preprocess", f"{folder}/input.toml", "--check"]
    )
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.output.splitlines() if line.startswith(("first", "second", "third"))]
    assert [(row[0], row[-1]) for row in rows] == [("first", "image"), ("second", "first"), ("third", "second")]
    assert "on 2 traced links" in " ".join(result.output.split())
