from __future__ import annotations

from summit_dash.figures.channel_use import build_channel_use_figure
from summit_dash.figures.look import ACCENTS

USES = [
    {"n_channels": 3, "place": [0, 1, 2], "count": [8, 4, 0], "by_none": 1, "by_most": 1},
    {"n_channels": 1, "place": [0], "count": [2], "by_none": 0, "by_most": 0},
]


def test_a_curve_for_each_layer_over_the_share_of_its_channels() -> None:
    figure = build_channel_use_figure(["stem", "head"], USES, n_classes=8)
    stem, head = figure.data
    assert (stem.name, list(stem.x), list(stem.y)) == ("stem", [0, 0.5, 1], [8, 4, 0])
    assert (head.name, list(head.x), list(head.y)) == ("head", [0], [2])
    assert "1 of 3 channels are used by more than half of the classes" in stem.hovertext[0]
    assert list(figure.layout.yaxis.ticktext) == ["0", "4", "8"]


def test_the_marked_layer_lies_on_top_in_the_accent() -> None:
    figure = build_channel_use_figure(["stem", "head"], USES, n_classes=8, marked="stem", theme="dark")
    assert [curve.name for curve in figure.data] == ["head", "stem"]
    assert figure.data[1].line.color == ACCENTS["dark"]
