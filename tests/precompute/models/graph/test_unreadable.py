"""Messages for forwards that `torch.export` cannot read."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from tests.support.plain_net import SIZE, Net


class Branching(Net):
    def forward(self, x: Tensor) -> Any:
        return super().forward(x if x.mean() > 0 else -x)


class Grey(Net):
    def __init__(self) -> None:
        super().__init__()
        self.first[0] = nn.Conv2d(1, 4, 3)


class Casting(Net):
    def forward(self, x: Tensor) -> Any:
        return super().forward(x.half())


class Raising(Net):
    def forward(self, x: Tensor) -> Any:
        raise ValueError("no idea.")


class OtherSize(Net):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(7, 5)


FORWARDS: dict[type[nn.Module], str] = {
    Branching: r"forward of Branching branches on values of the image .*torch\.where",
    Grey: r"Images are RGB.*first convolution of 1 .*keepdim",
    Casting: r"forward meets half precision on the way: RuntimeError",
    Raising: r"ValueError: no idea\. Check",
    OtherSize: r"RuntimeError: .*6.*7.*Check the input size of --preprocess",
}


@pytest.mark.parametrize("kind", FORWARDS)
def test_a_forward_that_cannot_be_read(kind: type[nn.Module], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=FORWARDS[kind]):
        ExportedModel(kind(), SIZE)
    assert capfd.readouterr().err == ""
