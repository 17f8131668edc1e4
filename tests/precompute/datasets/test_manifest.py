"""A manifest: a .csv with one row per image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from precompute.datasets.open import open_images
from precompute.datasets.source import ImageSource, LabelledClass, UnreadableImage
from precompute.errors import InputError

Open = Callable[[str | bytes], ImageSource]


@pytest.fixture
def open_text(tmp_path: Path) -> Open:
    """Opens a manifest of the given text beside the images a.png to d.png."""
    for name in "abcd":
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")

    def open_text(text: str | bytes) -> ImageSource:
        path = tmp_path / "labels.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return open_images(str(path))

    return open_text


def test_ids_of_the_manifest_are_the_models_outputs(open_text: Open) -> None:
    source = open_text(
        "path,class_id,synset,class_name\nb.png,517,n03126707,crane\na.png,134,n02012849,crane\nc.png,134,n02012849,crane\n"
    )

    assert source.labels_are_outputs is True
    assert list(source.classes) == [
        LabelledClass(134, "crane", "n02012849"),
        LabelledClass(517, "crane", "n03126707"),
    ]
    assert [(i.image_id, i.class_id, i.path) for i in source.images] == [
        (0, 134, "a.png"),
        (1, 134, "c.png"),
        (2, 517, "b.png"),
    ]
    assert source.load(source.images[2]).size == (8, 8)


def test_without_ids_the_names_are_numbered_in_order(open_text: Open) -> None:
    source = open_text("class_name,path,group\ndog,a.png,animals\ncat,b.png,animals\n")

    assert source.labels_are_outputs is None
    assert list(source.classes) == [LabelledClass(0, "cat", None, "animals"), LabelledClass(1, "dog", None, "animals")]


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfpath,class_name\r\na.png,cat\r\n",
        b' path , class_name \n"a.png","cat"\n\n',
        b"path,class_name,class_id\na.png,cat, 0 \n",
    ],
)
def test_what_spreadsheets_write_is_read(open_text: Open, text: bytes) -> None:
    assert list(open_text(text).classes) == [LabelledClass(0, "cat")]


def test_names_with_commas_and_any_letters(open_text: Open) -> None:
    assert (
        open_text('path,class_name\na.png,"tench, Tinca tinca 鯉"\n').classes[0].class_name == "tench, Tinca tinca 鯉"
    )


def test_a_path_that_is_no_utf8(open_text: Open, tmp_path: Path) -> None:
    try:
        (tmp_path / "a.png").rename(tmp_path / b"\xe9.png".decode("utf-8", "surrogateescape"))
    except OSError:
        pytest.skip("this file system accepts UTF-8 names only")

    source = open_text(b"path,class_name\n\xe9.png,cat\n")

    assert source.images[0].path == r"\xe9.png"
    assert source.load(source.images[0]).size == (8, 8)


def test_a_single_missing_file_is_found_when_decoding(open_text: Open) -> None:
    source = open_text("path,class_name\na.png,cat\nz.png,cat\n")

    source.fingerprint()
    with pytest.raises(UnreadableImage, match="does not exist"):
        source.load(source.images[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column path; its first line has nothing"),
        ("path,class\na.png,cat\n", r"has no column class_name; its first line has path, class\. Rename class to"),
        ("path;class_name\na.png;cat\n", "has no column path; .*separated by commas"),
        ("path,class_name\n", "has no rows"),
        ("path,path,class_name\na.png,a.png,cat\n", "has the column path twice"),
        ("path,class_name\na.png\n", "line 2, has 1 cells, the header 2"),
        ("path,class_name\na.png,cat,dog\n", "line 2, has 3 cells"),
        ("path,class_name\na.png, \n", "line 2, has no class_name"),
        ("path,class_name,class_id\na.png,cat,one\n", "line 2, has class_id 'one'"),
        ("path,class_name,class_id\na.png,cat,-1\n", "class_id '-1', which is no whole number"),
        ("path,class_name,class_id\na.png,cat,\n", "class_id ''"),
        ("path,class_name\na.png,cat\n./a.png,cat\n", r"a\.png in line 2 and line 3"),
        (
            "path,class_name,class_id\na.png,cat,0\nb.png,dog,0\n",
            "gives class_id 0 the class_name cat in line 2 and dog in line 3",
        ),
        (
            "path,class_name,synset\na.png,cat,n1\nb.png,cat,n2\n",
            "gives the class cat the synset n1 in line 2 and n2 in line 3",
        ),
        ("path,class_name\nx.png,cat\ny.png,cat\n", "None of the 2 files of"),
        ('path,class_name\n"a.png,cat\n', "unexpected end of data"),
        (b"path,class_name\na.png,caf\xe9\n", "line 2, has a class_name that is no UTF-8"),
        ("path,class_name\na.png,cat\n".encode("utf-16"), "is UTF-16 or no text"),
    ],
)
def test_a_manifest_that_cannot_be_right(open_text: Open, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_text(text)
