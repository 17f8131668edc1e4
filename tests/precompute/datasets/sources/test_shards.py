"""WebDataset shards: what they may look like, and what is refused with the shard and the place."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass, LabelledImage, UnreadableImage
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images
from precompute.datasets.sources.shards import ShardImages
from tests.support.shards import encode_picture, write_shard

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Two shuffled shards of named classes."""
    folder = tmp_path / "pets"
    write_shard(
        folder / "train-0000.tar",
        [
            ("b.png", encode_picture(RED)),
            ("b.cls", "dog\n"),
            ("x/d.jpeg", encode_picture(BLUE, "JPEG")),
            ("x/d.cls", "cat"),
        ],
    )
    write_shard(
        folder / "train-0001.tar",
        [
            ("c.cls", "cat"),
            ("c.webp", encode_picture(BLUE, "WEBP")),
            ("./a.PNG", encode_picture(RED)),
            ("./a.cls", "dog"),
        ],
    )
    return folder


def test_images_are_sorted_by_class_and_name_wherever_they_lie(shards: Path) -> None:
    source: ImageSource = open_images(str(shards))

    assert source.name == "pets"
    assert list(source.classes) == [LabelledClass(0, "cat"), LabelledClass(1, "dog")]
    assert list(source.images) == [
        LabelledImage(0, 0, "c.webp"),
        LabelledImage(1, 0, "x/d.jpeg"),
        LabelledImage(2, 1, "a.PNG"),
        LabelledImage(3, 1, "b.png"),
    ]
    assert (source.labels_are_outputs, source.n_labels) == (None, 2)
    assert source.load(source.images[3]).getcolors() == [(64, RED)]
    assert source.load(source.images[2]).getcolors() == [(64, RED)]


def test_what_systems_put_into_an_archive_is_left_out_and_said(tmp_path: Path) -> None:
    junk = [("__MACOSX/._a.png", b""), ("__MACOSX/x/b.png", b""), ("x/@eaDir/a.png/thumb.jpg", b""), ("x/.b.png", b"")]
    write_shard(tmp_path / "a.tar", [("a.png", encode_picture(RED)), *junk, ("a.cls", "dog")])

    source = open_images(str(tmp_path / "a.tar"))

    assert [image.path for image in source.images] == ["a.png"]
    assert source.notes == (
        "Left out 3 images in folders that are hidden or made by a system: __MACOSX (2), @eaDir (1).",
        "Left out 1 hidden file with the name of an image.",
    )


@pytest.mark.parametrize(
    "pattern",
    ["", "/*.tar", "/train-000?.tar", "/train-{0000..0001}.tar", "/train-{0001..0000}.tar", "/train-000{0,1}.tar"],
)
def test_every_way_to_name_shards(shards: Path, pattern: str) -> None:
    source = open_images(f"{shards}{pattern}")

    assert [image.path for image in source.images] == ["c.webp", "x/d.jpeg", "a.PNG", "b.png"]
    assert [source.load(image).size for image in source.images] == [(8, 8)] * 4


def test_one_shard_and_a_limit(shards: Path) -> None:
    assert [image.path for image in open_images(f"{shards}/train-0001.tar").images] == ["c.webp", "a.PNG"]
    assert [image.path for image in open_images(str(shards), 1).images] == ["c.webp", "a.PNG"]


def test_many_threads_read_the_same_shard(tmp_path: Path) -> None:
    colours = [(number, 255 - number, 7) for number in range(60)]
    write_shard(
        tmp_path / "a.tar",
        [m for i, c in enumerate(colours) for m in ((f"{i:03d}.png", encode_picture(c)), (f"{i:03d}.cls", "one"))],
    )
    source = open_images(str(tmp_path / "a.tar"))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda image: source.load(image).getpixel((0, 0)), source.images))

    assert found == colours


def test_numbers_are_the_models_outputs(tmp_path: Path) -> None:
    source = open_images(
        str(
            write_shard(
                tmp_path / "a.tar",
                [("1.png", encode_picture()), ("1.cls", "207"), ("2.png", encode_picture()), ("2.cls", b"7")],
            )
        )
    )

    assert list(source.classes) == [LabelledClass(7, "7"), LabelledClass(207, "207")]
    assert source.labels_are_outputs is True


@pytest.mark.parametrize(
    "label",
    [
        '{"class_id": 3, "class_name": "dog", "synset": "n1", "group": "animal"}',
        '{"label": 3, "class_name": "dog", "synset": "n1", "group": "animal", "width": 8}',
        '{"cls": "dog", "class_id": 3, "synset": "n1", "group": "animal"}',
        '{"label": "3", "cls": "dog", "synset": "n1", "group": "animal"}',
    ],
)
def test_json_carries_everything(tmp_path: Path, label: str) -> None:
    source = open_images(str(write_shard(tmp_path / "a.tar", [("1.png", encode_picture()), ("1.json", label)])))

    assert list(source.classes) == [LabelledClass(3, "dog", "n1", "animal")]
    assert source.labels_are_outputs is True


