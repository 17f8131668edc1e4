"""Requirements on a forward: one input, single precision, no random numbers; the module stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_operator_name
from tests.support.plain_net import SIZE, Net, require_same_as_plain


class WithMask(Net):
    def forward(self, images: Tensor, mask: Tensor, *, scale: float) -> Any:  # type: ignore[override]
        return super().forward(images * mask * scale)


class WithoutImages(Net):
    def forward(self) -> Any:  # type: ignore[override]
        return self.head(torch.zeros(1, 6))


class CastingWithin(Net):
    def forward(self, x: Tensor) -> Any:
        return super().forward(x.half().float())


class Autocast(Net):
    def forward(self, x: Tensor) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return super().forward(x)


class HalfConstant(Net):
    def __init__(self) -> None:
        super().__init__()
        self.constant = [torch.ones(6, 5, dtype=torch.float16)]

    def forward(self, x: Tensor) -> Any:
        return self.second(self.first(x)).mean((2, 3)) @ self.constant[0]


class AlwaysDropping(Net):
    def forward(self, x: Tensor) -> Any:
        return nn.functional.dropout(super().forward(x), 0.5, training=True)


class Noisy(Net):
    def forward(self, x: Tensor) -> Any:
        return super().forward(x + torch.randn_like(x))


FORWARDS: dict[type[nn.Module], str] = {
    WithMask: r"forward of WithMask takes 3: images, mask, scale\. Wrap it",
    WithoutImages: r"forward of WithoutImages takes none",
    CastingWithin: r"model's forward computes in float16",
    Autocast: r"computes in bfloat16.*autocast",
    HalfConstant: r"model's forward uses a constant in float16.*register_buffer",
    AlwaysDropping: r"calls native_dropout, which draws random numbers",
    Noisy: r"calls randn_like, which draws random numbers",
}


@pytest.mark.parametrize("kind", FORWARDS)
def test_a_forward_that_asks_too_much_is_refused(kind: type[nn.Module], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=FORWARDS[kind]):
        ExportedModel(kind(), SIZE)
    assert capfd.readouterr().err == ""


def test_defaults_and_further_keywords_are_no_inputs() -> None:
    class Flexible(Net):
        def forward(self, x: Tensor, mask: Tensor | None = None, **options: Any) -> Any:
            return super().forward(x if mask is None else x * mask)

    assert ExportedModel(Flexible(), SIZE).n_outputs == 5


def test_dropout_and_batch_norm_of_a_model_in_training_are_silent() -> None:
    module = nn.Sequential(nn.BatchNorm2d(3), Net(), nn.Dropout(0.5)).train()

    model = ExportedModel(module, SIZE)

    names = {get_operator_name(node) for node in model.graph.nodes}
    assert not {"native_dropout", "bernoulli", "_native_batch_norm_legit"} & names


def test_positions_folded_into_the_batch_are_no_logits() -> None:
    with pytest.raises(InputError, match=r"returns a tensor \(batch x 4, 5\)"):
        ExportedModel(Net(lambda net, x: net.head(net.compute_maps(x).movedim(1, 3).reshape(-1, 6))), SIZE)


def test_half_precision_in_a_context_is_named_by_its_module() -> None:
    def run(net: Net, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            maps = net.first(x)
        return net.head(net.second(maps.float()).mean((2, 3)))

    with pytest.raises(InputError, match=r"first\.0 computes in bfloat16\. Take the cast, or torch\.autocast, out"):
        ExportedModel(Net(run), SIZE)


def test_other_outputs_may_be_in_half_precision() -> None:
    def run(net: Net, x: Tensor) -> tuple[Tensor, Tensor]:
        maps = net.compute_maps(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            other = net.head(maps.mean((2, 3)))
        return net.head(maps.mean((2, 3))), other

    require_same_as_plain(ExportedModel(Net(run), SIZE))


def test_exporting_leaves_a_module_as_it_was() -> None:
    def run(net: Net, x: Tensor) -> Tensor:
        net.kept.append(net.compute_maps(x))
        return net.head(net.kept[-1].mean((2, 3)))

    net = Net(run)
    net.kept = []

    require_same_as_plain(ExportedModel(net, SIZE))
    assert net.kept == []
