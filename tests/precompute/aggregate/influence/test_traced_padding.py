"""Traced influence with every way of padding a convolution, in every tier, against the module on single channels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence import pairs, traced
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.influence.traced import LinkInfluence
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels import convolution as tiers
from precompute.aggregate.kernels.convolution import compute_convolution_influence
from precompute.models.graph.exported import ExportedModel
from precompute.models.interventions.intervention import check_links
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from tests.reference.influence import Conv, compose_bottleneck, compute_influence, find_top_sources
from tests.support.drawn_convolutions import build_expression, draw_convolutions

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")

SIDE = (7, 6)
Layer = Callable[[Tensor], Tensor]


class Padded(nn.Module):
    """A network whose recorded layers are the input and the output of one module."""

    def __init__(self, between: nn.Module) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3, padding=1), between
        self.head = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.second(self.first(x)).mean((2, 3)))


def make_same(kernel: int | tuple[int, int], **options: int | str) -> nn.Conv2d:
    return nn.Conv2d(6, 6, kernel, padding="same", bias=False, **options)  # type: ignore[arg-type]


def make_plain(
    kernel: int | tuple[int, int], padding: int | tuple[int, int] | str = 0, **options: int | str
) -> nn.Conv2d:
    return nn.Conv2d(6, 6, kernel, padding=padding, bias=False, **options)  # type: ignore[arg-type]


class AsTensorFlow(nn.Conv2d):
    """A convolution padded as in TensorFlow: to the size over the stride, the greater half below and to the right."""

    def forward(self, x: Tensor) -> Tensor:
        around = [
            max((-(-size // step) - 1) * step + kernel - size, 0)
            for size, step, kernel in zip(x.shape[-2:], self.stride, self.kernel_size, strict=True)
        ]
        (top, left), (rows, columns) = (total // 2 for total in around), around
        x = functional.pad(x, (left, columns - left, top, rows - top))
        return functional.conv2d(x, self.weight, None, self.stride)


PADDINGS: dict[str, nn.Module] = {
    "same, even": make_same(4),
    "same, two by two": make_same(2),
    "same, even and odd": make_same((4, 3)),
    "same, odd and even": make_same((1, 2)),
    "same, odd": make_same(3),
    "same, one": make_same(1),
    "same, even and dilated": make_same(4, dilation=3),
    "same, even and dilated by two": make_same(2, dilation=2),
    "same, even in groups": make_same(4, groups=2),
    "same, even and depthwise": make_same(4, groups=6),
    "same, even, reflecting": make_same(4, padding_mode="reflect"),
    "same, even, repeating": make_same((2, 5), padding_mode="replicate"),
    "same, even, round": make_same(4, padding_mode="circular"),
    "valid": make_plain(4, "valid"),
    "another way on each axis": make_plain((2, 5), (1, 2), stride=2),
    "reflecting": make_plain(3, (1, 2), padding_mode="reflect"),
    "round": make_plain(3, 2, padding_mode="circular", stride=2),
    "repeating and depthwise": make_plain(3, 1, padding_mode="replicate", groups=6),
    "one wide and padded": make_plain(1, 2),
    "one wide, padded and strided": make_plain(1, 1, stride=2),
    "wider than what is read": make_plain(3, 9),
    "zeros ahead": nn.Sequential(nn.ZeroPad2d((2, 0, 1, 3)), make_plain(4)),
    "zeros ahead of an even one": nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), make_same(2)),
    "reflection ahead": nn.Sequential(nn.ReflectionPad2d((2, 1, 0, 1)), make_plain(3)),
    "repetition ahead": nn.Sequential(nn.ReplicationPad2d((2, 1, 0, 1)), make_plain(3)),
    "cut off": nn.Sequential(nn.ZeroPad2d((-1, 2, -2, 0)), make_plain(3)),
    "as TensorFlow": AsTensorFlow(6, 6, 4, stride=2, bias=False),
    "as TensorFlow, odd": AsTensorFlow(6, 6, (3, 5), stride=(2, 3), bias=False),
}


def respond_alone(layer: nn.Module, read: Tensor) -> Tensor:
    """Finds `(target, source)`: the greatest response of a linear module to one channel alone, 0 at least."""
    found = torch.zeros(6, read.shape[0])
    for source in range(read.shape[0]):
        channel = torch.zeros_like(read)
        channel[source] = read[source]
        found[:, source] = layer(channel[None])[0].amax((1, 2)).clamp_min(0).detach()
    return found


def forbid_numba(patch: pytest.MonkeyPatch) -> None:
    for module in (tiers, pairs, traced):
        patch.setattr(module, "load_compiled_loops", lambda: None)


def record(model: nn.Module, n_checked: int = 1) -> tuple[LinkInfluence, Tensor, Values]:
    """Returns the influence on the second layer, the first layer's values, and all recorded values, of one image."""
    exported = ExportedModel(model, (3, *SIDE))
    links = derive_links(exported, select_layers(exported, ["first", "second"]))
    assert check_links(exported, links, n_checked).failures == ()
    (measure,) = choose_measures(exported, links, AggregateConfig(influence="traced"))
    nodes = [links[0].sources[0].node, *measure.nodes - {links[0].sources[0].node}]
    with torch.no_grad():
        values = Values(
            dict(zip(nodes, exported.build_sub_graph(nodes)(torch.randn(1, 3, *SIDE)), strict=True)), exported.layouts
        )
    return LinkInfluence(links[0]), values[nodes[0]][0], values


