"""The outputs that mean a class: by statement, name, number or order, and never by a silent guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.datasets.labels.classes import number_names
from precompute.datasets.labels.label_outputs import Meaning, read_meaning
from precompute.datasets.labels.output_match import ModelOutputs
from precompute.datasets.sources.files import FileImages

NAMES = ("tench, Tinca tinca", "goldfish", "Golden Retriever", "crane", "crane", "T-shirt")
SYNSETS = ("n01440764", "n01443537", "n02099601", "n02012849", "n03126707", "n04370456")
IMAGENET = ModelOutputs(6, NAMES, SYNSETS)


def build_source(*classes: LabelledClass, stated: bool | None = None) -> FileImages:
    return FileImages.from_files(Path("images"), classes, [], stated)


def name_classes(*names: str) -> FileImages:
    """Builds a folder of classes with these names."""
    numbers = number_names(names)
    return build_source(*(LabelledClass(numbers[name], name) for name in names))


def read_by_name(source: FileImages, meaning: Meaning) -> dict[str, int]:
    return {c.class_name: meaning.outputs[c.class_id][0] for c in source.classes if c.class_id in meaning.outputs}


@pytest.mark.parametrize(
    ("folders", "outputs", "expected"),
    [
        (("goldfish", "golden_retriever", "tench"), IMAGENET, {"goldfish": 1, "golden_retriever": 2, "tench": 0}),
        (("n02099601", "n03126707-crane"), IMAGENET, {"n02099601": 2, "n03126707-crane": 4}),
        (("dog", "cat"), ModelOutputs(2, ("dog", "cat")), {"dog": 0, "cat": 1}),
        (("Dog", "CAT "), ModelOutputs(2, ("dog", "cat")), {"Dog": 0, "CAT ": 1}),
        (("2", "0", "1"), ModelOutputs(3, ("1", "2", "0")), {"0": 2, "1": 0, "2": 1}),
        (("caf\u0065\u0301", "tea"), ModelOutputs(2, ("tea", "caf\u00e9")), {"caf\u0065\u0301": 1, "tea": 0}),
        (("t shirt",), IMAGENET, {"t shirt": 5}),
    ],
)
def test_names_that_all_are_outputs_go_before_the_order(
    folders: tuple[str, ...], outputs: ModelOutputs, expected: dict[str, int]
) -> None:
    source = name_classes(*folders)

    meaning = read_meaning(source, outputs)

    assert meaning.known_by == "name" and read_by_name(source, meaning) == expected
    assert meaning.notes == ("Each class means the output of its name.",)


def test_names_in_the_order_of_the_outputs_need_no_words() -> None:
    source = name_classes("cat", "dog")

    meaning = read_meaning(source, ModelOutputs(2, ("cat", "dog")))

    assert (meaning.known_by, meaning.notes, meaning.are_class_ids(source.classes)) == ("name", (), True)


@pytest.mark.parametrize("n", [3, 10, 12, 101])
@pytest.mark.parametrize("is_padded", [False, True])
def test_numbers_from_zero_are_outputs(n: int, is_padded: bool) -> None:
    source = name_classes(*(str(i).zfill(3 if is_padded else 1) for i in range(n)))

    meaning = read_meaning(source, ModelOutputs(n))

    assert meaning.known_by == "number" and meaning.are_class_ids(source.classes)
    assert all(output == int(name) for name, output in read_by_name(source, meaning).items())
    differ = n > 10 and not is_padded
    assert ("--class-outputs text" in meaning.notes[0]) == differ
    text = read_by_name(source, read_meaning(source, ModelOutputs(n), "text"))
    assert [text[name] for name in sorted(text)] == list(range(n))


def test_other_numbers_are_in_imagefolders_order_or_count_from_one() -> None:
    source = name_classes(*(str(i) for i in range(1, 13)))
    ordered = sorted(c.class_name for c in source.classes)

    meaning = read_meaning(source, ModelOutputs(12))
    counted = read_meaning(source, ModelOutputs(12), "id")

    assert meaning.known_by == "order" and "(1, 10, 11, ...)" in meaning.notes[0]
    assert read_by_name(source, meaning) == {name: place for place, name in enumerate(ordered)}
    assert read_by_name(source, counted) == {str(i): i - 1 for i in range(1, 13)}
    assert "class 1 means output 0" in counted.notes[0]


def test_the_order_is_said_to_be_a_guess() -> None:
    source = name_classes("oak", "fern", "dune")

    meaning = read_meaning(source, ModelOutputs(3))

    assert meaning.known_by == "order" and read_by_name(source, meaning) == {"dune": 0, "fern": 1, "oak": 2}
    assert "because there are as many" in meaning.notes[0]


def test_an_output_of_another_place_speaks_against_the_order() -> None:
    source = name_classes("oak", "fern", "dune")

    meaning = read_meaning(source, ModelOutputs(3, ("oak", "bark", "moss")))

    assert meaning.known_by == "name" and read_by_name(source, meaning) == {"oak": 0}
    assert meaning.notes == (
        "1 of 3 classes means the output of its name; without accuracy, as no one output has their name: dune, fern.",
    )


@pytest.mark.parametrize("names", [None, ("a", "b", "c"), ("dune", "b", "c")])
def test_names_that_do_not_speak_against_the_order_leave_it(names: Sequence[str] | None) -> None:
    source = name_classes("oak", "fern", "dune")

    assert read_meaning(source, ModelOutputs(3, names)).known_by == "order"


def test_a_name_of_two_outputs_is_asked_for() -> None:
    source = name_classes("crane", "goldfish")

    with pytest.raises(InputError, match=r"crane is the name of 2 outputs: 3 \(n02012849\), 4 \(n03126707\)"):
        read_meaning(source, IMAGENET)
    assert read_by_name(source, read_meaning(source, IMAGENET, "name")) == {"goldfish": 1}
    known = build_source(LabelledClass(0, "crane", "n03126707"), LabelledClass(1, "goldfish"))
    assert read_by_name(known, read_meaning(known, IMAGENET)) == {"crane": 4, "goldfish": 1}


def test_two_classes_of_one_output_are_no_match() -> None:
    source = name_classes("tench", "Tench", "goldfish")

    assert read_by_name(source, read_meaning(source, IMAGENET, "name")) == {"goldfish": 1}
    assert read_meaning(source, IMAGENET).known_by == "none"


@pytest.mark.parametrize(
    ("source", "outputs", "hint"),
    [
        (
            name_classes("goldfish", "sofa"),
            IMAGENET,
            "1 of 2 classes have the name of an output; .* --class-outputs name",
        ),
        (name_classes("0", "3", "5"), ModelOutputs(10), "Class names are numbers; .* --class-outputs id"),
        (build_source(*(LabelledClass(i, str(i)) for i in (1, 2, 3)), stated=True), ModelOutputs(3), "numbered from 1"),
    ],
)
def test_labels_that_are_no_outputs_get_a_hint(source: FileImages, outputs: ModelOutputs, hint: str) -> None:
    meaning = read_meaning(source, outputs)

    assert meaning.known_by == "none" and meaning.outputs == {}
    (note,) = meaning.notes
    assert re.search(hint, note)


def test_a_stated_class_id_is_taken_and_its_name_compared() -> None:
    source = build_source(LabelledClass(0, "dog"), LabelledClass(1, "cat"), stated=True)

    meaning = read_meaning(source, ModelOutputs(3, ("cat", "dog", "fox")))

    assert meaning.known_by == "stated" and read_by_name(source, meaning) == {"dog": 0, "cat": 1}
    assert (
        "The class_id of 2 classes is not the output of its name, such as dog: class_id 0, output 1" in meaning.notes[0]
    )
    assert read_by_name(source, read_meaning(source, ModelOutputs(3, ("cat", "dog", "fox")), "name")) == {
        "dog": 1,
        "cat": 0,
    }


def test_none_is_none_where_there_are_as_many_by_chance() -> None:
    source = name_classes("a", "b")

    meaning = read_meaning(source, ModelOutputs(2), "none")

    assert meaning == Meaning({}, "none") and not meaning.are_class_ids(source.classes)


@pytest.mark.parametrize(
    ("names", "outputs", "way", "message"),
    [
        (("a", "b"), ModelOutputs(2), "name", "Nobody has named the outputs"),
        (("godlfish", "sofa"), IMAGENET, "name", r"name of a class: godlfish, sofa\. Near godlfish: goldfish"),
        (("3", "9"), ModelOutputs(9), "id", "There is a class 9, 9"),
        (("a", "b"), ModelOutputs(3), "text", "2 classes and 3 outputs"),
        (("a", "b"), ModelOutputs(2), "names", "is auto, name, id, text or none, or names a .csv"),
    ],
)
def test_ways_that_do_not_fit_are_refused(
    names: tuple[str, ...], outputs: ModelOutputs, way: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_meaning(name_classes(*names), outputs, way)
