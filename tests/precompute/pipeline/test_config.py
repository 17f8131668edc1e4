"""The config of a run: plain values for the manifest, and which of them change the speed alone."""

from __future__ import annotations

import json
from dataclasses import fields

from precompute.pipeline.config import SPEED, RunConfig
from precompute.pipeline.registry import find_stages


def test_the_config_is_plain_values_that_json_gives_back() -> None:
    config = RunConfig(layers=("first", "second")).to_dict()
    assert json.loads(json.dumps(config))["layers"] == ["first", "second"]
    assert json.loads(json.dumps(config))["graphs"] == config["graphs"]


def test_every_field_is_layers_or_speed_or_the_config_of_a_stage() -> None:
    assert {field.name for field in fields(RunConfig)} <= {"layers", *SPEED, *find_stages()}
