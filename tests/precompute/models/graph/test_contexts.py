"""Context managers in a forward, which are no part of the exported graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from precompute.models.graph.exported import ExportedModel
from tests.support.plain_net import SIZE, Forward, Net, compute_logits, require_same_as_plain


def build_forward_inside(*contexts: Callable[[], Any], part: str = "first") -> Forward:
    """Builds a forward with one of its layers, or `head`, inside context managers."""

    def run(net: Net, x: Tensor) -> Tensor:
        values = x
        for name in ("first", "second", "head"):
            if name == "head":
                values = values.mean((2, 3))
            if name != part:
                values = getattr(net, name)(values)
                continue
            for context in contexts:
                with context():
                    values = values * 1
            with contexts[0]():
                if len(contexts) > 1:
                    with contexts[1]():
                        values = getattr(net, name)(values)
                else:
                    values = getattr(net, name)(values)
        return values

    return run


def disable_autocast(device: str) -> Callable[[], Any]:
    """Builds a context manager that disables autocast."""
    return lambda: torch.autocast(device, enabled=False)


CONTEXTS: dict[str, Forward] = {
    "autocast off": build_forward_inside(disable_autocast("cuda")),
    "autocast off on the CPU": build_forward_inside(disable_autocast("cpu"), part="second"),
    "enable_grad": build_forward_inside(torch.enable_grad),
    "no_grad": build_forward_inside(torch.no_grad),
    "inference_mode": build_forward_inside(torch.inference_mode),
    "set_grad_enabled": build_forward_inside(lambda: torch.set_grad_enabled(True), part="head"),
    "one in the other": build_forward_inside(disable_autocast("cuda"), torch.enable_grad),
    "the other way round": build_forward_inside(torch.enable_grad, disable_autocast("cuda"), part="second"),
    "a decorator": lambda net, x: torch.enable_grad()(lambda images: net.head(net.compute_maps(images).mean((2, 3))))(
        x
    ),
}


@pytest.mark.parametrize("name", CONTEXTS)
def test_layers_in_a_context_manager_are_layers_like_any_other(name: str) -> None:
    require_same_as_plain(ExportedModel(Net(CONTEXTS[name]), SIZE))


def test_what_a_context_changes_in_place_is_changed() -> None:
    def run(net: Net, x: Tensor) -> Tensor:
        maps = net.second[0](net.first(x))
        with torch.enable_grad():
            maps.relu_()  # its result goes unread
        return net.head(maps.mean((2, 3)))

    images = torch.randn(3, *SIZE)
    torch.testing.assert_close(compute_logits(ExportedModel(Net(run), SIZE), images), Net().eval()(images))
