"""The counts of files that are left out, and the notes about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.datasets.sources.left_out import LeftOut, is_image, is_left_out


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".git", True),
        ("._1.png", True),
        ("__MACOSX", True),
        ("@EADIR", True),
        ("$Recycle.Bin", True),
        ("cat", False),
        ("a.b", False),
    ],
)
def test_hidden_names_and_those_of_systems_are_left_out(name: str, expected: bool) -> None:
    assert is_left_out(name) == expected


@pytest.mark.parametrize(("name", "expected"), [("a.PNG", True), ("a.b.jpeg", True), ("png", False), (".png", False)])
def test_an_image_is_known_by_its_ending(name: str, expected: bool) -> None:
    assert is_image(name) == expected


def test_nothing_counted_is_nothing_said() -> None:
    left_out = LeftOut()
    left_out.add_file(".DS_Store")
    left_out.add_file("readme.txt", outside=True)

    assert left_out.notes == ()


def test_one_file_of_each_kind() -> None:
    left_out = LeftOut()
    left_out.add_file(".a.png")
    left_out.add_file("a.heic")
    left_out.add_file("b.png", outside=True)
    left_out.add_member("x/@eaDir/c.png")
    left_out.add_member("x/._d.png")

    assert left_out.notes == (
        "Left out 1 image in folders that are hidden or made by a system: @eaDir (1).",
        "Left out 2 hidden files with the name of an image.",
        "Left out 1 file that Pillow reads no images from here: .heic (1).",
        "Left out 1 image outside of the folders of classes.",
    )


def test_the_most_frequent_endings_are_named_first_and_at_most_eight() -> None:
    left_out = LeftOut()
    for number, letter in enumerate("abcdefghij"):
        for _ in range(number + 1):
            left_out.add_file(f"x.{letter}{letter}")

    (note,) = left_out.notes

    assert note.startswith("Left out 55 files") and ": .jj (10), .ii (9)," in note
    assert note.endswith(".cc (3) and 2 more.")


def test_a_folder_counts_its_images_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / ".cache/deep").mkdir(parents=True)
    for name in (".cache/1.png", ".cache/deep/2.jpg", ".cache/notes.txt"):
        (tmp_path / name).touch()
    left_out = LeftOut()

    left_out.add_folder(tmp_path / ".cache")

    assert left_out.notes == ("Left out 2 images in folders that are hidden or made by a system: .cache (2).",)
