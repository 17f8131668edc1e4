"""The pictures of channels: found by their names and encoded; faults are named and not fatal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from precompute.contract.schema import read_manifest, read_table
from precompute.import_summit import pictures
from precompute.import_summit.pictures import find_pictures
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.support.published import CHANNELS, KINDS, build_graphs, call_command, draw_picture, import_folder
from tests.support.validation import validate


def test_pictures_are_kept_by_kind_and_channel(folder: Path) -> None:
    out = import_folder(folder)
    found = read_table(out, "feature_visualizations").to_pylist()
    expected = [(*channel.split("-"), kind) for channel in CHANNELS for kind in KINDS]
    assert [(r["layer"], str(r["channel"]), r["kind"]) for r in found] == expected
    assert {Image.open(io.BytesIO(r["image"])).size for r in found} == {(147, 147)}
    shade = Image.open(io.BytesIO(found[5]["image"])).getpixel((70, 70))
    assert shade == pytest.approx((40, 215, 128), abs=6), "that of the second channel"
    examples = read_table(out, "dataset_examples").to_pylist()
    assert len(examples) == 3 * len(CHANNELS)
    assert {(e["class_id"], Image.open(io.BytesIO(e["image"])).size) for e in examples} == {(-1, (73, 73))}


def test_missing_unreadable_and_strange_pictures_are_named_and_not_fatal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = folder / "data/feature-vis"
    (root / "channel/mixed3a-5-channel.jpg").unlink()
    (root / "diversity-2/mixed3b-10-diversity-2.jpg").write_bytes(b"no picture")
    for name in ("mixed9z-1-channel.jpg", "mixed3a-256-channel.jpg", "mixed3a-1-diversity-0.jpg", "notes.txt"):
        draw_picture(root / "channel" / "x.png", 8, 0)
        (root / "channel" / "x.png").rename(root / "channel" / name)
    draw_picture(root / "dataset-n/mixed3a-5-dataset-n-0.jpg", 73, 0)
    (folder / "data/ag/README.md").write_text("about")
    assert call_command("import-summit", folder, "--out", folder.parent / "run") == 0
    imported = read_manifest(folder.parent / "run")["imported"]
    assert imported["pictures"]["missing"] == {"channel": ["mixed3a-5"]}
    assert [Path(p).name for p in imported["pictures"]["unreadable"]] == ["mixed3b-10-diversity-2.jpg"]
    assert imported["other_files"] == [
        "ag/README.md",
        "channel/mixed3a-1-diversity-0.jpg",
        "channel/mixed3a-256-channel.jpg",
        "channel/mixed9z-1-channel.jpg",
        "channel/notes.txt",
    ]
    assert imported["other_folders"] == ["dataset-n"]
    told = capsys.readouterr().err
    assert "1 could not be read" in told
    assert "Channels of graphs without a picture as channel, 1 in all: mixed3a-5." in told
    assert validate(folder.parent / "run") == []


def test_a_folder_without_pictures_makes_a_run_without(folder: Path) -> None:
    bare = folder.parent / "bare"
    (bare / "ag").mkdir(parents=True)
    (bare / "ag/ag-7.json").write_text(json.dumps(build_graphs()[7]))
    out = import_folder(bare)
    assert validate(out) == []
    assert not (out / "feature_visualizations.parquet").exists()
    assert "Pictures: none; feature-vis is not there or empty." in read_manifest(out)["imported"]["gaps"]


def test_row_groups_hold_whole_channels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_ROWS_PER_GROUP", 4)
    monkeypatch.setattr(pictures, "_AT_ONCE", 5)
    out = import_folder(folder)
    assert validate(out) == []
    file = pq.ParquetFile(out / "dataset_examples.parquet")
    groups = [file.read_row_group(i, ["layer", "channel"]).to_pylist() for i in range(file.num_row_groups)]
    assert [len(group) for group in groups] == [3, 6, 6, 3], "by layer, and then by at least four pictures"
    assert [e.rank for e in RunStore(out).pictures.list_examples(Channel("mixed4a", 200))] == [0, 1, 2]


@pytest.mark.parametrize(
    ("folder_name", "name", "key"),
    [
        ("channel", "mixed4d-479-channel.jpg", (5, 479, "channel", 0)),
        ("diversity-3", "mixed3a-255-diversity-3.webp", (0, 255, "diversity-3", 0)),
        ("dataset-p", "mixed5b-1023-dataset-p-12.png", (8, 1023, "dataset-p", 12)),
        ("dataset-p", "mixed5b-1024-dataset-p-0.png", None),
        ("dataset-p", "mixed5b-0-dataset-p.png", None),
        ("channel", "mixed3a-1-channel-2.jpg", None),
        ("channel", "mixed3a-1-channel.gif", None),
    ],
)
def test_a_name_gives_layer_channel_kind_and_rank(
    tmp_path: Path, folder_name: str, name: str, key: tuple[int, int, str, int] | None
) -> None:
    path = tmp_path / "feature-vis" / folder_name / name
    path.parent.mkdir(parents=True)
    path.touch()

    found = find_pictures(tmp_path)

    assert dict(found.files) == ({} if key is None else {key: path})
    assert list(found.strangers) == ([f"{folder_name}/{name}"] if key is None else [])


def test_two_files_of_one_key_are_one_picture_and_one_stranger(tmp_path: Path) -> None:
    (tmp_path / "feature-vis/channel").mkdir(parents=True)
    for suffix in ("jpg", "png"):
        (tmp_path / f"feature-vis/channel/mixed3a-1-channel.{suffix}").touch()

    found = find_pictures(tmp_path)

    assert [path.suffix for path in found.files.values()] == [".jpg"]
    assert list(found.strangers) == ["channel/mixed3a-1-channel.png"]
    assert found.find_channels("channel") == {(0, 1)} and found.find_channels("dataset-p") == set()
