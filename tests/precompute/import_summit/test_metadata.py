"""The facts about classes: from a file of labels, and from Summit's `imagenet.json`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.contract.schema import read_manifest, read_table
from precompute.import_summit.inception import INCEPTION
from precompute.import_summit.metadata import ClassFacts, read_imagenet, read_labels
from tests.support.published import build_imagenet, import_folder
from tests.support.validation import validate


def test_unsound_fields_of_imagenet_json_are_left_out(folder: Path) -> None:
    told = build_imagenet()
    told[0] |= {
        "accs": [0.5],
        "topOneAcc": 7,
        "embed": {},
        "numOfInstances": 10,
        "topChannels": {"mixed3a": [{"ch": 999}]},
    }
    (folder / "data/imagenet.json").write_text(json.dumps(told))
    out = import_folder(folder)
    assert validate(out) == []
    wolf = read_table(out, "classes").to_pylist()[1]
    assert (wolf["n_images"], wolf["top1_accuracy"], wolf["probability_histogram"]) == (40, None, None)
    assert read_manifest(out)["imported"]["embedding"] == "umap"


def write(folder: Path, name: str, text: str) -> Path:
    """Writes a text file and returns its path."""
    (folder / name).write_text(text)
    return folder / name


def test_labels_may_list_a_class_in_many_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "path,class_id,class_name,group\na,7,cock,birds\nb,3,shark,\nc,7,cock,birds\n")

    assert read_labels(path) == {3: LabelledClass(3, "shark"), 7: LabelledClass(7, "cock", None, "birds")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class_id\n1\n", "it has no column class_name"),
        ("a,b\n1,2\n", "it has no column class_id and no class_name"),
        ("class_id,class_name\n1,a\n1,b\n", "the class_name a in line 2 and b in line 3"),
        ("class_id,class_name\nx,a\n", "line 2 has class_id 'x'"),
        ("class_id,class_name\n1, \n", "line 2 has class_id '1' and class_name ' '"),
    ],
)
def test_labels_that_cannot_be_right(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InputError) as problem:
        read_labels(write(tmp_path, "labels.csv", text))

    assert expected in str(problem.value)


def test_missing_labels(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"labels\.csv: No such file"):
        read_labels(tmp_path / "labels.csv")


def test_every_field_of_imagenet_json(tmp_path: Path) -> None:
    facts = read_imagenet(write(tmp_path, "imagenet.json", json.dumps(build_imagenet())))[270]

    assert (facts.class_name, facts.synset, facts.n_images, facts.top1_accuracy) == ("white wolf", "n02114548", 50, 0.6)
    assert facts.probability_histogram == [20, *[0] * 18, 30]
    assert facts.points["mixed3b"] == (271.0, -1.0) and len(facts.points) == len(INCEPTION)
    assert facts.counts["mixed3a"] == {5: 33, 6: 2} and facts.counts["mixed4a"] == {}


@pytest.mark.parametrize(
    ("field", "value", "name", "expected"),
    [
        ("topOneAcc", True, "top1_accuracy", None),
        ("topOneAcc", 1, "top1_accuracy", 1.0),
        ("topOneAcc", -0.1, "top1_accuracy", None),
        ("numOfInstances", 0, "n_images", None),
        ("numOfInstances", 2.0, "n_images", None),
        ("accs", [0.5] * 49, "probability_histogram", None),
        ("accs", [0.5] * 49 + [None], "probability_histogram", None),
        ("name", " ", "class_name", None),
        ("embed", {"mixed3a": {"x": 1, "y": 2}}, "points", {}),
        ("topChannels", [], "counts", {}),
    ],
)
def test_an_unsound_field_is_left_out_alone(
    tmp_path: Path, field: str, value: object, name: str, expected: object
) -> None:
    entry = build_imagenet()[0] | {field: value}

    facts = read_imagenet(write(tmp_path, "imagenet.json", json.dumps([entry])))[270]

    assert getattr(facts, name) == expected
    assert facts != ClassFacts(), "the other fields stay"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "imagenet.json: Expecting"),
        ("{}", "it is no list of objects"),
        ("[1]", "it is no list of objects"),
        ('[{"name": "a"}]', "a class has the target_class None"),
        ('[{"target_class": 3}, {"target_class": "3"}]', "class 3 is there twice"),
    ],
)
def test_an_imagenet_json_that_cannot_be_right(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InputError) as problem:
        read_imagenet(write(tmp_path, "imagenet.json", text))

    assert expected in str(problem.value)
