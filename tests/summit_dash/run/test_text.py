from __future__ import annotations

import pytest

from summit_dash.run.store import ClassInfo, RunStore
from summit_dash.run.text import format_count, format_part, format_percent, format_plural, label_classes


def test_two_classes_of_one_name_have_two_labels(store: RunStore) -> None:
    labels = label_classes(store.classes)
    assert labels[4] == ("crane", "n02000548")
    assert labels[8] == ("crane", "n02001096")
    assert labels[0] == ("red fox", "")


def make_class(class_id: int, name: str, synset: str | None = None) -> ClassInfo:
    return ClassInfo(class_id, name, synset, 10, None, None, None)


def test_a_synset_of_two_classes_is_no_mark() -> None:
    classes = {i: make_class(i, "crane", "n1") for i in (3, 8)} | {9: make_class(9, "Crane, bird", "n2")}
    assert label_classes(classes) == {3: ("crane", "#3"), 8: ("crane", "#8"), 9: ("Crane", "n2")}


def test_no_two_classes_have_one_label() -> None:
    names = ("fox", "Fox", "fox, red", "wolf", "fox #1")
    labels = label_classes({i: make_class(i, name) for i, name in enumerate(names)})
    assert len({" ".join(label) for label in labels.values()}) == len(names)


@pytest.mark.parametrize(("fraction", "text"), [(0.8214, "82.1 %"), (0.0, "0.0 %"), (1, "100.0 %"), (None, "–")])
def test_a_missing_share_is_a_dash_and_no_zero(fraction: float | None, text: str) -> None:
    assert format_percent(fraction) == text


def test_numbers_are_grouped_and_agree_with_their_noun() -> None:
    assert (format_count(1281167), format_part(1120, 1300)) == ("1,281,167", "1,120 of 1,300")
    assert [format_plural(n, "image") for n in (0, 1, 1300)] == ["0 images", "1 image", "1,300 images"]
    assert [format_plural(n, "class", "classes") for n in (1, 2)] == ["1 class", "2 classes"]
