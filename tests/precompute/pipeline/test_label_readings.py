"""Labels that mean outputs in another order than theirs, through the command line: accuracy is a plain forward's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from precompute.contract.schema import read_manifest, read_table
from precompute.datasets.sources.open import open_images
from precompute.models.sources.loading import ModelConfig, load_model
from summit_dash.cli import main
from tests.support.shards import write_shard
from tests.support.validation import validate

N = 12
MODEL = """
import torch
from torch import nn

N, NAMES = 12, [str(i) for i in range(12)]


class Greys(nn.Module):
    '''Output j is the nearest for images of grey (j + 1) / 16; `order` says which grey that is.'''

    def __init__(self, order):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.head = nn.Linear(8, N)
        with torch.no_grad():
            for layer in (self.first[0], self.second[0], self.head):
                layer.weight.abs_()
                layer.weight[:1] = 0
                layer.bias[:] = 0
            self.first[0].weight[0, :, 1, 1] = 1 / 3
            self.second[0].weight[0, 0, 1, 1] = 1
            grey = (torch.tensor(order) + 1.0) / 16
            self.head.weight[:] = 0
            self.head.weight[:, 0], self.head.bias[:] = 200 * grey, -100 * grey**2

    def forward(self, x):
        return self.head(self.second(self.first(x)).mean((2, 3)))


def by_number():
    return Greys(list(range(N)))


def by_text():
    return Greys([int(name) for name in sorted(NAMES)])


def shuffled():
    return Greys([(5 * i + 3) % N for i in range(N)])
"""
INPUT = """resize = [16, 16]
crop = 0
interpolation = "bilinear"
channels = "RGB"
scale = 1.0
mean = [0.0, 0.0, 0.0]
std = [1.0, 1.0, 1.0]
"""


@pytest.fixture(scope="module")
def greys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file, and folders `0` to `11` with two grey images each; one shows the grey of the next class."""
    folder = tmp_path_factory.mktemp("greys")
    (folder / "model.py").write_text(MODEL)
    (folder / "input.toml").write_text(INPUT)
    for i in range(N):
        (folder / "images" / str(i)).mkdir(parents=True)
        for number in range(2):
            shade = round(255 * (i + 1 + (i == N - 2 and number)) / 16)
            Image.new("RGB", (20 + i, 16), (shade,) * 3).save(folder / "images" / str(i) / f"{number}.png")
    return folder


