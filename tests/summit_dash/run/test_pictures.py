from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.schema import locate_table, read_table
from precompute.contract.writing import write_table
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind, RunPictures, read_stamp
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

LAYERS = (("conv1", 10), ("conv2", 10))


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = SyntheticRun(
        n_classes=2, layers=LAYERS, n_images=4, picture_size=8, excitations=True, found_dead=[("conv1", 4)]
    )
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "rich", options)


def test_a_visualization_goes_before_an_example(rich: Path) -> None:
    pictures = RunPictures(rich)
    shown, fallen = Channel("conv1", 1), Channel("conv1", 0)
    assert pictures.get_picture_kind(shown) is PictureKind.VISUALIZATION
    assert pictures.read_picture(shown) == pictures.read_visualization(shown)
    assert pictures.get_picture_kind(fallen) is PictureKind.EXAMPLE
    assert pictures.read_picture(fallen) == pictures.read_example(fallen, -1, 0)


def test_a_run_with_neither_has_no_picture(tmp_path: Path) -> None:
    options = SyntheticRun(n_classes=2, layers=LAYERS, n_images=4, picture_size=8, without_visualization=1)
    run = write_synthetic_run(tmp_path / "run", options)
    locate_table(run, "dataset_examples").unlink()
    pictures, channel = RunPictures(run), Channel("conv1", 1)
    assert pictures.get_picture_kind(channel) is PictureKind.NONE
    assert pictures.read_picture(channel) is pictures.read_example(channel, -1, 0) is None
    assert pictures.list_examples(channel) == pictures.list_visualization_kinds(channel) == []
    assert pictures.count_pictures("conv1") == (0, 0, 0, 0)
    pictures.warm("conv1")
    pictures.cut_ahead("conv1", range(10))


def test_a_dead_channel_is_dead_only_without_a_picture(rich: Path) -> None:
    pictures = RunPictures(rich)
    assert pictures.is_found_dead(Channel("conv1", 4)) and not pictures.is_visualized(Channel("conv1", 4))
    assert not pictures.is_found_dead(Channel("conv1", 3))
    assert pictures.count_pictures("conv1").n_dead == 1 and pictures.count_pictures("conv2").n_dead == 0


def test_pictures_that_beat_the_best_image_are_counted(rich: Path) -> None:
    rows = [row for row in read_table(rich, "feature_visualizations").to_pylist() if row["layer"] == "conv2"]
    beating = sum(row["excitation"] > 1 for row in rows)
    assert RunPictures(rich).count_pictures("conv2") == (len(rows), len(rows), beating, 0)
    assert RunPictures(rich).read_excitation(Channel("conv2", 3)) == pytest.approx(1.1)
    assert RunPictures(rich).read_excitation(Channel("conv1", 4)) is None


def test_other_kinds_of_a_channel_are_listed_and_read(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=2, layers=LAYERS, n_images=4, picture_size=8))
    columns = read_table(run, "feature_visualizations").slice(0, 1).to_pydict()
    rows = {name: values * 2 for name, values in columns.items()}
    rows |= {"kind": ["channel", "diversity-0"], "image": [b"one", b"two"]}
    write_table(run, "feature_visualizations", rows)
    pictures, channel = RunPictures(run), Channel(columns["layer"][0], columns["channel"][0])
    assert pictures.list_visualization_kinds(channel) == pictures.all_visualization_kinds == ["channel", "diversity-0"]
    assert (pictures.read_visualization(channel), pictures.read_visualization(channel, "diversity-0")) == (
        b"one",
        b"two",
    )
    assert pictures.read_visualization(channel, "neuron") is None
    assert pictures.count_pictures(channel.layer).n_pictures == 1, "a channel counts once"


def test_prototypes_come_by_method_with_their_settings(store: RunStore) -> None:
    pictures = store.pictures
    assert {class_id: list(pictures.read_prototypes(class_id)) for class_id in (0, 1, 2)} == {
        0: ["code-space", "picture-space"],
        1: ["picture-space"],
        2: [],
    }
    prototype = pictures.read_prototypes(0)["code-space"]
    assert pictures.prototype_settings[prototype.settings]["generator"]["name"] == "Decoder"


def test_the_stamp_changes_with_the_tables_of_pictures_alone(rich: Path, tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=2, layers=LAYERS, n_images=4, picture_size=8))
    before = read_stamp(run)
    (run / "labels.json").write_text("{}")
    locate_table(run, "embeddings").unlink()
    assert read_stamp(run) == before
    locate_table(run, "prototypes").unlink()
    assert read_stamp(run) != before
