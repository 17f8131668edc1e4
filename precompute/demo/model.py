"""The demo's network: a small convolutional classifier of the drawn scenes.

It holds one of each structure that attribution graphs have to handle: plain convolutions, inception-like blocks
(bottlenecks, pooling branch, concatenation), a residual block with an identity shortcut, batch norm everywhere.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from precompute.demo.scenes import CLASSES

INPUT_SIZE = 96
CLASS_NAMES: tuple[str, ...] = tuple(entry.class_name for entry in CLASSES)
RECORDED_LAYERS: tuple[str, ...] = ("stem", "conv2", "mixed1", "mixed2", "residual", "mixed3")
"""Modules whose outputs are recorded, in order from the input: 32, 48, 96, 128, 128 and 160 channels, after ReLU."""

PREPROCESS: dict[str, object] = {
    "resize": INPUT_SIZE,
    "crop": INPUT_SIZE,
    "interpolation": "bilinear",
    "channels": "RGB",
    "scale": 1.0,
    "mean": (0.55, 0.57, 0.54),
    "std": (0.22, 0.18, 0.21),
}
"""The scenes have this size, and stay as they are; photographs of any size are brought to it."""
WEIGHTS = Path(__file__).with_name("weights.safetensors")


class ConvBlock(nn.Sequential):
    """Convolution, batch norm, ReLU; only a stride changes the size."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(n_in, n_out, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()
        )


class Mixed(nn.Module):
    """Inception block: 1x1; bottleneck and 3x3; bottleneck and 5x5; pooling and 1x1; concatenated in this order.

    `widths` are the channels of: 1x1, the 3x3's bottleneck, 3x3, the 5x5's bottleneck, 5x5, the pooling branch.
    """

    def __init__(self, n_in: int, widths: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        narrow, bottle3, wide3, bottle5, wide5, pooled = widths
        self.branch1 = ConvBlock(n_in, narrow, 1)
        self.branch3 = nn.Sequential(ConvBlock(n_in, bottle3, 1), ConvBlock(bottle3, wide3, 3))
        self.branch5 = nn.Sequential(ConvBlock(n_in, bottle5, 1), ConvBlock(bottle5, wide5, 5))
        self.branch_pool = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), ConvBlock(n_in, pooled, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch3(x), self.branch5(x), self.branch_pool(x)], dim=1)


class Residual(nn.Module):
    """Two 3x3 convolutions through `n_inner` channels, added to the input, then ReLU."""

    def __init__(self, n_channels: int, n_inner: int) -> None:
        super().__init__()
        self.conv1 = ConvBlock(n_channels, n_inner, 3)
        self.conv2 = nn.Conv2d(n_inner, n_channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(n_channels)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x + self.norm2(self.conv2(self.conv1(x))))


class DemoNet(nn.Module):
    """Input `(batch, 3, 96, 96)`, preprocessed as `PREPROCESS` says; output: logits `(batch, class)`."""

    def __init__(self, n_classes: int = len(CLASSES)) -> None:
        super().__init__()
        self.stem = ConvBlock(3, 32, 5, stride=2)
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = ConvBlock(32, 48, 3)
        self.mixed1 = Mixed(48, (24, 24, 40, 8, 16, 16))
        self.pool2 = nn.MaxPool2d(2)
        self.mixed2 = Mixed(96, (32, 48, 56, 16, 24, 16))
        self.residual = Residual(128, 48)
        self.pool3 = nn.MaxPool2d(2)
        self.mixed3 = Mixed(128, (40, 48, 72, 16, 28, 20))
        self.classifier = nn.Linear(160, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mixed1(self.conv2(self.pool1(self.stem(x))))
        x = self.residual(self.mixed2(self.pool2(x)))
        x = self.mixed3(self.pool3(x))
        return self.classifier(x.mean(dim=(2, 3)))


def build() -> nn.Module:
    """Builds the untrained network."""
    return DemoNet()


def load() -> nn.Module:
    """Loads the trained network, in evaluation mode, from the weights beside this file."""
    model = build()
    model.load_state_dict(load_file(WEIGHTS))
    return model.eval()
