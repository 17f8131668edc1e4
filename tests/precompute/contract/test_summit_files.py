"""`run.json`: what is written is read; what cannot be right is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from precompute.contract.summit_files import RecordedLayer, RunFacts, StatedClass

FACTS = RunFacts(
    model={"name": "Small"},
    dataset={"name": "shapes", "n_images": 8},
    layers=(RecordedLayer("block.0", "block_0", "ReLU", 4, 8, 8, 2, 7),),
    links=({"target": "block.0", "sources": []},),
    aggregate={"top_k": 5},
    classes=(
        StatedClass(3, "Square, box", "n00000003", "four sides", 0.5, [0] * 19 + [8]),
        StatedClass(4, "круг"),
    ),
)


def test_what_is_written_is_read() -> None:
    assert RunFacts.from_json(FACTS.to_json()) == FACTS


def edit(**change: Any) -> str:
    return json.dumps(json.loads(FACTS.to_json()) | change)


def edit_class(**change: Any) -> str:
    return edit(classes=[{"class_id": 1, "class_name": "Square", **change}])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "the whole is list, and no dict"),
        ("{", "Expecting"),
        (edit(format=None), "its format is None"),
        (edit(model="Small"), "model is str, and no dict"),
        (edit(links=[3]), "a link is int, and no dict"),
        (edit(layers=[{"layer": "a"}]), "file_name of a layer is NoneType"),
        (edit_class(class_id=True), "class_id is bool, and no int"),
        (edit_class(synset=5), "synset is int, and no str"),
        (edit_class(top5_accuracy=1.5), "a top5_accuracy is 1.5"),
        (edit_class(top5_accuracy=float("nan")), "a top5_accuracy is nan"),
        (edit_class(probability_histogram=[1, 2]), "a probability_histogram has other than 20"),
        (edit_class(probability_histogram=[-1] * 20), "a probability_histogram has other than 20"),
    ],
)
def test_what_cannot_be_right(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        RunFacts.from_json(text)
