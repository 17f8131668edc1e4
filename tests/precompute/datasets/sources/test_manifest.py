"""A manifest: a .csv or .parquet with one row per image."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass, UnreadableImage
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images

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
        b"path,class_name\n a.png\t, cat \n",
        b"path,class_name\na.png,cat,,\n",
        b'path, class_name\n"a.png", "cat"\n',
        b"path,class_name\r\n.\\a.png,cat\r\n",
        b"path,class_name\n..\\%s\\a.png ,cat\n",
    ],
)
def test_what_spreadsheets_and_windows_write_is_read(open_text: Open, tmp_path: Path, text: bytes) -> None:
    source = open_text(text.replace(b"%s", tmp_path.name.encode()))

    assert list(source.classes) == [LabelledClass(0, "cat")]
    assert source.images[0].path == "a.png" and source.load(source.images[0]).size == (8, 8)


@pytest.mark.skipif(os.name != "posix", reason="a backslash parts folders elsewhere")
@pytest.mark.parametrize("name", [" a.png", "a.png ", "x\\a.png"])
def test_a_file_that_has_just_the_name_that_is_written_goes_before(open_text: Open, tmp_path: Path, name: str) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / name, "PNG")

    source = open_text(f"path,class_name\n{name},cat\n")

    assert source.images[0].path == name and source.load(source.images[0]).size == (9, 9)


def test_names_with_commas_behind_blanks(open_text: Open) -> None:
    source = open_text('path,class_name\na.png, "tench, Tinca tinca"\nb.png,"tench, Tinca tinca"\n')

    assert [c.class_name for c in source.classes] == ["tench, Tinca tinca"]


@pytest.mark.parametrize("path", ["..\\x.png", " ../x.png ", "a\\..\\..\\x.png"])
def test_blanks_and_backslashes_lead_no_further_than_slashes(open_text: Open, path: str) -> None:
    with pytest.raises(InputError, match=r"line 2, leads out of it"):
        open_text(f"path,class_name\n{path},cat\n")


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (("10", "2", "0"), {"0": 0, "2": 2, "10": 10}),
        (("00", "01", "02"), {"00": 0, "01": 1, "02": 2}),
        (("1", "01", "2"), {"01": 0, "1": 1, "2": 2}),  # two would be class 1
        (("10", "2", "x"), {"10": 0, "2": 1, "x": 2}),
        (("1234567890", "2"), {"1234567890": 0, "2": 1}),
    ],
)
def test_classes_named_by_numbers_bear_them(open_text: Open, names: tuple[str, ...], ids: dict[str, int]) -> None:
    rows = [f"{file}.png,{name}" for file, name in zip("abcd", names, strict=False)]
    source = open_text("\n".join(["path,class_name", *rows]))

    assert {c.class_name: c.class_id for c in source.classes} == ids
    assert source.labels_are_outputs is None


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


# --- parquet --------------------------------------------------------------------------------------------------------

OpenColumns = Callable[[dict[str, object]], ImageSource]


@pytest.fixture
def open_columns(tmp_path: Path) -> OpenColumns:
    """Opens a .parquet of the given columns beside the images a.png to d.png."""
    for name in "abcd":
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")

    def open_columns(columns: dict[str, object]) -> ImageSource:
        pq.write_table(pa.table(columns), tmp_path / "labels.parquet")
        return open_images(str(tmp_path / "labels.parquet"))

    return open_columns


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
def test_a_parquet_says_what_a_csv_says(open_columns: OpenColumns, open_text: Open, kind: pa.DataType) -> None:
    columns = {
        "path": ["b.png", "a.png", "c.png"],
        "class_name": pa.array(["dog", "cat", "dog"], kind),
        "class_id": pa.array([7, 3, 7], pa.int16()),
        "synset": pa.array(["n2", None, "n2"], kind),
        "group": ["animal"] * 3,
        "width": [8.0, 8.0, 8.0],
    }

    source = open_columns(columns)

    assert list(source.classes) == [LabelledClass(3, "cat", None, "animal"), LabelledClass(7, "dog", "n2", "animal")]
    assert source.labels_are_outputs is True
    text = open_text(
        "path,class_name,class_id,synset,group\nb.png,dog,7,n2,animal\na.png,cat,3,,animal\nc.png,dog,7,n2,animal\n"
    )
    assert (text.classes, text.images) == (source.classes, source.images)
    assert text.fingerprint() == source.fingerprint()
    assert source.load(source.images[0]).size == (8, 8)


def test_a_parquet_without_ids_numbers_the_names(open_columns: OpenColumns) -> None:
    source = open_columns({"path": ["b.png", "a.png"], "class_name": ["dog", "cat"]})

    assert [(c.class_id, c.class_name) for c in source.classes] == [(0, "cat"), (1, "dog")]
    assert source.labels_are_outputs is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"path": ["a.png"], "class": ["cat"]}, r"has no column class_name; it has path, class\. Rename class to"),
        ({"path": ["a.png"], "class_name": [7]}, "The column class_name of .* is int64. Write text into it"),
        (
            {"path": ["a.png"], "class_name": ["cat"], "class_id": [1.0]},
            "class_id of .* is double. Write whole numbers",
        ),
        ({"path": ["a.png", None], "class_name": ["cat", "cat"]}, "row 2, has no path"),
        ({"path": ["a.png", "b.png"], "class_name": ["cat", " "]}, "row 2, has no class_name"),
        (
            {"path": ["a.png", "b.png"], "class_name": ["cat", "cat"], "class_id": [1, None]},
            "row 2, has class_id null, which is no whole number",
        ),
        ({"path": ["a.png"], "class_name": ["cat"], "class_id": [-1]}, "class_id -1, which is no whole number"),
        ({"path": ["a.png", "./a.png"], "class_name": ["cat", "cat"]}, "in row 1 and row 2"),
        (
            {"path": ["a.png", "b.png"], "class_name": ["cat", "dog"], "class_id": [1, 1]},
            "gives class_id 1 the class_name cat in row 1 and dog in row 2",
        ),
        ({"path": pa.array([], pa.string()), "class_name": pa.array([], pa.string())}, "has no rows"),
    ],
)
def test_a_parquet_that_cannot_be_right(open_columns: OpenColumns, columns: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_columns(columns)


def test_a_parquet_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "labels.parquet").write_text("path,class_name\n")

    with pytest.raises(InputError, match=r"labels\.parquet: .*Write the file again"):
        open_images(str(tmp_path / "labels.parquet"))


# --- paths that lead out of the folder ------------------------------------------------------------------------------


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    """A folder for a manifest, with an image in it and one beside it."""
    folder = tmp_path / "inner"
    folder.mkdir()
    for path in (tmp_path / "out.png", folder / "in.png"):
        Image.new("RGB", (8, 8)).save(path)
    return folder


def _write_manifest(folder: Path, *paths: object) -> str:
    (folder / "labels.csv").write_text("path,class_name\n" + "".join(f"{path},cat\n" for path in paths))
    return str(folder / "labels.csv")


@pytest.mark.parametrize("outside", ["../out.png", "sub/../../out.png", "..", "{tmp_path}/out.png"])
def test_paths_that_lead_out_are_refused_unless_allowed(inner: Path, outside: str) -> None:
    path = outside.format(tmp_path=inner.parent)
    manifest = _write_manifest(inner, "in.png", path)

    with pytest.raises(InputError, match=r"line 3, leads out of it: .*--allow-outside"):
        open_images(manifest)
    source = open_images(manifest, allow_outside=True)
    assert len(source.images) == 2
    if path.endswith("out.png"):
        assert [source.load(image).size for image in source.images] == [(8, 8)] * 2


def test_paths_that_stay_inside(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (8, 8)).save(inner / "..png", "PNG")
    manifest = _write_manifest(inner, inner / "in.png", "sub/../..png")
    monkeypatch.chdir(inner.parent)

    for name in (manifest, "inner/labels.csv"):
        source = open_images(name)
        assert [image.path for image in source.images] == ["..png", "in.png"]
        assert [source.load(image).size for image in source.images] == [(8, 8)] * 2


def test_a_link_may_point_out_and_the_folder_may_be_a_link(inner: Path) -> None:
    try:
        (inner / "link.png").symlink_to(inner.parent / "out.png")
        (inner.parent / "alias").symlink_to(inner)
    except OSError:
        pytest.skip("links are not allowed here")
    _write_manifest(inner, "link.png", inner / "in.png")

    source = open_images(str(inner.parent / "alias" / "labels.csv"))

    assert [image.path for image in source.images] == ["in.png", "link.png"]
    assert [source.load(image).size for image in source.images] == [(8, 8)] * 2


def test_one_file_by_two_names_is_found_outside_too(inner: Path) -> None:
    manifest = _write_manifest(inner, "../out.png", inner.parent / "out.png")

    with pytest.raises(InputError, match="in line 2 and line 3"):
        open_images(manifest, allow_outside=True)