def run(folder: Path, build: str, images: str, out: Path, *options: str) -> int:
    arguments = ["precompute", f"{folder}/model.py:{build}", images, "--preprocess", f"{folder}/input.toml"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--out", str(out), "--stages", "aggregate", *options])
    return int(ended.value.code or 0)


def compute_accuracy(folder: Path, build: str, images: str, meant: list[int]) -> tuple[float, float, list[float]]:
    """Computes top-1 and top-5 accuracy and the true probabilities by a plain forward.

    Output `meant[i]` means folder `i`.
    """
    loaded = load_model(ModelConfig(f"{folder}/model.py:{build}", None, f"{folder}/input.toml"))
    source = open_images(images)
    pixels = np.stack([loaded.preprocess.prepare_image(source.load(image)) for image in source.images])
    names = {c.class_id: int(c.class_name) for c in source.classes}
    true = torch.tensor([meant[names[image.class_id]] for image in source.images])
    with torch.no_grad():
        probability = loaded.module(loaded.preprocess.build_tensor(pixels)).double().softmax(1)
    best = probability.topk(5, 1).indices == true[:, None]
    chosen = probability[torch.arange(len(true)), true].tolist()
    return best[:, 0].double().mean().item(), best.any(1).double().mean().item(), chosen


def write_folder(folder: Path) -> str:
    return str(folder / "images")


def write_manifest_file(folder: Path) -> str:
    rows = [f"images\\{i}\\{n}.png, {i}" for i in range(N) for n in range(2)]
    (folder / "list.csv").write_text("\n".join(["path,class_name", *rows]))
    return str(folder / "list.csv")


def write_one_shard(folder: Path) -> str:
    members: list[tuple[str, bytes | str]] = []
    for path in sorted((folder / "images").rglob("*.png")):
        name = f"{path.parent.name}-{path.stem}"
        members += [(f"{name}.png", path.read_bytes()), (f"{name}.json", f'{{"class_name": "{path.parent.name}"}}')]
    return str(write_shard(folder / "all.tar", members))


def write_saved_dataset(folder: Path) -> str:
    datasets = pytest.importorskip("datasets", reason="the extra huggingface is not installed")
    paths = sorted((folder / "images").rglob("*.png"))
    columns = {"image": [str(path) for path in paths], "label": [path.parent.name for path in paths]}
    datasets.Dataset.from_dict(columns).cast_column("image", datasets.Image()).save_to_disk(str(folder / "saved"))
    return str(folder / "saved")


TEXT = [sorted(map(str, range(N))).index(str(i)) for i in range(N)]
SHUFFLED = [next(j for j in range(N) if (5 * j + 3) % N == i) for i in range(N)]


@pytest.mark.parametrize("images", [write_folder, write_manifest_file, write_one_shard, write_saved_dataset])
def test_classes_named_by_number_are_outputs(
    greys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], images: object
) -> None:
    given = images(greys)  # type: ignore[operator]
    assert run(greys, "by_number", given, tmp_path / "run") == 0

    check_accuracy(tmp_path / "run", compute_accuracy(greys, "by_number", given, list(range(N))))
    assert "class 3 means output 3" in " ".join(capsys.readouterr().err.split())
    dataset = read_manifest(tmp_path / "run")["dataset"]
    assert (dataset["labels_are_outputs"], dataset["outputs_by"]) == (True, "number")
    assert read_table(tmp_path / "run", "classes")["class_name"].to_pylist() == [str(i) for i in range(N)]


def check_accuracy(out: Path, expected: tuple[float, float, list[float]]) -> None:
    images = read_manifest(out)["images"]
    assert (images["top1_accuracy"], images["top5_accuracy"]) == pytest.approx(expected[:2], abs=1e-12)
    assert np.allclose(read_table(out, "images")["true_probability"].to_pylist(), expected[2], atol=1e-5)
    assert validate(out) == []


def test_a_model_of_imagefolders_order_is_noticed_and_read(
    greys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = write_folder(greys)
    assert run(greys, "by_text", given, tmp_path / "run") == 0
    wrong = compute_accuracy(greys, "by_text", given, list(range(N)))
    right = compute_accuracy(greys, "by_text", given, TEXT)
    assert right[0] > 0.9 > 0.2 > wrong[0]
    check_accuracy(tmp_path / "run", wrong)
    said = " ".join(capsys.readouterr().err.split())
    assert f"With --class-outputs text, {right[0]:.0%} of the images would be right" in said

    assert run(greys, "by_text", given, tmp_path / "run", "--class-outputs", "text") == 2  # another run
    assert run(greys, "by_text", given, tmp_path / "text", "--class-outputs", "text") == 0
    check_accuracy(tmp_path / "text", right)
    manifest = read_manifest(tmp_path / "text")
    assert manifest["dataset"]["outputs_by"] == "text" and manifest["images"]["label_notes"] == []
    assert manifest["dataset"]["class_outputs"] == {str(i): [TEXT[i]] for i in range(N)}


def test_names_of_outputs_say_their_order(greys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = write_folder(greys)
    assert run(greys, "shuffled", given, tmp_path / "guess") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "With other outputs for the classes, 92% of the images would be right" in said

    (tmp_path / "names.txt").write_text("".join(f"{(5 * j + 3) % N}\n" for j in range(N)))
    assert run(greys, "shuffled", given, tmp_path / "named", "--output-names", f"{tmp_path}/names.txt") == 0
    check_accuracy(tmp_path / "named", compute_accuracy(greys, "shuffled", given, SHUFFLED))
    assert read_manifest(tmp_path / "named")["dataset"]["outputs_by"] == "name"
    assert "Each class means the output of its name." in capsys.readouterr().err
