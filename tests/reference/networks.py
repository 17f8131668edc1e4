"""The demo network, CIFAR's ResNet-20 and GoogLeNet described by hand: the influences on each of their layers.

No exported graph takes part: the modules are called one after another, as their papers draw them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.reference.influence import (
    ReferenceConfig,
    compose_bottleneck,
    compose_residual,
    compute_influence,
    fold_norm,
)

Influences = list[tuple[str, str, Tensor]]


def _pool(values: Tensor) -> Tensor:
    return functional.max_pool2d(values, 3, 1, 1)


# --- the demo -------------------------------------------------------------------------------------------------------


def _run_demo(model: Any, image: Tensor) -> dict[str, Tensor]:
    with torch.no_grad():
        stem = model.stem(image)
        conv2 = model.conv2(model.pool1(stem))
        mixed1 = model.mixed1(conv2)
        mixed2 = model.mixed2(model.pool2(mixed1))
        rest = model.residual(mixed2)
        mixed3 = model.mixed3(model.pool3(rest))
    return {"stem": stem, "conv2": conv2, "mixed1": mixed1, "mixed2": mixed2, "residual": rest, "mixed3": mixed3}


def _compute_demo_mixed(block: Any, read: Tensor) -> Tensor:
    def follow(unit: Any, values: Tensor) -> Tensor:
        return compute_influence(fold_norm(unit[0], unit[1]), values[0])

    def follow_two(branch: Any) -> Tensor:
        return compose_bottleneck(follow(branch[0], read), follow(branch[1], branch[0](read)))

    return torch.cat(
        [
            follow(block.branch1, read),
            follow_two(block.branch3),
            follow_two(block.branch5),
            follow(block.branch_pool[1], _pool(read)),
        ]
    )


def _compute_demo(model: Any, values: dict[str, Tensor]) -> Influences:
    with torch.no_grad():
        block, mixed2 = model.residual, values["mixed2"]
        first = compute_influence(fold_norm(block.conv1[0], block.conv1[1]), mixed2[0])
        second = compute_influence(fold_norm(block.conv2, block.norm2), block.conv1(mixed2)[0])
        added = compose_residual(first, second, mixed2[0].flatten(1).amax(1), list(range(mixed2.shape[1])))
        stem = compute_influence(fold_norm(model.conv2[0], model.conv2[1]), model.pool1(values["stem"])[0])
        return [
            ("conv2", "stem", stem),
            ("mixed1", "conv2", _compute_demo_mixed(model.mixed1, values["conv2"])),
            ("mixed2", "mixed1", _compute_demo_mixed(model.mixed2, model.pool2(values["mixed1"]))),
            ("residual", "mixed2", added),
            ("mixed3", "residual", _compute_demo_mixed(model.mixed3, model.pool3(values["residual"]))),
        ]


DEMO = ReferenceConfig(("stem", "conv2", "mixed1", "mixed2", "residual", "mixed3"), _run_demo, _compute_demo)


# --- ResNet-20 for CIFAR-10 -----------------------------------------------------------------------------------------

CIFAR_LAYERS = tuple(f"layer{stage}.{block}" for stage in (1, 2, 3) for block in (0, 1, 2))


def _run_cifar(model: Any, image: Tensor) -> dict[str, Tensor]:
    values = {}
    with torch.no_grad():
        x = functional.relu(model.bn1(model.conv1(image)))
        for stage in (1, 2, 3):
            for index, block in enumerate(getattr(model, f"layer{stage}")):
                values[f"layer{stage}.{index}"] = x = block(x)
    return values


def _compute_cifar(model: Any, values: dict[str, Tensor]) -> Influences:
    found = []
    for source, target in pairwise(CIFAR_LAYERS):
        block, read = model.get_submodule(target), values[source]
        with torch.no_grad():
            middle = functional.relu(block.bn1(block.conv1(read)))
            first = compute_influence(fold_norm(block.conv1, block.bn1), read[0])
            second = compute_influence(fold_norm(block.conv2, block.bn2), middle[0])
            side = block.extra // 2
            shortcut = read[:, :, ::2, ::2] if block.extra else read
            index = [-1] * side + list(range(read.shape[1])) + [-1] * side
            passed = functional.pad(shortcut, (0, 0, 0, 0, side, side))[0].flatten(1).amax(1)
        found.append((target, source, compose_residual(first, second, passed, index)))
    return found


CIFAR = ReferenceConfig(CIFAR_LAYERS, _run_cifar, _compute_cifar)


# --- GoogLeNet as released by BVLC ----------------------------------------------------------------------------------

GOOGLENET_LAYERS = tuple(f"mixed{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"))


def _halve(name: str, values: Tensor) -> Tensor:
    """Pools the input of the block after `name` where a stage ends: the third and the fourth end with a pooling."""
    return functional.max_pool2d(values, 3, 2, ceil_mode=True) if name in {"mixed3b", "mixed4e"} else values


def _run_googlenet(model: Any, image: Tensor) -> dict[str, Tensor]:
    def normalize(z: Tensor) -> Tensor:
        return functional.local_response_norm(z, 5, 1e-4, 0.75, 1.0)

    values = {}
    with torch.no_grad():
        x = normalize(functional.max_pool2d(functional.relu(model.conv2d0(image)), 3, 2, ceil_mode=True))
        x = functional.relu(model.conv2d2(functional.relu(model.conv2d1(x))))
        x = functional.max_pool2d(normalize(x), 3, 2, ceil_mode=True)
        for name in GOOGLENET_LAYERS:
            values[name] = x = model.get_submodule(name)(x)
            x = _halve(name, x)
    return values


def _compute_googlenet(model: Any, values: dict[str, Tensor]) -> Influences:
    def follow(conv: nn.Conv2d, read: Tensor) -> Tensor:
        return compute_influence(fold_norm(conv), read[0])

    found = []
    for source, target in pairwise(GOOGLENET_LAYERS):
        block, read = model.get_submodule(target), _halve(source, values[source])
        with torch.no_grad():
            parts: Sequence[Tensor] = [
                follow(block.b1x1, read),
                compose_bottleneck(
                    follow(block.b3x3_reduce, read),
                    follow(block.b3x3, functional.relu(block.b3x3_reduce(read))),
                ),
                compose_bottleneck(
                    follow(block.b5x5_reduce, read),
                    follow(block.b5x5, functional.relu(block.b5x5_reduce(read))),
                ),
                follow(block.pool_proj, _pool(read)),
            ]
        found.append((target, source, torch.cat(list(parts))))
    return found


GOOGLENET = ReferenceConfig(GOOGLENET_LAYERS, _run_googlenet, _compute_googlenet)