def test_cls_and_json_together(tmp_path: Path) -> None:
    members = [("1.png", encode_picture()), ("1.cls", "3"), ("1.json", '{"class_name": "dog", "group": "animal"}')]

    assert list(open_images(str(write_shard(tmp_path / "a.tar", members))).classes) == [
        LabelledClass(3, "dog", None, "animal")
    ]


def test_other_members_are_passed_over(tmp_path: Path) -> None:
    members = [
        ("1.png", encode_picture()),
        ("1.cls", "a"),
        ("1.txt", "a caption"),
        ("1.seg.png", encode_picture()),
        ("._1.png", b""),
    ]
    path = write_shard(tmp_path / "a.tar", members)
    with tarfile.open(path, "a") as tar:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)

    assert [image.path for image in open_images(str(path)).images] == ["1.png"]


def test_transparency_is_laid_over_the_background(tmp_path: Path) -> None:
    clear = encode_picture((9, 9, 9, 0), mode="RGBA")
    source = open_images(str(write_shard(tmp_path / "a.tar", [("1.png", clear), ("1.cls", "a")])))

    assert source.load(source.images[0], (1, 2, 3)).getcolors() == [(64, (1, 2, 3))]


def test_an_image_that_is_none_names_its_shard(tmp_path: Path) -> None:
    source = open_images(str(write_shard(tmp_path / "a.tar", [("1.png", "text"), ("1.cls", "a")])))

    with pytest.raises(UnreadableImage, match=r"is no image that Pillow knows \(in a\.tar\)"):
        source.load(source.images[0])


def test_a_shard_that_vanishes_or_shrinks(shards: Path) -> None:
    source = open_images(str(shards))
    before = source.fingerprint()
    os.truncate(shards / "train-0001.tar", 600)
    (shards / "train-0000.tar").unlink()

    with pytest.raises(UnreadableImage, match=r"train-0001\.tar has become shorter"):
        source.load(source.images[0])
    with pytest.raises(UnreadableImage, match=r"train-0000\.tar: No such file"):
        source.load(source.images[3])
    assert source.fingerprint() != before


def test_the_fingerprint_follows_shards_labels_and_limit(shards: Path) -> None:
    original = open_images(str(shards)).fingerprint()

    assert open_images(str(shards)).fingerprint() == original
    assert open_images(str(shards), 1).fingerprint() != original
    os.utime(shards / "train-0000.tar", ns=(0, 1))
    assert open_images(str(shards)).fingerprint() != original


def test_the_index_holds_no_images(tmp_path: Path) -> None:
    """A shard of many times more bytes than its index may take."""
    noise = os.urandom(2**20)
    path = write_shard(tmp_path / "a.tar", [m for i in range(8) for m in ((f"{i}.png", noise), (f"{i}.cls", "a"))])
    source = open_images(str(path))

    assert isinstance(source, ShardImages)
    assert [(m.size, m.offset % 512) for m in source.members] == [(2**20, 0)] * 8
    assert len(repr(source)) < 4096


def test_a_folder_of_classes_with_a_tar_beside_them_stays_a_folder_of_classes(shards: Path) -> None:
    (shards / "dog").mkdir()
    (shards / "dog" / "1.png").write_bytes(encode_picture())

    assert [image.path for image in open_images(str(shards)).images] == ["dog/1.png"]


# --- bad input ------------------------------------------------------------------------------------------------------

