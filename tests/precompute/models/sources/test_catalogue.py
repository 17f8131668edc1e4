"""The selection of known architectures, the facts that ship with it, and finding others by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from precompute.contract.errors import InputError
from precompute.models.sources.catalogue import (
    FAMILIES,
    ModelFacts,
    describe,
    find_family,
    find_matching,
    list_sources,
    look_up_facts,
    read_catalogue,
    write_catalogue,
)
from precompute.models.sources.preprocess import EXAMPLE_TOML
from summit_dash.cli import main

SELECTION = [source for family in FAMILIES for source in family.sources]


def call_models(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["models", *arguments])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


# --- the selection and what ships with it ---------------------------------------------------------------------------


def test_every_source_of_the_selection_exists() -> None:
    known = set(list_sources())

    assert len(SELECTION) == len(set(SELECTION))
    assert set(SELECTION) <= known
    assert find_family("timm:nasnetalarge") == "NASNet" and find_family("timm:resnet18") == ""


def test_the_shipped_facts_fit_the_selection() -> None:
    catalogue = read_catalogue()

    assert list(catalogue) == SELECTION
    for source, facts in catalogue.items():
        quick = look_up_facts(source, {})
        assert facts.source == source
        assert (facts.input_size, facts.published_top1) == (quick.input_size, quick.published_top1), source
        assert facts.layers and facts.output_layer and facts.n_outputs == 1000
        names = [layer.name for layer in facts.layers]
        assert len(names) == len(set(names))
        assert min(layer.n_channels for layer in facts.layers) > 0


def test_a_description_equals_what_is_shipped() -> None:
    source = "torchvision:squeezenet1_1"
    described = describe(source)

    assert json.loads(json.dumps(described)) == described | {
        "input_size": [3, 224, 224],
        "layers": [dict(layer) for layer in described["layers"]],
    }
    assert ModelFacts.from_dict(json.loads(json.dumps(described))) == ModelFacts.from_dict(described)
    assert described["published_top1"] == pytest.approx(0.58178)
    assert read_catalogue()[source] == ModelFacts.from_dict(described)


def test_facts_are_written_in_the_order_of_the_selection(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.json"
    facts = [ModelFacts(source, (3, 8, 8)).to_dict() for source in (SELECTION[3], SELECTION[0])]

    write_catalogue(facts, path)

    assert list(read_catalogue(path)) == [SELECTION[0], SELECTION[3]]
    assert [p.name for p in tmp_path.iterdir()] == ["catalogue.json"]


@pytest.mark.parametrize("text", ["", "[{}]", '{"a": 1}', '[{"source": "x", "input_size": 3}]'])
def test_a_damaged_catalogue_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").write_text(text)

    with pytest.raises(InputError, match=r"catalogue\.json"):
        read_catalogue(tmp_path / "catalogue.json")


# --- building -------------------------------------------------------------------------------------------------------


def test_every_timm_model_of_the_selection_is_built() -> None:
    import timm

    with torch.device("meta"):
        for source in SELECTION:
            library, _, name = source.partition(":")
            if library == "timm":
                assert timm.create_model(name).num_classes == 1000


# --- names ----------------------------------------------------------------------------------------------------------

SOURCES = ["torchvision:resnet18", "torchvision:vgg16", "timm:resnet18", "timm:resnet18.a1_in1k", "timm:seresnet18"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ResNet18", [0, 2, 3, 4]),
        ("timm:res", [2, 3]),
        ("resnet*", [0, 2, 3]),
        ("*18", [0, 2, 4]),
        ("timm:*18", [2, 4]),
        ("vgg1?", [1]),
        ("vgg[2-9]*", []),
    ],
)
def test_patterns_are_parts_of_names_or_globs(pattern: str, found: list[int]) -> None:
    assert find_matching(pattern, SOURCES) == [SOURCES[index] for index in found]


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_selection_is_listed_with_sizes_layers_and_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call_models(capsys)

    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines[1 : 1 + len(SELECTION)]] == SELECTION
    googlenet = next(line for line in lines if line.startswith("torchvision:googlenet "))
    assert "224 x 224" in googlenet and googlenet.split()[-1] == "0.698"
    assert "more names" in lines[-1] and len(lines) == len(SELECTION) + 2
    assert int(lines[-1].split()[0].replace(",", "")) > 1000


def test_a_pattern_lists_the_names_that_match(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call_models(capsys, "timm:resnet18.*")

    assert code == 0
    assert {line.split()[0] for line in out.splitlines()[1:]} >= {"timm:resnet18.a1_in1k", "timm:resnet18.tv_in1k"}
    assert all(" x " in line for line in out.splitlines()[1:])


def test_a_long_name_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    name = "timm:convnext_base.clip_laiona_augreg_ft_in1k_384"

    _, out, _ = call_models(capsys, name)

    assert out.splitlines()[1].split()[0] == name


def test_json_holds_every_layer(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call_models(capsys, "torchvision:squeezenet1_1", "--json")

    (entry,) = json.loads(out)
    assert code == 0
    assert ModelFacts.from_dict(entry) == read_catalogue()["torchvision:squeezenet1_1"]


def test_details_build_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call_models(capsys, "timm:test_resnet", "--details")

    row = out.splitlines()[1].split()
    assert code == 0
    assert row[:4] == ["timm:test_resnet", "160", "x", "160"] and int(row[4]) > 3
    assert "layer1" in out and "output layer fc, 1,000 outputs" in out


def test_nothing_that_matches_is_an_error_with_near_names(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call_models(capsys, "reznet18")

    assert (code, out) == (2, "")
    assert "Nothing matches reznet18." in err and "resnet18" in err


MODEL = """
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).half()
"""


def test_inspect_prints_notes_and_takes_a_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "input.toml").write_text(EXAMPLE_TOML.replace("crop = 224", "crop = 0"))
    arguments = ["inspect", f"{tmp_path}/model.py:build", "--preprocess", f"{tmp_path}/input.toml"]

    for size, code in (([], 2), (["--input-size", "20"], 0)):
        with pytest.raises(SystemExit) as ended:
            main([*arguments, *size])
        assert (ended.value.code or 0) == code

    said = capsys.readouterr()
    assert "Name one with --input-size" in said.err
    assert "input 3 x 20 x 20" in said.out and "Output layer: 4, 2 outputs" in said.out
    assert "Note: The model holds 122 values in float16: converted to float32." in said.out
