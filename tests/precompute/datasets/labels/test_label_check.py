"""The check of the labels by the predictions: it speaks for a better reading, and never by chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from precompute.contract.labelled import LabelledClass
from precompute.datasets.labels.label_check import Predictions, check_labels
from precompute.datasets.labels.label_outputs import Meaning, find_other_readings, read_meaning
from precompute.datasets.labels.output_match import ModelOutputs
from precompute.datasets.sources.files import FileImages

TWELVE = FileImages.from_files(Path("images"), [LabelledClass(i, str(i)) for i in range(12)], [])
TEXT = [sorted(map(str, range(12))).index(str(i)) for i in range(12)]


def predict(outputs: Sequence[int], n_images: int = 4) -> Predictions:
    """Builds the predictions of a model that takes every image of class i for output `outputs[i]`."""
    ids = np.repeat(np.arange(len(outputs), dtype=np.int32), n_images)
    return Predictions(ids, np.asarray(outputs, np.int32)[ids])


def check(found: Predictions, way: str = "auto", outputs: ModelOutputs | None = None) -> tuple[str, ...]:
    known = outputs or ModelOutputs(12)
    used = read_meaning(TWELVE, known, way)
    return check_labels(found, used, find_other_readings(TWELVE, known, used), known.number)


def test_images_that_are_right_say_nothing() -> None:
    assert check(predict(range(12))) == () and check(predict(TEXT), "text") == ()


def test_images_speak_for_the_other_order() -> None:
    (note,) = check(predict(TEXT))
    assert note == (
        "With --class-outputs text, 100% of the images would be right; as the labels are read now, 17% are."
    )
    (note,) = check(predict(range(12)), "text")
    assert "--class-outputs id, 100%" in note


def test_images_speak_for_an_order_that_nobody_name_classes() -> None:
    shuffled = np.random.default_rng(0).permutation(12).tolist()
    (note,) = check(predict(shuffled))
    assert note.startswith("With other outputs for the classes, 100% of the images would be right")
    assert "--output-names FILE" in note
    assert check(predict(shuffled), "id") == ()  # as a person said


@pytest.mark.parametrize("n_images", [1, 2, 8, 30])
def test_a_model_at_chance_or_of_one_answer_speaks_for_nothing(n_images: int) -> None:
    random = np.random.default_rng(n_images)
    ids = predict(range(12), n_images).class_id
    for outputs in (random.integers(0, 12, len(ids)), np.full(len(ids), 3)):
        assert check(Predictions(ids, outputs.astype(np.int32))) == ()


def test_a_model_that_is_mostly_right_is_left_alone() -> None:
    found = predict(range(12), 10)
    found.output[::4] = 0

    assert check(found) == ()


def test_a_gain_is_said_only_above_five_points() -> None:
    used = Meaning({0: (0,), 1: (1,)}, "id")
    for n_wrong, n_notes in ((100, 0), (220, 1)):
        found = predict([0, 1], 1000)
        found.output[:n_wrong] = 5

        notes = check_labels(found, used, {"name": {0: (0, 5), 1: (1,)}}, 6)

        assert len(notes) == n_notes, f"{n_wrong} of 2,000 images"


def test_images_of_classes_without_an_output_do_not_count() -> None:
    used = Meaning({0: (0,)}, "id")

    (note,) = check_labels(predict([5, 1], 100), used, {"name": {0: (5,), 1: (1,)}}, 6)

    assert note == "With --class-outputs name, 100% of the images would be right; as the labels are read now, 0% are."
