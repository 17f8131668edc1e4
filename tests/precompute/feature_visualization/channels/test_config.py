"""The settings of a run's own pictures, as the manifest holds them."""

from __future__ import annotations

import json
from dataclasses import asdict

from precompute.feature_visualization.channels.config import VisualizeConfig


def test_a_run_of_an_earlier_version_has_the_same_settings() -> None:
    """These go into the manifest: other defaults would make a repeated command draw other pictures."""
    assert json.dumps(asdict(VisualizeConfig())) == (
        '{"n_channels": 128, "size": null, "n_steps": 128, "batch_size": 16, "seed": 0, "seconds": 120.0}'
    )


def test_settings_come_back_from_the_manifest_without_fields_that_are_new() -> None:
    config = VisualizeConfig(n_channels=3, size=96, seconds=None)
    assert VisualizeConfig(**json.loads(json.dumps(asdict(config)))) == config
    earlier = {key: value for key, value in asdict(config).items() if key != "seconds"}
    assert VisualizeConfig(**earlier).seconds == 120.0
