"""Labelled files: their order, their numbers and their names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from precompute.contract.labelled import LabelledClass, LabelledImage
from precompute.datasets.sources.files import FileImages, LabelledFile, read_size_and_time, take_first, to_printable

DOG, CAT = LabelledClass(1, "dog"), LabelledClass(0, "cat")


def test_files_are_sorted_by_class_and_path_and_numbered_after_the_limit() -> None:
    files = [LabelledFile(1, "b"), LabelledFile(0, "z"), LabelledFile(1, "a"), LabelledFile(0, "c")]

    source = FileImages.from_files(Path("pets"), [DOG, CAT], files, limit_per_class=1)

    assert source.classes == (CAT, DOG) and source.n_labels == 2
    assert source.images == (LabelledImage(0, 0, "c"), LabelledImage(1, 1, "a"))
    assert (source.labels_are_outputs, list(source.stories)) == (None, [])


@pytest.mark.parametrize(("limit", "expected"), [(None, "abcde"), (1, "ab"), (2, "abcd"), (9, "abcde")])
def test_a_limit_takes_the_first_of_each_class(limit: int | None, expected: str) -> None:
    files = [LabelledFile(class_id, name) for name, class_id in zip("abcde", (0, 1, 0, 1, 0), strict=True)]

    assert "".join(file.relative for file in take_first(files, limit)) == expected


def test_a_name_that_is_no_utf8_is_shown_escaped() -> None:
    assert to_printable(os.fsdecode(b"caf\xe9")) == r"caf\xe9"
    assert to_printable("caf\u00e9") == "caf\u00e9"


def test_a_missing_file_has_neither_size_nor_time(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    os.utime(tmp_path / "a", ns=(0, 5_000))

    assert read_size_and_time(tmp_path / "a") == (3, 5_000)
    assert read_size_and_time(tmp_path / "b") == (-1, -1)
    assert read_size_and_time(Path("a\0b")) == (-1, -1)


def test_the_fingerprint_follows_every_field_of_a_class(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    variants = [LabelledClass(0, "cat"), LabelledClass(0, "cat", "n1"), LabelledClass(0, "cat", None, "pet"), DOG]

    found = {FileImages.from_files(tmp_path, [c], [LabelledFile(c.class_id, "a")]).fingerprint() for c in variants}

    assert len(found) == 4
