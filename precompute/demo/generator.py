"""The demo's generator: a small decoder that draws scenes of the demo's kind from a short code.

A code holds the principal components of a picture's colours and of what the demo's network sees in it, each of mean 0
and variance 1: as in Nguyen et al. (2016), the generator inverts layers of the network. `train_generator` made it.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from precompute.demo.model import INPUT_SIZE

__all__ = ["CODE_SIZE", "WEIGHTS", "DemoGenerator", "load_generator"]

CODE_SIZE = 96
WEIGHTS = Path(__file__).with_name("generator.safetensors")
_COARSE, _WIDE, _NARROW = 64, 128, 32
_SLOPE = 0.1


class Enlarge(nn.Sequential):
    """A convolution whose channels become the pixels of a picture twice as high and wide; batch norm, leaky ReLU."""

    def __init__(self, n_in: int, n_out: int) -> None:
        convolution = nn.Conv2d(n_in, 4 * n_out, 3, padding=1, bias=False)
        _start_smooth(convolution)
        super().__init__(convolution, nn.PixelShuffle(2), nn.BatchNorm2d(n_out), nn.LeakyReLU(_SLOPE))


class DemoGenerator(nn.Module):
    """Codes `(batch, 96)` to pictures in [0, 1], `(batch, 3, 96, 96)`."""

    code_size = CODE_SIZE

    def __init__(self) -> None:
        super().__init__()
        self.side = INPUT_SIZE // 8
        self.spread = nn.Linear(CODE_SIZE, _COARSE * self.side**2)
        self.start = nn.Sequential(nn.BatchNorm2d(_COARSE), nn.LeakyReLU(_SLOPE))
        self.enlarge = nn.Sequential(Enlarge(_COARSE, _NARROW), Enlarge(_NARROW, _NARROW))
        self.refine = nn.Sequential(
            nn.Conv2d(_NARROW, _NARROW, 3, padding=1, bias=False), nn.BatchNorm2d(_NARROW), nn.LeakyReLU(_SLOPE)
        )
        self.colour = nn.Conv2d(_NARROW, 4 * 3, 3, padding=1)
        _start_smooth(self.colour)

    def forward(self, codes: Tensor) -> Tensor:
        maps = self.spread(codes).view(-1, _COARSE, self.side, self.side)
        maps = self.start(maps).contiguous(memory_format=torch.channels_last)
        return torch.sigmoid(nn.functional.pixel_shuffle(self.colour(self.refine(self.enlarge(maps))), 2))


def load_generator() -> nn.Module:
    """The trained generator in evaluation mode, from the weights beside this file; nothing is trained or fetched."""
    generator = DemoGenerator()
    generator.load_state_dict(load_file(WEIGHTS))  # stored in 16 bits, copied into 32
    return generator.eval()


def _start_smooth(convolution: nn.Conv2d) -> None:
    """The four pixels of a place start alike, without the chessboard that independent ones would draw (ICNR)."""
    weight = convolution.weight
    alike = torch.empty(weight.shape[0] // 4, *weight.shape[1:])
    nn.init.kaiming_normal_(alike, a=_SLOPE)
    with torch.no_grad():
        weight.copy_(alike.repeat_interleave(4, dim=0))
