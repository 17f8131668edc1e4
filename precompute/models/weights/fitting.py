"""Choice of the state dict of a checkpoint that fits a module, under any prefix of its keys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.weights.checkpoint import Candidate, Checkpoint

__all__ = ["Match", "find_match", "is_averaged", "list_usual_states"]

_AROUND = ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module")
"""Attributes under which wrappers keep a module: DataParallel, torch.compile, sharding, checkpointing, DeepSpeed."""
_AVERAGED = {"ema", "swa", "averaged", "average", "avg"}
_USUAL = ("", "state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params")
"""Keys under which training scripts keep the weights, by preference; the empty one is the file itself."""
_MOST_PREFIXES = 16


@dataclass(frozen=True)
class Match:
    """The entries of a state dict, compared with the keys of a module.

    Attributes:
        name: the name of these weights in the file, such as `state_dict` or `ema_model`; empty for the file's own.
        prefix: the prefix of the keys in the file.
        state: the tensors by the keys without the prefix.
        missing: keys of the module alone, without BatchNorm's counters.
        unexpected: keys of the file alone.
        unlike: keys whose shapes differ, or whose value is no tensor, with a text on both.
        outside: the file's keys that are not under the prefix.
    """

    name: str
    prefix: str
    state: Mapping[str, Tensor]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    unlike: Mapping[str, str]
    outside: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """True where the module's keys are all there, in their shapes, and no other key is under the prefix."""
        return not (self.missing or self.unexpected or self.unlike)


def find_match(module: nn.Module, checkpoint: Checkpoint) -> tuple[Match, tuple[Match, ...]]:
    """Chooses the state dict and the prefix that fit: averaged weights first, then the usual keys of scripts.

    Returns:
        The chosen match, and the others that fit. Where none fits, the nearest one, and no others.

    Raises:
        InputError: several fit and no rule prefers one, or the file has no weights of the name that is asked for.
    """
    own = module.state_dict()
    tried = [match for candidate in checkpoint.candidates for match in _find_matches(own, candidate)]
    wanted = [match for match in tried if _is_named(match, checkpoint.key)]
    if not wanted:
        raise _build_key_error(checkpoint, tried)
    fitting = sorted((match for match in wanted if match.is_exact), key=lambda match: _rank(match.name))
    if not fitting:
        return min(wanted, key=_measure_misfit), ()
    best, *others = fitting
    equals = [match for match in others if _rank(match.name) == _rank(best.name) and not _is_same(match, best)]
    if equals:
        raise _build_ambiguity_error(checkpoint, [best, *equals])
    return best, tuple(match for match in others if not _is_same(match, best))


def list_usual_states(checkpoint: Checkpoint) -> list[Candidate]:
    """Lists the state dicts that a person may mean, without the wrapper of all keys, the preferred first.

    It serves callers that cannot compare keys with those of a module.
    """
    named = [c for c in checkpoint.candidates if checkpoint.key is None or c.name == checkpoint.key.removeprefix(".")]
    stripped = [Candidate(c.name, _strip_common_wrappers(c.state), c.others) for c in named]
    return sorted(stripped, key=lambda candidate: _rank(candidate.name))


def is_averaged(name: str) -> bool:
    """Returns whether a name is of weights that are averages over the training."""
    return bool(_AVERAGED & set(re.split(r"[^a-z0-9]+", name.lower())))


def _rank(name: str) -> tuple[int, ...]:
    """Ranks a name; the least is preferred, and between equal ones there is no preference."""
    if is_averaged(name):
        return (-1,)
    parts = name.split(".") if name not in _USUAL else [name]
    return tuple(map(_USUAL.index, parts)) if set(parts) <= set(_USUAL) else (len(_USUAL),)


def _measure_misfit(match: Match) -> tuple[int, int, tuple[int, ...]]:
    """Measures how far a state dict is from fitting; messages are about the nearest one."""
    return len(match.missing) + len(match.unlike), len(match.unexpected), _rank(match.name)


def _is_same(one: Match, other: Match) -> bool:
    return one.state.keys() == other.state.keys() and all(torch.equal(one.state[k], other.state[k]) for k in one.state)


def _is_named(match: Match, key: str | None) -> bool:
    return key is None or match.name == key or match.name.startswith(f"{key}.") or (key == "." and not match.name)


# --- keys of a file and keys of a module ----------------------------------------------------------------------------


def _find_matches(own: Mapping[str, Tensor], candidate: Candidate) -> Iterator[Match]:
    """Yields a match for each prefix under which the file has keys of the module."""
    entries = _strip_wrappers([*candidate.state, *candidate.others], own)
    for prefix in _find_prefixes(own, entries):
        yield _build_match(own, candidate, entries, prefix)
    # The module may hold, as its only part, the network whose weights the file has.
    holder = _find_holder(own)
    inner = {key.removeprefix(holder): value for key, value in own.items()}
    for prefix in _find_prefixes(inner, entries)[:1] if holder else ():
        match = _build_match(inner, candidate, entries, prefix)
        if match.is_exact and not match.outside:
            state = {holder + key: value for key, value in match.state.items()}
            yield Match(match.name, prefix, state, (), (), {}, ())


