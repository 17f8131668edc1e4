"""Networks of two recorded layers with something in between, and the link between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import Link, derive_links

__all__ = [
    "Between",
    "Branches",
    "Function",
    "export_branches",
    "link_branches",
    "link_layers",
    "make_conv",
    "make_cut_norm",
    "make_norm",
]


class Between(nn.Module):
    """A network of a first layer of eight channels, a given second one, and a head."""

    def __init__(self, between: nn.Module, first: nn.Module | None = None, head: int = 8) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = first or nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.second = between
        self.head = nn.Linear(head, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(self.first(x))
        return self.head(y.flatten(2).mean(2) if y.ndim == 4 else y)


class Branches(nn.Module):
    """A network of a first layer of eight channels, many modules that read it, and the sum of their means."""

    def __init__(self, branches: Mapping[str, nn.Module]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.branches = nn.ModuleDict(dict(branches))

    def forward(self, x: Tensor) -> Tensor:
        value = self.first(x)
        return torch.stack([branch(value).flatten(1).mean(1) for branch in self.branches.values()]).sum(0)[:, None]


class Function(nn.Module):
    """A function as a module, with modules of its own."""

    def __init__(self, function: Callable[..., Tensor], **modules: nn.Module) -> None:
        super().__init__()
        self.inner = nn.ModuleDict(modules)
        self._function = function

    def forward(self, x: Tensor) -> Tensor:
        return self._function(x, **self.inner)


def make_norm(n_channels: int) -> nn.BatchNorm2d:
    """Makes a batch norm as after training: scales of both signs, shifts, uneven spreads."""
    norm = nn.BatchNorm2d(n_channels)
    torch.manual_seed(1)
    with torch.no_grad():
        norm.weight.copy_(torch.randn(n_channels))
        norm.bias.copy_(torch.randn(n_channels))
        norm.running_mean.copy_(torch.randn(n_channels))  # type: ignore[union-attr]
        norm.running_var.copy_(torch.rand(n_channels) + 0.5)  # type: ignore[union-attr]
    return norm


def make_cut_norm(n_channels: int) -> nn.BatchNorm2d:
    """Makes a batch norm with every third gain 0."""
    norm = make_norm(n_channels)
    with torch.no_grad():
        norm.weight[::3] = 0
    return norm


def make_conv(n_in: int, n_out: int, kernel: int = 3, **options: int) -> nn.Conv2d:
    """Makes a convolution that keeps the size of the maps."""
    return nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2, **options)


def link_layers(module: nn.Module, names: list[str] | None = None) -> tuple[ExportedModel, tuple[Link, ...]]:
    """Exports a module and derives the links between some of its layers, by default `first` and `second`."""
    exported = ExportedModel(module, (3, 8, 8))
    return exported, derive_links(exported, select_layers(exported, names or ["first", "second"]))


def link_branches(branches: Mapping[str, nn.Module]) -> dict[str, Link]:
    """Derives the link from `first` to each of many modules, by one export."""
    return export_branches(branches)[1]


def export_branches(branches: Mapping[str, nn.Module]) -> tuple[ExportedModel, dict[str, Link]]:
    """Exports many modules that read one layer, and derives the link from `first` to each."""
    exported = ExportedModel(
        Branches({f"{index}": branch for index, branch in enumerate(branches.values())}), (3, 8, 8)
    )
    names = {f"branches.{index}": name for index, name in enumerate(branches)}
    links = derive_links(exported, select_layers(exported, ["first", *names]))
    return exported, {names[link.target.name]: link for link in links}
