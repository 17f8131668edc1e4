"""Patterns of shards such as `train-{0000..0009}.tar`, expanded to the files that they name."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.datasets.sources.registry import state_rule
from precompute.datasets.sources.shard_index import COMPRESSED_SUFFIXES, build_compressed_error
from precompute.datasets.sources.suggestion import suggest_path

__all__ = ["expand_pattern", "is_pattern"]

_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
_MAX_SHARDS = 100_000


def is_pattern(spec: str) -> bool:
    """Checks if a name has braces, or `*`, `?` or `[...]`."""
    return bool(_BRACES.search(spec)) or glob.has_magic(spec)


def expand_pattern(pattern: str) -> list[Path]:
    """Lists the shards that a pattern names, in the order of the pattern, each once.

    Raises:
        InputError: a file that the braces name does not exist; nothing matches; a match is compressed or no .tar; the
            braces are of another form; they count more than 100,000 shards.
    """
    shards: dict[Path, None] = {}
    for name in _expand_braces(str(Path(pattern).expanduser())):
        matches = [Path(match) for match in sorted(glob.glob(name))] if glob.has_magic(name) else [Path(name)]  # noqa: PTH207
        if not matches or not matches[0].exists():
            rule = "A pattern of shards names files that exist."
            raise InputError(rule, f"{pattern} names {name}, and there is none.", suggest_path(Path(name)))
        shards |= dict.fromkeys(matches)
    for shard in shards:
        if shard.name.lower().endswith(COMPRESSED_SUFFIXES):
            raise build_compressed_error(shard)
        if shard.suffix.lower() != ".tar":
            raise InputError(
                state_rule(), f"{pattern} names {shard}, which is no .tar.", "Narrow the pattern: 'shards/*.tar'."
            )
    return list(shards)


def _expand_braces(pattern: str) -> list[str]:
    """Expands `{a,b}` and `{0000..0009}` as a shell does; a range may run downwards."""
    match = _BRACES.search(pattern)
    if match is None:
        return [pattern]
    parts = match[1].split(",")
    if counted := _RANGE.fullmatch(match[1]):
        first, last = int(counted[1]), int(counted[2])
        if abs(last - first) >= _MAX_SHARDS:
            raise InputError("A pattern names at most 100,000 shards.", f"Found {match[0]}.", "Narrow it.")
        step = 1 if first <= last else -1
        parts = [str(n).zfill(len(counted[1])) for n in range(first, last + step, step)]
    elif len(parts) == 1:
        raise InputError(
            "Braces in a pattern are {a,b} or {0000..0009}.", f"Found {match[0]} in {pattern}.", "Correct them."
        )
    prefix, suffix = pattern[: match.start()], pattern[match.end() :]
    return [name for part in parts for name in _expand_braces(prefix + part + suffix)]
