"""The demo's scenes as a labelled image set."""

import subprocess
import sys

import pytest

from precompute.demo.images import DemoImages
from precompute.demo.scenes import CLASS_IDS, CLASSES, DISCRIMINABLE


def test_drawing_needs_no_torch() -> None:
    code = "import sys, precompute.demo.images; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_images_are_sorted_and_load() -> None:
    source = DemoImages(images_per_class=3)
    assert [image.image_id for image in source.images] == list(range(3 * len(CLASSES)))
    assert source.images == tuple(sorted(source.images, key=lambda image: (image.class_id, image.path)))
    image = source.images[3 * CLASS_IDS["black bear"] + 2]
    assert image.path == "demo/black bear/0002"
    assert source.load(image).size == (96, 96)
    assert source.draw_scene(image).class_id == image.class_id


def test_splits_and_bears_show_different_scenes() -> None:
    held_out, train = DemoImages(4), DemoImages(4, "train")
    assert held_out.fingerprint() == DemoImages(4).fingerprint()
    assert len({held_out.fingerprint(), train.fingerprint(), DemoImages(5).fingerprint()}) == 3
    for class_id in (0, DISCRIMINABLE.class_a):
        first = [source.load(source.images[4 * class_id]).tobytes() for source in (held_out, train)]
        assert first[0] != first[1]
    black, brown = (held_out.draw_scene(held_out.images[4 * c]) for c in (DISCRIMINABLE.class_a, DISCRIMINABLE.class_b))
    assert black.parts != brown.parts


@pytest.mark.parametrize(("count", "split"), [(0, "train"), (5, "test")])
def test_impossible_image_sets_are_refused(count: int, split: str) -> None:
    with pytest.raises(ValueError, match="found"):
        DemoImages(count, split)  # type: ignore[arg-type]
