"""The method `occlusion`: the drop of the score with a grey patch slid over the image (Zeiler and Fergus 2014)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.target import Target

__all__ = ["METHODS", "place_patches"]

_PARTS = 8
"""Patches side by side along an axis, by default."""


def place_patches(length: int, patch: int, stride: int) -> list[int]:
    """Places patches along an axis and returns their first pixels; the last patch ends where the axis ends."""
    starts = list(range(0, length - patch + 1, stride))
    return starts if starts[-1] == length - patch else [*starts, length - patch]


def _choose_patch(size: tuple[int, int], options: Mapping[str, Any]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Chooses height and width of the patch, and the strides; 0 means an eighth of the image, and half of that."""
    patch, stride = int(options["patch"]), int(options["stride"])
    patches = tuple(patch or max(1, round(side / _PARTS)) for side in size)
    strides = tuple(stride or max(1, side // 2) for side in patches)
    if min(*patches, *strides) < 1 or any(p > side for p, side in zip(patches, size, strict=True)):
        raise InputError(
            f"A patch lies within the image of {size[0]} x {size[1]} pixels, and slides by at least one.",
            f"Found a patch of {patch} and a stride of {stride} pixels.",
            "Leave both out for an eighth of the image, and half of that.",
        )
    return (patches[0], patches[1]), (strides[0], strides[1])


def _compute(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    height, width = images.shape[-2:]
    (rows, columns), strides = _choose_patch((height, width), options)
    grey = explainer.input_range.mean.to(images)
    scores = explainer.compute_scores(images, targets)
    corners = [
        (y, x) for y in place_patches(height, rows, strides[0]) for x in place_patches(width, columns, strides[1])
    ]
    jobs = [(image, corner) for image in range(len(images)) for corner in corners]
    total, cover = torch.zeros(len(images), height, width), torch.zeros(height, width)
    for y, x in corners:
        cover[y : y + rows, x : x + columns] += 1
    for first in range(0, len(jobs), int(options["batch_size"])):
        chosen = jobs[first : first + int(options["batch_size"])]
        covered = images[[image for image, _ in chosen]]
        for one, (_, (y, x)) in zip(covered, chosen, strict=True):
            one[:, y : y + rows, x : x + columns] = grey
        found = explainer.compute_scores(covered, [targets[image] for image, _ in chosen])
        for value, (image, (y, x)) in zip(found.tolist(), chosen, strict=True):
            total[image, y : y + rows, x : x + columns] += scores[image] - value
    # In equal parts to the colours, whose sum is shown.
    shared = (total / cover)[:, None].expand_as(images) / images.shape[1]
    facts = {"patch": [rows, columns], "stride": list(strides)}
    return Explanation(shared.contiguous(), scores, facts=facts)


METHODS = (
    Method(
        name="occlusion",
        title="Occlusion",
        rank=440,
        family="signed",
        grid="input",
        citation="Zeiler and Fergus 2014, section 4.2",
        needs="Any model.",
        holds="A pixel has the mean drop of the score over the patches of mean colour that cover it, in equal parts to "
        "its colours.",
        compute=_compute,
        options={"patch": 0, "stride": 0, "batch_size": 32},
    ),
)