def _strip_wrappers(keys: Sequence[str], own: Mapping[str, Tensor]) -> dict[str, str]:
    """Maps keys without the wrappers of parts of the module to the file's keys.

    In `features.module.0.weight` the wrapper `module` is of a part. A wrapper of the whole module is a prefix instead.
    """
    parts = {part for key in own for part in key.split(".")}
    wrappers = [name for name in _AROUND if name not in parts]
    plain = {}
    for key in keys:
        first, *rest = key.split(".")
        plain[".".join([first, *(part for part in rest if part not in wrappers)])] = key
    return plain if len(plain) == len(keys) else {key: key for key in keys}


def _find_prefixes(own: Mapping[str, Tensor], entries: Mapping[str, str]) -> list[str]:
    """Finds the prefixes of the module's keys, the most frequent first, or else the common wrapper."""
    votes: Counter[str] = Counter()
    for key in entries:
        parts = key.split(".")
        votes.update(".".join([*parts[:n], ""]) if n else "" for n in range(len(parts)) if ".".join(parts[n:]) in own)
    return [prefix for prefix, _ in votes.most_common(_MOST_PREFIXES)] or [_find_common_wrapper(entries)]


def _find_common_wrapper(entries: Mapping[str, str]) -> str:
    first = next(iter(entries)).partition(".")[0]
    is_common = first in _AROUND and all(key.startswith(f"{first}.") for key in entries)
    return f"{first}." if is_common else ""


def _strip_common_wrappers(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    while prefix := _find_common_wrapper(dict.fromkeys(state, "")):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    return state


def _find_holder(own: Mapping[str, Tensor]) -> str:
    """Finds the common path of all of a module's parameters, with its dot; empty where they share none."""
    holder, rest = "", list(own)
    while len(firsts := {key.partition(".")[0] for key in rest}) == 1 and all("." in key for key in rest):
        (first,) = firsts
        if first.isdecimal():
            break
        holder, rest = f"{holder}{first}.", [key.partition(".")[2] for key in rest]
    return holder


def _build_match(own: Mapping[str, Tensor], candidate: Candidate, entries: Mapping[str, str], prefix: str) -> Match:
    under = {plain.removeprefix(prefix): key for plain, key in entries.items() if plain.startswith(prefix)}
    state = {plain: candidate.state[key] for plain, key in under.items() if key in candidate.state}
    others = {plain: candidate.others[key] for plain, key in under.items() if key in candidate.others}
    unlike = {
        key: f"{key} (file {_format_shape(state[key])}, model {_format_shape(own[key])})"
        for key in own
        if key in state and not _is_like(state[key], own[key])
    }
    unlike |= {key: f"{key} ({others[key]}, no tensor)" for key in own if key in others}
    outside = [key for plain, key in entries.items() if not plain.startswith(prefix)]
    return Match(
        _join_name(candidate.name, prefix),
        prefix,
        state,
        tuple(key for key in own if key not in under and not key.endswith("num_batches_tracked")),
        tuple(key for key in state if key not in own),
        unlike,
        (*outside, *(under[plain] for plain in others if plain not in own)),
    )


def _join_name(path: str, prefix: str) -> str:
    """Joins the keys that lead to the dict and the prefix, without wrappers."""
    parts = [part for part in prefix.split(".") if part and part not in _AROUND]
    return ".".join([path, *parts] if path else parts)


def _is_like(value: Tensor, own: Tensor) -> bool:
    return torch.nn.parameter.is_lazy(own) or not isinstance(own, Tensor) or value.shape == own.shape


def _format_shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


# --- messages -------------------------------------------------------------------------------------------------------


def _build_ambiguity_error(checkpoint: Checkpoint, matches: Sequence[Match]) -> InputError:
    names = [match.name or "." for match in matches]
    return InputError(
        "Of several weights that fit, averaged ones are taken, else those of a usual name.",
        f"{checkpoint.source} holds {', '.join(names)}, which all fit.",
        f"Name one: --weights {checkpoint.source}:{names[0]}.",
    )


def _build_key_error(checkpoint: Checkpoint, tried: Sequence[Match]) -> InputError:
    near = [match for match in tried if match.state.keys() - match.unexpected] or tried
    names = list(dict.fromkeys(match.name or "." for match in near))
    return InputError(
        "--weights FILE:KEY names weights in the file.",
        f"{checkpoint.source} has no {checkpoint.key}; it holds {', '.join(names)}.",
        "Name one of these, or leave :KEY out for the one that fits.",
    )
