from __future__ import annotations

import pytest

from summit_dash.run.layer_names import shorten_layer_names


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["mixed3a", "mixed3b", "mixed4a"], ["3a", "3b", "4a"]),
        (["layer1.0", "layer1.1", "layer2.0"], ["1.0", "1.1", "2.0"]),
        (["conv1", "layer1"], ["conv1", "layer1"]),
        (["features.3", "features.30"], ["3", "30"]),
        (["only"], ["only"]),
    ],
)
def test_names_lose_the_beginning_that_all_share(names: list[str], short: list[str]) -> None:
    assert shorten_layer_names(names) == short
