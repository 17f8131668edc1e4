"""Traced influences of small networks: the sign of every step between a convolution and its target counts.

Behind a minus, a lower output of the convolution raises the target. Each network's signs are written down by hand; the
references go image by image and channel by channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence import pairs, traced
from precompute.aggregate.influence.pairs import PairSums
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.influence.traced import LinkInfluence
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels import convolution as tiers
from precompute.aggregate.recording import Recorder
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.interventions.intervention import check_links
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import Link, derive_links
from tests.reference.influence import Conv, compose_bottleneck, compose_residual, compute_shares, find_top_sources
from tests.reference.measures import compose_counts, count_as_summit
from tests.support.counting import compose_links

N_IN, N_OUT = 6, 8
MIXED = torch.tensor([1.5, -0.5, -2.0, 0.25, -1.0, 1.0, -0.1, 3.0])
Block = Callable[..., Tensor]


class Chain(nn.Module):
    """Recorded layers around a block: s2 of six channels feeds s3, s3 feeds s4."""

    def __init__(self, block: Block, modules: dict[str, nn.Module], is_open: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.s1 = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.s2 = nn.Sequential(
            nn.Conv2d(4, N_IN, 3, 2, 1), nn.BatchNorm2d(N_IN), nn.Identity() if is_open else nn.ReLU()
        )
        self.s3 = _Block(block, modules)
        width = self.s3(torch.zeros(1, N_IN, 6, 6)).shape[1]
        self.s4 = nn.Sequential(nn.Conv2d(width, 5, 3, padding=1), nn.ReLU())
        self.head = nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.s4(self.s3(self.s2(self.s1(x)))).mean((2, 3)))


class _Block(nn.Module):
    def __init__(self, block: Block, modules: dict[str, nn.Module]) -> None:
        super().__init__()
        self.inner, self._block = nn.ModuleDict(modules), block
        self.shift = nn.Parameter(torch.linspace(-1, 2, N_OUT).view(N_OUT, 1, 1))
        self.register_buffer("mixed", MIXED.view(N_OUT, 1, 1))
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self._block(self, x, **self.inner)


def make_norm(gain: Tensor) -> nn.BatchNorm2d:
    made = nn.BatchNorm2d(len(gain))
    with torch.no_grad():
        made.weight.copy_(gain)
        made.bias.copy_(torch.linspace(-0.5, 1, len(gain)))
        made.running_mean.copy_(torch.linspace(0.3, -0.3, len(gain)))  # type: ignore[union-attr]
        made.running_var.copy_(torch.linspace(0.5, 2, len(gain)))  # type: ignore[union-attr]
    return made.eval()


def read_scale(made: nn.BatchNorm2d) -> Tensor:
    assert made.running_var is not None
    return (made.weight / torch.sqrt(made.running_var + made.eps)).detach()


def make_conv(n_in: int = N_IN, n_out: int = N_OUT, kernel: int = 3, **options: int) -> nn.Conv2d:
    torch.manual_seed(n_in + n_out + kernel)
    return nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2, **options)


@contextmanager
def use_tier(tier: str) -> Iterator[None]:
    """Allows the compiled loops, or hides them as if numba was missing."""
    with pytest.MonkeyPatch.context() as patch:
        if tier == "torch":
            for module in (tiers, pairs, traced):
                patch.setattr(module, "load_compiled_loops", lambda: None)
        yield


@dataclass
class Seen:
    """A network's recorded values of some images, `(image, channel, height, width)`, and how its layers are linked."""

    values: Values
    links: dict[str, Link]

    def __getitem__(self, layer: str) -> Tensor:
        (node,) = {
            one.node for link in self.links.values() for one in (link.target, *link.sources) if one.name == layer
        }
        return self.values[node]


