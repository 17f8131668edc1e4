"""The small network that several tests explain."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from precompute.explanations.explainer import Explainer
from tests.support.explained import build_explainer
from tests.support.live_run import write_image, write_live_run


class Small(nn.Module):
    """Two convolutions, a maximum over positions, and three classes."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, 3), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        first = torch.relu(self.first(x))
        return self.head(torch.relu(self.second(first)).amax((2, 3)))


@pytest.fixture(scope="session")
def small() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Small()


@pytest.fixture(scope="session")
def explainer(small: nn.Module) -> Explainer:
    """The small network with its layers `first` and `second`, for images of 6 x 6 pixels."""
    return build_explainer(small, (3, 6, 6), ("first", "second"))


@pytest.fixture(scope="session")
def images() -> Tensor:
    return torch.rand(4, 3, 6, 6, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture(scope="session")
def live_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the demo's model, with two images of each class and no other table."""
    return write_live_run(tmp_path_factory.mktemp("live") / "run")


@pytest.fixture
def image_file(tmp_path: Path) -> Path:
    """An image of the demo's size, as a file."""
    path = tmp_path / "noise.png"
    path.write_bytes(write_image())
    return path
