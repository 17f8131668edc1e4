"""Messages for forwards that `torch.export` cannot read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.unreadable import explain_failure, explain_fixed_batch
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


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (RuntimeError("expected input[2, 3, 8, 8] to have 1 channels, but got 3 channels instead"), "Images are RGB"),
        (RuntimeError("mat1 and mat2 must have the same dtype, but got Float and BFloat16"), "computes in float32"),
        (RuntimeError("Could not guard on data-dependent expression u0"), "branches on values of the image"),
        (ValueError("first.\nsecond"), r"ValueError: first\. Check the input size"),
        (KeyError(), r"KeyError: no message\. Check"),
        (RuntimeError("x" * 400), r"RuntimeError: x{300}\. Check"),
        (RuntimeError("Halfway through"), r"RuntimeError: Halfway through\. Check"),
    ],
    ids=["channels", "precision", "branch", "several lines", "no text", "a long text", "a word that begins with half"],
)
def test_the_message_for_an_exception(problem: Exception, message: str) -> None:
    assert re.search(message, str(explain_failure(problem, nn.Linear(1, 1), (3, 8, 8))))


def test_a_bound_on_the_batch_size_is_quoted_in_plain_symbols() -> None:
    text = (
        "Constraints violated (batch)! satisfy the generated guard 2 <= L['x'].size()[0] and L['x'].size()[0] <= 3.Spec"
    )
    assert "asks that 2 <= batch and batch <= 3." in str(explain_failure(ValueError(text), nn.ReLU(), (3, 8, 8)))
    bare = explain_failure(ValueError("Constraints violated (batch)!"), nn.ReLU(), (3, 8, 8))
    assert "The forward of ReLU depends on the batch size." in str(bare)


def test_a_batch_size_fixed_at_an_unknown_line_is_reported_without_one() -> None:
    assert "The forward of ReLU fixes the batch size. Take" in str(explain_fixed_batch(nn.ReLU(), ""))
    assert "fixes the batch size, in net.py, line 3. Take" in str(explain_fixed_batch(nn.ReLU(), "net.py, line 3"))
