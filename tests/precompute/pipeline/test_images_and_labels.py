"""Every way to hand over images and labels, through the command line: the same tables, or one clear message."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from precompute.aggregate.reading import read_images
from precompute.contract.schema import read_manifest, read_table
from precompute.datasets.sources.open import open_images
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.sources.preprocess import Preprocess
from tests.support.command_line import call
from tests.support.shards import encode_picture, write_shard
from tests.support.small import CLASSES, write_small
from tests.support.validation import validate

STAGES = ("--stages", "aggregate,graphs,examples")


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    return write_small(tmp_path)


def replace_images(small: list[str], images: Path | str) -> list[str]:
    """Returns the same command over other images."""
    return [*small[:2], str(images), *small[3:]]


# --- sources --------------------------------------------------------------------------------------------------------


def list_files(folder: Path) -> list[tuple[str, Path]]:
    return [(name, path) for name in CLASSES for path in sorted((folder / "images" / name).iterdir())]


def write_parquet(folder: Path) -> str:
    rows = list_files(folder)
    columns = {"path": [f"{name}/{path.name}" for name, path in rows], "class_name": [name for name, _ in rows]}
    pq.write_table(pa.table({**columns, "group": ["ground"] * len(rows)}), folder / "images" / "labels.parquet")
    return str(folder / "images" / "labels.parquet")


def write_shards(folder: Path) -> str:
    rows = list_files(folder)
    for number in range(3):
        members: list[tuple[str, bytes | str]] = []
        for name, path in rows[number::3][::-1]:
            members += [(f"{name}/{path.name}", path.read_bytes()), (f"{name}/{path.stem}.cls", name)]
            members.append((f"{name}/{path.stem}.json", '{"group": "ground"}'))
        write_shard(folder / "shards" / f"{number:02d}.tar", members)
    return f"{folder}/shards/{{00..02}}.tar"


def write_saved_dataset(folder: Path) -> str:
    datasets = pytest.importorskip("datasets", reason="the extra huggingface is not installed")
    rows = list_files(folder)
    columns = {"image": [str(path) for _, path in rows], "label": [CLASSES.index(name) for name, _ in rows]}
    dataset = datasets.Dataset.from_dict({**columns, "group": ["ground"] * len(rows)})
    dataset = dataset.cast_column("image", datasets.Image())
    dataset.cast_column("label", datasets.ClassLabel(names=list(CLASSES))).save_to_disk(str(folder / "saved"))
    return str(folder / "saved")


@pytest.mark.parametrize("write", [write_parquet, write_shards, write_saved_dataset])
def test_every_source_makes_the_same_tables(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], write: Callable[[Path], str]
) -> None:
    assert call([*small, "--out", str(tmp_path / "folder"), *STAGES]) == 0
    assert call([*replace_images(small, write(tmp_path)), "--out", str(tmp_path / "other"), *STAGES]) == 0

    tables = sorted(path.stem for path in (tmp_path / "folder").glob("*.parquet"))
    assert len(tables) == 11
    for name in tables:
        one, other = (read_table(tmp_path / run, name) for run in ("folder", "other"))
        differing = {"images": ["path"], "classes": ["group"]}.get(name, [])
        assert one.drop_columns(differing).equals(other.drop_columns(differing)), name
    assert read_table(tmp_path / "other", "classes")["group"].to_pylist() == ["ground"] * 3
    assert None not in read_table(tmp_path / "other", "classes")["top1_accuracy"].to_pylist()
    capsys.readouterr()
    assert call(["validate", str(tmp_path / "other")]) == 0
    assert capsys.readouterr().out == ""


def test_the_pass_lays_transparency_over_the_mean(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_bytes(encode_picture((9, 9, 9, 0), mode="RGBA"))
    source = open_images(str(tmp_path))
    preprocess = Preprocess(0, 0, channels="BGR", scale=255.0, mean=(104.0, 117.0, 123.0))

    (read,) = read_images(source, source.images, preprocess, workers=0)

    assert read.pixels is not None
    assert np.unique(read.pixels.reshape(-1, 3), axis=0).tolist() == [[123, 117, 104]]


def test_thin_images_are_skipped_and_their_class_without_a_graph_says_so(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (tmp_path / "input.toml").read_text()
    (tmp_path / "input.toml").write_text(text.replace("resize = 24", "resize = 256"))
    for path in (tmp_path / "images" / "sand").iterdir():
        Image.new("RGB", (8000, 1)).save(path)
    Image.new("RGB", (1, 9000)).save(tmp_path / "images" / "bark" / "thin.png")
    out = tmp_path / "run"
    assert call([*small, "--out", str(out), "--stages", "aggregate,graphs"]) == 0

    skipped = read_manifest(out)["images"]["skipped"]
    assert sorted(skipped) == ["bark/thin.png", *(f"sand/{i}.png" for i in range(4))]
    assert "becomes 2048000 x 256 pixels by resize = 256" in skipped["sand/0.png"]
    assert validate(out) == []
    capsys.readouterr()
    assert call(["export", str(out), str(tmp_path / "sand.svg"), "--graph", "sand"]) == 2
    assert "None of the images of sand could be used" in " ".join(capsys.readouterr().err.split())


# --- outputs that mean a class --------------------------------------------------------------------------------------


def test_class_outputs_sum_probabilities(small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "map.csv").write_text("class_name,output_index\nbark,0\nbark,2\nmoss,1\n")
    out = tmp_path / "run"
    assert call([*small, "--out", str(out), *STAGES, "--class-outputs", f"{tmp_path}/map.csv"]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "No accuracy for 1 class that --class-outputs does not name: sand." in said
    assert "n = 8" in said

    loaded = load_model(ModelConfig(f"{tmp_path}/model.py:build", f"{tmp_path}/weights.safetensors", small[-5]))
    source = open_images(str(tmp_path / "images"))
    batch = np.stack([loaded.preprocess.prepare_image(source.load(image)) for image in source.images])
    with torch.no_grad():
        probability = loaded.module(loaded.preprocess.build_tensor(batch)).double().softmax(1).numpy()
    images, classes = read_table(out, "images"), read_table(out, "classes").to_pylist()
    assert images["predicted_class_id"].to_pylist() == probability.argmax(1).tolist()
    own = np.concatenate([probability[:4, [0, 2]].sum(1), probability[4:8, 1]])
    assert np.allclose(images["true_probability"].to_pylist()[:8], own, atol=1e-6)
    assert images["true_probability"].to_pylist()[8:] == [None] * 4
    for row, outputs, rows in ((classes[0], [0, 2], slice(0, 4)), (classes[1], [1], slice(4, 8))):
        assert row["top1_accuracy"] == np.isin(probability[rows].argmax(1), outputs).mean()
        assert row["top5_accuracy"] == 1.0
        expected = np.histogram(probability[rows][:, outputs].sum(1), 20, (0, 1))[0]
        assert row["probability_histogram"] == expected.tolist()
    assert [classes[2][name] for name in ("top1_accuracy", "top5_accuracy", "probability_histogram")] == [None] * 3
    dataset = read_manifest(out)["dataset"]
    assert (dataset["labels_are_outputs"], dataset["class_outputs"]) == (False, {"0": [0, 2], "1": [1]})
    assert validate(out) == []


def test_labels_that_are_no_outputs_have_no_accuracy(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images" / "sand").rename(tmp_path / "elsewhere")
    out = tmp_path / "run"
    assert call([*small, "--out", str(out), *STAGES]) == 0
    assert "Accuracy: none" in capsys.readouterr().err
    for name in ("top1_accuracy", "top5_accuracy", "probability_histogram"):
        assert read_table(out, "classes")[name].to_pylist() == [None, None]
    assert read_table(out, "images")["true_probability"].null_count == 8
    assert validate(out) == []


def test_another_mapping_is_another_run(small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "run"), "--stages", "aggregate", "--class-outputs", f"{tmp_path}/map.json"]
    (tmp_path / "map.json").write_text('{"bark": [0, 2]}')
    assert call([*small, *out]) == 0
    (tmp_path / "map.json").write_text('{"bark": [0]}')
    assert call([*small, *out]) == 2
    assert "dataset.class_outputs.0 is [0, 2], asked for [0]" in capsys.readouterr().err


def test_output_names_go_into_the_manifest(small: list[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    arguments = [*small, "--out", str(out), "--stages", "aggregate"]
    assert call(arguments) == 0
    assert "output_names" not in read_manifest(out)["model"]
    (tmp_path / "names.txt").write_text("oak\nfern\ndune\n")
    assert call([*arguments, "--output-names", f"{tmp_path}/names.txt"]) == 0
    assert read_manifest(out)["model"]["output_names"] == ["oak", "fern", "dune"]


# --- bad input ------------------------------------------------------------------------------------------------------


def list_bad_images(folder: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Images that cannot be right, and words that the message must hold."""
    good = [("1.png", encode_picture()), ("1.cls", "bark"), ("2.png", encode_picture()), ("2.cls", "moss")]
    bad = folder / "bad"
    whole = write_shard(bad / "whole.tar", good).read_bytes()
    (bad / "cut.tar").write_bytes(whole[:1700])
    (bad / "empty.tar").write_bytes(bytes(10240))
    (bad / "packed.tar.gz").write_bytes(b"\x1f\x8b")
    write_shard(bad / "unlabelled.tar", [*good, ("3.png", encode_picture())])
    write_shard(bad / "blank.tar", [*good, ("3.cls", "bark")])
    write_shard(bad / "same.tar", [*good, ("1.png", encode_picture())])
    write_shard(bad / "twice" / "a.tar", good)
    write_shard(bad / "twice" / "b.tar", good)
    Image.new("RGB", (8, 8)).save(bad / "x.png")
    manifests = {
        "out.csv": "path,class_name\nx.png,bark\n../images/bark/0.png,bark\n",
        "absolute.csv": f"path,class_name\n{folder}/images/bark/0.png,bark\n",
        "again.csv": "path,class_name\nx.png,bark\n./x.png,bark\n",
        "names.csv": "path,class_name,class_id\nx.png,bark,1\ny.png,moss,1\n",
    }
    for name, text in manifests.items():
        (bad / name).write_text(text)
    return {
        "cut.tar": ("cut.tar", ("cut.tar", "cut off at byte 1,700")),
        "empty.tar": ("empty.tar", ("empty.tar", "no image with a label")),
        "packed.tar.gz": ("packed.tar.gz", ("packed.tar.gz", "compressed", "gunzip")),
        "unlabelled.tar": ("unlabelled.tar", ("3.png", "without a label")),
        "blank.tar": ("blank.tar", ("3.cls", "without an image")),
        "same.tar": ("same.tar", ("two images of one key", "1.png")),
        "twice": ("twice", ("a.tar", "b.tar", "The key 1")),
        "missing shard": ("{whole,hole}.tar", ("hole.tar", "whole.tar")),
        "out.csv": ("out.csv", ("line 3", "../images/bark/0.png", "--allow-outside")),
        "absolute.csv": ("absolute.csv", ("line 2", "--allow-outside")),
        "again.csv": ("again.csv", ("line 2 and line 3", "once")),
        "names.csv": ("names.csv", ("class_id 1", "bark", "moss")),
    }


