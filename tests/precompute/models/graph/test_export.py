"""What a forward does for training's sake, or for one batch size, and the graph that comes of it."""

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
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.expressions import Convolution, parts_of
from precompute.models.provenance.links import derive_links

SIZE = (3, 8, 8)
Forward = Callable[["Net", Tensor], Any]


class Net(nn.Module):
    """Two recorded layers and a head; `how(net, images)` is the forward."""

    def __init__(self, how: Forward | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True))
        self.second = nn.Sequential(nn.Conv2d(4, 6, 3, stride=2), nn.ReLU(inplace=True))
        self.head = nn.Linear(6, 5)
        self.how = how

    def forward(self, x: Tensor) -> Any:
        return self.how(self, x) if self.how else self.head(self.maps(x).mean((2, 3)))

    def maps(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))

    def pooled(self, x: Tensor) -> Tensor:
        """`(batch, channel, 1, 1)`."""
        return functional.adaptive_avg_pool2d(self.maps(x), 1)


def logits(model: ExportedModel, images: Tensor) -> Tensor:
    return model.sub_graph([model.output])(images)[0]


def named(model: ExportedModel) -> list[str]:
    return [layer.name for layer in select_layers(model)]


def require_same_as_plain(model: ExportedModel) -> None:
    """Values and layers are those of the plain network, for one image and for several."""
    images = torch.randn(3, *SIZE)
    expected = Net().eval()(images)
    torch.testing.assert_close(logits(model, images), expected)
    torch.testing.assert_close(logits(model, images[1:2]), expected[1:2])
    assert named(model) == ["first", "second"]


# --- the axis of the batch ------------------------------------------------------------------------------------------


def squeezed_in_place(net: Net, x: Tensor) -> Tensor:
    features = net.pooled(x)
    features.squeeze_()
    return net.head(features)


def mended_by_hand(net: Net, x: Tensor) -> Tensor:
    features = net.pooled(x).squeeze()
    return net.head(features if features.dim() == 2 else features.unsqueeze(0))


BATCH_DROPPED: dict[str, Forward] = {
    "everything": lambda net, x: net.head(net.pooled(x).squeeze()),
    "axes": lambda net, x: net.head(torch.squeeze(net.pooled(x), (0, 2, 3))),
    "axis 0": lambda net, x: net.head(net.pooled(x).flatten(1).squeeze(0)),
    "in place": squeezed_in_place,
    "the logits": lambda net, x: functional.conv2d(
        net.pooled(x), net.head.weight[..., None, None], net.head.bias
    ).squeeze(),
    "mended by hand": mended_by_hand,
    "a branch on one image": lambda net, x: net.head(
        net.pooled(x).view(-1)[None] if x.shape[0] == 1 else net.pooled(x).flatten(1)
    ),
    "folded and unfolded": lambda net, x: net.head(net.pooled(x).flatten(0).view(-1, 6)),
}


@pytest.mark.parametrize("name", BATCH_DROPPED)
def test_one_image_keeps_its_axis(name: str) -> None:
    require_same_as_plain(ExportedModel(Net(BATCH_DROPPED[name]), SIZE))


def test_positions_folded_into_the_batch_are_no_logits() -> None:
    with pytest.raises(InputError, match=r"returns a tensor \(batch x 4, 5\)"):
        ExportedModel(Net(lambda net, x: net.head(net.maps(x).movedim(1, 3).reshape(-1, 6))), SIZE)


def counted_first(net: Net, x: Tensor) -> Tensor:
    features = net.maps(x).mean((2, 3))
    n = len(x)  # here
    return net.head(features.view(n, 6))


def one_by_one(net: Net, x: Tensor) -> Tensor:
    rows = []
    for image in x:  # here
        rows.append(net.maps(image[None]).mean((2, 3)))
    return net.head(torch.cat(rows))


def per_image(net: Net, x: Tensor) -> Tensor:
    features = net.maps(x).mean((2, 3))
    return net.head(features * torch.ones(2, 6))  # here


