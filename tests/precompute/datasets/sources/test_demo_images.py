"""The demo as a source of images among others."""

from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from precompute.datasets.sources.open import open_images
from precompute.demo.stories import STORIES


def test_the_demo_draws_as_many_images_as_the_limit() -> None:
    source = open_images("demo", limit_per_class=2)

    assert len(source.images) == 2 * len(source.classes)
    assert source.labels_are_outputs is True
    assert source.load(source.images[0]).mode == "RGB"


def test_the_demo_has_fifty_images_of_each_class_and_its_stories() -> None:
    source = open_images("demo")

    assert len(source.images) == 50 * len(source.classes)
    assert tuple(source.stories) == STORIES


def test_more_images_than_the_demo_can_number() -> None:
    with pytest.raises(InputError, match="9999"):
        open_images("demo", limit_per_class=10_000)
