from __future__ import annotations

import numpy as np
import pytest

from summit_dash.run.store import ClassInfo, RunStore
from summit_dash.run.text import format_cosine, format_count, format_part, format_percent, format_plural, label_classes


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


@pytest.mark.parametrize(
    ("cosine", "text"),
    [
        (0.4755, "0.48"),
        (0.475, "0.48"),
        (0.4749, "0.47"),
        (0.47499998, "0.48"),
        (0.125, "0.13"),
        (1, "1.00"),
        (None, "–"),
    ],
)
def test_a_cosine_is_rounded_once_and_halves_up(cosine: float | None, text: str) -> None:
    assert format_cosine(cosine) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.125, "12.5 %"), (0.0625, "6.3 %"), (0.0645, "6.5 %"), (0.1235, "12.4 %"), (0.12349, "12.3 %")],
)
def test_halves_of_a_percentage_are_rounded_up(fraction: float, text: str) -> None:
    assert format_percent(fraction) == text
    assert format_percent(float(np.float32(fraction))) == text, "as tables hold it"


def test_numbers_are_grouped_and_agree_with_their_noun() -> None:
    assert (format_count(1281167), format_part(1120, 1300)) == ("1,281,167", "1,120 of 1,300")
    assert [format_plural(n, "image") for n in (0, 1, 1300)] == ["0 images", "1 image", "1,300 images"]
    assert [format_plural(n, "class", "classes") for n in (1, 2)] == ["1 class", "2 classes"]
