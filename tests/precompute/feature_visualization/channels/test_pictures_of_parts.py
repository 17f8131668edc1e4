"""The demo's pictures excite channels that are known to see one part more than its images do."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
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
FURS = {"mixed3": (64, 65, 6, 0, 32, 9)}
"""Channels that see black fur, and brown."""


class Measured:
    """Each channel's largest activation in pictures and images, by the demo's network."""

    def __init__(self, parallel: Parallel) -> None:
        loaded, source = load_model(ModelConfig("demo")), DemoImages(images_per_class=10)
        inputs = prepare(loaded, source, None, AggregateConfig())
        self._preprocess, self._layers = loaded.preprocess, inputs.layers
        self._recorder = Recorder(inputs.model, inputs.layers, (), parallel)
        self.of_images = self.find_maxima(map(source.load, source.images))
        """Those of ten images of every class, `(image, channel)`, by layer."""

    def find_maxima(self, images: Iterable[Image.Image]) -> dict[str, NDArray[np.float32]]:
        """Finds the maxima by layer, `(image, channel)`."""
        pixels = np.stack([self._preprocess.prepare_image(image) for image in images])
        values = self._recorder(self._preprocess.build_tensor(pixels)).values
        return {layer.name: values[layer.node].amax((2, 3)).numpy() for layer in self._layers}


@pytest.fixture(scope="module")
def measured() -> Iterator[Measured]:
    with Parallel(torch.device("cpu")) as parallel:
        yield Measured(parallel)


@pytest.mark.parametrize("method", ["fourier", "maco"])
def test_a_picture_of_a_part_beats_the_99th_percentile_of_images(
    demo_run: Path, tmp_path: Path, method: str, measured: Measured
) -> None:
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
    maxima = measured.find_maxima([Image.open(io.BytesIO(row["image"])).convert("RGB") for row in rows])
    best = {(r["layer"], r["channel"]): r["max_activation"] for r in read_table(run, "channels").to_pylist()}
    for number, row in enumerate(rows):
        layer, channel = row["layer"], row["channel"]
        own = maxima[layer][number, channel]
        assert own > np.percentile(measured.of_images[layer][:, channel], 99), (layer, channel, row["excitation"])
        assert row["excitation"] == pytest.approx(own / best[layer, channel], rel=1e-3)
