"""Layers and kinds as a person names them, and runs whose layers are not known yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import VISUALIZATION_KINDS, read_manifest, write_manifest
from precompute.feature_visualization.spritemaps.layers import expand_kinds, read_run, require_layers
from tests.support.sheets import LAYERS

NAMES = {"mixed3a": 256, "mixed3b": 480, "head": 10}


def test_layers_are_in_the_order_of_the_model(run: Path) -> None:
    manifest, layers = read_run(run)
    assert tuple(layers.items()) == LAYERS
    assert manifest["layers"] == [name for name, _ in LAYERS]


@pytest.mark.parametrize("stage", ["aggregate", "import"])
def test_a_run_whose_first_stage_is_not_done_is_refused(run: Path, stage: str) -> None:
    manifest = {key: value for key, value in read_manifest(run).items() if key != "schema_version"}
    write_manifest(run, {**manifest, "stages": {stage: {"state": "pending", "seconds": None}}})
    with pytest.raises(InputError, match=f"The stage {stage} of .* is pending"):
        read_run(run)


def test_a_later_stage_may_be_missing(run: Path) -> None:
    manifest = {key: value for key, value in read_manifest(run).items() if key != "schema_version"}
    stages = {"aggregate": {"state": "done", "seconds": 1.0}, "visualize": {"state": "pending", "seconds": None}}
    write_manifest(run, {**manifest, "stages": stages})
    assert tuple(read_run(run)[1].items()) == LAYERS


def test_a_name_that_is_nearly_a_layers_is_suggested() -> None:
    require_layers(["head", "mixed3b"], NAMES, "Correct --layers.")
    with pytest.raises(InputError) as refused:
        require_layers(["head", "mixed3"], NAMES, "Correct --layers.")
    assert refused.value.found == "There is no mixed3."
    assert refused.value.fix == "Did you mean mixed3b or mixed3a?"


def test_a_name_that_is_like_no_layers_gets_the_fix() -> None:
    with pytest.raises(InputError) as refused:
        require_layers(["zzz"], NAMES, "Correct --layers.")
    assert refused.value.fix == "Correct --layers."


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        (["channel"], ("channel",)),
        (["negative", "channel"], ("negative", "channel")),
        (["diversity"], VISUALIZATION_KINDS[3:]),
        (["diversity-2", "diversity"], ("diversity-2", "diversity-0", "diversity-1", "diversity-3")),
        (["neuron", "neuron"], ("neuron",)),
    ],
    ids=lambda value: "+".join(value),
)
def test_diversity_is_its_four_kinds_each_once(names: list[str], kinds: tuple[str, ...]) -> None:
    assert expand_kinds(names, "--kinds") == kinds


@pytest.mark.parametrize(("names", "found"), [([], "Found none."), (["channel", "neutron"], "Found neutron.")])
def test_an_unknown_kind_and_none_are_refused(names: list[str], found: str) -> None:
    with pytest.raises(InputError) as refused:
        expand_kinds(names, "--kind")
    assert (refused.value.found, refused.value.fix) == (found, "Correct --kind.")