GOOD = [("1.png", encode_picture()), ("1.cls", "a"), ("2.png", encode_picture()), ("2.cls", "b")]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("1.png", encode_picture())], r"a\.tar has 1 image without a label, such as 1\.png\. Add 1\.cls"),
        ([*GOOD, ("3.cls", "a"), ("4.json", "{}")], r"has 2 labels without an image, such as 3\.cls"),
        ([*GOOD, ("1.jpg", encode_picture())], r"has two images of one key: 1\.png and 1\.jpg"),
        ([*GOOD, ("1.png", encode_picture())], r"has two images of one key: 1\.png and 1\.png"),
        ([*GOOD, ("1.cls", "a")], r"has two members 1\.cls"),
        ([], "holds no image with a label"),
        ([("1.heic", b"")], r"holds no image with a label; it has \.heic"),
        ([("1.png", encode_picture()), ("1.cls", " ")], r"has an empty label, 1\.cls"),
        ([("1.png", encode_picture()), ("1.cls", "-1")], r"has class_id -1 in 1\.cls"),
        ([("1.png", encode_picture()), ("1.cls", b"\xff")], r"has a 1\.cls that is no UTF-8"),
        ([("1.png", encode_picture()), ("1.cls", "x" * 2**21)], r"has a label of 2,097,152 bytes, 1\.cls"),
        ([("1.png", encode_picture()), ("1.json", "{")], r"has a 1\.json that is no JSON"),
        ([("1.png", encode_picture()), ("1.json", "[1]")], r"has a 1\.json that is no JSON object"),
        ([("1.png", encode_picture()), ("1.json", '{"caption": "a"}')], r"has no class in 1\.json"),
        ([("1.png", encode_picture()), ("1.json", '{"label": [1, 2]}')], r"has \[1, 2\] as label in 1\.json"),
        ([("1.png", encode_picture()), ("1.json", '{"class_id": 1.5}')], r"has class_id 1\.5 in 1\.json"),
        (
            [("1.png", encode_picture()), ("1.json", '{"class_name": 7}')],
            r"has class_name 7 in 1\.json, which is no text",
        ),
        (
            [("1.png", encode_picture()), ("1.cls", "3"), ("1.json", '{"class_id": 4}')],
            r"has class_id 3 in 1\.cls and 4 in 1\.json",
        ),
        (
            [*GOOD, ("3.png", encode_picture()), ("3.cls", "7")],
            r"gives class_id 7 in a\.tar, member 3\.cls and none in a\.tar",
        ),
        (
            [
                *[("1.png", encode_picture()), ("1.json", '{"class_id": 4, "class_name": "cat"}')],
                *[("2.png", encode_picture()), ("2.json", '{"class_id": 4, "class_name": "dog"}')],
            ],
            r"gives class_id 4 the class_name cat in a\.tar, member 1\.json and dog in a\.tar, member 2\.json",
        ),
    ],
)
def test_a_shard_that_cannot_be_right(tmp_path: Path, members: list[tuple[str, bytes | str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_images(str(write_shard(tmp_path / "a.tar", members)))


def test_a_cut_off_shard_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    path = write_shard(tmp_path / "a.tar", GOOD)
    whole = path.read_bytes()
    with tarfile.open(path) as tar:
        end = max(m.offset_data + 512 for m in tar.getmembers())
    assert len(whole) > end + 1024
    for length in range(1, end + 512, 131):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=rf"a\.tar is cut off at byte {length:,}"):
            open_images(str(path))
    path.write_bytes(whole[: end + 512])
    assert len(open_images(str(path)).images) == 2


def test_damage_in_the_middle_is_not_taken_for_the_end(tmp_path: Path) -> None:
    path = write_shard(tmp_path / "a.tar", GOOD)
    with tarfile.open(path) as tar:
        third = tar.getmembers()[2].offset
    content = bytearray(path.read_bytes())
    content[third : third + 20] = b"\xff" * 20
    path.write_bytes(content)

    with pytest.raises(InputError, match=rf"a\.tar is damaged at byte {third:,}"):
        open_images(str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", r"is empty \(0 bytes\)"), (b"this is text\n" * 100, "is no tar file"), (bytes(10240), "holds no image")],
)
def test_files_that_are_no_shards(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.tar").write_bytes(content)

    with pytest.raises(InputError, match=message):
        open_images(str(tmp_path / "a.tar"))


@pytest.mark.parametrize(("file", "spec"), [("a.tar.gz", "a.tar.gz"), ("a.tgz", ""), ("a.tar", ""), ("a.tgz", "*")])
def test_compressed_shards_are_refused(tmp_path: Path, file: str, spec: str) -> None:
    content = write_shard(tmp_path / "plain" / "a.tar", GOOD).read_bytes()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / file).write_bytes(gzip.compress(content))

    with pytest.raises(InputError, match=r"is compressed.*Decompress it first"):
        open_images(str(folder / spec))


def test_one_key_in_two_shards(tmp_path: Path) -> None:
    write_shard(tmp_path / "a.tar", GOOD)
    write_shard(tmp_path / "b.tar", GOOD)

    with pytest.raises(InputError, match=r"The key 1 is in a\.tar and in b\.tar"):
        open_images(str(tmp_path))


def test_a_link_in_place_of_an_image(tmp_path: Path) -> None:
    path = write_shard(tmp_path / "a.tar", GOOD)
    with tarfile.open(path, "a") as tar:
        link = tarfile.TarInfo("3.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link, io.BytesIO())

    with pytest.raises(InputError, match=r"has a link in place of an image: 3\.png"):
        open_images(str(path))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("train-{0000..0002}.tar", r"train-0002\.tar, and there is none"),
        ("test-*.tar", "and there is none"),
        ("train-{0000}.tar", r"Found \{0000\}"),
        ("train-{0..999999}.tar", "at most 100,000"),
        ("*", r"names .*notes\.txt, which is no \.tar"),
    ],
)
def test_patterns_that_name_nothing(shards: Path, pattern: str, message: str) -> None:
    (shards / "notes.txt").write_text("pets")

    with pytest.raises(InputError, match=message):
        open_images(f"{shards}/{pattern}")
