"""The demo as an image source among others."""

from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from precompute.datasets.sources.open import open_images


def test_the_demo_draws_as_many_images_as_it_is_told() -> None:
    source = open_images("demo", limit_per_class=2)

    assert len(source.images) == 2 * len(source.classes)
    assert source.labels_are_outputs is True
    assert source.load(source.images[0]).mode == "RGB"


def test_more_images_than_the_demo_can_number() -> None:
    with pytest.raises(InputError, match="9999"):
        open_images("demo", limit_per_class=10_000)
