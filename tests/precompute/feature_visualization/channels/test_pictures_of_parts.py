"""The demo's pictures excite channels that are known to see one part more than its images do."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.recording import Recorder
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_table
from precompute.demo.images import DemoImages
from precompute.devices.cores import Parallel
from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.channels.visualize import VisualizeRequest, visualize
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.pipeline.inputs import prepare

PARTS = {"residual": (18, 39, 33, 9), "mixed3": (86, 1)}
"""Channels that see the hand (precompute/demo/README.md, "Measured")."""
FURS = {"mixed3": (64, 65, 6, 75, 111, 0, 32, 9, 73, 12)}
"""Channels that see black fur, and brown."""


@pytest.mark.parametrize("method", ["fourier", "maco"])
def test_a_picture_of_a_part_beats_the_99th_percentile_of_images(demo_run: Path, tmp_path: Path, method: str) -> None:
    run = Path(shutil.copytree(demo_run, tmp_path / "run"))
    config = VisualizationConfig(n_steps=64, method=method)
    wanted = {layer: sorted({*PARTS.get(layer, ()), *FURS.get(layer, ())}) for layer in PARTS}
    for layer, channels in wanted.items():
        visualize(VisualizeRequest(run, (layer,), tuple(channels), size=96, config=config), SilentProgress())
    rows = [
        row
        for row in read_table(run, "feature_visualizations").to_pylist()
        if row["channel"] in wanted.get(row["layer"], ()) and row["excitation"] is not None
    ]
    assert len(rows) == sum(map(len, wanted.values()))
    loaded, source = load_model(ModelConfig("demo")), DemoImages(images_per_class=10)
    inputs = prepare(loaded, source, None, AggregateConfig())
    pictures = [Image.open(io.BytesIO(row["image"])).convert("RGB") for row in rows]
    pixels = [loaded.preprocess.prepare_image(image) for image in [*pictures, *map(source.load, source.images)]]
    with Parallel(torch.device("cpu")) as parallel:
        values = Recorder(inputs.model, inputs.layers, (), parallel)(
            loaded.preprocess.build_tensor(np.stack(pixels))
        ).values
    maxima = {layer.name: values[layer.node].amax((2, 3)).numpy() for layer in inputs.layers}
    best = {(r["layer"], r["channel"]): r["max_activation"] for r in read_table(run, "channels").to_pylist()}
    for number, row in enumerate(rows):
        own = maxima[row["layer"]][:, row["channel"]]
        assert own[number] > np.percentile(own[len(rows) :], 99), (row["layer"], row["channel"], row["excitation"])
        assert row["excitation"] == pytest.approx(own[number] / best[row["layer"], row["channel"]], rel=1e-3)
