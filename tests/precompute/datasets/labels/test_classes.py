"""The classes that labels build, and labels that contradict each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.datasets.labels.classes import Label, build_classes, number_names, parse_whole_number


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["dog", "cat", "dog"], {"cat": 0, "dog": 1}),
        (["10", "2"], {"10": 10, "2": 2}),
        (["07", "7"], {"07": 0, "7": 1}),
        (["1", "two"], {"1": 0, "two": 1}),
        (["-1", "0"], {"-1": 0, "0": 1}),
        (["1234567890"], {"1234567890": 0}),
        (["\u0663"], {"\u0663": 0}),
        ([], {}),
    ],
)
def test_names_are_numbered_by_themselves_or_in_order(names: list[str], numbers: dict[str, int]) -> None:
    assert number_names(names) == numbers


@given(st.sets(st.text(max_size=4), max_size=12))
def test_no_two_names_have_one_number(names: set[str]) -> None:
    numbers = number_names(names)

    assert set(numbers) == names and len(set(numbers.values())) == len(names)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (2**31 - 1, 2**31 - 1),
        (2**31, None),
        (-1, None),
        (True, None),
        (1.0, None),
        ("7", 7),
        (" 7", 7),
        ("-7", None),
        ("", None),
        (None, None),
    ],
)
def test_whole_numbers(value: object, expected: int | None) -> None:
    assert parse_whole_number(value) == expected


def test_classes_without_ids_are_numbered_by_their_names() -> None:
    labels = [Label("row 0", "dog"), Label("row 1", "cat", group="animal"), Label("row 2", "dog")]

    classes, ids = build_classes("pets.csv", labels)

    assert classes == [LabelledClass(0, "cat", None, "animal"), LabelledClass(1, "dog")]
    assert ids == [1, 0, 1]


def test_two_classes_of_one_name_stay_two_if_their_ids_differ() -> None:
    labels = [Label("row 0", "crane", 517), Label("row 1", "crane", 134)]

    classes, ids = build_classes("birds.csv", labels)

    assert [(c.class_id, c.class_name) for c in classes] == [(134, "crane"), (517, "crane")]
    assert ids == [517, 134]


def test_a_class_without_a_name_is_named_by_its_number() -> None:
    assert build_classes("a", [Label("row 0", None, 7)])[0] == [LabelledClass(7, "7")]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [Label("row 0", "a", 3), Label("row 1", "b")],
            "pets.csv gives class_id 3 in row 0 and none in row 1. Number all of them, or none.",
        ),
        (
            [Label("row 0", "a", 3), Label("row 1", "b", 3)],
            "pets.csv gives class_id 3 the class_name a in row 0 and b in row 1.",
        ),
        (
            [Label("row 0", "a", synset="n1"), Label("row 1", "a", synset="n2")],
            "pets.csv gives the class a the synset n1 in row 0 and n2 in row 1.",
        ),
        (
            [Label("row 0", "a", group="x"), Label("row 1", "a")],
            "pets.csv gives the class a the group x in row 0 and None in row 1.",
        ),
    ],
)
def test_labels_that_contradict_each_other(labels: list[Label], message: str) -> None:
    with pytest.raises(InputError) as problem:
        build_classes("pets.csv", labels)

    assert message in str(problem.value)
