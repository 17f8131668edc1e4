"""Figures of cuts: one line with its band for each model, the front by cost, filled points within a standard error."""

from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.figures.transfer import AXES, build_cuts, build_layers, build_training_parts, find_front
from summit_dash.run.transfer_store import Row, TransferStore
from tests.support.transfer_result import write_transfer_result


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    return TransferStore(write_transfer_result(tmp_path_factory.mktemp("results") / "photos")).cuts


def test_every_model_has_a_line_and_a_band_and_points_know_their_rows(rows: list[Row]) -> None:
    for axis in AXES:
        figure = build_cuts(rows, axis, "dark")
        lines = [trace for trace in figure.data if trace.customdata is not None]
        assert [line.name for line in lines] == ["large", "small"]
        for line in lines:
            assert list(line.y) == [rows[place]["accuracy"] for place in line.customdata]
        assert sum(trace.fill == "toself" for trace in figure.data) == 2
        assert sum(trace.name == "Pareto front" for trace in figure.data) == (axis != "depth")


def test_depth_is_relative_among_models_and_named_by_layers_in_one(rows: list[Row]) -> None:
    both = build_cuts(rows, "depth", "light")
    assert list(both.data[1].x) == [0, 0.5, 1]
    one = build_cuts([row for row in rows if row["model"] == "small"], "depth", "light")
    assert list(one.layout.xaxis.ticktext) == ["low", "middle", "high"]


def test_a_model_with_one_cut_has_a_whisker(rows: list[Row]) -> None:
    figure = build_cuts(rows[:1], "parameters", "light")
    assert figure.data[-1].error_y.array[0] == pytest.approx(rows[0]["ci_high"] - rows[0]["accuracy"])


def test_the_front_is_equal_to_the_definition(rows: list[Row]) -> None:
    for cost in ("parameters", "milliseconds"):
        expected = [
            place for place, row in enumerate(rows)
            if not any(
                other[cost] <= row[cost] and other["accuracy"] >= row["accuracy"] and other is not row for other in rows
            )
        ]  # fmt: skip
        assert sorted(find_front(rows, cost)) == expected


def test_layers_of_a_run_have_names_and_intervals() -> None:
    rows = [
        {"layer": name, "accuracy": 0.5, "ci_low": 0.4, "ci_high": 0.6, "n_images": 90} for name in ("conv1", "conv2")
    ]
    figure = build_layers(rows, "light")
    assert figure.data[-1].hovertext[1] == "conv2<br>50.0 % [40.0, 60.0], n = 90"
    with pytest.raises(InputError, match="light or dark"):
        build_layers(rows, "grey")


def test_a_training_of_few_epochs_has_no_ticks_between_them() -> None:
    layout = build_training_parts("dark")["layout"]
    assert all(layout[axis]["autorangeoptions"]["include"] >= 4 for axis in ("xaxis", "xaxis2"))
