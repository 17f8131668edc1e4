"""Copies of modules with computed tensors, and lines of a forward that fix the batch size."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.tracing import DetachedData, copy_module, find_line_that_fixes_batch
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.expressions import Convolution, list_parts
from precompute.models.provenance.links import derive_links
from tests.support.plain_net import SIZE, Net, compute_logits


class Here(Net):
    """The network with its forward in this file, whose lines are followed."""

    def forward(self, x: Tensor) -> Any:
        assert self.run is not None
        return self.run(self, x)


def count_first(net: Net, x: Tensor) -> Tensor:
    features = net.compute_maps(x).mean((2, 3))
    n = len(x)  # here
    return net.head(features.view(n, 6))


def loop_over_images(net: Net, x: Tensor) -> Tensor:
    rows = []
    for image in x:  # here
        rows.append(net.compute_maps(image[None]).mean((2, 3)))
    return net.head(torch.cat(rows))


def multiply_by_image(net: Net, x: Tensor) -> Tensor:
    features = net.compute_maps(x).mean((2, 3))
    return net.head(features * torch.ones(2, 6))  # here


class Counting(Net):
    def forward(self, x: Tensor) -> Any:
        size = int(x.shape[0])  # here
        return self.head(self.compute_maps(x).mean((2, 3)).view(size, 6))


class Dividing(Net):
    def forward(self, x: Tensor) -> Any:
        return self.head(functional.adaptive_avg_pool2d(self.compute_maps(x), len(x) // 2).flatten(1))  # here


FIXED: dict[str, Callable[[], nn.Module]] = {
    "len": lambda: Here(count_first),
    "int": Counting,
    "a loop": lambda: Here(loop_over_images),
    "a constant per image": lambda: Here(multiply_by_image),
    "a part of the size": Dividing,
}


@pytest.mark.parametrize("name", FIXED)
def test_the_line_that_fixes_the_batch_size_is_named(name: str) -> None:
    message = r"The forward of \w+ fixes the batch size, in test_tracing\.py, line \d+: [^#]*# here\. Take the size"
    with pytest.raises(InputError, match=message):
        ExportedModel(FIXED[name](), SIZE)


def test_a_function_in_another_file_counts_as_the_line_that_calls_it() -> None:
    assert find_line_that_fixes_batch(Net(count_first), SIZE).startswith("plain_net.py, line ")


def test_no_line_is_named_where_the_batch_size_stays_free() -> None:
    assert find_line_that_fixes_batch(Net().eval(), SIZE) == ""


def test_the_tensor_data_is_read_without_its_history() -> None:
    value = torch.ones(2, requires_grad=True) * 3
    with DetachedData():
        data = value.data
    assert not data.requires_grad and torch.equal(data, torch.full((2,), 3.0))


def test_a_copy_shares_nothing_and_keeps_a_tensor_that_two_attributes_share() -> None:
    module = nn.Linear(2, 2)
    module.kept = module.other = module.weight * 2

    copied = copy_module(module)

    assert copied.kept is copied.other and not copied.kept.requires_grad
    assert torch.equal(copied.kept, module.kept)
    assert copied.weight is not module.weight and copied.weight.requires_grad


def test_a_forward_that_branches_on_the_batch_size_is_refused() -> None:
    with pytest.raises(InputError, match=r"depends on the batch size: it asks that 2 <= batch and batch <= 3\."):
        ExportedModel(
            Net(lambda net, x: net.head(net.compute_maps(x).mean((2, 3)) * (1 if x.shape[0] < 4 else 2))), SIZE
        )


# --- computed tensors -------------------------------------------------------------------------------------------------


def add_weight_norm(net: Net) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, and in many published models
        nn.utils.weight_norm(net.second[0])


def prune_layers(net: Net) -> None:
    from torch.nn.utils import prune

    prune.l1_unstructured(net.first[0], "weight", 0.5)
    prune.random_structured(net.second[0], "weight", 0.4, dim=0)


def add_spectral_norm(net: Net) -> None:
    nn.utils.spectral_norm(net.second[0])
    net.train()(torch.randn(2, *SIZE))


def keep_activations(net: Net) -> None:
    class Kept:
        maps: list[Tensor]

    kept = Kept()
    kept.maps = [net.compute_maps(torch.randn(2, *SIZE))]
    net.kept = {"by name": kept, "loss": net(torch.randn(2, *SIZE)).sum()}


COMPUTED: dict[str, Callable[[Net], None]] = {
    "weight norm": add_weight_norm,
    "pruning": prune_layers,
    "spectral norm": add_spectral_norm,
    "activations that it kept": keep_activations,
}


@pytest.mark.parametrize("name", COMPUTED)
def test_a_module_with_computed_tensors_has_its_effective_weights(name: str) -> None:
    net = Net()
    COMPUTED[name](net)
    net.eval().requires_grad_(False)
    images = torch.randn(3, *SIZE)
    expected = net(images)
    effective = net.second[0].weight.detach().clone()
    model = ExportedModel(net, SIZE)

    torch.testing.assert_close(compute_logits(model, images), expected)
    (link,) = derive_links(model, select_layers(model))
    assert link.channels is not None
    (convolution,) = (part for part in list_parts(link.channels) if isinstance(part, Convolution))
    torch.testing.assert_close(convolution.weight, effective)


def test_a_module_that_cannot_be_copied_is_refused() -> None:
    net = Net()
    net.lock = threading.Lock()

    with pytest.raises(InputError, match=r"copy\.deepcopy of Net fails \(TypeError: .*lock.*Keep files, locks"):
        ExportedModel(net, SIZE)
