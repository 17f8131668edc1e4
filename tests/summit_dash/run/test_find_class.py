from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompute.contract.errors import InputError
from summit_dash.run.find_class import explain_number, find_class, find_classes
from summit_dash.run.store import ClassInfo

NAMES = {
    2: ("red fox, Vulpes vulpes", "n02119022"),
    3: ("crane", "n02012849"),
    5: ("crane", "n03126707"),
    8: ("3", None),
    9: ("grey wolf, timber wolf", None),
}
CLASSES = {i: ClassInfo(i, name, synset, 10, None, None, None) for i, (name, synset) in NAMES.items()}


@pytest.mark.parametrize(
    ("text", "class_id"),
    [
        ("2", 2),
        ("#9", 9),
        ("n03126707", 5),
        ("red fox, Vulpes vulpes", 2),
        ("RED Fox", 2),
        (" grey wolf ", 9),
        ("3", 8),  # a name goes before a class_id
        ("#3", 3),
        ("8", 8),
        ("#8", 8),
    ],
)
def test_a_class_by_id_synset_full_or_first_name(text: str, class_id: int) -> None:
    assert find_class(CLASSES, text).class_id == class_id


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "3 is taken for the class of that name, class_id 8; #3 is crane."),
        (" 2 ", "2 is taken for class_id 2, red fox, Vulpes vulpes."),
        ("#3", None),
        ("red fox", None),
    ],
)
def test_a_number_is_said_to_be_a_name_or_an_id(text: str, said: str | None) -> None:
    assert explain_number(CLASSES, text) == said


@given(st.lists(st.integers(0, 12), min_size=1, max_size=8, unique=True), st.randoms(use_true_random=False))
def test_names_that_are_numbers_go_before_ids(ids: list[int], random: Random) -> None:
    names = random.sample(range(13), len(ids))
    classes = {i: ClassInfo(i, str(n), None, 1, None, None, None) for i, n in zip(ids, names, strict=True)}

    for i, info in classes.items():
        assert find_class(classes, info.class_name) is info and find_class(classes, f"#{i}") is info
        is_plain = int(info.class_name) == i or int(info.class_name) not in classes
        assert (explain_number(classes, info.class_name) is None) == is_plain
    assert find_classes(classes, ";".join(map(str, names))) == list(classes.values())


def test_a_range_may_be_a_name() -> None:
    classes = {i: ClassInfo(i, name, None, 1, None, None, None) for i, name in enumerate(("1-2", "b", "c"))}

    assert [info.class_id for info in find_classes(classes, "1-2")] == [0]
    assert [info.class_id for info in find_classes(classes, "0-1")] == [0, 1]


def test_an_ambiguous_name_lists_its_classes() -> None:
    with pytest.raises(InputError) as problem:
        find_class(CLASSES, "Crane")
    assert "2 classes" in problem.value.found
    assert "crane (#3, n02012849), crane (#5, n03126707)" in problem.value.found


@pytest.mark.parametrize(("text", "near"), [("red fix", "red fox (#2"), ("timber", "grey wolf (#9)")])
def test_an_unknown_name_lists_the_nearest(text: str, near: str) -> None:
    with pytest.raises(InputError) as problem:
        find_class(CLASSES, text)
    assert f"Near it: {near}" in problem.value.found


@pytest.mark.parametrize("text", ["", "  ", "zebra", "77"])
def test_what_is_like_no_class_is_refused(text: str) -> None:
    with pytest.raises(InputError) as problem:
        find_class(CLASSES, text)
    assert "has 5 classes" in problem.value.found


def test_of_many_classes_some_are_listed() -> None:
    many = {i: ClassInfo(i, "crane", None, 1, None, None, None) for i in range(30)}
    with pytest.raises(InputError) as problem:
        find_class(many, "crane")
    assert problem.value.found.endswith("crane (#7) and 22 more.")
