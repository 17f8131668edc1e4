"""Generator files as a person may write them: a sound one, and one for each fault."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CODE_SIZE", "write_generators"]

CODE_SIZE = 6
_FILE = """
import torch
from torch import nn


class Decoder(nn.Module):
    def __init__(self, n_colours=3, side=12):
        super().__init__()
        self.shape = (n_colours, side, side)
        self.layer = nn.Linear(6, n_colours * side * side)

    def forward(self, codes):
        return torch.sigmoid(3 * self.layer(codes)).view(-1, *self.shape)


class Changed(Decoder):
    def __init__(self, change, **options):
        super().__init__(**options)
        self.change = change

    def forward(self, codes):
        return self.change(super().forward(codes))


def build():
    torch.manual_seed(0)
    return Decoder()


def shifted():
    made = build()
    made.code_mean, made.code_std = torch.arange(6.0), 0.5
    return made


def wide_mean():
    made = build()
    made.code_mean = torch.zeros(5)
    return made


def no_spread():
    made = build()
    made.code_std = 0.0
    return made


def grey():
    return Decoder(n_colours=1)


def flat():
    return Changed(lambda drawn: drawn.flatten(1))


def named():
    return Changed(lambda drawn: {"pictures": drawn})


def tanh():
    return Changed(lambda drawn: 2 * drawn - 1)


def bright():
    return Changed(lambda drawn: 255 * drawn)


def nan():
    return Changed(lambda drawn: drawn / 0 * 0)


def constant():
    return Changed(lambda drawn: torch.zeros_like(drawn) + 0.5)


def detached():
    return Changed(lambda drawn: drawn.detach())


def rounded():
    return Changed(lambda drawn: drawn.round())


def half():
    return build().half()


def spoiled():
    made = build()
    with torch.no_grad():
        made.layer.weight[0, 0] = float("nan")
    return made


def typical():
    made = shifted()
    made.code_starts = torch.ones(4, 6)
    return made


def wide_starts():
    made = build()
    made.code_starts = torch.zeros(4, 5)
    return made


def number():
    return 3
"""


def write_generators(folder: Path) -> Path:
    """Writes `decoder.py`, whose callables are named after their faults, and returns its path."""
    path = folder / "decoder.py"
    path.write_text(_FILE)
    return path
