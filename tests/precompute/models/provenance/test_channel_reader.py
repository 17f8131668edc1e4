"""Expressions that are read off the graph, with their form."""

from __future__ import annotations

import inspect
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
    list_parts,
)
from precompute.models.provenance.links import Link, derive_links
from tests.support.between_layers import Between, Function, link_branches, link_layers, make_conv, make_norm

N_DEEP = 120
"""Blocks of a deep network: more than the calls that are allowed to be open while its link is derived."""
BRANCHES: dict[str, nn.Module] = {
    "norm": nn.Sequential(make_conv(8, 4), make_norm(4)),
    "norm behind a relu": nn.Sequential(make_conv(8, 8), nn.ReLU(), make_norm(8)),
    "norm without a convolution": make_norm(8),
    "even kernel": nn.Conv2d(8, 4, (4, 3), padding="same", dilation=(1, 2)),
    "no padding": nn.Conv2d(8, 4, 3, stride=(2, 1), padding="valid", groups=2),
    "weight norm": nn.utils.parametrizations.weight_norm(make_conv(8, 4)),
    "gate": Function(lambda x, a, b: a(x) * torch.sigmoid(b(x)), a=make_conv(8, 8), b=make_conv(8, 8)),
    "negative gate": Function(lambda x, a: x * -torch.sigmoid(a(x)), a=make_conv(8, 8)),
    "three terms": Function(lambda x, a, b: x + (a(x) - 2 * b(x)), a=make_conv(8, 8), b=make_conv(8, 8)),
    "closed sum": Function(lambda x, a: x + torch.relu(x + a(x)), a=make_conv(8, 8)),
    "bias": Function(lambda x, a: a(x) + torch.arange(8.0).view(8, 1, 1), a=make_conv(8, 8)),
}


@pytest.fixture(scope="module")
def links() -> dict[str, Link]:
    """Derives the link to each branch."""
    return link_branches(BRANCHES)


def read_channels(links: dict[str, Link], name: str) -> Channels:
    """Returns the expression of a branch."""
    channels = links[name].channels
    assert channels is not None
    return channels


