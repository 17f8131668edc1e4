"""Files about outputs, those of each class and their names, and files that cannot be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.datasets.labels.outputs import read_class_outputs, read_output_names

CLASSES = [LabelledClass(0, "bird"), LabelledClass(4, "cat"), LabelledClass(9, "dog, hound")]
CRANES = [LabelledClass(0, "crane"), LabelledClass(1, "crane"), LabelledClass(2, "cat")]


def _write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'class_name,output_index\n"dog, hound",7\ncat,2\n"dog, hound",5\ncat,2\n'),
        ("a.csv", '\ufeffoutput_index, class_name \n7,"dog, hound"\n\n 2 ,cat\n5,"dog, hound"\n'),
        ("a.json", '{"dog, hound": [7, 5], "cat": 2}'),
        ("a.JSON", '{"cat": [2, 2], "dog, hound": [5, 7]}'),
    ],
)
def test_outputs_of_classes(tmp_path: Path, name: str, text: str) -> None:
    assert read_class_outputs(_write(tmp_path, name, text), CLASSES, 10) == {4: (2,), 9: (5, 7)}


def test_an_output_may_belong_to_two_classes(tmp_path: Path) -> None:
    path = _write(tmp_path, "a.json", '{"bird": [1, 2], "cat": [2]}')

    assert read_class_outputs(path, CLASSES, 10) == {0: (1, 2), 4: (2,)}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "class_name,output_index\ncta,1\n", r"line 2: cta is none of them; the nearest are cat"),
        ("a.csv", "class_name,output_index\ncat,10\n", r"from 0 to 9\. .*line 2, gives cat the output 10"),
        ("a.csv", "class_name,output_index\ncat,-1\n", "gives cat the output -1"),
        ("a.csv", "class_name,output_index\ncat,two\n", "gives cat the output two"),
        ("a.csv", "class_name,output\ncat,1\n", "has no column output_index; its first line has class_name, output"),
        ("a.csv", "class_name,output_index\ncat\n", "line 2, has 1 cells, the header 2"),
        ("a.csv", 'class_name,output_index\n"cat,1\n', "line 2: unexpected end of data"),
        ("a.csv", "class_name,output_index\n", "names no class"),
        ("a.json", "{}", "names no class"),
        ("a.json", "[1]", "is no object"),
        ("a.json", "{", r"a\.json: Expecting"),
        ("a.json", '{"cat": []}', "gives cat no output"),
        ("a.json", '{"cat": [1.5]}', "gives cat the output 1.5"),
        ("a.json", '{"cat": [true]}', "gives cat the output True"),
        ("a.json", '{"cat": 1, "cat": 2}', "has cat twice"),
        ("a.txt", "cat 1", "is a file of another kind"),
    ],
)
def test_mappings_that_cannot_be_right(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_class_outputs(_write(tmp_path, name, text), CLASSES, 10)


def test_a_name_of_two_classes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="crane is the name of several classes"):
        read_class_outputs(_write(tmp_path, "a.json", '{"crane": 1}'), CRANES, 10)
    assert read_class_outputs(_write(tmp_path, "a.json", '{"cat": 1}'), CRANES, 10) == {2: (1,)}


def test_a_mapping_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv: No such file"):
        read_class_outputs(tmp_path / "absent.csv", CLASSES, 10)
    (tmp_path / "a.csv").write_bytes(b"class_name,output_index\ncaf\xe9,1\n")
    with pytest.raises(InputError, match="is no UTF-8"):
        read_class_outputs(tmp_path / "a.csv", CLASSES, 10)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "tench, Tinca tinca\r\n goldfish \ncock\n\n"),
        ("a.json", '["tench, Tinca tinca", "goldfish", "cock"]'),
        ("a.csv", 'output_index,name\n2,cock\n0,"tench, Tinca tinca"\n1,goldfish\n'),
        ("a.csv", 'path,class_id,class_name\na,2,cock\nb,0,"tench, Tinca tinca"\nc,1,goldfish\nd,2,cock\n'),
    ],
)
def test_names_of_outputs(tmp_path: Path, name: str, text: str) -> None:
    assert read_output_names(_write(tmp_path, name, text), 3) == ("tench, Tinca tinca", "goldfish", "cock")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "a\nb\n", "has 2 names, the model 3 outputs"),
        ("a.txt", "a\n\nb\n", "has no name for output 1, but ''"),
        ("a.json", '["a", "b", "c", "d"]', "has 4 names, the model 3 outputs"),
        ("a.json", '["a", "b", 3]', "has no name for output 2, but 3"),
        ("a.json", '{"0": "a"}', "is no list"),
        ("a.csv", "output_index,name\n0,a\n2,c\n", "has no name for 1 of 3 outputs, such as 1"),
        ("a.csv", "output_index,name\n3,a\n", "line 2, has 3"),
        ("a.csv", "output_index,name\n0,a\n0,b\n", "line 3, calls output 0 b, and before a"),
        ("a.csv", "index,name\n0,a\n", "has no column output_index or class_id"),
        ("a.toml", "", "is a file of another kind"),
    ],
)
def test_names_that_cannot_be_right(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_output_names(_write(tmp_path, name, text), 3)
