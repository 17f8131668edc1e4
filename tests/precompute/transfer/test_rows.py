from __future__ import annotations

import numpy as np
import pytest

from precompute.contract.labelled import LabelledClass
from precompute.transfer.heads import HeldOut
from precompute.transfer.rows import build_class_rows, build_cut_row, build_fold_rows, build_prediction_columns
from precompute.transfer.training import Task

KEY = {"model": "net", "cut": "layer1", "cut_index": 0}
CUT = {"n_channels": 5, "height": 4, "width": 3, "parameters": 100, "multiply_adds": 1000, "milliseconds": 0.5}
TASK = Task(np.array([0, 2, 3, 7]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), 2)
FOUND = HeldOut(np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.5, 0.5]], np.float32), np.array([1.0, 0.1]), -0.2)
CLASSES = [LabelledClass(3, "ant"), LabelledClass(8, "bee")]


@pytest.mark.parametrize(("pooling", "n_features"), [("mean", 5), ("max", 5), ("both", 10)])
def test_the_costs_of_a_cut_include_its_head(pooling: str, n_features: int) -> None:
    row = build_cut_row(KEY, CUT, pooling, FOUND, TASK)
    assert row["parameters"] == 100 + (n_features + 1) * 2
    assert row["multiply_adds"] == 1000 + n_features * 2
    assert (row["n_images"], row["accuracy"], row["logme"]) == (4, 0.5, -0.2)
    assert row["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.5]).mean(), rel=1e-5)


def test_rows_of_folds_and_classes_are_of_their_images() -> None:
    assert [(row["n_images"], row["accuracy"], row["penalty"]) for row in build_fold_rows(KEY, FOUND, TASK)] == [
        (2, 1.0, 1.0), (2, 0.0, 0.1)
    ]  # fmt: skip
    rows = build_class_rows(KEY, FOUND, TASK, CLASSES)
    assert [(row["class_id"], row["n_images"], row["accuracy"]) for row in rows] == [(3, 2, 0.5), (8, 2, 0.5)]


def test_predictions_name_images_and_classes_as_the_source_does() -> None:
    columns = build_prediction_columns(KEY, FOUND, TASK, CLASSES)
    assert columns["image_id"].tolist() == [0, 2, 3, 7]
    assert columns["class_id"].tolist() == [3, 3, 8, 8]
    assert columns["predicted_class_id"].tolist() == [3, 8, 8, 3]
    np.testing.assert_allclose(columns["true_probability"], [0.9, 0.4, 0.8, 0.5], rtol=1e-6)
