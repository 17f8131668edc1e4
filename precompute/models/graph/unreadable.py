"""Messages for modules that `torch.export` cannot read, each with a reason and a remedy."""

from __future__ import annotations

import re

from torch import nn

from precompute.contract.errors import InputError

__all__ = ["explain_failure", "explain_fixed_batch"]

_WRONG_CHANNELS = re.compile(r"expected input.* to have (\d+) channels, but got 3 channels")
_MIXED_PRECISION = re.compile(r"\b(c10::)?(Half|BFloat16|half|bfloat16|float16)\b")
_BOUND = re.compile(r"satisfy the generated guard (.+)")
_BATCH = re.compile(r"L\['\w+'\]\.size\(\)\[0\]")
_ANY_SIZE = "A model takes batches of any size, in one way."


def explain_fixed_batch(module: nn.Module, line: str) -> InputError:
    """Builds the error for a forward that makes the batch size a constant.

    Args:
        module: the model.
        line: the line of its forward that does so, with file and number; "" where it is unknown.
    """
    return InputError(
        _ANY_SIZE,
        f"The forward of {type(module).__name__} fixes the batch size{f', in {line}' if line else ''}.",
        "Take the size from x.shape[0] as it is, without int(), len() or a loop over images, and leave the axis of the "
        "batch whole.",
    )


def explain_failure(problem: Exception, module: nn.Module, input_size: tuple[int, int, int]) -> InputError:
    """Builds the error for an exception of the forward, or of `torch.export`.

    Args:
        problem: the exception.
        module: the model.
        input_size: `(channels, height, width)` of one image.
    """
    text = str(problem).strip()
    reason = f"{type(problem).__name__}: {text.splitlines()[0][:300].rstrip('.') if text else 'no message'}"
    if match := _WRONG_CHANNELS.search(text):
        return InputError(
            "Images are RGB: three channels.",
            f"{type(module).__name__} has a first convolution of {match[1]} ({reason}).",
            "Wrap it in a module whose forward makes its input of the three, such as their mean: "
            "x.mean(1, keepdim=True).",
        )
    if _MIXED_PRECISION.search(text):
        return InputError(
            "A model computes in float32; its parameters have been converted.",
            f"Its forward meets half precision on the way: {reason}.",
            "Take the cast out of its forward, and register constants as buffers, which are converted.",
        )
    if "data-dependent" in text or "DataDependent" in type(problem).__name__:
        return InputError(
            "The same operators run for every image, so that torch.export can read them.",
            f"The forward of {type(module).__name__} branches on values of the image ({reason}).",
            "Replace the branch by torch.where, or hand over the part of the model that does not branch.",
        )
    if "Constraints violated (batch)" in text:
        bounds = [bound.split(".Spec")[0].rstrip(".") for bound in _BOUND.findall(text)]
        condition = f": it asks that {_BATCH.sub('batch', bounds[-1])}" if bounds else ""
        return InputError(
            _ANY_SIZE,
            f"The forward of {type(module).__name__} depends on the batch size{condition}.",
            "Leave the axis of the batch whole, and take no branch on its size.",
        )
    return InputError(
        f"The model takes images of shape {input_size} and can be read by torch.export.",
        f"{reason}.",
        "Check the input size of --preprocess, and that forward has no branches that depend on the image.",
    )