def test_images_that_cannot_be_right(small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, (spec, words) in list_bad_images(tmp_path).items():
        capsys.readouterr()
        assert call([*replace_images(small, tmp_path / "bad" / spec), "--out", str(tmp_path / "run")]) == 2, name
        said = capsys.readouterr().err
        assert all(word in said for word in words), (name, said)
        assert "Traceback" not in said and not (tmp_path / "run").exists(), name


@pytest.mark.parametrize(
    ("option", "file", "text", "words"),
    [
        ("--class-outputs", "a.csv", "class_name,output_index\nbrak,1\n", ("brak", "bark")),
        ("--class-outputs", "a.csv", "class_name,output_index\nbark,3\n", ("from 0 to 2", "the output 3")),
        ("--class-outputs", "a.json", "[]", ("no object",)),
        ("--output-names", "a.txt", "oak\nfern\n", ("2 names", "3 outputs")),
    ],
)
def test_outputs_that_cannot_be_right(
    small: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    file: str,
    text: str,
    words: tuple[str, ...],
) -> None:
    (tmp_path / file).write_text(text)
    assert call([*small, "--out", str(tmp_path / "run"), option, str(tmp_path / file)]) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in words), said
    assert not (tmp_path / "run").exists()


def test_a_manifest_may_lead_out_where_that_is_allowed(small: list[str], tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    with (tmp_path / "lists" / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("path", "class_name"), *((f"../images/{n}/{p.name}", n) for n, p in list_files(tmp_path))]
        )
    arguments = [*replace_images(small, tmp_path / "lists" / "labels.csv"), "--out", str(tmp_path / "run")]
    assert call([*arguments, "--stages", "aggregate", "--allow-outside"]) == 0
    assert read_manifest(tmp_path / "run")["images"]["n_read"] == 12


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_decompression_bombs_are_skipped_with_the_limit(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)
    Image.new("1", (300, 300)).save(tmp_path / "images" / "bark" / "bomb.png")
    out = tmp_path / "run"
    assert call([*small, "--out", str(out), "--stages", "aggregate"]) == 0
    assert "bark/bomb.png: has more than the 2,000 pixels that Pillow holds safe" in capsys.readouterr().err
    assert list(json.loads((out / "manifest.json").read_text())["images"]["skipped"]) == ["bark/bomb.png"]

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert call([*small, "--out", str(tmp_path / "none"), "--stages", "aggregate"]) == 2
    assert "more than the 100 pixels" in capsys.readouterr().err
