"""The layers of a run, and checks of the layers and kinds that a person names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from precompute.contract.schema import VISUALIZATION_KINDS, read_manifest, read_table

__all__ = ["expand_kinds", "read_run", "require_layers"]

_FIRST_STAGES = ("aggregate", "import")


def read_run(run: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Reads the manifest, and the number of channels of every layer in order from the input.

    Raises:
        InputError: there is no run, or its first stage is not done.
    """
    manifest = read_manifest(run)
    stages = manifest.get("stages", {})
    for name in _FIRST_STAGES:
        state = stages.get(name, {}).get("state", "done")
        if state != "done":
            raise InputError(
                "Pictures belong to the channels of a finished run.",
                f"The stage {name} of {run} is {state}.",
                "Make the run first: the command that began it goes on where it stopped.",
            )
    rows = read_table(run, "layers", ["layer", "n_channels"]).to_pylist()
    return manifest, {row["layer"]: row["n_channels"] for row in rows}


def require_layers(names: Iterable[str], layers: Mapping[str, int], fix: str) -> None:
    """Raises InputError if a name is no layer of the run; the message suggests similar names, or else `fix`."""
    for name in names:
        if name not in layers:
            near = difflib.get_close_matches(name, layers, n=3)
            raise InputError(
                f"The layers of this run are {', '.join(layers)}.",
                f"There is no {name}.",
                f"Did you mean {' or '.join(near)}?" if near else fix,
            )


def expand_kinds(names: Iterable[str], option: str) -> tuple[str, ...]:
    """Expands `diversity` to its four kinds, and removes repetitions.

    Raises:
        InputError: a kind is unknown, or there is none.
    """
    known = {**{kind: (kind,) for kind in VISUALIZATION_KINDS}, "diversity": VISUALIZATION_KINDS[3:]}
    names = tuple(names)
    for name in names or ("none",):
        if name not in known:
            raise InputError(f"A kind of picture is one of {', '.join(known)}.", f"Found {name}.", f"Correct {option}.")
    return tuple(dict.fromkeys(kind for name in names for kind in known[name]))
