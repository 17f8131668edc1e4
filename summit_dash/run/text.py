"""Numbers and names as a person reads them: with unit and n, and never two classes under one label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from summit_dash.run.store import ClassInfo

__all__ = [
    "DASH",
    "NO_ACCURACY",
    "NO_ACCURACY_IMPORTED",
    "format_count",
    "format_part",
    "format_percent",
    "format_plural",
    "label_classes",
]

DASH = "–"
"""Stands for a number that does not exist."""
NO_ACCURACY = "The labels are not the model's outputs, so there is no accuracy."
NO_ACCURACY_IMPORTED = "The imported data does not tell accuracies."


def format_percent(fraction: float | None) -> str:
    """82.1 %, or a dash where there is no such number."""
    return DASH if fraction is None else f"{100 * fraction:.1f} %"


def format_count(n: int) -> str:
    """1,281,167."""
    return f"{n:,}"


def format_plural(n: int, noun: str, plural_noun: str | None = None) -> str:
    """ "1 image", "1,300 images"."""
    return f"{n:,} {noun if n == 1 else plural_noun or noun + 's'}"


def format_part(part: int, whole: int) -> str:
    """ "1,120 of 1,300"."""
    return f"{part:,} of {whole:,}"


def label_classes(classes: Mapping[int, ClassInfo]) -> dict[int, tuple[str, str]]:
    """For each class its first name, and what tells it from others of the same name: synset, else #id, else nothing."""
    uses = Counter(info.short_name.casefold() for info in classes.values())
    synsets = Counter(info.synset for info in classes.values())
    labels = {}
    for class_id, info in classes.items():
        is_shared = uses[info.short_name.casefold()] > 1
        unique = info.synset if info.synset and synsets[info.synset] == 1 else f"#{class_id}"
        labels[class_id] = (info.short_name, unique if is_shared else "")
    return labels
