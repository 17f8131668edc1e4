"""Layouts of transformers: patches are positions, and no token before, behind or among them is one.

The patches of every network here are on a grid of 4 x 6. What a hook sees of a block is reduced by hand over the
tokens that are known to be patches, and must equal what is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from typer.testing import CliRunner

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.gradient import GradientInfluence
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.recording import Recorder
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.inventory import describe_choice
from precompute.models.provenance.links import derive_links
from summit_dash.cli import app
from tests.support.small import write_small

N, ROWS, COLUMNS = 8, 4, 6
PATCHES = ROWS * COLUMNS
Arrangement = Callable[["Tokens", Tensor, int], Tensor]


class Block(nn.Module):
    """A block of a transformer written out, the branch before the shortcut in its sums."""

    def __init__(self, is_fused: bool) -> None:
        super().__init__()
        self.norm, self.query, self.key, self.value = nn.LayerNorm(N), *(nn.Linear(N, N) for _ in range(3))
        self.project, self.mlp = (
            nn.Linear(N, N),
            nn.Sequential(nn.LayerNorm(N), nn.Linear(N, 12), nn.GELU(), nn.Linear(12, N)),
        )
        self.is_fused = is_fused

    def forward(self, x: Tensor) -> Tensor:
        x = self.project(self.attend(self.norm(x))) + x
        return self.mlp(x) + x

    def attend(self, x: Tensor) -> Tensor:
        query, key, value = (
            layer(x).unflatten(2, (2, 4)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        if self.is_fused:
            found = functional.scaled_dot_product_attention(query, key, value)
        else:
            found = (query @ key.transpose(2, 3) / 2).softmax(3) @ value
        return found.transpose(1, 2).flatten(2)


class Tokens(nn.Module):
    """Patches, two blocks, and further tokens that an arrangement adds or takes away before each of them."""

    def __init__(self, arrange: Arrangement, n_extra: int, is_fused: bool = True, is_by_columns: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, N, 4, 4)
        self.extra = nn.Parameter(3 * torch.randn(1, n_extra, N))
        self.token = nn.Linear(N, N)
        self.blocks = nn.ModuleList(Block(is_fused) for _ in range(2))
        self.head = nn.Linear(N, 3)
        with torch.no_grad():
            self.token.weight *= 30  # a further token that counts changes the maximum
        self.arrange, self.is_by_columns = arrange, is_by_columns

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x)
        x = (x.transpose(2, 3) if self.is_by_columns else x).flatten(2).transpose(1, 2)
        for index, block in enumerate(self.blocks):
            x = block(self.arrange(self, x, index))
        return self.head(x.mean(1))

    def expand_extra(self, x: Tensor) -> Tensor:
        return self.extra.expand(x.shape[0], -1, -1)


def put_before(model: Tokens, x: Tensor, index: int) -> Tensor:
    return torch.cat([model.expand_extra(x), x], 1) if index == 0 else x


def put_behind(model: Tokens, x: Tensor, index: int) -> Tensor:
    return torch.cat([x, model.expand_extra(x)], 1) if index == 0 else x


def put_on_both_sides(model: Tokens, x: Tensor, index: int) -> Tensor:
    return torch.cat([model.expand_extra(x)[:, :1], x, model.expand_extra(x)[:, 1:]], 1) if index == 0 else x


def put_in_the_middle(model: Tokens, x: Tensor, index: int) -> Tensor:
    """Puts a class token in the middle, like Vision Mamba."""
    return torch.cat([x[:, :12], model.expand_extra(x), x[:, 12:]], 1) if index == 0 else x


def put_registers(model: Tokens, x: Tensor, index: int) -> Tensor:
    """Puts a class token first, and registers between it and the patches, like DINOv2 with registers."""
    if index:
        return x
    x = torch.cat([model.expand_extra(x)[:, :1], x], 1) + torch.linspace(0, 1, PATCHES + 1)[:, None]
    return torch.cat([x[:, :1], model.expand_extra(x)[:, 1:], x[:, 1:]], 1)


def put_late(model: Tokens, x: Tensor, index: int) -> Tensor:
    return torch.cat([model.expand_extra(x), x], 1) if index == 1 else x


def put_reading_token_before(model: Tokens, x: Tensor, index: int) -> Tensor:
    """Puts a class token that has read the patches first, like CaiT."""
    if index == 0:
        return x
    query = model.token(model.expand_extra(x))
    return torch.cat([model.token(functional.scaled_dot_product_attention(query, x, x)), x], 1)


def put_mean_before(model: Tokens, x: Tensor, index: int) -> Tensor:
    return torch.cat([model.token(x.mean(1, keepdim=True)), x], 1) if index == 0 else x


def replace_prompts(model: Tokens, x: Tensor, index: int) -> Tensor:
    """Replaces the further tokens before every block, like deep prompt tuning."""
    return torch.cat([model.expand_extra(x), x if index == 0 else x[:, model.extra.shape[1] :]], 1)


def part_class_token(model: Tokens, x: Tensor, index: int) -> Tensor:
    """Parts the class token from the patches, and joins them again."""
    if index == 0:
        return torch.cat([model.expand_extra(x), x], 1)
    token, patches = x.split([1, PATCHES], 1)
    return torch.cat([model.token(token), functional.gelu(patches)], 1)


def keep_patches(model: Tokens, x: Tensor, index: int) -> Tensor:
    return x


CASES: dict[str, tuple[Tokens, list[range]]] = {}


def add_case(name: str, model: Tokens, *patches: range) -> None:
    """Adds a case, with the tokens of patches after each block; one range where these stay the same."""
    CASES[name] = model, list(patches) * (2 // len(patches))


add_case("no further token", Tokens(keep_patches, 1), range(24))
add_case("class token", Tokens(put_before, 1), range(1, 25))
add_case("class and distillation token, attention in steps", Tokens(put_before, 2, is_fused=False), range(2, 26))
add_case("class token and four registers", Tokens(put_registers, 5), range(5, 29))
add_case("tokens behind the patches", Tokens(put_behind, 3), range(24))
add_case("tokens on both sides", Tokens(put_on_both_sides, 3), range(1, 25))
add_case("registers from the second block on", Tokens(put_late, 4), range(24), range(4, 28))
add_case("class token that has read the patches", Tokens(put_reading_token_before, 1), range(24), range(1, 25))
add_case("class token made of the patches", Tokens(put_mean_before, 1), range(1, 25))
add_case("prompts before every block", Tokens(replace_prompts, 12), range(12, 36))
add_case("class token parted and joined", Tokens(part_class_token, 1), range(1, 25))
MIDDLE = [*range(12), *range(13, 25)]
COLUMN_BY_COLUMN = [1 + column * ROWS + row for row in range(ROWS) for column in range(COLUMNS)]


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(2, 3, 16, 24, generator=torch.Generator().manual_seed(1))


def _require_recorded(model: Tokens, images: Tensor, patches: list[list[int]]) -> ExportedModel:
    """Asserts that grid, maxima and their positions are those of the patches, by the values that hooks see."""
    names = ["patches", *(f"blocks.{index}" for index in range(2))]
    exported = ExportedModel(model, (3, 16, 24))
    layers = select_layers(exported, names)
    assert [(layer.height, layer.width, layer.is_placed) for layer in layers] == [(ROWS, COLUMNS, True)] * 3
    seen: list[Tensor] = []
    hooks = [block.register_forward_hook(lambda _, __, value: seen.append(value)) for block in model.blocks]
    with torch.no_grad():
        model.eval()(images)
    for hook in hooks:
        hook.remove()
    with Parallel(torch.device("cpu")) as parallel:
        values = Recorder(exported, layers, [], parallel)(images).values
    for layer, value, tokens in zip(layers[1:], seen, patches, strict=True):
        expected = value[:, tokens].max(1)
        assert torch.allclose(values.find_maximum(layer.node).activation, expected.values, atol=1e-5)
        assert torch.equal(values.find_maximum(layer.node).position, expected.indices)
        assert value.shape[1] == PATCHES or bool((value.max(1).values > expected.values).any())
    return exported


@pytest.mark.parametrize("name", CASES)
def test_patches_are_positions_and_no_other_token_is(name: str, images: Tensor) -> None:
    model, patches = CASES[name]
    _require_recorded(model, images, [list(tokens) for tokens in patches])


def test_a_token_in_the_middle_is_no_position(images: Tensor) -> None:
    _require_recorded(Tokens(put_in_the_middle, 1), images, [MIDDLE] * 2)


def test_patches_column_by_column_are_positions_row_by_row(images: Tensor) -> None:
    _require_recorded(Tokens(put_before, 1, is_by_columns=True), images, [COLUMN_BY_COLUMN] * 2)


@pytest.mark.parametrize("arrange", [put_registers, put_in_the_middle])
def test_gradients_are_of_patches_alone(arrange: Arrangement, images: Tensor) -> None:
    model = Tokens(arrange, 5 if arrange is put_registers else 1).eval()
    patches = list(range(5, 29)) if arrange is put_registers else MIDDLE
    exported = ExportedModel(model, (3, 16, 24))
    layers = select_layers(exported, ["blocks.0", "blocks.1"])
    links = derive_links(exported, layers)
    (measure,) = choose_measures(exported, links, AggregateConfig(influence="gradient"))
    with Parallel(torch.device("cpu")) as parallel:
        values = Recorder(exported, layers, [measure], parallel)(images).values
    found = GradientInfluence(exported, links[0], 0.5)(values)
    read: list[Tensor] = []
    hook = model.blocks[0].register_forward_hook(lambda _, __, value: read.append(value.detach()))
    model(images)
    hook.remove()
    for image in range(len(images)):
        source = read[0][image : image + 1].requires_grad_()
        activation = model.blocks[1](source)[0, patches].amax(0)
        for channel in found[image].any(1).nonzero()[:, 0].tolist():
            (gradient,) = torch.autograd.grad(activation[channel], source, retain_graph=True)
            expected = (gradient * source)[0, patches].sum(0).clamp_min(0)
            assert torch.allclose(found[image, channel], expected, rtol=1e-3, atol=1e-5)
    assert bool(found.any())


class Latents(nn.Module):
    """Learned queries read the patches: their outputs have no position in the image, even where they are 4 x 4."""

    def __init__(self, n_latents: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, N, 4, 4)
        self.queries = nn.Parameter(torch.randn(1, n_latents, N))
        self.read, self.block, self.head = nn.Linear(N, N), Block(is_fused=True), nn.Linear(N, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = self.read(functional.scaled_dot_product_attention(self.queries.expand(x.shape[0], -1, -1), x, x))
        return self.head(self.block(x).mean(1))


@pytest.mark.parametrize("n_latents", [16, 18, PATCHES])
def test_tokens_of_unknown_position_are_in_a_row_with_a_note(n_latents: int) -> None:
    exported = ExportedModel(Latents(n_latents), (3, 16, 24))
    layers = select_layers(exported, ["patches", "read", "block"])
    assert [(layer.height, layer.width, layer.is_placed) for layer in layers] == [
        (ROWS, COLUMNS, True), (1, n_latents, False), (1, n_latents, False),
    ]  # fmt: skip
    assert layers[2].receptive_field is None
    notes = describe_choice(exported, layers, is_auto=False)
    assert [note.split(" whose")[0] for note in notes] == [
        f"read has {n_latents} positions", f"block has {n_latents} positions",
    ]  # fmt: skip


class Mixer(nn.Module):
    """Sums over positions by a linear layer on transposed tokens, as in an MLP-Mixer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, N, 4, 4)
        self.tokens = nn.Sequential(nn.Linear(PATCHES, 9), nn.GELU(), nn.Linear(9, PATCHES))
        self.channels, self.head = nn.Linear(N, N), nn.Linear(N, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = self.tokens(x.transpose(1, 2)).transpose(1, 2) + x
        return self.head(self.channels(x).mean(1))


def test_a_product_along_tokens_leaves_channels_where_they_are() -> None:
    exported = ExportedModel(Mixer(), (3, 16, 24))
    layers = select_layers(exported, ["patches", "tokens.0", "channels"])
    facts = [(layer.n_channels, layer.height, layer.width, layer.is_placed) for layer in layers]
    assert facts == [(N, ROWS, COLUMNS, True), (N, 1, 9, False), (N, ROWS, COLUMNS, True)]
    assert layers[2].receptive_field is None


class Dual(nn.Module):
    """Attention of positions and of channels with channels first, as in DANet."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.of_positions, self.of_channels = nn.Conv2d(3, N, 4, 4), nn.Identity(), nn.Identity()
        self.value, self.head = nn.Conv2d(N, N, 1), nn.Linear(N, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        rows, value = x.flatten(2), self.value(x).flatten(2)
        x = self.of_positions(torch.bmm(value, (rows.transpose(1, 2) @ rows).softmax(2).transpose(1, 2)))
        x = self.of_channels(torch.bmm((x @ x.transpose(1, 2)).softmax(2), x).unflatten(2, (ROWS, COLUMNS)))
        return self.head(x.mean((2, 3)))


def test_attention_with_channels_first() -> None:
    model = Dual().eval()
    layouts = ExportedModel(model, (3, 16, 24)).layouts
    products = {node.name: layout for node, layout in layouts.items() if "bmm" in node.name}
    assert [(one.axis, one.n_channels, one.grid) for one in products.values()] == [(1, N, (ROWS, COLUMNS))] * 2


DISTILLED = """
import torch
from torch import nn


class Distilled(nn.Module):
    def __init__(self, n=16):
        super().__init__()
        self.patches = nn.Conv2d(3, n, 6, 6)
        self.tokens = nn.Parameter(torch.randn(1, 2, n))
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(n, 2, 2 * n, 0.0, batch_first=True) for _ in range(3))
        self.heads = nn.ModuleList([nn.Linear(n, 3), nn.Linear(n, 3)])

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.tokens.expand(x.shape[0], -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        return (self.heads[0](x[:, 0]) + self.heads[1](x[:, 1])) / 2


def build():
    torch.manual_seed(0)
    return Distilled()
"""


def test_inspect_shows_the_grid_of_a_distilled_transformer(tmp_path: Path) -> None:
    write_small(tmp_path)
    (tmp_path / "distilled.py").write_text(DISTILLED)
    arguments = ["inspect", f"{tmp_path}/distilled.py:build", "--preprocess", f"{tmp_path}/input.toml"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.output.splitlines() if line.startswith(("patches", "blocks."))]
    assert [row[:5] for row in rows] == [
        ["patches", "Conv2d", "16", "4", "4"],
        *(["blocks." + str(index), "TransformerEncoderLayer", "16", "4", "4"] for index in range(3)),
    ]  # fmt: skip
