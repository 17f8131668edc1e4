"""Whole runs of models whose outputs are no plain logits, and over images that give no finite numbers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from precompute.contract.schema import TABLES, locate_table, read_manifest, read_table
from precompute.datasets.sources.open import open_images
from precompute.models.sources.loading import ModelConfig, load_model
from summit_dash.payloads.about import build_about
from summit_dash.run.store import RunStore
from tests.support.command_line import FIRST_STAGES, call
from tests.support.small import write_small
from tests.support.validation import validate

ENDINGS = """

class Binary(Small):
    def forward(self, x):
        return self.end(4 * super().forward(x)[:, 2])


def binary(end=lambda x: x):
    torch.manual_seed(0)
    model = Binary()
    model.end = end
    return model


def ending_in_sigmoid():
    return binary(torch.sigmoid)


def softmax():
    return nn.Sequential(build(), nn.Softmax(1))


class Normalised(Small):
    def forward(self, x):
        features = self.third(self.second(self.first(x))).mean((2, 3))
        seen = (x + 2).abs().mean((1, 2, 3))[:, None]  # a black image is -2 after the preprocessing
        return self.head(features) * (seen / seen)


def normalised():
    torch.manual_seed(0)
    return Normalised()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_small(tmp_path)
    (tmp_path / "model.py").write_text((tmp_path / "model.py").read_text() + ENDINGS)
    return tmp_path


def build_arguments(folder: Path, name: str, *options: str) -> list[str]:
    return [
        *("precompute", f"{folder}/model.py:{name}", f"{folder}/images", "--preprocess", f"{folder}/input.toml"),
        *("--out", f"{folder}/{name}", *(options or FIRST_STAGES)),
    ]


def compute_outputs(folder: Path, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Computes what the module itself returns for every image of the folder, and lists their classes."""
    loaded = load_model(ModelConfig(f"{folder}/model.py:{name}", None, f"{folder}/input.toml"))
    source = open_images(f"{folder}/images")
    batch = np.stack([loaded.preprocess.prepare_image(source.load(image)) for image in source.images])
    with torch.no_grad():
        found: torch.Tensor = loaded.module(loaded.preprocess.build_tensor(batch)).double()
    return found, torch.tensor([image.class_id for image in source.images])


def read_facts(run: Path) -> dict[str, str]:
    (section,) = [each for each in build_about(RunStore(run))["sections"] if each["id"] == "run"]
    return dict(section["blocks"][0]["facts"])


@pytest.mark.parametrize("name", ["binary", "ending_in_sigmoid"])
def test_two_folders_and_one_output(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "images" / "sand").rename(folder / "elsewhere")
    run = folder / name
    assert call(build_arguments(folder, name)) == 0
    said = capsys.readouterr().err
    assert "Note: The model has one output, and so two classes" in said

    values, classes = compute_outputs(folder, name)
    second = values if name == "ending_in_sigmoid" else 1 / (1 + (-values).exp())
    true = torch.where(classes == 1, second, 1 - second)
    images = read_table(run, "images")
    np.testing.assert_allclose(images["true_probability"].to_pylist(), true, atol=1e-6)
    assert images["predicted_class_id"].to_pylist() == (second > 0.5).int().tolist()
    manifest = read_manifest(run)
    assert manifest["images"]["top1_accuracy"] == pytest.approx(float((true > 0.5).double().mean()))
    assert manifest["model"]["n_outputs"] == 2 and manifest["dataset"]["labels_are_outputs"]
    assert manifest["model"]["output_activation"] == ("sigmoid" if name == "ending_in_sigmoid" else None)
    assert read_facts(run)["Outputs"].startswith("The model has one output") and validate(run) == []
    (folder / "map.csv").write_text("class_name,output_index\nbark,1\nmoss,0\n")
    if name == "binary":
        assert call([*build_arguments(folder, name), "--class-outputs", f"{folder}/map.csv", "--overwrite"]) == 0
        other = read_table(run, "images")["true_probability"].to_pylist()
        np.testing.assert_allclose(other, 1 - true, atol=1e-6)
        return
    assert call(["inspect", f"{folder}/model.py:{name}", "--preprocess", f"{folder}/input.toml"]) == 0
    assert "ends in a sigmoid, which gives the probability of output 1" in capsys.readouterr().out.replace("\n", " ")
    assert call(["prototypes", str(run), "--steps", "6", "--device", "cpu"]) == 0
    loaded = load_model(ModelConfig(f"{folder}/model.py:{name}", None, f"{folder}/input.toml"))
    for row in read_table(run, "prototypes").to_pylist():
        pixels = torch.from_numpy(np.array(Image.open(io.BytesIO(row["image"])))).permute(2, 0, 1)[None] / 255
        with torch.no_grad():
            probability = loaded.module(loaded.preprocess.normalize(pixels)).item()
        expected = np.log(probability if row["class_id"] == 1 else 1 - probability)
        assert row["log_probability"] == pytest.approx(expected, abs=1e-4)


def test_a_softmax_at_the_end_is_not_taken_twice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = folder / "softmax"
    assert call(build_arguments(folder, "softmax")) == 0
    assert "Note: The forward ends in a softmax" in capsys.readouterr().err
    probability, classes = compute_outputs(folder, "softmax")
    images = read_table(run, "images")
    true = probability.gather(1, classes[:, None])[:, 0]
    np.testing.assert_allclose(images["true_probability"].to_pylist(), true, atol=1e-6)
    np.testing.assert_allclose(images["predicted_probability"].to_pylist(), probability.amax(1), atol=1e-6)
    assert read_manifest(run)["model"]["output_activation"] == "softmax"
    assert read_manifest(run)["identity"]["model"]["output_activation"] == "softmax"
    assert "ends in a softmax" in read_facts(run)["Outputs"] and validate(run) == []


@pytest.mark.parametrize("n_classes", [3, 2])
def test_images_without_finite_numbers_leave_the_tables_of_a_run_without_them(
    folder: Path, n_classes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    if n_classes == 2:
        (folder / "images" / "moss").rename(folder / "elsewhere")
    images = folder / "images"
    spoilt = [images / "bark" / "0.png", *sorted((images / "sand").iterdir())]
    run, other = folder / "normalised", folder / "torn"
    stages = ("--stages", "aggregate,graphs,examples", "--batch-size", "3")
    for path in spoilt:
        Image.new("RGB", (30, 34)).save(path)
    assert call(build_arguments(folder, "normalised", *stages)) == 0
    said = capsys.readouterr().err
    assert "5 images were skipped, unreadable or without finite numbers:" in said
    assert "bark/0.png: the logits are NaN or infinite" in said
    for path in spoilt:
        path.write_text("no picture")
    assert call([*build_arguments(folder, "normalised", *stages), "--out", str(other)]) == 0

    for name in TABLES:
        if locate_table(other, name).is_file():
            assert locate_table(run, name).read_bytes() == locate_table(other, name).read_bytes(), name
    found, expected = (read_manifest(each)["images"] for each in (run, other))
    assert found["skipped"].keys() == expected["skipped"].keys()
    assert {**found, "skipped": None} == {**expected, "skipped": None}
    assert read_facts(run)["Skipped images"].startswith("5 (bark/0.png: the logits are NaN or infinite; ")
    assert read_facts(run)["Skipped images"].endswith("; 2 more in manifest.json)")
    assert validate(run) == []


def test_no_image_with_finite_numbers_is_one_message(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (folder / "images").glob("*/*.png"):
        Image.new("RGB", (30, 34)).save(path)
    assert call(build_arguments(folder, "normalised")) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "None of 12 images does; the first: bark/0.png: the logits are NaN or infinite." in said
