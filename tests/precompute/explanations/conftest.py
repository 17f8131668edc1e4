"""The small network that several tests explain."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.explanations.explainer import Explainer
from tests.support.explained import build_explainer


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