def record_chain(chain: Chain, influence: str = "traced") -> tuple[Seen, list[PairSums]]:
    exported = ExportedModel(chain.eval(), (3, 12, 12))
    layers = select_layers(exported, ["s2", "s3", "s4"])
    links = derive_links(exported, layers)
    assert [link.problem for link in links] == [None] * 2
    assert check_links(exported, links, n_channels=1).failures == ()
    config = AggregateConfig(influence=influence)
    measures = choose_measures(exported, links, config)
    images = torch.randn(2, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    with Parallel(torch.device("cpu")) as parallel:
        values = Recorder(exported, layers, measures, parallel)(images).values
        sums = ClassAccumulator(layers, measures, config, parallel)
        sums.update(range(2), values)
    return Seen(values, {link.target.name: link for link in links}), compose_links(measures, sums, 2)


def _list_pairs(strengths: Tensor, sources: Tensor) -> list[list[tuple[int, float]]]:
    rows = zip(sources.tolist(), strengths.tolist(), strict=True)
    return [[(i, v) for i, v in zip(*row, strict=True) if v > 0] for row in rows]


def follow(made: nn.Conv2d, read: Tensor, scale: Tensor | float = 1.0) -> Tensor:
    """Computes `max over positions of scale_j * (W_j,i * z_i)`, positive part, of one image, one source at a time."""
    scale = torch.as_tensor(scale).expand(made.out_channels)
    found = torch.zeros(made.out_channels, made.in_channels)
    for source in range(made.in_channels):
        alone = torch.zeros_like(read)
        alone[source] = read[source]
        response = functional.conv2d(
            alone[None], made.weight, None, made.stride, made.padding, made.dilation, made.groups
        )
        found[:, source] = (response[0] * scale[:, None, None]).amax((1, 2)).clamp_min(0).detach()
    return found


def assert_close(found: Tensor, expected: Tensor) -> None:
    assert int((expected > 0).sum()) > 0
    assert torch.allclose(found, expected, rtol=1e-4, atol=1e-5 * float(expected.max()))


# --- a single convolution ---------------------------------------------------------------------------------------------

MINUS, PLUS, BY_GAIN = -torch.ones(N_OUT), torch.ones(N_OUT), MIXED.sign()
NORM = read_scale(make_norm(MIXED))

DIRECT: dict[str, tuple[Block, Tensor]] = {
    "negated": (lambda m, x, c: torch.relu(-c(x)), MINUS),
    "parameter less": (lambda m, x, c: torch.relu(m.shift - c(x)), MINUS),
    "zeros less": (lambda m, x, c: torch.zeros_like(z := c(x)) - z, MINUS),
    "one less": (lambda m, x, c: torch.relu(1 - c(x)), MINUS),
    "less a parameter": (lambda m, x, c: torch.relu(c(x) - m.shift), PLUS),
    "rsub with a factor": (lambda m, x, c: torch.rsub(c(x), m.shift, alpha=3), 3 * MINUS),
    "sub with a factor": (lambda m, x, c: torch.relu(torch.sub(m.shift, c(x), alpha=2)), 2 * MINUS),
    "added with a negative factor": (lambda m, x, c: torch.relu(torch.add(m.shift, c(x), alpha=-0.5)), 0.5 * MINUS),
    "by minus one": (lambda m, x, c: torch.relu(c(x) * -1.0), MINUS),
    "over a negative number": (lambda m, x, c: torch.relu(c(x) / -4), 0.25 * MINUS),
    "by ones of minus": (lambda m, x, c: torch.relu((z := c(x)) * -torch.ones_like(z)), MINUS),
    "by a constant per channel": (lambda m, x, c: torch.relu(c(x) * m.mixed), MIXED),
    "over a constant per channel": (lambda m, x, c: torch.relu(c(x) / m.mixed), 1 / MIXED),
    "by a constant per position": (lambda m, x, c: torch.relu(c(x) * -torch.arange(1.0, 7)), MINUS),
    "norm of negative gain": (lambda m, x, c, n: torch.relu(n(c(x))), NORM),
    "norm behind a relu": (lambda m, x, c, n: n(torch.relu(c(x))), BY_GAIN),
    "norm behind a pooling": (lambda m, x, c, n: torch.relu(n(functional.max_pool2d(c(x), 2))), BY_GAIN),
    "norm behind a minus": (lambda m, x, c, n: n(torch.relu(-c(x))), -BY_GAIN),
    "constant per channel behind a relu": (lambda m, x, c: m.mixed * torch.relu(c(x)), BY_GAIN),
    "two norms": (lambda m, x, c, n: n(torch.relu(n(c(x)))), NORM.abs()),
    "prelu": (lambda m, x, c, p: p(-c(x)), MINUS),
    "two minuses": (lambda m, x, c: -torch.relu(-c(x)), PLUS),
    "least pooling": (lambda m, x, c: -functional.max_pool2d(-c(x), 2), PLUS),
    "negated pooling": (lambda m, x, c: -functional.max_pool2d(c(x), 2), MINUS),
    "least value": (lambda m, x, c: -c(x).amin((2, 3), keepdim=True), MINUS),
    "exponential of minus": (lambda m, x, c: torch.exp(-c(x)), MINUS),
    "sigmoid of minus": (lambda m, x, c: torch.sigmoid(-c(x)), MINUS),
    "one less a sigmoid": (lambda m, x, c: 1 - torch.sigmoid(c(x)), MINUS),
    "hand-written sigmoid": (lambda m, x, c: 1 / (1 + torch.exp(-c(x))), PLUS),
    "hand-written sigmoid of minus": (lambda m, x, c: 1 / (1 + torch.exp(c(x))), MINUS),
    "clipped minus": (lambda m, x, c: functional.hardtanh(-torch.tanh(c(x)), -0.5, 0.5), MINUS),
    "silu of minus": (lambda m, x, c: functional.silu(-c(x)), MINUS),
    "square of a relu": (lambda m, x, c: torch.relu(c(x)) ** 2, PLUS),
    "square of minus a relu": (lambda m, x, c: torch.square(-torch.relu(c(x))), PLUS),
    "cube of minus": (lambda m, x, c: (-c(x)) ** 3, MINUS),
    "reciprocal root": (lambda m, x, c: torch.rsqrt(1 + torch.relu(c(x))), MINUS),
    "maximum with a constant": (lambda m, x, c: torch.maximum(-c(x), m.shift), MINUS),
    "complementary error function": (lambda m, x, c: torch.erfc(c(x)), MINUS),
    "gate that is never negative": (lambda m, x, c: -c(x) * torch.sigmoid(x.mean((1, 2, 3), keepdim=True)), MINUS),
    "gate that is never positive": (lambda m, x, c: c(x) * -torch.sigmoid(x.mean((1, 2, 3), keepdim=True)), MINUS),
    "flipped channels": (lambda m, x, c: torch.relu((c(x) * m.mixed).flip(1).flip(1)), MIXED),
    "channels chosen twice": (lambda m, x, c: torch.relu(c(x)[:, [0, 0, 1, 2, 3, 4, 5, 5]] * m.mixed), BY_GAIN),
}  # fmt: skip

KERNELS = {
    "3x3": make_conv(),
    "1x1": make_conv(kernel=1),
    "in groups": make_conv(groups=2),
    "strided": make_conv(kernel=3, stride=2),
}


def choose_modules(block: Block, made: nn.Conv2d) -> dict[str, nn.Module]:
    known = {"c": made, "n": make_norm(MIXED), "p": nn.PReLU(N_OUT, 0.1)}
    return {name: known[name] for name in block.__code__.co_varnames[2 : block.__code__.co_argcount]}


def assert_influences(chain: Chain, expected: Callable[[Tensor], Tensor]) -> None:
    """Compares whole tables, and the strongest sources by themselves, in each tier; `expected` takes an image's s2."""
    found, _ = record_chain(chain)
    tables = {
        "s3": [expected(read) for read in found["s2"]],
        "s4": [follow(chain.s4[0], read) for read in found["s3"]],
    }
    for tier in ("compiled", "torch"):
        for layer, link in found.links.items():
            influence = LinkInfluence(link)
            with use_tier(tier):
                both = influence(found.values)
                strongest = [influence.find_strongest(alone, 3) for alone in found.values.split_images()]
            for image, table in enumerate(tables[layer]):
                assert_close(both[image], table)
                rows = [[strength for _, strength in row] for row in find_top_sources(table, 3)]
                listed = [[strength for _, strength in row] for row in _list_pairs(*strongest[image])]
                assert listed == [pytest.approx(row, 1e-3, 1e-5) for row in rows]


@pytest.mark.parametrize("name", DIRECT)
def test_the_sign_between_a_convolution_and_its_target_counts(name: str) -> None:
    block, scale = DIRECT[name]
    made = make_conv()
    order = [0, 0, 1, 2, 3, 4, 5, 5] if "twice" in name else list(range(N_OUT))
    assert_influences(
        Chain(block, choose_modules(block, made)),
        lambda read: (
            torch.where(scale[:, None] < 0, follow(made, read, -1.0)[order], follow(made, read)[order])
            * scale.abs()[:, None]
        ),
    )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", ["negated", "norm behind a relu", "norm of negative gain"])
def test_signs_count_whatever_the_kernel(kernel: str, name: str) -> None:
    block, scale = DIRECT[name]
    made = KERNELS[kernel]
    assert_influences(Chain(block, choose_modules(block, made)), lambda read: follow(made, read, scale))


# --- several ways -----------------------------------------------------------------------------------------------------


def clip(values: Tensor) -> Tensor:
    """Finds what a channel passes: its greatest value, 0 at least."""
    return values.amax((-2, -1)).clamp_min(0).flatten().detach()


A, B, SQUARE = make_conv(), make_conv(kernel=1), make_conv(N_IN, N_IN)
INNER, OUTER, BACK = make_conv(N_IN, N_OUT, 1), make_conv(N_OUT, N_OUT), make_conv(N_OUT, N_IN)
NORM_IN, NORM_OUT = make_norm(MIXED[:N_IN]), make_norm(MIXED)
CUT = make_norm(MIXED * torch.tensor([0.0, 1, 1, 0, 1, 1, 1, 1]))
BOTH = make_conv(2 * N_IN, N_OUT)


def _compute_middle(x: Tensor) -> Tensor:
    return NORM_OUT(torch.relu(INNER(x[None])))[0].detach()


def _compute_branches(x: Tensor) -> Tensor:
    """Computes influences through closed branches: what each passes, by its shares."""
    first, second = torch.tanh(A(x[None]))[0], torch.tanh(B(x[None]))[0]
    passed = clip(first), clip(-second)
    arrived = passed[0][:, None] * compute_shares(follow(A, x)) + passed[1][:, None] * compute_shares(
        follow(B, x, -1.0)
    )
    return arrived / (passed[0] + passed[1]).clamp_min(1e-30)[:, None]


COMPOSED: dict[str, tuple[Block, dict[str, nn.Module], Callable[[Tensor], Tensor]]] = {
    "difference of branches": (
        lambda m, x, a, b: torch.relu(a(x) - b(x)), {"a": A, "b": B},
        lambda x: follow(A, x) + follow(B, x, -1.0),
    ),
    "difference of closed branches": (
        lambda m, x, a, b: torch.tanh(a(x)) - torch.tanh(b(x)), {"a": A, "b": B}, _compute_branches,
    ),
    "less the shortcut": (
        lambda m, x, c: c(x) - x, {"c": SQUARE}, lambda x: follow(SQUARE, x) + torch.diag(clip(-x)),
    ),
    "one less the shortcut": (
        lambda m, x, c: torch.relu(c(x) + (1 - x)), {"c": SQUARE}, lambda x: follow(SQUARE, x) + torch.diag(clip(-x)),
    ),
    "shortcut less the branch": (
        lambda m, x, c: torch.relu(x - 2 * c(x)), {"c": SQUARE},
        lambda x: follow(SQUARE, x, -2.0) + torch.diag(clip(x)),
    ),
    "shortcut by a norm": (
        lambda m, x, c, n: torch.relu(n(x) + c(x)), {"c": SQUARE, "n": NORM_IN},
        lambda x: follow(SQUARE, x) + torch.diag(torch.where(
            MIXED[:N_IN] > 0, clip(NORM_IN(x[None])), torch.minimum(clip(NORM_IN(x[None])), clip(-x))
        )),
    ),
    "minus a residual block": (
        lambda m, x, c: -torch.relu(x + c(x)), {"c": SQUARE},
        lambda x: follow(SQUARE, x, -1.0) + torch.diag(clip(-x)),
    ),
    "norm of a residual block": (
        lambda m, x, c, n: n(torch.relu(x + c(x))), {"c": SQUARE, "n": NORM_IN},
        lambda x: follow(SQUARE, x, MIXED[:N_IN].sign())
        + torch.diag(torch.where(MIXED[:N_IN] > 0, clip(x), clip(-x))),
    ),
    "negative gain within a bottleneck": (
        lambda m, x, i, n, o: torch.relu(o(n(torch.relu(i(x))))), {"i": INNER, "n": NORM_OUT, "o": OUTER},
        lambda x: compose_bottleneck(follow(INNER, x, BY_GAIN), follow(OUTER, _compute_middle(x))),
    ),
    "negative gain within and a minus behind a bottleneck": (
        lambda m, x, i, n, o: torch.relu(1 - o(n(torch.relu(i(x))))), {"i": INNER, "n": NORM_OUT, "o": OUTER},
        lambda x: compose_bottleneck(follow(INNER, x, BY_GAIN), follow(OUTER, _compute_middle(x), -1.0)),
    ),
    "shortcut less a bottleneck": (
        lambda m, x, i, b: torch.relu(x - b(torch.relu(i(x)))), {"i": INNER, "b": BACK},
        lambda x: compose_residual(
            follow(INNER, x), follow(BACK, torch.relu(INNER(x[None]))[0].detach(), -1.0), clip(x), list(range(N_IN))
        ),
    ),
    "minus depthwise": (
        lambda m, x, d: torch.relu(-d(x)), {"d": make_conv(N_IN, N_IN, groups=N_IN)},
        lambda x: follow(make_conv(N_IN, N_IN, groups=N_IN), x, -1.0),
    ),
    "both signs of a convolution": (
        lambda m, x, a: torch.relu(torch.cat([a(x), -a(x)], 1)), {"a": A},
        lambda x: torch.cat([follow(A, x), follow(A, x, -1.0)]),
    ),
    "both signs of what is passed": (
        lambda m, x, a: torch.cat([-x, a(x), x], 1), {"a": A},
        lambda x: torch.cat([torch.diag(clip(-x)), follow(A, x), torch.diag(clip(x))]),
    ),
    "both signs read": (
        lambda m, x, o: o(torch.relu(torch.cat([x, -x], 1))), {"o": BOTH},
        lambda x: (both := follow(BOTH, torch.relu(torch.cat([x, -x]))))[:, :N_IN] + both[:, N_IN:],
    ),
    "gain of nothing": (
        lambda m, x, a, n: torch.relu(n(a(x))), {"a": A, "n": CUT}, lambda x: follow(A, x, read_scale(CUT)),
    ),
    "gain of nothing behind a relu": (
        lambda m, x, a, n: n(torch.relu(a(x))), {"a": A, "n": CUT}, lambda x: follow(A, x, read_scale(CUT).sign()),
    ),
    "gain of nothing on what is passed": (
        lambda m, x, n: n(x * 1.0), {"n": make_norm(torch.tensor([0.0, 1, -1, 2, 0, -2]))},
        lambda x: torch.diag(torch.stack([
            torch.zeros(()), *clip(make_norm(torch.tensor([0.0, 1, -1, 2, 0, -2]))(x[None]))[1:4], torch.zeros(()),
            clip(make_norm(torch.tensor([0.0, 1, -1, 2, 0, -2]))(x[None]))[5],
        ]).minimum(torch.tensor([1e9, 1e9, clip(-x)[2], 1e9, 1e9, clip(-x)[5]]))),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "is_open"),
    [(name, True) for name in COMPOSED]
    + [(name, False) for name in COMPOSED if "shortcut" in name or "passed" in name],
)
def test_signs_go_through_bottlenecks_sums_and_what_is_passed(name: str, is_open: bool) -> None:
    block, modules, expected = COMPOSED[name]
    assert_influences(Chain(block, modules, is_open), expected)


def test_summit_counts_with_the_signs_too() -> None:
    chain = Chain(lambda m, x, i, o: torch.relu(-o(torch.relu(1 - i(x)))), {"i": INNER, "o": OUTER})
    found, sums = record_chain(chain, "summit")
    middle = torch.relu(1 - INNER(found["s2"])).detach()
    inner = count_as_summit(Conv(-INNER.weight.detach()), list(found["s2"]), 5)
    outer = count_as_summit(Conv(-OUTER.weight.detach(), padding=1), list(middle), 5)
    counted = sums[0]
    rows = zip(counted.target_channel.tolist(), counted.source.tolist(), counted.influence_count.tolist(), strict=True)
    assert {(j, i): n for j, i, n in rows} == {pair: n for pair, n in compose_counts(outer, inner).items() if n}
