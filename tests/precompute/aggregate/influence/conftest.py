"""The demo network and some of its images."""

from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor

from precompute.demo.images import DemoImages
from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model


@pytest.fixture(scope="module")
def demo() -> LoadedModel:
    return load_model(ModelConfig("demo"))


@pytest.fixture(scope="module")
def images(demo: LoadedModel) -> Tensor:
    """Five scenes of different classes; a measure does not depend on the class of an image."""
    source = DemoImages(images_per_class=1)
    pixels = [demo.preprocess.prepare_image(source.load(image)) for image in source.images[::7]]
    return demo.preprocess.build_tensor(np.stack(pixels))
