"""A Hugging Face dataset saved on disk."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass, LabelledImage, UnreadableImage
from precompute.datasets.sources.open import open_images
from tests.support.shards import encode_picture

datasets = pytest.importorskip("datasets", reason="the extra huggingface is not installed")

RED, BLUE = (255, 0, 0), (0, 0, 255)
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Saves columns as a dataset; `image` holds encoded pictures unless told otherwise."""

    def save(columns: dict[str, list[Any]], **features: Any) -> Path:
        dataset = datasets.Dataset.from_dict(columns)
        kinds = {"image": datasets.Image(), **features} if "image" in columns else features
        for name, kind in kinds.items():
            dataset = dataset.cast_column(name, kind)
        dataset.save_to_disk(str(tmp_path / "pets"))
        return tmp_path / "pets"

    return save


def _encode_pictures(*colours: tuple[int, ...]) -> list[dict[str, Any]]:
    return [{"bytes": encode_picture(colour), "path": None} for colour in colours]


def test_class_labels_bring_names_and_numbers(save: Save) -> None:
    folder = save(
        {"image": _encode_pictures(RED, BLUE, RED), "label": [2, 0, 2]},
        label=datasets.ClassLabel(names=["cat", "cow", "dog"]),
    )

    source = open_images(str(folder))

    assert source.name == "pets"
    assert list(source.classes) == [LabelledClass(0, "cat"), LabelledClass(2, "dog")]
    assert list(source.images) == [
        LabelledImage(0, 0, "row 0000001"),
        LabelledImage(1, 2, "row 0000000"),
        LabelledImage(2, 2, "row 0000002"),
    ]
    assert (source.labels_are_outputs, source.n_labels) == (None, 3)
    assert [source.load(image).getcolors() for image in source.images] == [[(64, BLUE)], [(64, RED)], [(64, RED)]]
    assert [image.path for image in open_images(str(folder), 1).images] == ["row 0000001", "row 0000000"]


def test_names_with_synset_and_group(save: Save) -> None:
    source = open_images(
        str(
            save(
                {
                    "image": _encode_pictures(RED, BLUE),
                    "class_name": ["dog", "cat"],
                    "synset": ["n2", None],
                    "group": ["animal", "animal"],
                }
            )
        )
    )

    assert list(source.classes) == [LabelledClass(0, "cat", None, "animal"), LabelledClass(1, "dog", "n2", "animal")]
    assert source.labels_are_outputs is None


def test_bare_numbers_are_the_models_outputs(save: Save) -> None:
    source = open_images(str(save({"image": _encode_pictures(RED, BLUE), "label": [7, 3]})))

    assert list(source.classes) == [LabelledClass(3, "3"), LabelledClass(7, "7")]
    assert source.labels_are_outputs is True


def test_files_are_embedded_and_transparency_is_laid_over_the_background(save: Save, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode_picture((9, 9, 9, 0), mode="RGBA"))
    folder = save({"image": [str(tmp_path / "a.png")], "label": ["a"]})
    (tmp_path / "a.png").unlink()
    source = open_images(str(folder))

    assert source.load(source.images[0], (1, 2, 3)).getcolors() == [(64, (1, 2, 3))]


def test_a_row_without_an_image_is_unreadable(save: Save) -> None:
    source = open_images(
        str(save({"image": [*_encode_pictures(RED), None, {"bytes": b"text", "path": None}], "label": ["a", "a", "a"]}))
    )

    for image, reason in ((source.images[1], "has no bytes"), (source.images[2], "is no image that Pillow knows")):
        with pytest.raises(UnreadableImage, match=reason):
            source.load(image)


def test_the_fingerprint_follows_content_and_limit(save: Save) -> None:
    columns = {"image": _encode_pictures(RED, BLUE), "label": ["a", "a"]}
    folder = save(columns)
    original = open_images(str(folder)).fingerprint()

    assert open_images(str(folder)).fingerprint() == original
    assert open_images(str(folder), 1).fingerprint() != original


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": ["a"], "width": [8]}, "has no column of images; its columns are label, width"),
        ({"image": _encode_pictures(RED), "width": [8]}, "has no column of labels; its columns are image, width"),
        ({"image": _encode_pictures(RED), "label": [0.5]}, "has no column of labels"),
        ({"image": _encode_pictures(RED, BLUE), "label": ["a", None]}, "row 1, has no label"),
        ({"image": _encode_pictures(RED, BLUE), "label": [3, -1]}, "row 1, has the label -1, which stands for none"),
        (
            {"image": _encode_pictures(RED, BLUE), "label": ["a", "a"], "group": ["b", "c"]},
            "gives the class a the group b in row 0 and c in row 1",
        ),
    ],
)
def test_datasets_that_cannot_be_right(save: Save, columns: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_images(str(save(columns)))


def test_two_columns_of_labels(save: Save) -> None:
    kind = datasets.ClassLabel(names=["a"])
    folder = save({"image": _encode_pictures(RED), "fine": [0], "coarse": [0]}, fine=kind, coarse=kind)

    with pytest.raises(InputError, match="several columns of labels: fine, coarse"):
        open_images(str(folder))


def test_a_dictionary_of_splits(save: Save, tmp_path: Path) -> None:
    split = datasets.Dataset.from_dict({"label": ["a"]})
    datasets.DatasetDict({"train": split, "test": split}).save_to_disk(str(tmp_path / "both"))

    with pytest.raises(InputError, match=r"a dictionary of splits: test, train\. Name one of them: .*both/test"):
        open_images(str(tmp_path / "both"))


def test_a_damaged_dataset(save: Save) -> None:
    folder = save({"image": _encode_pictures(RED), "label": ["a"]})
    (folder / "state.json").write_text("{")

    with pytest.raises(InputError, match="Save the dataset again"):
        open_images(str(folder))


def test_without_the_library(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save({"image": _encode_pictures(RED), "label": ["a"]})
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(InputError, match=r"pip install 'summit-dash\[precompute,huggingface\]'"):
        open_images(str(folder))
