"""The comparison as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from precompute.explanations.quality import Measurement
from precompute.explanations.quality_plot import draw_comparison
from precompute.explanations.quality_table import summarize


def test_one_value_alone_has_an_axis() -> None:
    table = summarize([Measurement("gradient", "randomisation", (0.0,))])
    root = ElementTree.fromstring(draw_comparison(table, {}))
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert texts == ["gradient", "Sameness after randomisation", "n = 1", "-0.5", "0.5"]


def test_marks_lie_within_their_panels() -> None:
    measured = [Measurement(name, "selectivity", values) for name, values in [("a", (0.2, 0.9)), ("edges", (0.4, 0.5))]]
    root = ElementTree.fromstring(draw_comparison(summarize(measured), {}))
    width = float(root.attrib["width"])
    circles = [float(element.attrib["cx"]) for element in root.iter() if element.tag.endswith("circle")]
    assert len(circles) == 2
    assert all(190 <= x <= width for x in circles)
