"""The demo's generator: a small decoder that draws scenes of the demo's kind from a short code.

A code describes a picture by two groups of principal components, each of mean 0 and variance 1: of the last recorded
layer of the demo's network, after Nguyen et al. (2016), whose generator inverts a layer of the network, and
of the picture's coarse colours. `train_generator` trains the generator.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from precompute.demo.model import INPUT_SIZE

__all__ = ["CODE_SIZE", "N_STARTS", "WEIGHTS", "DemoGenerator", "load_generator"]

CODE_SIZE = 64
N_STARTS = 128
WEIGHTS = Path(__file__).with_name("generator.safetensors")
_COARSE, _NARROW = 64, 32
_SLOPE = 0.1


class Enlarge(nn.Sequential):
    """Bilinear enlargement by two, then a convolution, batch norm and leaky ReLU.

    A transposed convolution would leave a chessboard pattern.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(
            nn.Upsample(scale_factor=2, mode="bilinear"),
            nn.Conv2d(n_in, n_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.LeakyReLU(_SLOPE),
        )


class DemoGenerator(nn.Module):
    """A decoder of codes `(batch, 64)` to pictures in [0, 1], `(batch, 3, 96, 96)`.

    Attributes:
        code_starts: typical codes, `(128, 64)`: centres of groups of training pictures that were found without classes.
    """

    code_starts: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("code_starts", torch.zeros(N_STARTS, CODE_SIZE))
        self.side = INPUT_SIZE // 8
        self.spread = nn.Linear(CODE_SIZE, _COARSE * self.side**2)
        self.start = nn.Sequential(nn.BatchNorm2d(_COARSE), nn.LeakyReLU(_SLOPE))
        self.enlarge = nn.Sequential(Enlarge(_COARSE, _COARSE), Enlarge(_COARSE, _NARROW))
        self.colour = nn.Sequential(nn.Conv2d(_NARROW, 4 * 3, 3, padding=1), nn.PixelShuffle(2), nn.Sigmoid())

    def forward(self, codes: Tensor) -> Tensor:
        maps = self.spread(codes).view(-1, _COARSE, self.side, self.side)
        drawn: Tensor = self.colour(self.enlarge(self.start(maps).contiguous(memory_format=torch.channels_last)))
        return drawn


def load_generator() -> DemoGenerator:
    """Loads the trained generator, in evaluation mode, from the weights beside this file."""
    generator = DemoGenerator()
    generator.load_state_dict(load_file(WEIGHTS))  # stored in 16 bits, copied into 32
    return generator.eval()
