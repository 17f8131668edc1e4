from __future__ import annotations

import numpy as np
import pytest

from precompute.contract.nodes import Nodes
from precompute.contract.tables import SELECTIONS
from precompute.faithfulness.config import FaithfulnessConfig
from precompute.faithfulness.outcomes import Outcomes
from precompute.faithfulness.rows import build_edge_rows, build_rows, build_sufficient_rows
from precompute.faithfulness.trials import Trial

TRIALS = [
    Trial(0, "pagerank", "remove", (2, 0)),
    Trial(0, "pagerank", "keep", (2, 0)),
    Trial(0, "", "random", (2, 0), 0),
    Trial(0, "", "random", (2, 0), 1),
    Trial(None, "pagerank", "remove", (2, 3)),
    Trial(None, "", "random", (2, 3), 0),
]
OUTCOMES = Outcomes(
    np.array([[1, 0, 1, 1, 0, 0, 1], [1, 1, 1, 0, 0, 0, 1]], np.bool_),
    np.array([[-0.1, -2, -1, -0.5, -1.5, -4, -0.5], [-0.3, -1, -1, -1, -1, -6, -0.5]], np.float32),
)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    return build_rows(7, TRIALS, OUTCOMES, ["stem", "block"], SELECTIONS)


def find_row(rows: list[dict[str, object]], *key: object) -> dict[str, object]:
    names = ("layer", "selection", "intervention", "n_channels")
    (found,) = (row for row in rows if tuple(row[name] for name in names) == key)
    return found


def test_rows_are_sorted_and_random_is_there_for_both_selections(rows: list[dict[str, object]]) -> None:
    names = ("layer", "selection", "intervention", "n_channels")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("stem", "effect", "random", 2),
        ("stem", "pagerank", "keep", 2),
        ("stem", "pagerank", "random", 2),
        ("stem", "pagerank", "remove", 2),
        ("all", "effect", "random", 5),
        ("all", "effect", "remove", 0),
        ("all", "pagerank", "random", 5),
        ("all", "pagerank", "remove", 0),
        ("all", "pagerank", "remove", 5),
    ]
    assert {row["class_id"] for row in rows} == {7}


def test_accuracies_are_means_over_repeats_and_images(rows: list[dict[str, object]]) -> None:
    random = find_row(rows, "stem", "pagerank", "random", 2)
    assert (random["accuracy"], random["n_repeats"], random["n_images"]) == (0.25, 2, 2)
    assert random["mean_log_probability"] == pytest.approx(-1.0)
    assert find_row(rows, "stem", "pagerank", "remove", 2)["accuracy"] == 0.5
    assert find_row(rows, "all", "pagerank", "remove", 0)["accuracy"] == 1.0


def test_removing_is_compared_with_random_image_by_image(rows: list[dict[str, object]]) -> None:
    removed = find_row(rows, "stem", "pagerank", "remove", 2)
    assert removed["below_random"] == pytest.approx(((-1 + 2) + (-1 + 1)) / 2)
    assert (removed["below_random_low"], removed["below_random_high"]) == (0.0, 1.0)
    assert "below_random" not in find_row(rows, "stem", "pagerank", "keep", 2)


def test_one_image_has_no_interval_of_the_mean() -> None:
    one = Outcomes(OUTCOMES.is_right[:1], OUTCOMES.log_probability[:1])
    row = find_row(build_rows(7, TRIALS, one, ["stem", "block"], SELECTIONS), "all", "pagerank", "remove", 5)
    assert row["log_probability_low"] is None and row["below_random_low"] is None
    assert 0 < float(str(row["ci_high"])) < 1


def test_edges_have_a_row_for_each_layer_of_targets() -> None:
    nodes = Nodes([("stem", 2), ("block", 2), ("head", 1)])
    found = {
        "edges": np.array([[2, 0], [3, 1], [4, 2]]),
        "edge_effects": np.array([0.5, np.nan, 0.25]),
        "others": np.array([[2, 1], [3, 0]]),
        "other_effects": np.array([0.25, 0.75]),
        "is_right": np.ones((3, 1), bool),
    }
    block, head = build_edge_rows(7, found, nodes, FaithfulnessConfig(edge_images=2))
    assert block == {
        "class_id": 7, "layer": "block", "auc": 0.5, "mean_edge_effect": 0.5, "mean_other_effect": 0.5, "n_edges": 1,
        "n_others": 2, "n_images": 2,
    }  # fmt: skip
    assert head["layer"] == "head" and head["auc"] is None and head["mean_other_effect"] is None
    assert build_edge_rows(7, {}, nodes, FaithfulnessConfig()) == []


def test_a_smallest_graph_has_its_size_and_accuracy_with_interval() -> None:
    found = {"smallest_effect": np.array([[2, 3]]), "right_effect": np.array([True, True, False, True])}
    (row,) = build_sufficient_rows(7, found, FaithfulnessConfig(keep_accuracy=0.9))
    assert (row["selection"], row["n_channels"], row["accuracy"], row["n_images"]) == ("effect", 5, 0.75, 4)
    assert row["ci_low"] < 0.75 < row["ci_high"] and row["share"] == 0.9
