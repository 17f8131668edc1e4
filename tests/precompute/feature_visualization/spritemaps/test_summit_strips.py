"""Strips of 147 px pictures with two rows of 74 px examples, into runs that were imported and runs that were not."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.schema import ALL_CLASSES, locate_table, read_manifest, read_table
from precompute.import_summit.importing import ImportRequest, import_summit
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.support.command_line import call
from tests.support.published import write_published
from tests.support.strips import KINDS, write_strip
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run
from tests.support.validation import validate


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Examples and pictures of mixed3a-5 and others."""
    folder = tmp_path_factory.mktemp("published")
    import_summit(ImportRequest(write_published(folder / "data"), folder / "run"))
    return folder / "run"


@pytest.fixture
def run(imported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(imported, tmp_path / "run"))


def draw_noise(size: int, *seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def draw_picture(channel: int, kind: str) -> Image.Image | None:
    """Draws noise; channel 3 has no picture of its neuron."""
    return None if (channel, kind) == (3, "neuron") else draw_noise(147, channel, KINDS.index(kind))


def draw_example(channel: int, rank: int, is_best: bool) -> Image.Image | None:
    """Draws noise; channel 4 has seven examples, and the third one of channel 2 is black."""
    if channel == 4 and rank >= 7:
        return None
    return Image.new("RGB", (73, 73)) if (channel, rank) == (2, 2) else draw_noise(73, channel, 100 + rank, is_best)


@pytest.fixture
def strip(tmp_path: Path) -> Path:
    """A strip of channels 0 to 9."""
    return write_strip(tmp_path / "mixed3a-00000--mixed3a-00009.png", range(10), draw_picture, draw_example)


def import_strips(*arguments: object) -> int:
    return call(["spritemaps", "import", *map(str, arguments), "--layout", "summit"])


def decode(image: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(image)) as opened:
        return np.asarray(opened.convert("RGB"))


def test_every_picture_goes_to_its_channel_and_kind(run: Path, strip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = RunStore(run).pictures.list_examples(Channel("mixed3a", 5))
    assert import_strips(run, f"mixed3a={strip}") == 0
    assert validate(run) == []
    rows = [r for r in read_table(run, "feature_visualizations").to_pylist() if r["layer"] == "mixed3a"]
    assert {(r["channel"], r["kind"]) for r in rows} == {(c, k) for c in range(10) for k in KINDS} - {(3, "neuron")}
    for row in rows:
        expected = draw_picture(row["channel"], row["kind"])
        assert expected is not None and np.array_equal(decode(row["image"]), np.asarray(expected))
    store = RunStore(run)
    assert store.pictures.list_examples(Channel("mixed3a", 5)) == before, "which has examples"
    assert [e.rank for e in store.pictures.list_examples(Channel("mixed3a", 2))] == list(range(10)), "one of them black"
    assert [e.rank for e in store.pictures.list_examples(Channel("mixed3a", 4))] == list(range(7))
    for rank in range(7):
        image, wanted = (
            store.pictures.read_example(Channel("mixed3a", 4), ALL_CLASSES, rank),
            draw_example(4, rank, True),
        )
        assert image is not None and wanted is not None and decode(image).shape == (73, 73, 3)
        others = [
            np.abs(decode(image) - np.asarray(draw_example(4, r, b), float)).mean() for r in range(7) for b in (0, 1)
        ]
        assert np.argmin(others) == 2 * rank + 1, "of all examples it is most like the best one of its rank"
    said = " ".join(capsys.readouterr().err.split())
    assert "Put 69 pictures into the run" in said and "1 cell left empty" in said
    assert f"Put {9 * 10 - 3} dataset examples" in said
    assert "Left out 10 examples of channels that have some." in said
    assert f"Left out {10 * 10 - 3} examples of the lower rows" in said


def test_the_examples_that_are_there_stay_as_they_are(run: Path, strip: Path) -> None:
    before = read_table(run, "dataset_examples").to_pylist()
    assert import_strips(run, f"mixed3a={strip}") == 0
    after = read_table(run, "dataset_examples").to_pylist()
    assert [row for row in after if row in before] == before and len(after) == len(before) + 87
    once = locate_table(run, "dataset_examples").read_bytes()
    assert import_strips(run, f"mixed3a={strip}") == 0
    assert locate_table(run, "dataset_examples").read_bytes() == once


def test_a_run_without_examples_gets_some_and_an_open_dashboard_shows_them(run: Path, strip: Path) -> None:
    locate_table(run, "dataset_examples").unlink()
    locate_table(run, "feature_visualizations").unlink()
    store, at = RunStore(run), Channel("mixed3a", 6)
    assert store.pictures.list_examples(at) == []
    version = store.version
    assert import_strips(run, f"mixed3a={strip}") == 0
    store.refresh()
    assert len(store.pictures.list_examples(at)) == 10 and store.version != version
    assert store.pictures.list_visualization_kinds(at) == sorted(KINDS)
    assert validate(run) == []


def test_a_folder_of_strips_goes_by_its_names(
    run: Path, strip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    shutil.move(strip, folder)
    write_strip(folder / "mixed3b_00470.png", range(470, 480), draw_picture, draw_example)
    (folder / "notes.txt").write_text("")
    (folder / "mixed9z-00000.png").write_text("")
    assert import_strips(run, folder) == 0
    rows = read_table(run, "feature_visualizations", ["layer", "channel", "settings"]).to_pylist()
    new = {(row["layer"], row["channel"]) for row in rows if row["settings"]}
    assert new == {*(("mixed3a", c) for c in range(10)), *(("mixed3b", c) for c in range(470, 480))}
    said = capsys.readouterr().err
    assert "mixed3b_00470.png as mixed3b: 10 rows of 7 pictures of 147 px from channel 470 on" in said
    assert "Left out 2 files" in said and "notes.txt" in said
    entries = read_manifest(run)["visualizations"]["settings"].values()
    assert {(entry["layout"], entry["first_channel"]) for entry in entries} == {("summit", 0), ("summit", 470)}


def test_a_run_that_is_not_imported_gets_the_pictures_alone(
    strip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its examples name image, activation and box, which a strip does not have."""
    options = SyntheticRun(n_classes=4, layers=(("mixed3a", 12), ("top", 8)), n_images=10, without_visualization=1)
    run = write_synthetic_run(tmp_path / "synthetic", options)
    before, findings = locate_table(run, "dataset_examples").read_bytes(), validate(run)
    assert import_strips(run, f"mixed3a={strip}") == 0
    assert locate_table(run, "dataset_examples").read_bytes() == before
    assert len(read_table(run, "feature_visualizations")) == 69 and validate(run) == findings
    said = capsys.readouterr().err
    assert "Left out 97 examples: a strip does not tell image" in said and "dataset examples into" not in said


def test_other_strips_are_told_by_cell_and_kinds(run: Path, tmp_path: Path) -> None:
    """Two pictures of 21 px and three examples of 11 px; no number in the name: from channel 0 on."""
    width, cells = 2 * 21 + 3 * 11 - 1, [draw_noise(21, index) for index in range(8)]
    strip = Image.new("RGB", (width, 4 * 21), (9, 9, 9))
    for index, cell in enumerate(cells):
        strip.paste(cell, (index % 2 * 21, index // 2 * 21))
    strip.save(tmp_path / "theirs.png")
    assert import_strips(run, f"mixed3b={tmp_path}/theirs.png", "--cell", 21, "--kind", "negative,channel") == 0
    rows = read_table(run, "feature_visualizations").to_pylist()
    found = {(r["channel"], r["kind"]): decode(r["image"]) for r in rows if r["settings"]}
    assert found.keys() == {(c, k) for c in range(4) for k in ("negative", "channel")}
    assert all(np.array_equal(found[c, "negative"], np.asarray(cells[2 * c])) for c in range(4))


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("mixed3a-00250.png", (1769, 10 * 147), "from channel 250 on ends at 259"),
        ("mixed3a-00000.png", (1769, 1471), "1769 x 1471 px are no such strip"),
        ("mixed3a-00000.png", (1771, 1470), "1771 x 1470 px are no such strip"),
        ("mixed3a-00000.png", (1769, 1470), "is of one colour"),
    ],
)
def test_what_is_no_strip_is_refused(
    run: Path, tmp_path: Path, name: str, size: tuple[int, int], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", size, (128, 128, 128)).save(tmp_path / name)
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    assert import_strips(run, f"mixed3a={tmp_path / name}") == 2
    message = capsys.readouterr().err
    assert said in message and "Traceback" not in message
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_the_same_channel_twice_is_refused(
    run: Path, strip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = write_strip(tmp_path / "mixed3a-00009.png", range(9, 12), draw_picture, draw_example)
    assert import_strips(run, f"mixed3a={strip}", f"mixed3a={again}") == 2
    assert "both show channel 9 of mixed3a" in capsys.readouterr().err
