"""Super-classes of ImageNet with GoogLeNet: labels that are not the model's outputs, and accuracies all the same."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from precompute.contract.schema import read_manifest, read_table
from summit_dash.cli import main
from tests.support.superclasses import SUPER_CLASSES, write_superclasses
from tests.support.validation import validate

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with real weights and images is absent"),
]

N_OUTPUTS = {
    **{"fish": 16, "birds": 59, "lizards": 11, "snakes": 17, "arachnids and crustaceans": 18, "dogs": 118},
    **{"wolves and foxes": 11, "cats": 13, "insects": 27, "hoofed animals": 17, "primates": 20, "clothing": 28},
    **{"musical instruments": 26, "boats": 14, "road vehicles": 26, "furniture": 21, "buildings": 12},
    **{"dishes": 19, "fruit and vegetables": 22},
}
WORDNET = {
    "fish": [(1440764, 1498041), (2514041, 2655020)],
    "birds": [(1514668, 1622779), (1795545, 1860187), (2002556, 2058221)],
    "lizards": [(1675722, 1695060)],
    "snakes": [(1728572, 1756291)],
    "arachnids and crustaceans": [(1770081, 1776313), (1978287, 1990800)],
    "dogs": [(2085620, 2113978)],
    "wolves and foxes": [(2114367, 2116738), (2119022, 2120505)],
    "cats": [(2123045, 2130308)],
    "insects": [(2165105, 2281787)],
    "hoofed animals": [(2389026, 2437616)],
    "primates": [(2480495, 2500267)],
    "dishes": [(7583066, 7711569), (7831146, 7880968)],
    "fruit and vegetables": [(7714571, 7768694)],
}
"""The synsets of each, from the first to the last: in WordNet 3.0 a kind of animal or food and what is below it have
neighbouring numbers, so that whatever lies between belongs to it too."""


@pytest.fixture
def names() -> dict[int, tuple[int, str]]:
    """Number of the synset and name of every output."""
    with (DATA / "imagenet_sample" / "labels.csv").open(newline="") as file:
        return {int(row["class_id"]): (int(row["synset"][1:]), row["class_name"]) for row in csv.DictReader(file)}


def test_every_superclass_has_the_outputs_that_its_name_says(names: dict[int, tuple[int, str]]) -> None:
    assert {entry.name: len(entry.outputs) for entry in SUPER_CLASSES} == N_OUTPUTS
    every = [index for entry in SUPER_CLASSES for index in entry.outputs]
    assert len(every) == len(set(every)) and set(every) <= set(names)
    chosen = {entry.name: set(entry.outputs) for entry in SUPER_CLASSES}
    for name, ranges in WORDNET.items():
        expected = {i for i, (synset, _) in names.items() if any(low <= synset <= high for low, high in ranges)}
        assert chosen[name] == expected, name
    dogs = {word for i in chosen["dogs"] for word in names[i][1].lower().replace(",", " ").split()}
    assert not dogs & {"wolf", "fox", "coyote", "dingo", "dhole", "hyena"} - {"fox"}  # the wire-haired fox terrier
    assert [names[i][1] for i in chosen["dogs"] if "fox" in names[i][1].split()] == ["wire-haired fox terrier"]


def test_a_run_of_googlenet_over_superclasses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest, mapping = write_superclasses(DATA / "imagenet_sample" / "labels.csv", tmp_path, n_images=3)
    out, folder = tmp_path / "run", DATA / "googlenet"
    arguments = [
        *("precompute", f"{folder}/model.py:build", str(manifest)),
        *("--weights", str(folder / "bvlc_googlenet.safetensors"), "--preprocess", str(folder / "preprocess.toml")),
        *("--class-outputs", str(mapping), "--output-names", str(DATA / "imagenet_sample" / "labels.csv")),
        *("--allow-outside", "--layers", "mixed4d,mixed5b", "--stages", "aggregate,graphs", "--out", str(out)),
    ]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert not ended.value.code
    assert "No accuracy" not in capsys.readouterr().err
    assert validate(out) == []

    classes = {row["class_name"]: row for row in read_table(out, "classes").to_pylist()}
    assert {name: row["group"] for name, row in classes.items()} == {e.name: e.group for e in SUPER_CLASSES}
    for row in classes.values():
        assert row["n_images"] == 3
        assert row["top1_accuracy"] is not None and row["top5_accuracy"] >= row["top1_accuracy"]
        assert sum(row["probability_histogram"]) == 3
    model, images = read_manifest(out)["model"], read_manifest(out)["images"]
    assert images["n_with_accuracy"] == 3 * len(SUPER_CLASSES)
    assert images["top1_accuracy"] > 0.85  # a super-class is easier than one of its outputs (0.75)
    assert (len(model["output_names"]), model["output_names"][207]) == (1000, "golden retriever")
    ids = {row["class_id"]: set(e.outputs) for e in SUPER_CLASSES for row in [classes[e.name]]}
    for row in read_table(out, "images").to_pylist():
        if row["predicted_class_id"] in ids[row["class_id"]]:
            assert row["true_probability"] >= row["predicted_probability"] - 1e-6
