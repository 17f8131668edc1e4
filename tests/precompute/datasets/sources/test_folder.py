"""Folders with one subfolder per class, as a source of images."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass, LabelledImage, UnreadableImage
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images


def _save_image(path: Path, colour: tuple[int, int, int] = (255, 0, 0)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), colour).save(path)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two classes, one nested, with files that are to be passed over."""
    root = tmp_path / "pets"
    for name in ("dog/2.PNG", "dog/1.png", "cat/old/9.jpg", "cat/new/3.jpeg"):
        _save_image(root / name)
    _save_image(root / "cat/.hidden.png")
    _save_image(root / "cat/.thumbnails/1.png")
    _save_image(root / ".cache/1.png")
    (root / "dog/readme.txt").write_text("two dogs")
    return root


def test_classes_and_images_are_sorted_and_numbered(pets: Path) -> None:
    source: ImageSource = open_images(str(pets))

    assert source.name == "pets"
    assert list(source.classes) == [LabelledClass(0, "cat"), LabelledClass(1, "dog")]
    assert list(source.images) == [
        LabelledImage(0, 0, "cat/new/3.jpeg"),
        LabelledImage(1, 0, "cat/old/9.jpg"),
        LabelledImage(2, 1, "dog/1.png"),
        LabelledImage(3, 1, "dog/2.PNG"),
    ]
    assert source.labels_are_outputs is None
    assert source.load(source.images[2]).getpixel((0, 0)) == (255, 0, 0)


def test_a_limit_takes_the_first_of_each_class(pets: Path) -> None:
    images = open_images(str(pets), limit_per_class=1).images

    assert [(i.image_id, i.path) for i in images] == [(0, "cat/new/3.jpeg"), (1, "dog/1.png")]


def test_the_fingerprint_follows_files_labels_and_limit(pets: Path) -> None:
    def fingerprint(limit: int | None = None) -> str:
        return open_images(str(pets), limit).fingerprint()

    original = fingerprint()
    assert fingerprint() == original
    assert fingerprint(1) != original
    os.utime(pets / "dog/1.png", ns=(0, 1))
    touched = fingerprint()
    assert touched != original
    (pets / "dog").rename(pets / "wolf")
    assert fingerprint() != touched


def test_a_file_that_vanishes_is_unreadable_and_changes_the_fingerprint(pets: Path) -> None:
    source = open_images(str(pets))
    before = source.fingerprint()
    (pets / "dog/1.png").unlink()

    assert source.fingerprint() != before
    with pytest.raises(UnreadableImage, match="does not exist"):
        source.load(source.images[2])


def test_a_text_file_named_jpg_is_unreadable(pets: Path) -> None:
    (pets / "dog/0.jpg").write_text("not a dog")
    source = open_images(str(pets))

    with pytest.raises(UnreadableImage, match="no image that Pillow knows"):
        source.load(source.images[2])


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes on POSIX only")
def test_names_that_are_no_utf8_are_shown_escaped_and_can_be_loaded(pets: Path) -> None:
    folder = pets / os.fsdecode(b"\xe9t\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system accepts UTF-8 names only")
    (pets / "dog/1.png").rename(folder / os.fsdecode(b"\xff.png"))

    source = open_images(str(pets))

    assert source.classes[2].class_name == r"\xe9t\xe9"
    assert source.images[-1].path == r"\xe9t\xe9/\xff.png"
    assert source.load(source.images[-1]).size == (8, 8)
    source.fingerprint()


def test_linked_folders_are_followed_but_not_round_in_circles(pets: Path, tmp_path: Path) -> None:
    _save_image(tmp_path / "elsewhere/1.png")
    try:
        (pets / "fox").symlink_to(tmp_path / "elsewhere")
        (pets / "dog/again").symlink_to(pets / "dog")
    except OSError:
        pytest.skip("links are not allowed here")

    assert [i.path for i in open_images(str(pets)).images][2:] == ["dog/1.png", "dog/2.PNG", "fox/1.png"]


