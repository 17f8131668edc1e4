"""The config of the examples: the part of it that identifies a run."""

from __future__ import annotations

from dataclasses import replace

from precompute.examples.config import ExampleConfig


def test_the_look_of_crops_is_part_of_a_runs_identity() -> None:
    usual = ExampleConfig()
    assert replace(usual, size=64).identity() != usual.identity()
    assert replace(usual, quality=50).identity() != usual.identity()


def test_the_storage_of_whole_images_is_no_part_of_it() -> None:
    """Runs of earlier versions, which do not record it, can be resumed."""
    usual = ExampleConfig()
    assert replace(usual, crops_per_image=1, image_quality=60).identity() == usual.identity()
    assert usual.identity() == {"size": 128, "quality": 80}
