"""Classes found among the model's outputs by synset, name, spelling, or the first of several names."""

from __future__ import annotations

import pytest

from precompute.contract.labelled import LabelledClass
from precompute.datasets.labels.output_match import ModelOutputs, match_names

NAMES = ("tench, Tinca tinca", "Golden Retriever", "crane", "crane", "t_shirt", "caf\u00e9")
SYNSETS = ("n01440764", "n02099601", "n02012849", "n03126707", "n04370456", "n00000001")
OUTPUTS = ModelOutputs(6, NAMES, SYNSETS)


@pytest.mark.parametrize(
    ("name", "synset", "output"),
    [
        ("anything", "n03126707", 3),
        ("n02012849", None, 2),
        ("n02012849-crane", None, 2),
        ("Golden Retriever", None, 1),
        ("golden-retriever ", None, 1),
        ("GOLDEN__RETRIEVER", None, 1),
        ("T-Shirt", None, 4),
        ("Tench", None, 0),
        ("tench, another fish", None, 0),
        ("cafe\u0301", None, 5),
    ],
)
def test_ways_to_find_an_output(name: str, synset: str | None, output: int) -> None:
    match = match_names([LabelledClass(9, name, synset)], OUTPUTS)

    assert (match.outputs, match.ambiguous, list(match.unknown)) == ({9: output}, {}, [])


@pytest.mark.parametrize("name", ["n020128490", "goldenretriever", "retriever", ""])
def test_names_that_no_output_has(name: str) -> None:
    labelled = LabelledClass(9, name)

    assert list(match_names([labelled], OUTPUTS).unknown) == [labelled]


def test_a_name_of_two_outputs_is_ambiguous_until_its_synset_decides() -> None:
    plain, known = LabelledClass(0, "crane"), LabelledClass(1, "crane", "n02012849")

    match = match_names([plain, known], OUTPUTS)

    assert match.ambiguous == {plain: [2, 3]} and match.outputs == {1: 2}


def test_two_classes_of_one_output_have_none() -> None:
    first, second = LabelledClass(0, "tench"), LabelledClass(1, "Tench")

    match = match_names([first, second], OUTPUTS)

    assert match.outputs == {} and list(match.unknown) == [first, second]


def test_outputs_without_names_have_no_classes() -> None:
    labelled = LabelledClass(0, "crane")

    assert list(match_names([labelled], ModelOutputs(6)).unknown) == [labelled]
