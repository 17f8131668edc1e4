"""ResNet-20 for images of 32 x 32 px, with random weights (He et al. 2016, section 4.2, shortcuts without weights)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["build_resnet20"]


class _Block(nn.Module):
    """Two convolutions and a shortcut; where the width grows, every second pixel between channels of zeros."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.side = (n_out - n_in) // 2
        self.conv1 = nn.Conv2d(n_in, n_out, 3, 2 if self.side else 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        read = functional.relu(self.bn1(self.conv1(x)))
        if self.side:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.side, self.side))
        return functional.relu(self.bn2(self.conv2(read)) + x)


class _ResNet20(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(_Block(16, 16), _Block(16, 16), _Block(16, 16))
        self.layer2 = nn.Sequential(_Block(16, 32), _Block(32, 32), _Block(32, 32))
        self.layer3 = nn.Sequential(_Block(32, 64), _Block(64, 64), _Block(64, 64))
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer3(self.layer2(self.layer1(functional.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def build_resnet20() -> nn.Module:
    """Builds the network, in evaluation mode, always with the same weights."""
    torch.manual_seed(0)
    return _ResNet20().eval()