class Counting(Net):
    def forward(self, x: Tensor) -> Any:
        size = int(x.shape[0])  # here
        return self.head(self.maps(x).mean((2, 3)).view(size, 6))


class Dividing(Net):
    def forward(self, x: Tensor) -> Any:
        return self.head(functional.adaptive_avg_pool2d(self.maps(x), len(x) // 2).flatten(1))  # here


FIXED: dict[str, Callable[[], nn.Module]] = {
    "len": lambda: Net(counted_first),
    "int": Counting,
    "a loop": lambda: Net(one_by_one),
    "a constant per image": lambda: Net(per_image),
    "a part of the size": Dividing,
}


@pytest.mark.parametrize("name", FIXED)
def test_the_line_that_fixes_the_batch_size_is_named(name: str) -> None:
    message = r"The forward of \w+ fixes the batch size, in test_export\.py, line \d+: [^#]*# here\. Take the size"
    with pytest.raises(InputError, match=message):
        ExportedModel(FIXED[name](), SIZE)


def test_a_forward_that_goes_another_way_for_more_images_is_told() -> None:
    with pytest.raises(InputError, match=r"depends on the batch size: it asks that 2 <= batch and batch <= 3\."):
        ExportedModel(Net(lambda net, x: net.head(net.maps(x).mean((2, 3)) * (1 if x.shape[0] < 4 else 2))), SIZE)


# --- context managers -----------------------------------------------------------------------------------------------


def inside(*contexts: Callable[[], Any], part: str = "first") -> Forward:
    """A forward with one of its layers, or `head`, inside of context managers."""

    def how(net: Net, x: Tensor) -> Tensor:
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

    return how


def off(device: str) -> Callable[[], Any]:
    return lambda: torch.autocast(device, enabled=False)


CONTEXTS: dict[str, Forward] = {
    "autocast off": inside(off("cuda")),
    "autocast off on the CPU": inside(off("cpu"), part="second"),
    "enable_grad": inside(torch.enable_grad),
    "no_grad": inside(torch.no_grad),
    "inference_mode": inside(torch.inference_mode),
    "set_grad_enabled": inside(lambda: torch.set_grad_enabled(True), part="head"),
    "one in the other": inside(off("cuda"), torch.enable_grad),
    "the other way round": inside(torch.enable_grad, off("cuda"), part="second"),
    "a decorator": lambda net, x: torch.enable_grad()(lambda images: net.head(net.maps(images).mean((2, 3))))(x),
}


@pytest.mark.parametrize("name", CONTEXTS)
def test_layers_in_a_context_manager_are_layers_like_any_other(name: str) -> None:
    require_same_as_plain(ExportedModel(Net(CONTEXTS[name]), SIZE))


def test_what_a_context_changes_in_place_is_changed() -> None:
    def how(net: Net, x: Tensor) -> Tensor:
        maps = net.second[0](net.first(x))
        with torch.enable_grad():
            maps.relu_()  # its result goes unread
        return net.head(maps.mean((2, 3)))

    images = torch.randn(3, *SIZE)
    torch.testing.assert_close(logits(ExportedModel(Net(how), SIZE), images), Net().eval()(images))


def test_half_precision_in_a_context_is_named_by_its_module() -> None:
    def how(net: Net, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            maps = net.first(x)
        return net.head(net.second(maps.float()).mean((2, 3)))

    with pytest.raises(InputError, match=r"first\.0 computes in bfloat16\. Take the cast, or torch\.autocast, out"):
        ExportedModel(Net(how), SIZE)


def test_other_outputs_may_be_in_half_precision() -> None:
    def how(net: Net, x: Tensor) -> tuple[Tensor, Tensor]:
        maps = net.maps(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            other = net.head(maps.mean((2, 3)))
        return net.head(maps.mean((2, 3))), other

    require_same_as_plain(ExportedModel(Net(how), SIZE))


# --- gradients ------------------------------------------------------------------------------------------------------


def gradient(model: ExportedModel) -> Tensor:
    """Of the first logit with respect to the image."""
    images = torch.randn(1, *SIZE, generator=torch.Generator().manual_seed(1)).requires_grad_()
    return torch.autograd.grad(logits(model, images)[0, 0], images)[0]


CUT: dict[str, Forward] = {
    "detach": lambda net, x: net.head(net.second(net.first(x).detach()).mean((2, 3))),
    "data": lambda net, x: net.head(net.second(net.first(x).data).mean((2, 3))),
    "data of a parameter": lambda net, x: functional.linear(
        net.maps(x).mean((2, 3)), net.head.weight.data, net.head.bias
    ),
    "no_grad": inside(torch.no_grad),
    "twice": lambda net, x: net.head(net.maps(x).detach().mean((2, 3)).detach()),
}


@pytest.mark.parametrize("name", CUT)
def test_gradients_pass_where_the_forward_cuts_them_off(name: str) -> None:
    model = ExportedModel(Net(CUT[name]).requires_grad_(False), SIZE)

    torch.testing.assert_close(gradient(model), gradient(ExportedModel(Net().requires_grad_(False), SIZE)))
    require_same_as_plain(model)


ESTIMATORS: dict[str, Callable[[Tensor], Tensor]] = {
    "added": lambda v: v + (torch.round(v) - v).detach(),
    "taken away": lambda v: v - (v - torch.round(v)).detach(),
    "in three parts": lambda v: torch.round(v).detach() - v.detach() + v,
    "data": lambda v: (torch.round(v) - v).data + v,
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_straight_through_estimator_keeps_its_gradient(name: str) -> None:
    estimate = ESTIMATORS[name]
    net = Net(lambda net, x: net.head(net.second(estimate(net.first(x))).mean((2, 3)))).requires_grad_(False)
    model = ExportedModel(net, SIZE)

    images = torch.randn(1, *SIZE, generator=torch.Generator().manual_seed(1)).requires_grad_()
    (expected,) = torch.autograd.grad(net(images)[0, 0], images)  # of the module as torch runs it
    assert bool(expected.any())
    torch.testing.assert_close(gradient(model), expected)


# --- computed tensors -----------------------------------------------------------------------------------------------


def weight_normed(net: Net) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, and in many published models
        nn.utils.weight_norm(net.second[0])


def pruned(net: Net) -> None:
    from torch.nn.utils import prune

    prune.l1_unstructured(net.first[0], "weight", 0.5)
    prune.random_structured(net.second[0], "weight", 0.4, dim=0)


def spectrally_normed(net: Net) -> None:
    nn.utils.spectral_norm(net.second[0])
    net.train()(torch.randn(2, *SIZE))


def keeping(net: Net) -> None:
    class Kept:
        maps: list[Tensor]

    kept = Kept()
    kept.maps = [net.maps(torch.randn(2, *SIZE))]
    net.kept = {"by name": kept, "loss": net(torch.randn(2, *SIZE)).sum()}


COMPUTED: dict[str, Callable[[Net], None]] = {
    "weight norm": weight_normed,
    "pruning": pruned,
    "spectral norm": spectrally_normed,
    "activations that it kept": keeping,
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

    torch.testing.assert_close(logits(model, images), expected)
    (link,) = derive_links(model, select_layers(model))
    assert link.channels is not None
    (convolution,) = (part for part in parts_of(link.channels) if isinstance(part, Convolution))
    torch.testing.assert_close(convolution.weight, effective)


def test_a_module_that_cannot_be_copied_is_told() -> None:
    net = Net()
    net.lock = threading.Lock()

    with pytest.raises(InputError, match=r"copy\.deepcopy of Net fails \(TypeError: .*lock.*Keep files, locks"):
        ExportedModel(net, SIZE)


def test_exporting_leaves_a_module_as_it_was() -> None:
    def how(net: Net, x: Tensor) -> Tensor:
        net.kept.append(net.maps(x))
        return net.head(net.kept[-1].mean((2, 3)))

    net = Net(how)
    net.kept = []

    require_same_as_plain(ExportedModel(net, SIZE))
    assert net.kept == []
