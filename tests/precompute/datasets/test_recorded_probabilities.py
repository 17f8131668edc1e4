"""The probabilities that a run recorded of its images, beside those of now."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from precompute.datasets.recorded_probabilities import read_probability, require_recorded

NAN = float("nan")


def test_the_probability_of_an_image_is_that_of_the_table(small_run: Path) -> None:
    rows = read_table(small_run, "images").to_pylist()
    for row in rows[:5]:
        expected = (row["class_id"], row["path"], row["true_probability"])
        assert read_probability(small_run, row["image_id"]) == expected
    with pytest.raises(InputError, match="There is no image 1000"):
        read_probability(small_run, 1000)


def test_another_precision_is_no_other_model() -> None:
    require_recorded(["a", "b", "c"], [0.52, 0.9, NAN], [0.5, NAN, NAN])


@pytest.mark.parametrize("now", [0.9, NAN])
def test_another_probability_names_the_image_and_what_to_do(now: float) -> None:
    with pytest.raises(InputError, match=r"b has another content by now, or the model has changed") as caught:
        require_recorded(["a", "b"], [0.5, now], [0.5, 0.3])
    assert "--images" in caught.value.fix and "--" not in str(caught.value.write_for_page())
