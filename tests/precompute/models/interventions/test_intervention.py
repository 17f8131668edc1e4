"""Every way in which channels come from one recorded layer to the next, each checked by intervention.

An intervention changes one channel and looks at which others change; the link must have derived exactly those.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.models.graph.exported import ExportedModel
from precompute.models.interventions.intervention import check_links
from precompute.models.provenance.expressions import Concatenation, Convolution, Nothing, Selection, list_parts
from precompute.models.provenance.links import Link
from precompute.models.provenance.turning import Turner
from tests.support.between_layers import (
    Between,
    Function,
    export_branches,
    link_layers,
    make_conv,
    make_cut_norm,
    make_norm,
)

ALL = 1_000  # channels to intervene on: every one


def shuffle(x: Tensor, groups: int) -> Tensor:
    """Shuffles channels between groups, as ShuffleNet does."""
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


def convolve_standardised(x: Tensor, conv: nn.Conv2d) -> Tensor:
    weight = conv.weight
    weight = (weight - weight.mean((1, 2, 3), keepdim=True)) / weight.std((1, 2, 3), keepdim=True)
    return functional.conv2d(x, weight, conv.bias, padding=1)


def squeeze_and_excite(x: Tensor, down: nn.Conv2d, up: nn.Conv2d, conv: nn.Conv2d) -> Tensor:
    """Applies squeeze and excitation, then a convolution."""
    gate = torch.sigmoid(up(torch.relu(down(x.mean((2, 3), keepdim=True)))))
    return conv(x * gate)


def apply_preactivated_block(x: Tensor, norm: nn.Module, conv: nn.Conv2d, shortcut: nn.Conv2d) -> Tensor:
    """Applies a residual block of the second version, in which norm and ReLU come first."""
    active = torch.relu(norm(x))
    return conv(active) + shortcut(active)


def apply_convnext_block(x: Tensor, up: nn.Linear, down: nn.Linear) -> Tensor:
    """Applies a ConvNeXt block without its norm."""
    y = down(functional.gelu(up(x.permute(0, 2, 3, 1)))).permute(0, 3, 1, 2)
    return x + 0.1 * y


def mix_tokens(x: Tensor, mix: nn.Linear) -> Tensor:
    """Mixes the channels of tokens, with a class token that is dropped again."""
    t = x.flatten(2).transpose(1, 2)
    t = torch.cat([torch.zeros(x.shape[0], 1, t.shape[2]), t], 1)
    t = t + mix(t)
    return t[:, 1:].transpose(1, 2).unflatten(2, (x.shape[2], x.shape[3]))


def normalize_locally(x: Tensor, conv: nn.Conv2d) -> Tensor:
    return conv(functional.local_response_norm(torch.relu(x), 3))


def resample(x: Tensor, conv: nn.Conv2d) -> Tensor:
    theta = torch.tensor([[0.8, 0.3, 0.1], [-0.2, 1.1, 0.0]]).expand(x.shape[0], 2, 3)
    grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
    return conv(functional.grid_sample(x, grid, align_corners=False))


CASES: dict[str, nn.Module] = {
    "norm and relu6": nn.Sequential(make_conv(8, 8), make_norm(8), nn.ReLU6()),
    "pooling of both kinds": nn.Sequential(
        nn.MaxPool2d(2), make_conv(8, 8), nn.AvgPool2d(3, 1, 1), nn.SiLU(), make_conv(8, 8)
    ),
    "pooling with overhang": nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True), make_conv(8, 8)),
    "dropout": nn.Sequential(nn.Dropout(0.5), make_conv(8, 8), nn.Dropout2d(0.5)),
    "adaptive pooling": nn.Sequential(nn.AdaptiveAvgPool2d(4), make_conv(8, 8)),
    "interpolation": Function(lambda x, c: c(functional.interpolate(x, scale_factor=2)), c=make_conv(8, 8)),
    "several convolutions": nn.Sequential(
        make_conv(8, 4, 1), nn.ReLU(), make_conv(4, 6), make_norm(6), nn.ReLU(), make_conv(6, 8, 1)
    ),
    "grouped": nn.Sequential(make_conv(8, 12, groups=4), nn.ReLU(), make_conv(12, 8, groups=2)),
    "depthwise": nn.Sequential(make_conv(8, 8, 5, groups=8), make_norm(8), nn.ReLU(), make_conv(8, 8, 1)),
    "depthwise with a multiplier": nn.Sequential(make_conv(8, 16, groups=8), nn.ReLU(), make_conv(16, 8, 1, groups=4)),
    "depthwise first and last": nn.Sequential(make_conv(8, 8, 3, groups=8), nn.ReLU()),
    "dilated and strided": nn.Sequential(nn.Conv2d(8, 8, 3, stride=2, padding=2, dilation=2), nn.ReLU()),
    "transposed": nn.Sequential(nn.ConvTranspose2d(8, 6, 3, 2, 1, output_padding=1), nn.ReLU(), make_conv(6, 8)),
    "transposed in groups, dilated": nn.Sequential(
        nn.ConvTranspose2d(8, 12, (3, 2), (1, 3), (2, 0), dilation=(2, 1), groups=4), make_norm(12), make_conv(12, 8)
    ),
    "transposed channel by channel": nn.ConvTranspose2d(8, 8, 4, 2, 1, groups=8),
    "same padding": nn.Sequential(nn.Conv2d(8, 8, 3, padding="same"), nn.ReLU()),
    "uneven padding": Function(lambda x, c: torch.relu(c(functional.pad(x, (0, 1, 0, 1)))), c=nn.Conv2d(8, 8, 3, 2)),
    "padding for a max pooling": Function(
        lambda x, c: c(functional.max_pool2d(functional.pad(x, (0, 1, 0, 1), value=-torch.inf), 3, 2)),
        c=make_conv(8, 8),
    ),
    "reflected padding": nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect"), nn.ReLU()),
    "concatenation": Function(
        lambda x, a, b: torch.relu(torch.cat([a(x), x, b(x)], 1)[:, 4:12]), a=make_conv(8, 6), b=make_conv(8, 6)
    ),
    "dense block": Function(
        lambda x, a, b, n: torch.cat([x, a(x), b(torch.relu(n(torch.cat([x, a(x)], 1))))], 1)[:, -8:],
        a=make_conv(8, 4),
        b=make_conv(12, 4),
        n=make_norm(12),
    ),
    "slices": Function(lambda x, a: torch.cat([x[:, ::2], a(x[:, 1::2])], 1), a=make_conv(4, 4)),
    "halves": Function(lambda x, a: torch.cat([x.chunk(2, 1)[0], a(x.chunk(2, 1)[1])], 1), a=make_conv(4, 4)),
    "uneven split": Function(lambda x, a: torch.cat(x.split([3, 5], 1)[::-1], 1) + a(x), a=make_conv(8, 8)),
    "channel shuffle": Function(lambda x, a: shuffle(torch.cat([x[:, :4], a(x[:, 4:])], 1), 2), a=make_conv(4, 4)),
    "library's channel shuffle": nn.Sequential(
        make_conv(8, 8, groups=2), nn.ChannelShuffle(2), make_conv(8, 8, groups=2)
    ),
    "flipped and chosen channels": Function(lambda x, a: a(x.flip(1)[:, [0, 3, 3, 5]]), a=make_conv(4, 8)),
    "space to depth": Function(lambda x, a: a(functional.pixel_unshuffle(x, 2)), a=make_conv(32, 8)),
    "zero padding of channels": Function(
        lambda x, a: torch.relu(functional.pad(x[:, :4, ::2, ::2], (0, 0, 0, 0, 2, 2)) + a(x)),
        a=nn.Conv2d(8, 8, 3, 2, 1),
    ),
    "shortcut": Function(lambda x, a, n: torch.relu(x + n(a(x))), a=make_conv(8, 8), n=make_norm(8)),
    "projected shortcut": Function(lambda x, a, b: torch.relu(b(x) + a(x)), a=make_conv(8, 8), b=make_conv(8, 8, 1)),
    "two blocks": Function(lambda x, a, b: (y := torch.relu(x + a(x))) + b(y), a=make_conv(8, 8), b=make_conv(8, 8)),
    "pre-activated block": Function(
        apply_preactivated_block, norm=make_norm(8), conv=make_conv(8, 8), shortcut=make_conv(8, 8, 1)
    ),
    "scaled branch": Function(lambda x, a: torch.relu(x + 0.17 * a(x)), a=make_conv(8, 8)),
    "scale per channel": Function(lambda x, a: x + a(x) * torch.arange(1.0, 9).view(8, 1, 1), a=make_conv(8, 8)),
    "greater than a constant": Function(lambda x, a: torch.max(a(x), torch.tensor(0.1)), a=make_conv(8, 8)),
    "less than a constant": Function(lambda x, a: torch.minimum(a(x), torch.ones(8, 1, 1)), a=make_conv(8, 8)),
    "leak by a maximum": Function(lambda x, a: torch.max(y := a(x), 0.1 * y), a=make_conv(8, 8)),
    "product with a matrix": Function(
        lambda x, a: (x.permute(0, 2, 3, 1) @ a.weight).permute(0, 3, 1, 2), a=nn.Linear(8, 8)
    ),
    "matrix before the maps": Function(
        lambda x, a: (a.weight @ x.flatten(2)).unflatten(2, x.shape[2:]), a=nn.Linear(8, 8)
    ),
    "sum of Einstein": Function(lambda x, a: torch.einsum("bchw,oc->bohw", x, a.weight), a=nn.Linear(8, 8)),
    "sum of Einstein, matrix first": Function(
        lambda x, a: torch.einsum("co,bhwc->bhwo", a.weight, x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2),
        a=nn.Linear(8, 8),
    ),
    "convolution of one tap along tokens": Function(
        lambda x, a: a(x.flatten(2)).unflatten(2, x.shape[2:]), a=nn.Conv1d(8, 8, 1, groups=2)
    ),
    "resampled": Function(resample, conv=make_conv(8, 8)),
    "interpolation against aliasing": Function(
        lambda x, a: a(functional.interpolate(x, size=(5, 5), mode="bilinear", antialias=True)), a=make_conv(8, 8)
    ),
    "unpooling": Function(
        lambda x, a: a(functional.max_unpool2d(*functional.max_pool2d(x, 2, return_indices=True), 2)), a=make_conv(8, 8)
    ),
    "quotient by a constant": Function(lambda x, a: torch.relu(a(x / 3) / 2), a=make_conv(8, 8)),
    "minus": Function(lambda x, a: torch.relu(-a(x)), a=make_conv(8, 8)),
    "one less": Function(lambda x, a: torch.relu(1 - a(1 - x)), a=make_conv(8, 8)),
    "difference": Function(lambda x, a, b: torch.relu(a(x) - b(x)), a=make_conv(8, 8), b=make_conv(8, 8)),
    "less the shortcut": Function(lambda x, a: torch.relu(a(x) - 2 * x), a=make_conv(8, 8)),
    "both signs": Function(lambda x, a: torch.relu(torch.cat([a(x), -a(x)], 1)), a=make_conv(8, 4)),
    "norms behind a relu": Function(lambda x, a, n: n(torch.relu(a(n(x * 1)))), a=make_conv(8, 8), n=make_norm(8)),
    "norm of a sum": Function(
        lambda x, a, b, n: b(torch.relu(n(x + a(x)))), a=make_conv(8, 8), b=make_conv(8, 8), n=make_norm(8)
    ),
    "norms of shortcuts": Function(
        lambda x, a, b, n: torch.relu(n(y := torch.relu(n(x) + a(x))) + b(y)),
        a=make_conv(8, 8),
        b=make_conv(8, 8),
        n=make_norm(8),
    ),
    "gains of nothing": Function(lambda x, a, n: n(torch.relu(n(a(x)))), a=make_conv(8, 8), n=make_cut_norm(8)),
    "least pooling": Function(lambda x, a: a(-functional.max_pool2d(-x, 2)), a=make_conv(8, 8)),
    "square of what is not negative": Function(lambda x, a: a(x.abs() + torch.relu(a(x)) ** 2), a=make_conv(8, 8)),
    "kernel of even sides": nn.Sequential(nn.Conv2d(8, 8, 4, padding="same", dilation=2), nn.ReLU()),
    "gate of softplus": Function(lambda x, a: (y := a(x)) * torch.tanh(functional.softplus(y)), a=make_conv(8, 8)),
    "addition with broadcasting": Function(lambda x, a: x + a(x.mean((2, 3), keepdim=True)), a=make_conv(8, 8, 1)),
    "squeeze and excitation": Function(
        squeeze_and_excite, down=make_conv(8, 2, 1), up=make_conv(2, 8, 1), conv=make_conv(8, 8)
    ),
    "spatial gate": Function(lambda x, a, b: b(x * torch.sigmoid(a(x))), a=make_conv(8, 1), b=make_conv(8, 8)),
    "hand-written swish": Function(lambda x, a: (y := a(x)) * torch.sigmoid(y), a=make_conv(8, 8)),
    "hand-written hard swish": Function(lambda x, a: (y := a(x)) * functional.relu6(y + 3) / 6, a=make_conv(8, 8)),
    "local response norm": Function(normalize_locally, conv=make_conv(8, 8)),
    "standardised weights": Function(convolve_standardised, conv=make_conv(8, 8)),
    "linear on channels last": Function(apply_convnext_block, up=nn.Linear(8, 16), down=nn.Linear(16, 8)),
    "linear on tokens": Function(mix_tokens, mix=nn.Linear(8, 8)),
    "linear behind a flatten": Function(
        lambda x, a, b: b(torch.relu(a(functional.adaptive_avg_pool2d(x, 3).flatten(1)))),
        a=nn.Linear(72, 8),
        b=nn.Linear(8, 8),
    ),
    "linear behind a global pooling": Function(lambda x, a: torch.relu(a(x.mean((2, 3)))), a=nn.Linear(8, 8)),
}


@pytest.fixture(scope="module")
def exported() -> tuple[ExportedModel, dict[str, Link]]:
    """All cases as branches of one network, with their links."""
    return export_branches(CASES)


@pytest.mark.parametrize("name", CASES)
def test_interventions_change_what_is_derived_and_nothing_else(
    exported: tuple[ExportedModel, dict[str, Link]], name: str
) -> None:
    model, links = exported
    assert links[name].problem is None
    report = check_links(model, [links[name]], ALL)
    assert report.failures == ()
    assert report.n_links == 1
    assert report.n_interventions >= 8


def test_interventions_find_a_wrong_link() -> None:
    exported, (link,) = link_layers(Between(CASES["channel shuffle"]))
    assert isinstance(link.channels, Selection | Concatenation)
    turned = Selection(link.channels, tuple(range(link.channels.n_channels))[::-1])
    report = check_links(exported, [replace(link, channels=turned)], ALL)
    assert "changes other channels of" in report.failures[0]
    assert len(report.failures) >= 8


TURNED = ["minus", "one less", "difference", "less the shortcut", "both signs", "norms behind a relu"]


@pytest.mark.parametrize("name", TURNED)
def test_interventions_find_a_sign_that_was_lost(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Turner.scale
    monkeypatch.setattr(Turner, "scale", lambda self, channels, scale: lost(self, channels, scale.abs()))
    monkeypatch.setattr(Turner, "turn", lambda self, channels, sign: channels)
    exported, links = link_layers(Between(CASES[name]))
    report = check_links(exported, links, ALL)
    assert len(report.failures) >= 3
    assert "otherwise than derived" in report.failures[0]


@pytest.mark.parametrize("name", ["several convolutions", "shortcut", "grouped", "depthwise", "linear on tokens"])
def test_interventions_find_a_weight_of_the_wrong_sign(name: str) -> None:
    exported, (link,) = link_layers(Between(CASES[name]))
    wrong = next(part for part in list_parts(link.channels) if isinstance(part, Convolution))  # type: ignore[arg-type]
    object.__setattr__(wrong, "weight", -wrong.weight)
    report = check_links(exported, [link], ALL)
    assert "changes channels otherwise than the derived weights" in report.failures[0]


def test_interventions_find_padding_on_the_wrong_side() -> None:
    exported, (link,) = link_layers(Between(CASES["kernel of even sides"]))
    wrong = next(part for part in list_parts(link.channels) if isinstance(part, Convolution))  # type: ignore[arg-type]
    object.__setattr__(wrong, "padding", (wrong.padding[0] + 1, wrong.padding[1]))
    object.__setattr__(wrong, "overhang", (wrong.overhang[0] - 2, wrong.overhang[1]))
    assert "changes channels otherwise" in check_links(exported, [link], ALL).failures[0]


def test_one_intervention_is_counted_for_each_channel_changed() -> None:
    exported, links = link_layers(Between(nn.Sequential(make_conv(8, 3), nn.ReLU(), make_conv(3, 8))))

    # Two channels of the layer, of the output of each convolution, and of what each convolution reads.
    assert check_links(exported, links, n_channels=2).n_interventions == 2 + 2 * 2 + 2 * 2
    # The output of the first convolution has three channels alone, and the second reads these.
    assert check_links(exported, links, n_channels=5).n_interventions == 5 + (3 + 5) + (5 + 3)


def test_a_link_that_cannot_be_traced_is_not_checked() -> None:
    exported, links = link_layers(Between(nn.GroupNorm(2, 8)))

    report = check_links(exported, links)

    assert len(links) == 1
    assert (report.n_links, report.n_interventions, report.failures) == (0, 0, ())


def test_a_missing_source_is_found() -> None:
    block = Function(lambda x, a: torch.cat([a(x), x], 1), a=make_conv(8, 4))
    exported, (link,) = link_layers(Between(block, head=12))
    assert isinstance(link.channels, Concatenation)
    lost = Concatenation((link.channels.parts[0], Nothing(8)))

    report = check_links(exported, [replace(link, channels=lost)], n_channels=1)

    (failure,) = report.failures
    assert failure.startswith("second: channel ") and "1 (" in failure
    assert failure.endswith("too many, 0 () too few")


def test_a_source_too_many_is_found() -> None:
    block = Function(lambda x, a: torch.cat([a(x), x[:, :4]], 1), a=make_conv(8, 4))
    exported, (link,) = link_layers(Between(block))
    assert isinstance(link.channels, Concatenation)
    first, second = link.channels.parts
    assert isinstance(second, Selection)
    wrong = Concatenation((first, Selection(second.of, (0, 1, 2, 7))))

    failures = sorted(check_links(exported, [replace(link, channels=wrong)], ALL).failures)

    assert len(failures) == 2  # channel 3 changes what it should not, and channel 7 nothing
    assert failures[0].startswith("second: channel 3 ") and "1 (7) too many, 0 () too few" in failures[0]
    assert failures[1].startswith("second: channel 7 ") and "0 () too many, 1 (7) too few" in failures[1]


def test_the_seed_decides_all() -> None:
    exported, (link,) = link_layers(Between(make_conv(8, 8)))
    wrong = [replace(link, channels=Selection(link.channels, (1, 0, *range(2, 8))))]  # type: ignore[arg-type]

    reports = [check_links(exported, wrong, n_channels=3, seed=seed) for seed in (0, 0, 1, 2, 3)]

    assert reports[0] == reports[1]
    assert len(set(reports)) > 1
