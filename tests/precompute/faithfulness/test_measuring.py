from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.nodes import Nodes
from precompute.contract.schema import TABLES
from precompute.contract.writing import TableWriter
from precompute.datasets.sources.open import open_images
from precompute.faithfulness.measuring import Images, Ranking
from precompute.graphs.config import GraphConfig
from precompute.models.sources.preprocess import Preprocess

LAYERS = [("stem", 2), ("head", 3)]
ROWS = {
    "activations": [
        (c, layer, channel, count, 0.0)
        for c in (0, 1)
        for layer, channel, count in [
            ("stem", 0, 1 + c),
            ("stem", 1, 9),
            ("head", 0, 0),
            ("head", 1, 5),
            ("head", 2, 10),
        ]
    ],
    "influences": [(c, "head", n, "stem", m, 1 + n + m, 0.5) for c in (0, 1) for n in range(3) for m in range(2)],
    "attribution_graph_nodes": [
        (0, "stem", 1, 9, 0.3, None),
        (1, "stem", 0, 2, 0.2, None),
        (1, "head", 2, 10, 0.4, None),
    ],
}


@pytest.fixture
def ranking(tmp_path: Path) -> Ranking:
    for name, rows in ROWS.items():
        with TableWriter(tmp_path, name) as writer:
            columns = TABLES[name].schema.names
            writer.write({column: [row[i] for row in rows] for i, column in enumerate(columns)})
    return Ranking(tmp_path, Nodes(LAYERS), GraphConfig(), excluded=())


def test_the_graphs_channels_are_counted_by_layer(ranking: Ranking) -> None:
    assert [ranking.count_kept(0), ranking.count_kept(1), ranking.count_kept(2)] == [[1, 0], [1, 1], [0, 0]]
    assert ranking.list_kept(1).tolist() == [0, 4]


def test_channels_are_ranked_within_their_layer(ranking: Ranking) -> None:
    assert [order.tolist() for order in ranking.rank(0)] == [[1, 0], [2, 1, 0]]
    assert [order.tolist() for order in ranking.split(np.array([1.0, 3, 0, 5, 5]))] == [[1, 0], [1, 2, 0]]


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
