"""The logits among the values that a forward returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.graph.operators import compute_size_for_one_image, is_free, is_same_size
from precompute.models.graph.tracing import DetachedData

__all__ = ["BatchFixed", "LogitsAlone", "choose_logits"]

_N_LISTED = 8


class BatchFixed(Exception):
    """A forward made the batch size a constant while `torch.export` read it."""


class LogitsAlone(nn.Module):
    """A model that returns the logits of another one, and nothing else.

    Args:
        model: the other model; it takes a batch of images.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Computes logits, `(batch, output)`, from images, `(batch, channel, height, width)`.

        Raises:
            InputError: there are no logits among what the model returns.
            BatchFixed: the batch size was free, as it is in an export, and the model fixed it.
        """
        was_free = is_free(images.shape[0])
        with DetachedData():
            result = self.model(images)
        if was_free and not is_free(images.shape[0]):
            raise BatchFixed
        logits = choose_logits(result, images.shape[0])
        return logits if logits.ndim == 2 else logits.reshape(-1, 1)  # one image alone may have lost its batch axis


def choose_logits(result: Any, batch: int) -> Tensor:
    """Chooses the logits among the values that a forward returned.

    A tensor is the logits itself. A dict, dataclass or named tuple has them in the value called `logits`, or else in
    its only tensor of shape `(batch, output)`. A plain tuple or list has them in its first tensor of that shape. A
    tensor alone, or called `logits`, may be of shape `(batch,)`: one logit, of a model that squeezes its only output.

    Args:
        result: the value or values that the forward returned.
        batch: the number of images, which is a symbol in an export.

    Raises:
        InputError: there are no logits, or several candidates; the message lists the values with their shapes.
    """
    named = _read_named_values(result)
    if named is not None and "logits" in named:
        values = [named["logits"]]
    elif named is not None:
        values = list(named.values())
    else:
        values = list(result) if isinstance(result, tuple | list) else [result]
    for n_axes in (2, 1) if len(values) == 1 else (2,):
        candidates = [value for value in values if _is_logits(value, batch, n_axes)]
        if len(candidates) > 1 and named is not None:
            raise InputError(
                "Among several values, the logits (batch, output) are the one called logits, or the only one of two "
                "dimensions.",
                f"The model returns {_describe(result, batch)}.",
                "Call one of them logits, or wrap the model in a module whose forward returns the logits alone.",
            )
        if candidates:
            found: Tensor = candidates[0]
            return found
    raise InputError(
        "A classifier returns logits (batch, output): a tensor of floats, or one in a tuple, dict or dataclass.",
        f"The model returns {_describe(result, batch)}.",
        "Wrap it in a module whose forward returns the logits alone.",
    )


def _read_named_values(result: Any) -> dict[str, Any] | None:
    """Returns the values of a dict, dataclass or named tuple by name; None for anything else."""
    if isinstance(result, Mapping):
        return {str(key): value for key, value in result.items()}
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return {f.name: getattr(result, f.name) for f in dataclasses.fields(result)}
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return dict(zip(result._fields, result, strict=True))
    return None


def _is_logits(value: Any, batch: int, n_axes: int) -> bool:
    return (
        isinstance(value, Tensor)
        and value.is_floating_point()
        and value.ndim == n_axes
        and is_same_size(value.shape[0], batch)
    )


def _describe(result: Any, batch: int) -> str:
    named = _read_named_values(result)
    if named is not None:
        return f"a {type(result).__name__} of {_join((f'{k}: {_describe_value(v, batch)}' for k, v in named.items()))}"
    if isinstance(result, tuple | list):
        return f"a {type(result).__name__} of {_join(_describe_value(value, batch) for value in result)}"
    return _describe_value(result, batch)


def _describe_value(value: Any, batch: int) -> str:
    if isinstance(value, Tensor):
        sizes = [_describe_size(size, batch) for size in value.shape]
        kind = "" if value.is_floating_point() else f" of {str(value.dtype).removeprefix('torch.')}"
        return f"a tensor ({', '.join(sizes)}){kind}" if sizes else "a tensor without dimensions (one number)"
    return "None" if value is None else f"a {type(value).__name__}"


def _describe_size(size: Any, batch: int) -> str:
    if is_same_size(size, batch):
        return "batch"
    return str(size) if isinstance(size, int) else f"batch x {compute_size_for_one_image(size)}"


def _join(items: Iterator[str]) -> str:
    texts = list(items)
    more = f" and {len(texts) - _N_LISTED} more" if len(texts) > _N_LISTED else ""
    return (", ".join(texts[:_N_LISTED]) or "nothing") + more
