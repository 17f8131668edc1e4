"""The layers and branches of InceptionV1."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.import_summit.inception import INCEPTION, LAYERS
from tests.support.published import import_folder, read_rows


def test_the_layers_are_those_of_the_network_that_summit_looked_at(folder: Path) -> None:
    out = import_folder(folder)
    names = ["mixed3a", "mixed3b", "mixed4a", "mixed4b", "mixed4c", "mixed4d", "mixed4e", "mixed5a", "mixed5b"]
    sizes = [256, 480, 508, 512, 512, 528, 832, 832, 1024]
    assert read_rows(out, "layers", ["layer", "layer_index", "n_channels"]) == [
        (name, i, n) for i, (name, n) in enumerate(zip(names, sizes, strict=True))
    ]
    for layer in INCEPTION:
        branches = [layer.find_branch(channel) for channel in range(layer.n_channels)]
        assert tuple(branches.count(b) for b in ("1x1", "3x3", "5x5", "pool")) == layer.widths


@pytest.mark.parametrize(
    ("channel", "branch"),
    [(0, "1x1"), (127, "1x1"), (128, "3x3"), (319, "3x3"), (320, "5x5"), (415, "5x5"), (416, "pool"), (479, "pool")],
)
def test_the_branches_of_mixed3b_begin_where_the_widths_say(channel: int, branch: str) -> None:
    assert INCEPTION[LAYERS["mixed3b"]].find_branch(channel) == branch


def test_a_bottleneck_is_that_of_its_branch() -> None:
    layer = INCEPTION[LAYERS["mixed4d"]]

    assert (layer.count_bottleneck("3x3"), layer.count_bottleneck("5x5")) == (144, 32)


def test_sides_and_strides_fit_pictures_of_224_pixels() -> None:
    for layer in INCEPTION:
        assert layer.side * layer.stride == 224
    fields = [layer.receptive_field for layer in INCEPTION]
    assert fields == sorted(set(fields)), "each layer sees more than the one before"
