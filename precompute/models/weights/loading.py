"""Loading of weights into a module, with one message for all that does not fit, and hashes of weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.weights.checkpoint import Candidate, Checkpoint
from precompute.models.weights.fitting import Match, find_match, is_averaged

__all__ = ["hash_file", "hash_parameters", "load_weights"]

_AT_MOST = 5
_UNLIKE = "of another shape"


def hash_file(path: Path) -> str:
    """Hashes a file's content.

    Returns:
        SHA-256 as hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_parameters(module: nn.Module) -> str:
    """Hashes the names, types, shapes and values of all parameters and buffers of a module.

    Returns:
        SHA-256 as hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def load_weights(
    module: nn.Module, checkpoint: Checkpoint, adapt: Callable[[dict[str, Tensor]], Mapping[str, Tensor]] = dict
) -> tuple[str, ...]:
    """Copies the weights that fit from a checkpoint into a module.

    Prefixes of the keys by wrappers and frameworks are ignored, and so are entries without the prefix. BatchNorm's
    counter of batches may be absent, as in old files.

    Args:
        module: the network, which is changed in place.
        checkpoint: the file's state dicts.
        adapt: a function that gives the keys of a state dict the names that the module has now.

    Returns:
        Sentences for the person, on the choice among several weights and on entries left out.

    Raises:
        InputError: no state dict fits, or several do. The message names up to five keys of each fault.
    """
    adapted = tuple(Candidate(c.name, adapt(dict(c.state)), c.others) for c in checkpoint.candidates)
    checkpoint = Checkpoint(checkpoint.source, adapted, checkpoint.key)
    match, others = find_match(module, checkpoint)
    try:
        keys = module.load_state_dict(match.state, strict=False)
    except RuntimeError as problem:
        # Raised for shapes. The module may be half-loaded, but it is not used after the error.
        found = [("missing", match.missing), ("unexpected", match.unexpected), (_UNLIKE, match.unlike.values())]
        raise _build_error(match, checkpoint, [("refused", [str(problem)])] if match.is_exact else found) from problem
    missing = [key for key in keys.missing_keys if not key.endswith("num_batches_tracked") and key not in match.unlike]
    if missing or keys.unexpected_keys or not match.unlike.keys().isdisjoint(keys.missing_keys):
        found = [("missing", missing), ("unexpected", keys.unexpected_keys), (_UNLIKE, match.unlike.values())]
        raise _build_error(match, checkpoint, found)
    return (*_describe_choice(match, others, checkpoint), *_describe_rest(match, others, checkpoint))


def _describe_choice(match: Match, others: Sequence[Match], checkpoint: Checkpoint) -> list[str]:
    if not others:
        return []
    names, why = [other.name or "." for other in others], " (averaged over the training)"
    return [
        f"{checkpoint.source} holds several weights that fit: {match.name or 'its own'}"
        f"{why if is_averaged(match.name) else ''} were taken, not {', '.join(names)}. "
        f"--weights {checkpoint.source}:{names[0]} takes those."
    ]


def _describe_rest(match: Match, others: Sequence[Match], checkpoint: Checkpoint) -> list[str]:
    """Writes at most one sentence; entries of other weights that fit are in the sentence on the choice."""
    told = tuple(other.prefix for other in others if other.prefix)
    outside = [key for key in match.outside if not (told and key.startswith(told))]
    if not outside:
        return []
    number = "1 entry" if len(outside) == 1 else f"{len(outside):,} entries"
    where = f" beside {match.prefix}*" if match.prefix else ""
    return [f"Left out {number} of {checkpoint.source}{where}: {_list_some(outside)}."]


def _build_error(match: Match, checkpoint: Checkpoint, faults: Iterable[tuple[str, Iterable[str]]]) -> InputError:
    is_one_of = len(checkpoint.candidates) > 1 or match.prefix
    source = f"{checkpoint.source} ({match.name or 'its own keys'})" if is_one_of else checkpoint.source
    parts = [f"{len(keys):,} {name}: {_list_some(keys)}" for name, found in faults if (keys := list(found))]
    return InputError(
        "Weights have the names and shapes of the model's parameters.",
        f"{source} has {'; '.join(parts)}.",
        "Give the weights of this very architecture; for another number of classes, a model file that builds it.",
    )


def _list_some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _AT_MOST:,} more" if len(keys) > _AT_MOST else ""
    return f"{', '.join(keys[:_AT_MOST])}{more}"
