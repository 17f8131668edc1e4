"""The network of Summit's files: InceptionV1, or the one that `run.json` states."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from precompute.import_summit.inception import INCEPTION
from precompute.import_summit.network import SUMMITS, read_network

LAYER = {
    "layer": "block.0",
    "file_name": "block_0",
    "module_type": "ReLU",
    "n_channels": 4,
    "height": 8,
    "width": 8,
    "stride": 2,
    "receptive_field": 7,
}
FACTS: dict[str, Any] = {
    "format": 1,
    "model": {"name": "Small"},
    "dataset": {"name": "shapes"},
    "layers": [LAYER, LAYER | {"layer": "block.1", "file_name": "block_1"}],
    "links": [],
    "aggregate": {},
    "classes": [{"class_id": 3, "class_name": "Square"}],
}


def test_without_run_json_it_is_that_of_summit(tmp_path: Path) -> None:
    assert read_network(tmp_path) is SUMMITS
    assert [layer.layer for layer in SUMMITS.layers] == [layer.name for layer in INCEPTION]
    assert SUMMITS.is_composed(2, 192) and not SUMMITS.is_composed(2, 0)


def test_links_join_each_layer_to_the_one_before() -> None:
    links = SUMMITS.links

    assert [(link["sources"], link["target"]) for link in links[:2]] == [
        (["mixed3a"], "mixed3b"),
        (["mixed3b"], "mixed4a"),
    ]
    assert len(links) == 8 and {link["influence"] for link in links} == {"summit"}


def test_run_json_states_layers_of_any_name_and_its_channels_have_direct_inputs(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(FACTS))
    network = read_network(tmp_path)
    assert network.indices == {"block_0": 0, "block_1": 1}
    assert network.source["source"] == "Summit's files of a run (Small on shapes), by summit-dash export"
    assert network.classes[3].class_name == "Square"
    assert not any(network.is_composed(1, channel) for channel in range(4))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"format": 2}, "its format is 2, and 1 is read"),
        ({"layers": []}, "layers have no layer, or one twice"),
        ({"layers": [LAYER, LAYER | {"layer": "other"}]}, "layers have no file_name, or one twice"),
        ({"layers": [LAYER | {"n_channels": "4"}]}, "n_channels of a layer is str, and no int"),
        ({"layers": [LAYER | {"n_channels": 0}]}, "block.0 has 0 channels"),
        ({"classes": [{"class_id": 3}]}, "class_name is NoneType, and no str"),
        ({"links": {}}, "links is dict, and no list"),
    ],
)
def test_a_run_json_that_cannot_be_right(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    (tmp_path / "run.json").write_text(json.dumps(FACTS | change))
    with pytest.raises(InputError, match=r"run\.json") as problem:
        read_network(tmp_path)
    assert expected in str(problem.value)


def test_a_run_json_that_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match="Expecting"):
        read_network(tmp_path)
