"""Counts on the demo equal the slow reference, every one of them."""

from __future__ import annotations

from precompute.demo.images import DemoImages
from precompute.models.sources.loading import ModelConfig, load_model
from tests.reference.networks import DEMO
from tests.support.counting import find_differences


def test_demo_counts_equal_the_reference() -> None:
    source = DemoImages(images_per_class=1)
    wrong, n_counts = find_differences(load_model(ModelConfig("demo")), source, list(source.images[::8]), DEMO)
    assert n_counts > 1500
    assert wrong == {}
