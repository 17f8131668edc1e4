"""The samples of one shard: keys, offsets and labels."""

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.datasets.labels.classes import Label
from precompute.datasets.sources.left_out import LeftOut
from precompute.datasets.sources.shard_index import Sample, build_compressed_error, read_samples
from tests.support.shards import encode_picture, write_shard

IMAGE = encode_picture()


def test_a_sample_has_the_offset_of_its_bytes(tmp_path: Path) -> None:
    path = write_shard(tmp_path / "a.tar", [("x/1.png", IMAGE), ("x/1.cls", "cat")])

    assert read_samples(path, LeftOut()) == [Sample("x/1", "x/1.png", 512, len(IMAGE), Label("member x/1.cls", "cat"))]
    assert path.read_bytes()[512 : 512 + len(IMAGE)] == IMAGE


def test_a_key_ends_at_the_first_dot_of_its_last_part(tmp_path: Path) -> None:
    path = write_shard(tmp_path / "a.tar", [("v1.0/a.png", IMAGE), ("v1.0/a.cls", "3"), ("v1.0/a.seg.png", IMAGE)])

    (sample,) = read_samples(path, LeftOut())

    assert (sample.key, sample.label.class_id) == ("v1.0/a", 3)


@pytest.mark.parametrize(
    ("cls", "json", "expected"),
    [
        ("cat", None, Label("member 1.cls", "cat")),
        ("7", '{"class_name": "cat"}', Label("member 1.cls", "cat", 7)),
        ("7", '{"class_id": 7}', Label("member 1.cls", None, 7)),
        (None, '{"label": "cat", "group": " pet "}', Label("member 1.json", "cat", None, None, "pet")),
        (None, '{"cls": 7, "label": null, "synset": "n1"}', Label("member 1.json", None, 7, "n1")),
    ],
)
def test_labels_of_both_files_together(tmp_path: Path, cls: str | None, json: str | None, expected: Label) -> None:
    labels = [(f"1.{kind}", text) for kind, text in (("cls", cls), ("json", json)) if text is not None]

    (sample,) = read_samples(write_shard(tmp_path / "a.tar", [("1.png", IMAGE), *labels]), LeftOut())

    assert sample.label == expected


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    path = write_shard(
        tmp_path / "a.tar", [("1.png", IMAGE), ("1.cls", "a"), ("._1.png", b""), ("__MACOSX/1.png", b"")]
    )
    left_out = LeftOut()

    assert len(read_samples(path, left_out)) == 1
    assert len(left_out.notes) == 2


def test_one_message_for_compressed_shards() -> None:
    assert "a.tgz is compressed (gzip). Decompress it first" in str(build_compressed_error(Path("a.tgz"), "gzip"))


def test_a_sign_before_a_number_is_no_class_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has class_id \+3 in 1\.cls"):
        read_samples(write_shard(tmp_path / "a.tar", [("1.png", IMAGE), ("1.cls", "+3")]), LeftOut())
