"""Parts of a data set, such as train and val: refused where they are no classes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.datasets.sources.open import open_images


def _save_image(path: Path, colour: tuple[int, int, int] = (255, 0, 0)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), colour).save(path)


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (("train/cat/1.png", "val/cat/1.png", "test/cat/1.png"), "val"),
        (("train/cat/1.png", "Test_set/1.png"), "train"),
        (("train2017/cat/1.png", "valid/dog/1.png"), "valid"),
        (("training/cat/1.png",), "training"),
        (("train/cat/1.png", "test/cat/1.png", "masks/cat/1.png"), "test"),
    ],
)
def test_parts_of_a_data_set_are_no_classes(tmp_path: Path, files: tuple[str, ...], named: str) -> None:
    for name in files:
        _save_image(tmp_path / name)

    with pytest.raises(InputError, match=r"holds parts of a data set instead") as problem:
        open_images(str(tmp_path))

    assert problem.value.fix == f"Name one of them: {tmp_path / named}"
    assert len(open_images(str(tmp_path / named)).classes) == 1


def test_parts_without_class_folders_have_none_to_name(tmp_path: Path) -> None:
    for name in ("train/1.png", "val/1.png"):
        _save_image(tmp_path / name)

    with pytest.raises(InputError, match=r"parts of a data set instead: train, val\. Sort the images"):
        open_images(str(tmp_path))


@pytest.mark.parametrize(
    "files", [("train/1.png", "bus/1.png"), ("train/old/1.png", "bus/old/1.png"), ("test/1.png",), ("testament/1.png",)]
)
def test_a_class_may_be_called_like_a_part(tmp_path: Path, files: tuple[str, ...]) -> None:
    for name in files:
        _save_image(tmp_path / name)

    assert len(open_images(str(tmp_path)).classes) == len({name.split("/")[0] for name in files})


def test_the_part_proposed_is_one_that_a_model_was_not_trained_on(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "dev/cat/1.png", "test/cat/1.png"):
        _save_image(tmp_path / name)

    with pytest.raises(InputError) as problem:
        open_images(str(tmp_path))

    assert problem.value.fix == f"Name one of them: {tmp_path / 'test'}"
