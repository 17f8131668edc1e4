from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.writing import write_table
from precompute.datasets.reopening import open_again, record_place
from precompute.datasets.sources.open import open_images


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("bark/0.png", "bark/1.png", "moss/0.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(path)
    return tmp_path / "photos"


@pytest.fixture
def run(photos: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    images = open_images(str(photos), 1).images
    columns: dict[str, Any] = {
        name: [getattr(image, name) for image in images] for name in ("image_id", "class_id", "path")
    }
    n = len(images)
    unread = {"predicted_class_id": [0] * n, "predicted_probability": [1.0] * n, "true_probability": [None] * n}
    write_table(folder, "images", columns | unread)
    return folder


def build_manifest(photos: Path) -> dict[str, Any]:
    return {"dataset": record_place(str(photos), 1, False)}


def test_the_same_images_are_opened_with_the_same_limit(photos: Path, run: Path) -> None:
    source = open_again(run, build_manifest(photos))
    assert [image.path for image in source.images] == ["bark/0.png", "moss/0.png"]


def test_the_place_is_absolute_and_the_demo_stays_a_name(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos.parent)
    assert record_place("photos", None, True) == {"source": str(photos), "limit_per_class": None, "allow_outside": True}
    assert record_place("demo", None, False)["source"] == "demo"


def test_moved_images_are_named(photos: Path, run: Path) -> None:
    moved, manifest = photos.with_name("moved"), build_manifest(photos)
    photos.rename(moved)
    with pytest.raises(InputError) as caught:
        open_again(run, manifest)
    assert str(photos) in caught.value.found
    assert caught.value.fix == "Name where they are now: --images IMAGES."
    assert len(open_again(run, manifest, str(moved)).images) == 2


def test_other_images_are_refused(photos: Path, run: Path) -> None:
    (photos / "bark" / "0.png").rename(photos / "bark" / "2.png")
    with pytest.raises(InputError) as caught:
        open_again(run, build_manifest(photos))
    assert caught.value.found == f"bark/0.png is not image 0 of class 0 in {photos}."


@pytest.mark.parametrize(
    ("manifest", "found"),
    [({"imported": {}}, "This run was imported"), ({"dataset": {}}, "This run was made by an earlier version")],
)
def test_runs_that_know_no_place_say_so(run: Path, manifest: dict[str, Any], found: str) -> None:
    with pytest.raises(InputError) as caught:
        open_again(run, manifest)
    assert caught.value.found.startswith(found)
