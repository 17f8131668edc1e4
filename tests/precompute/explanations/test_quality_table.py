"""The comparison as a table: means with n and interval, warnings, files, and a run's table."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest

from precompute.contract.schema import read_table
from precompute.explanations.quality import Measurement
from precompute.explanations.quality_plot import draw_comparison
from precompute.explanations.quality_table import QualityTable, summarize
from tests.support.sound_run import write_sound_run
from tests.support.validation import validate

MEASURED = [
    Measurement("edges", "selectivity", (0.5, 0.7)),
    Measurement("gradient", "selectivity", (0.4, math.nan)),
    Measurement("gradient", "selectivity_over_edges", (-0.2, math.nan)),
    Measurement("gradient", "randomisation", (0.9, 0.7)),
    Measurement("gradient", "selectivity", (0.6,)),
    Measurement("cam", "selectivity_over_edges", (-0.1, 0.3)),
    Measurement("cam", "error", (math.nan, math.nan)),
    Measurement("occlusion", "selectivity", (0.3,)),
]


@pytest.fixture
def table() -> QualityTable:
    return summarize(MEASURED)


def test_values_of_more_images_are_taken_together(table: QualityTable) -> None:
    row = table.find("gradient", "selectivity")
    assert row is not None
    assert (row.value, row.n_images) == (pytest.approx(0.5), 2)
    assert table.find("cam", "error") is None, "no image has a value"
    single = table.find("occlusion", "selectivity")
    assert single is not None
    assert (single.ci_low, single.ci_high, single.n_images) == (None, None, 1)


def test_a_reader_is_warned(table: QualityTable) -> None:
    assert table.warnings == {"gradient": ["does not depend on the model"], "cam": ["does not beat an edge detector"]}


def test_files_hold_the_rows(table: QualityTable) -> None:
    assert table.to_csv().splitlines()[0] == "method,metric,value,ci_low,ci_high,n_images"
    assert len(table.to_frame()) == len(table.rows) == 6
    content = json.loads(table.to_json())
    assert content["rows"][0]["method"] == "edges"
    assert set(content["metrics"]) == set(table.metrics)
    markdown = table.to_markdown({"gradient": "Gradient"})
    assert "| Gradient | 0.5 (0.4 to 0.6), n = 2 |" in markdown
    assert "| occlusion | 0.3, n = 1 |" in markdown


def test_a_run_with_the_table_is_sound(table: QualityTable, tmp_path: Path) -> None:
    run = write_sound_run(tmp_path)
    table.write(run)
    assert validate(run) == []
    rows = read_table(run, "explanation_quality").to_pylist()
    assert [row["method"] for row in rows] == ["cam", "edges", "gradient", "gradient", "gradient", "occlusion"]


def test_the_plot_has_a_mark_for_every_figure(table: QualityTable) -> None:
    root = ElementTree.fromstring(draw_comparison(table, {"gradient": "Gradient <x>"}))
    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert tags.count("circle") == 4, "differences are left out"
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert "Gradient <x>" in texts and "Edge detector" in texts
    assert "n = 1 to 2" in texts
    titles = [element.text for element in root.iter() if element.tag.endswith("title")]
    assert "gradient: 0.5 (0.4 to 0.6), n = 2" in titles
