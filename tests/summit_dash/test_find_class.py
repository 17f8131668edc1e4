from __future__ import annotations

import pytest

from precompute.schema import InputError
from summit_dash.find_class import find_class
from summit_dash.store import ClassInfo

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
        ("3", 3),  # a class_id goes before a name
    ],
)
def test_a_class_by_id_synset_full_or_first_name(text: str, class_id: int) -> None:
    assert find_class(CLASSES, text).class_id == class_id


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
