"""The interface of image sources: every source has all of it."""

from pathlib import Path

import pytest

from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images
from tests.support.shards import encode_picture, write_shard


@pytest.fixture(params=["demo", "folder", "manifest", "shards"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> ImageSource:
    """A source of each kind that needs no further library."""
    (tmp_path / "pets/cat").mkdir(parents=True)
    (tmp_path / "pets/cat/1.png").write_bytes(encode_picture())
    (tmp_path / "pets.csv").write_text("path,class_name\npets/cat/1.png,cat\n")
    write_shard(tmp_path / "pets.tar", [("1.png", encode_picture()), ("1.cls", "cat")])
    specs = {
        "demo": "demo",
        "folder": tmp_path / "pets",
        "manifest": tmp_path / "pets.csv",
        "shards": tmp_path / "pets.tar",
    }
    return open_images(str(specs[request.param]), 1)


def test_a_source_numbers_its_images_and_describes_itself(source: ImageSource) -> None:
    assert [image.image_id for image in source.images] == list(range(len(source.images)))
    assert {image.class_id for image in source.images} == {labelled.class_id for labelled in source.classes}
    assert source.name and source.n_labels >= len(source.classes)
    assert list(source.notes) == []
    assert source.load(source.images[0], (1, 2, 3)).mode == "RGB"


def test_a_fingerprint_is_64_hexadecimal_digits_and_the_same_again(source: ImageSource) -> None:
    assert len(bytes.fromhex(source.fingerprint())) == 32
    assert source.fingerprint() == source.fingerprint()


def test_only_the_demo_has_stories(source: ImageSource) -> None:
    assert len(source.stories) == (2 if source.name == "Summit Dash scenes" else 0)
