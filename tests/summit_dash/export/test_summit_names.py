"""Names in Summit's files: usable by its app, and each name once."""

from __future__ import annotations

import re

import pytest

from summit_dash.export.summit_names import name_classes, name_layers, name_synsets
from summit_dash.run.store import ClassInfo


def build_classes(*names: str, synset: str | None = None) -> dict[int, ClassInfo]:
    return {i: ClassInfo(i, name, synset, 1, None, None, None) for i, name in enumerate(names)}


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("mixed4d", "mixed4d"),
        ("layer1.0.conv1", "layer1_0_conv1"),
        ("0.conv", "layer_0_conv"),
        ("branch-1/out", "branch_1_out"),
        ("слой", "layer"),
    ],
)
def test_a_layer_is_named_by_letters_digits_and_underscores(layer: str, name: str) -> None:
    assert name_layers([layer]) == {layer: name}


def test_layers_of_like_names_stay_apart() -> None:
    names = name_layers(["a.b", "a_b", "a-b", "a.b_2"])
    assert list(names.values()) == ["a_b", "a_b_2", "a_b_3", "a_b_2_2"]


def test_a_class_is_named_by_its_first_name_and_its_number_where_others_have_it() -> None:
    names = name_classes(build_classes("white wolf, Arctic wolf", "Crane", "crane, machine", 'say "hi" <b>'))
    assert names == {0: "white_wolf", 1: "crane_1", 2: "crane_2", 3: "say_hi_b"}


def test_a_class_of_signs_alone_has_a_name() -> None:
    assert name_classes(build_classes('"', "&"))[1] == "class_1"


def test_a_synset_is_kept_where_it_is_a_word_of_one_class() -> None:
    assert name_synsets(build_classes("a", synset="n02114548")) == {0: "n02114548"}
    made_up = name_synsets(build_classes("a", "b", synset="n02114548"))
    assert made_up == {0: "c00000000", 1: "c00000001"}
    assert name_synsets(build_classes("a", synset="n-1"))[0] == "c00000000"
    assert all(re.fullmatch(r"[A-Za-z]\w*", synset) for synset in made_up.values())