def assert_influence(influence: LinkInfluence, values: Values, expected: Tensor) -> None:
    """Compares, in both tiers, the whole table, and the two strongest sources of each target."""
    for tier in ("compiled", "torch"):
        with pytest.MonkeyPatch.context() as patch:
            if tier == "torch":
                forbid_numba(patch)
            assert torch.allclose(influence(values)[0], expected, rtol=1e-4, atol=1e-5)
            strengths, sources = influence.find_strongest(values, 2)
        for strength, source, row in zip(
            strengths.tolist(), sources.tolist(), find_top_sources(expected, 2), strict=True
        ):
            assert strength[: len(row)] == pytest.approx([v for _, v in row], 1e-3, 1e-5)
            assert source[: len(row)] == [i for i, _ in row]


@pytest.mark.parametrize("name", PADDINGS)
def test_every_way_of_padding(name: str) -> None:
    torch.manual_seed(0)
    influence, read, values = record(Padded(PADDINGS[name]))
    assert_influence(influence, values, respond_alone(PADDINGS[name], read))


def test_an_even_kernel_behind_a_bottleneck() -> None:
    torch.manual_seed(0)
    inner, outer = nn.Conv2d(6, 4, 1, bias=False), nn.Conv2d(4, 6, 4, padding="same", bias=False)
    influence, read, values = record(Padded(nn.Sequential(inner, nn.ReLU(), outer)))
    first = compute_influence(Conv(inner.weight.detach()), read)
    middle = functional.pad(
        torch.relu(inner(read[None])), (1, 2, 1, 2)
    ).detach()  # an even kernel: two of three zeros at the end
    assert_influence(
        influence, values, compose_bottleneck(first, compute_influence(Conv(outer.weight.detach()), middle[0]))
    )


@settings(max_examples=100, deadline=None)
@given(draw_convolutions(), st.integers(0, 3), st.integers(0, 3), st.sampled_from(["compiled", "torch"]))
def test_zeros_on_one_side_alone_equal_the_loop(case: tuple[Conv, Tensor], rows: int, columns: int, tier: str) -> None:
    conv, values = case
    with pytest.MonkeyPatch.context() as patch:
        if tier == "torch":
            forbid_numba(patch)
        fast = compute_convolution_influence(build_expression(conv, (rows, columns)), values)
    padded = functional.pad(values, (0, columns, 0, rows))
    assert torch.equal(fast, torch.stack([compute_influence(conv, image) for image in padded]))
