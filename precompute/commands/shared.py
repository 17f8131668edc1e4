"""Steps that commands share: checking what is installed, reading options, printing notes."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from precompute.contract.errors import InputError

if TYPE_CHECKING:
    import torch

__all__ = [
    "choose_batch_size",
    "print_notes",
    "print_pictures",
    "read_numbers",
    "require_names",
    "require_positive",
    "require_precompute",
    "split_names",
]

_NEEDED = ("torch", "torchvision", "safetensors", "PIL", "scipy", "umap")


def require_precompute() -> None:
    """Checks that the extra `precompute` is installed.

    Raises:
        InputError: a library of it is missing.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            "Making a run needs torch and the other libraries of the extra `precompute`; opening one does not.",
            f"Not installed here: {', '.join(missing)}.",
            "pip install 'summit-dash[precompute]'",
        )


def require_names(model: str | None, weights: str | None) -> None:
    """Checks what a model and its weights are called and how their files begin, before torch is imported.

    Raises:
        InputError: weights take the place of code, or a file of weights is missing or of another kind.
    """
    from precompute.models.weights.weights_file import require_code, require_weights

    if model is not None:
        require_code(model)
    require_weights(weights)


def split_names(text: str) -> tuple[str, ...]:
    """Splits names at commas; empty ones are left out."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def read_numbers(option: str, text: str) -> tuple[int, ...]:
    """Reads numbers and ranges, such as `1,5-9`.

    Raises:
        InputError: a part is neither, a number is too large, or there is none.
    """
    found: list[int] = []
    for part in split_names(text):
        first, _, last = part.partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or (last and int(last) < int(first)):
            raise InputError(f"{option} are numbers and ranges, such as 3,7,20-29.", f"Found {part}.", "Correct it.")
        if int(last or first) >= 2**24:
            raise InputError(f"{option} are numbers below {2**24}.", f"Found {part}.", "Correct it.")
        found += range(int(first), int(last or first) + 1)
    if not found:
        raise InputError(f"{option} names at least one channel.", "Found none.", f"Leave {option} out for all.")
    return tuple(dict.fromkeys(found))


def require_positive(name: str, value: int) -> None:
    """Refuses an option below 1; its name is that of the field."""
    if value < 1:
        option = "--" + name.replace("_", "-")
        raise InputError(f"{option} is at least 1.", f"Found {value}.", f"Leave {option} out for its default.")


def choose_batch_size(given: int | None, device: torch.device, on_cpu: int) -> int:
    """Chooses the most items of a batch: what a person gave, or what suits the device.

    Raises:
        InputError: it is below 1.
    """
    from precompute.devices.batches import choose_most

    require_positive("batch_size", 1 if given is None else given)
    return choose_most(device, given, on_cpu)


def print_notes(notes: Sequence[str], console: Console) -> None:
    """Prints sentences that a person should know, though nothing failed."""
    for note in notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", highlight=False, soft_wrap=True)


def print_pictures(facts: Mapping[str, Any], console: Console) -> None:
    """Prints a line for each layer with pictures of channels or dead ones.

    Args:
        facts: the manifest's `visualizations`.
    """
    tried = {layer: n for layer, n in facts.get("layers", {}).items() if n["n_pictures"] or n["n_dead"]}
    if tried:
        console.print("Channels of the run as pictures:", highlight=False)
    for layer, n in tried.items():
        told = f"  {layer}: {n['n_pictures']:,} drawn, {_describe_comparison(n)}, {n['n_dead']:,} dead"
        console.print(escape(told), highlight=False, soft_wrap=True)


def _describe_comparison(counts: Mapping[str, int]) -> str:
    """Describes how many pictures excite their channel more than any image of the run does."""
    if not counts["n_compared"]:
        return "none compared with the best image"
    among = "" if counts["n_compared"] == counts["n_pictures"] else f" of {counts['n_compared']:,}"
    return f"{counts['n_beating_best_example']:,}{among} excite their channel more than the best image does"