def test_one_name_with_two_endings_is_two_images(pets: Path) -> None:
    _save_image(pets / "dog/1.jpg")

    assert [i.path for i in open_images(str(pets)).images][2:] == ["dog/1.jpg", "dog/1.png", "dog/2.PNG"]


# --- what is left out, and said --------------------------------------------------------------------------------------


def test_what_is_no_image_of_a_class_is_counted_and_said(pets: Path) -> None:
    for name in (
        "@eaDir/1.jpg",
        "__MACOSX/dog/._1.jpg",
        "dog/.AppleDouble/1.jpg",
        "cat/@EADIR/old/5.jpg",
        "dog/._1.png",
    ):
        _save_image(pets / name)
    for name in ("dog/3.heic", "dog/4.HEIC", "cat/old/LICENSE", "cat/.DS_Store", "stray.csv", "$RECYCLE.BIN/x.dat"):
        (pets / name).parent.mkdir(exist_ok=True)
        (pets / name).touch()
    _save_image(pets / "stray.png")

    source = open_images(str(pets))

    assert [c.class_name for c in source.classes] == ["cat", "dog"]
    assert len(source.images) == 4
    assert source.notes == (
        "Left out 6 images in folders that are hidden or made by a system: .AppleDouble (1), .cache (1), "
        ".thumbnails (1), @EADIR (1), @eaDir (1), __MACOSX (1).",
        "Left out 2 hidden files with the name of an image.",
        "Left out 4 files that Pillow reads no images from here: .heic (2), .txt (1), LICENSE (1).",
        "Left out 1 image outside of the folders of classes.",
    )


def test_a_folder_of_nothing_else_has_nothing_to_say(tmp_path: Path) -> None:
    _save_image(tmp_path / "cat/1.png")
    (tmp_path / "cat/.DS_Store").touch()

    assert open_images(str(tmp_path)).notes == ()


def test_an_archive_unpacked_into_a_new_folder(pets: Path, tmp_path: Path) -> None:
    _save_image(tmp_path / "__MACOSX/._1.png")

    (note,) = (note for note in open_images(str(tmp_path)).notes if "class" in note)

    assert note == f"All images are of one class, pets. If cat, dog are the classes, name {pets}."


# --- bad input ------------------------------------------------------------------------------------------------------


def test_a_missing_folder_gets_the_nearest_sibling(pets: Path) -> None:
    with pytest.raises(InputError, match=r"pest does not exist\. Did you mean .*pets\?"):
        open_images(str(pets.parent / "pest"))


def test_a_missing_parent_is_said(pets: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere does not exist either"):
        open_images(str(pets / "nowhere" / "pets"))


def test_an_empty_class_is_named_with_what_it_holds(pets: Path) -> None:
    (pets / "eel").mkdir()
    (pets / "eel/1.heic").touch()

    with pytest.raises(InputError, match=r"The class folder .*eel \(one of 3\) holds no image\. It holds \.heic"):
        open_images(str(pets))


def test_a_folder_of_folders_of_shards(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "0.tar").touch()

    with pytest.raises(InputError, match=r"It holds \.tar.*To read its shards, name '.*train/\*\.tar'"):
        open_images(str(tmp_path))


def test_images_without_class_folders(tmp_path: Path) -> None:
    _save_image(tmp_path / "1.png")

    with pytest.raises(InputError, match=r"has no subfolders, but 1 image of its own.*class folders"):
        open_images(str(tmp_path))


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no subfolders\."):
        open_images(str(tmp_path))


def test_a_folder_that_a_manifest_describes(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").touch()

    with pytest.raises(InputError, match=r"Did you mean .*labels\.csv\?"):
        open_images(str(tmp_path))


@pytest.mark.parametrize("spec", ["", "labels.txt"])
def test_other_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.txt").touch()

    with pytest.raises(InputError, match=r"Images are a folder with one subfolder per class"):
        open_images(spec)


def test_a_limit_below_one(pets: Path) -> None:
    with pytest.raises(InputError, match="at least 1"):
        open_images(str(pets), limit_per_class=0)
