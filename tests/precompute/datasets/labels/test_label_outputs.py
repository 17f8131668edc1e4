"""Which outputs mean a class: by statement, name, number or order, and never by a silent guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.datasets.labels.classes import number_names
from precompute.datasets.labels.label_check import Predictions, check_labels
from precompute.datasets.labels.label_outputs import Meaning, other_readings, read_meaning
from precompute.datasets.labels.output_match import ModelOutputs
from precompute.datasets.sources.files import FileImages

NAMES = ("tench, Tinca tinca", "goldfish", "Golden Retriever", "crane", "crane", "T-shirt")
SYNSETS = ("n01440764", "n01443537", "n02099601", "n02012849", "n03126707", "n04370456")
IMAGENET = ModelOutputs(6, NAMES, SYNSETS)


def source_of(*classes: LabelledClass, stated: bool | None = None) -> FileImages:
    return FileImages.from_files(Path("images"), classes, [], stated)


def named(*names: str) -> FileImages:
    """A folder of classes."""
    numbers = number_names(names)
    return source_of(*(LabelledClass(numbers[name], name) for name in names))


def by_name(source: FileImages, meaning: Meaning) -> dict[str, int]:
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
    source = named(*folders)

    meaning = read_meaning(source, outputs)

    assert meaning.known_by == "name" and by_name(source, meaning) == expected
    assert meaning.notes == ("Each class means the output of its name.",)


def test_names_in_the_order_of_the_outputs_need_no_words() -> None:
    source = named("cat", "dog")

    meaning = read_meaning(source, ModelOutputs(2, ("cat", "dog")))

    assert (meaning.known_by, meaning.notes, meaning.are_class_ids(source.classes)) == ("name", (), True)


@pytest.mark.parametrize("n", [3, 10, 12, 101])
@pytest.mark.parametrize("is_padded", [False, True])
def test_numbers_from_zero_are_outputs(n: int, is_padded: bool) -> None:
    source = named(*(str(i).zfill(3 if is_padded else 1) for i in range(n)))

    meaning = read_meaning(source, ModelOutputs(n))

    assert meaning.known_by == "number" and meaning.are_class_ids(source.classes)
    assert all(output == int(name) for name, output in by_name(source, meaning).items())
    differ = n > 10 and not is_padded
    assert ("--class-outputs text" in meaning.notes[0]) == differ
    text = by_name(source, read_meaning(source, ModelOutputs(n), "text"))
    assert [text[name] for name in sorted(text)] == list(range(n))


def test_other_numbers_are_in_imagefolders_order_or_count_from_one() -> None:
    source = named(*(str(i) for i in range(1, 13)))
    ordered = sorted(c.class_name for c in source.classes)

    meaning = read_meaning(source, ModelOutputs(12))
    counted = read_meaning(source, ModelOutputs(12), "id")

    assert meaning.known_by == "order" and "(1, 10, 11, ...)" in meaning.notes[0]
    assert by_name(source, meaning) == {name: place for place, name in enumerate(ordered)}
    assert by_name(source, counted) == {str(i): i - 1 for i in range(1, 13)}
    assert "class 1 means output 0" in counted.notes[0]


def test_the_order_is_said_to_be_a_guess() -> None:
    source = named("oak", "fern", "dune")

    meaning = read_meaning(source, ModelOutputs(3))

    assert meaning.known_by == "order" and by_name(source, meaning) == {"dune": 0, "fern": 1, "oak": 2}
    assert "because there are as many" in meaning.notes[0]


def test_an_output_of_another_place_speaks_against_the_order() -> None:
    source = named("oak", "fern", "dune")

    meaning = read_meaning(source, ModelOutputs(3, ("oak", "bark", "moss")))

    assert meaning.known_by == "name" and by_name(source, meaning) == {"oak": 0}
    assert meaning.notes == (
        "1 of 3 classes means the output of its name; without accuracy, as no one output has their name: dune, fern.",
    )


@pytest.mark.parametrize("names", [None, ("a", "b", "c"), ("dune", "b", "c")])
def test_names_that_do_not_speak_against_the_order_leave_it(names: Sequence[str] | None) -> None:
    source = named("oak", "fern", "dune")

    assert read_meaning(source, ModelOutputs(3, names)).known_by == "order"


def test_a_name_of_two_outputs_is_asked_for() -> None:
    source = named("crane", "goldfish")

    with pytest.raises(InputError, match=r"crane is the name of 2 outputs: 3 \(n02012849\), 4 \(n03126707\)"):
        read_meaning(source, IMAGENET)
    assert by_name(source, read_meaning(source, IMAGENET, "name")) == {"goldfish": 1}
    known = source_of(LabelledClass(0, "crane", "n03126707"), LabelledClass(1, "goldfish"))
    assert by_name(known, read_meaning(known, IMAGENET)) == {"crane": 4, "goldfish": 1}


def test_two_classes_of_one_output_are_no_match() -> None:
    source = named("tench", "Tench", "goldfish")

    assert by_name(source, read_meaning(source, IMAGENET, "name")) == {"goldfish": 1}
    assert read_meaning(source, IMAGENET).known_by == "none"


@pytest.mark.parametrize(
    ("source", "outputs", "hint"),
    [
        (named("goldfish", "sofa"), IMAGENET, "1 of 2 classes have the name of an output; .* --class-outputs name"),
        (named("0", "3", "5"), ModelOutputs(10), "Class names are numbers; .* --class-outputs id"),
        (source_of(*(LabelledClass(i, str(i)) for i in (1, 2, 3)), stated=True), ModelOutputs(3), "numbered from 1"),
    ],
)
def test_labels_that_are_no_outputs_get_a_hint(source: FileImages, outputs: ModelOutputs, hint: str) -> None:
    meaning = read_meaning(source, outputs)

    assert meaning.known_by == "none" and meaning.outputs == {}
    (note,) = meaning.notes
    assert re.search(hint, note)


def test_a_stated_class_id_is_taken_and_its_name_compared() -> None:
    source = source_of(LabelledClass(0, "dog"), LabelledClass(1, "cat"), stated=True)

    meaning = read_meaning(source, ModelOutputs(3, ("cat", "dog", "fox")))

    assert meaning.known_by == "stated" and by_name(source, meaning) == {"dog": 0, "cat": 1}
    assert (
        "The class_id of 2 classes is not the output of its name, such as dog: class_id 0, output 1" in meaning.notes[0]
    )
    assert by_name(source, read_meaning(source, ModelOutputs(3, ("cat", "dog", "fox")), "name")) == {"dog": 1, "cat": 0}


def test_none_is_none_where_there_are_as_many_by_chance() -> None:
    source = named("a", "b")

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
        read_meaning(named(*names), outputs, way)


# --- what the images say -------------------------------------------------------------------------------------------

TWELVE = named(*map(str, range(12)))
TEXT = [sorted(map(str, range(12))).index(str(i)) for i in range(12)]


def predicted(outputs: Sequence[int], n_images: int = 4) -> Predictions:
    """A model that takes every image of class i for output `outputs[i]`."""
    ids = np.repeat(np.arange(len(outputs), dtype=np.int32), n_images)
    return Predictions(ids, np.asarray(outputs, np.int32)[ids])


def notes_on(found: Predictions, way: str = "auto", outputs: ModelOutputs | None = None) -> tuple[str, ...]:
    known = outputs or ModelOutputs(12)
    used = read_meaning(TWELVE, known, way)
    return check_labels(found, used, other_readings(TWELVE, known, used), known.number)


def test_images_that_are_right_say_nothing() -> None:
    assert notes_on(predicted(range(12))) == () and notes_on(predicted(TEXT), "text") == ()


def test_images_speak_for_the_other_order() -> None:
    (note,) = notes_on(predicted(TEXT))
    assert note == (
        "With --class-outputs text, 100% of the images would be right; as the labels are read now, 17% are."
    )
    (note,) = notes_on(predicted(range(12)), "text")
    assert "--class-outputs id, 100%" in note


def test_images_speak_for_an_order_that_nobody_named() -> None:
    shuffled = np.random.default_rng(0).permutation(12).tolist()
    (note,) = notes_on(predicted(shuffled))
    assert note.startswith("With other outputs for the classes, 100% of the images would be right")
    assert "--output-names FILE" in note
    assert notes_on(predicted(shuffled), "id") == ()  # as a person said


@pytest.mark.parametrize("n_images", [1, 2, 8, 30])
def test_a_model_at_chance_or_of_one_answer_speaks_for_nothing(n_images: int) -> None:
    random = np.random.default_rng(n_images)
    ids = predicted(range(12), n_images).class_id
    for outputs in (random.integers(0, 12, len(ids)), np.full(len(ids), 3)):
        assert notes_on(Predictions(ids, outputs.astype(np.int32))) == ()


def test_a_model_that_is_mostly_right_is_left_alone() -> None:
    found = predicted(range(12), 10)
    found.output[::4] = 0

    assert notes_on(found) == ()
