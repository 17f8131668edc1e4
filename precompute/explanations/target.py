"""The target of an explanation: the score of one class, or of one class against another."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from precompute.contract.errors import InputError

__all__ = ["AUTO", "NONE", "Target", "choose_target", "score"]

AUTO = "auto"
"""Asks for the most probable class, as the contrast for the most probable one other than the class itself."""
NONE = "none"
"""Asks for no contrast."""


@dataclass(frozen=True)
class Target:
    """One class, or one class against another.

    Attributes:
        class_id: the number of the model's output, from 0.
        against: the output whose logit is subtracted; None for the logit of the class alone.
    """

    class_id: int
    against: int | None = None


def choose_target(
    logits: Tensor, wanted: str | int = AUTO, against: str | int | None = None, names: Sequence[str] | None = None
) -> Target:
    """Chooses the target of one image by names, by numbers, or by the model's own order.

    Args:
        logits: of the image, `(output,)`.
        wanted: name or number of an output; `AUTO` takes the most probable.
        against: name or number of an output; `AUTO` takes the most probable other than `wanted`; None or `NONE`: no
            contrast.
        names: of the outputs, in order; without them only numbers are known.

    Raises:
        InputError: a name or number is unknown, or a class is its own contrast.
    """
    order = torch.argsort(logits, descending=True, stable=True).tolist()
    class_id = order[0] if wanted == AUTO else _find_output(wanted, len(order), names)
    if against is None or against == NONE:
        return Target(class_id)
    other = next(n for n in order if n != class_id) if against == AUTO else _find_output(against, len(order), names)
    if other == class_id:
        raise InputError(
            "A class is compared with another one.",
            f"Found {_name(class_id, names)} against itself.",
            "Name another class, or auto for the most probable one beside it.",
        )
    return Target(class_id, other)


def score(logits: Tensor, targets: Sequence[Target]) -> Tensor:
    """Computes the explained score of every image, `(image,)`: its class's logit, less that of the contrast.

    Args:
        logits: `(image, output)`; their gradient is carried.
        targets: one for each image.

    Raises:
        ValueError: there are as many targets as images, or a target has an output that the model has not.
    """
    if len(logits) != len(targets):
        raise ValueError(f"{len(logits)} images have {len(targets)} targets")
    weights = torch.zeros_like(logits)
    for row, target in zip(weights, targets, strict=True):
        for output, sign in ((target.class_id, 1.0), (target.against, -1.0)):
            if output is None:
                continue
            if not 0 <= output < logits.shape[1]:
                raise ValueError(f"the model has outputs 0 to {logits.shape[1] - 1}, and no {output}")
            row[output] += sign
    return (logits * weights).sum(1)


def _find_output(wanted: str | int, n_outputs: int, names: Sequence[str] | None) -> int:
    """Finds an output by its name or its number; a name goes before a number."""
    known = list(names or ())
    if isinstance(wanted, str) and wanted in known:
        return known.index(wanted)
    if (isinstance(wanted, int) or wanted.isdecimal()) and 0 <= int(wanted) < n_outputs:
        return int(wanted)
    near = difflib.get_close_matches(str(wanted), known, n=3, cutoff=0.5)
    raise InputError(
        f"A class is one of the model's {n_outputs} outputs, by name or by number from 0.",
        f"There is no {wanted}.",
        f"Near it: {', '.join(near)}." if near else "Use a number, or auto for the most probable class.",
    )


def _name(output: int, names: Sequence[str] | None) -> str:
    return str(output) if names is None else names[output]