def compute_scale(norm: nn.Module) -> Tensor:
    """Computes the scale of a batch norm by its definition."""
    assert isinstance(norm, nn.BatchNorm2d) and norm.running_var is not None
    return (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().double()


def test_a_batch_norm_is_folded_into_its_convolution(links: dict[str, Link]) -> None:
    convolution, norm = BRANCHES["norm"].children()
    channels, scale = read_channels(links, "norm"), compute_scale(norm)

    assert isinstance(channels, Convolution) and channels.gain is not None
    torch.testing.assert_close(channels.gain, scale)
    torch.testing.assert_close(channels.weight.double(), convolution.weight.double() * scale.view(4, 1, 1, 1))


def test_behind_a_relu_a_batch_norm_gives_its_signs_alone(links: dict[str, Link]) -> None:
    convolution, _, norm = BRANCHES["norm behind a relu"].children()
    channels, sign = read_channels(links, "norm behind a relu"), compute_scale(norm).sign()

    assert {-1.0, 1.0} == set(sign.tolist())
    assert isinstance(channels, Passed) and isinstance(channels.of, Convolution)
    torch.testing.assert_close(channels.of.weight, convolution.weight.detach() * sign.float().view(8, 1, 1, 1))


def test_a_batch_norm_turns_a_layer_round_where_its_gain_is_negative(links: dict[str, Link]) -> None:
    channels = read_channels(links, "norm without a convolution")

    assert isinstance(channels, Source) and channels.sign is not None
    assert channels.sign.tolist() == compute_scale(BRANCHES["norm without a convolution"]).sign().tolist()


def test_the_geometry_of_a_convolution(links: dict[str, Link]) -> None:
    even, bare = read_channels(links, "even kernel"), read_channels(links, "no padding")

    assert isinstance(even, Convolution) and isinstance(bare, Convolution)
    # Three zeros above and below together, of which the last one is below; two on each side.
    assert (even.padding, even.overhang, even.dilation) == ((1, 2), (1, 0), (1, 2))
    assert (bare.padding, bare.overhang, bare.stride, bare.groups) == ((0, 0), (0, 0), (2, 1), 2)
    assert bare.n_inputs == 8


def test_a_weight_that_is_computed_is_taken_as_computed(links: dict[str, Link]) -> None:
    channels, convolution = read_channels(links, "weight norm"), BRANCHES["weight norm"]

    assert isinstance(channels, Convolution) and isinstance(convolution, nn.Conv2d)
    torch.testing.assert_close(channels.weight, convolution.weight.detach())


def test_a_gate_is_left_out_and_named(links: dict[str, Link]) -> None:
    channels = read_channels(links, "gate")

    assert isinstance(channels, Passed) and isinstance(channels.of, Convolution)
    assert len(links["gate"].gates) == 1 and "sigmoid" in links["gate"].gates[0].name
    assert links["norm"].gates == ()


def test_a_negative_gate_turns_the_channels_round(links: dict[str, Link]) -> None:
    channels = read_channels(links, "negative gate")

    assert isinstance(channels, Source) and channels.sign is not None
    assert channels.sign.tolist() == [-1] * 8


def test_open_sums_are_one_sum_with_the_coefficients_of_its_terms(links: dict[str, Link]) -> None:
    channels = read_channels(links, "three terms")

    assert isinstance(channels, Addition)
    assert [type(term.channels) for term in channels.terms] == [Source, Convolution, Convolution]
    assert channels.terms[0].factor is None and channels.terms[1].factor is None
    third = channels.terms[2].channels
    assert isinstance(third, Convolution) and third.gain is not None
    assert third.gain.tolist() == [-2] * 8


def test_a_sum_behind_a_relu_stays_one_term(links: dict[str, Link]) -> None:
    channels = read_channels(links, "closed sum")

    assert isinstance(channels, Addition)
    outer, inner = (term.channels for term in channels.terms)
    assert isinstance(outer, Source) and isinstance(inner, Passed)
    assert isinstance(inner.of, Addition) and len(inner.of.terms) == 2


def test_a_constant_that_is_added_changes_nothing(links: dict[str, Link]) -> None:
    channels, convolution = read_channels(links, "bias"), BRANCHES["bias"]

    assert isinstance(channels, Convolution) and isinstance(convolution, Function)
    assert torch.equal(channels.weight, convolution.inner["a"].weight.detach())


def test_a_concatenation_stays_one() -> None:
    _, (link,) = link_layers(Between(Function(lambda x, a: torch.cat([x, a(x)], 1), a=make_conv(8, 4)), head=12))
    assert isinstance(link.channels, Concatenation)
    assert [type(part) for part in link.channels.parts] == [Source, Convolution]


def test_zero_padded_channels_come_from_nothing() -> None:
    block = Function(lambda x: functional.pad(x[:, 2:6], (0, 0, 0, 0, 1, 3)))
    _, (link,) = link_layers(Between(block))
    assert isinstance(link.channels, Concatenation)
    assert [type(part) for part in link.channels.parts] == [Nothing, Selection, Nothing]
    assert [part.n_channels for part in link.channels.parts] == [1, 4, 3]


def test_a_strided_slice_closes_a_convolution() -> None:
    _, (link,) = link_layers(Between(Function(lambda x, a: a(x)[:, :, ::2], a=make_conv(8, 8))))
    assert isinstance(link.channels, Passed)
    assert isinstance(link.channels.of, Convolution)


def test_a_constant_scale_is_folded_into_the_convolution() -> None:
    block = Function(lambda x, a: 2 * a(x), a=make_conv(8, 8, 1))
    _, (link,) = link_layers(Between(block))
    assert isinstance(link.channels, Convolution)
    assert torch.allclose(link.channels.weight, 2 * block.inner["a"].weight.detach())


def test_a_linear_layer_behind_a_flatten_is_a_convolution_over_all_positions() -> None:
    block = Function(
        lambda x, a, b: b(torch.relu(a(functional.adaptive_avg_pool2d(x, 3).flatten(1)))),
        a=nn.Linear(72, 8),
        b=nn.Linear(8, 8),
    )
    _, (link,) = link_layers(Between(block))
    kernels = [part.weight.shape for part in list_parts(link.channels) if isinstance(part, Convolution)]  # type: ignore[arg-type]
    assert kernels == [(8, 8, 3, 3), (8, 8, 1, 1)]


def test_deep_shortcuts_are_deeper_than_the_stack() -> None:
    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList(make_conv(8, 8, 1) for _ in range(N_DEEP))

        def forward(self, x: Tensor) -> Tensor:
            for block in self.blocks:
                x = torch.relu(x + block(x))
            return x

    exported = ExportedModel(Between(Deep()), (3, 8, 8))
    layers = select_layers(exported, ["first", "second"])
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + N_DEEP)  # not even one call for each block
    try:
        (link,) = derive_links(exported, layers)
    finally:
        sys.setrecursionlimit(limit)
    assert sum(isinstance(part, Addition) for part in list_parts(link.channels)) == N_DEEP  # type: ignore[arg-type]
