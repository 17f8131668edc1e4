from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from precompute.contract.errors import InputError
from precompute.datasets.sources.open import open_images
from precompute.faithfulness.measuring import Images
from precompute.models.sources.preprocess import Preprocess


def test_images_are_read_as_the_run_read_them_or_named(tmp_path: Path) -> None:
    for name in ("moss", "sand"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (6, 8), (250, 0, 0)).save(tmp_path / "photos" / name / f"{number}.png")
    source = open_images(str(tmp_path / "photos"))
    preprocess = Preprocess(4, 4, mean=(0.5, 0.0, 0.0), std=(0.5, 1.0, 1.0))
    images = Images(
        source, {1: source.images[2:]}, {1: [0.5, float("nan")]}, preprocess, torch.device("cpu"), workers=0
    )
    (batch,) = images.read(1)
    assert batch.shape == (2, 3, 4, 4)
    assert batch[:, 0].unique().tolist() == [pytest.approx((250 / 255 - 0.5) / 0.5)]
    images.require_same(1, np.array([0.52, 0.9], np.float32))
    with pytest.raises(InputError, match=r"probability of 0\.900, and gave it 0\.500"):
        images.require_same(1, np.array([0.9, 0.9], np.float32))
    (tmp_path / "photos" / "sand" / "1.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"sand/1\.png"):
        images.read(1)
