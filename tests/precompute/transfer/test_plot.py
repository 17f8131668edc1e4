from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from precompute.transfer.plot import draw_by_cost, draw_by_depth


def make(model: str, *figures: tuple[float, int]) -> list[dict[str, Any]]:
    return [
        {"model": model, "cut": f"a<{place}", "accuracy": accuracy, "ci_low": accuracy - 0.1,
         "ci_high": accuracy + 0.1, "multiply_adds": cost, "is_on_front": True, "is_within": place == 0,
         "is_advised": place == 0}
        for place, (accuracy, cost) in enumerate(figures)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [
        make("one", (0.5, 10)),
        make("one", (0.5, 10), (0.7, 1000)),
        make("one", (0.5, 10), (0.7, 10)) + make("two", (0.6, 3)),
    ],
    ids=["one cut", "one model", "two models"],
)
def test_every_cut_has_a_point_inside_the_picture(rows: list[dict[str, Any]]) -> None:
    for text in (draw_by_depth(rows), draw_by_cost(rows, "multiply_adds", "multiply-adds")):
        picture = ElementTree.fromstring(text)
        points = picture.findall(".//g")
        assert len(points) == len(rows)
        for point in points:
            circle = point.findall("circle")[-1]
            assert 40 < float(circle.get("cx", "0")) < 720 and 0 < float(circle.get("cy", "0")) < 340
        assert all("a<" in (title.text or "") for title in picture.findall(".//title"))


def test_a_better_cut_is_higher() -> None:
    picture = ElementTree.fromstring(draw_by_depth(make("one", (0.5, 1), (0.8, 2))))
    low, high = (float(g.findall("circle")[-1].get("cy", "0")) for g in picture.findall(".//g"))
    assert high < low
