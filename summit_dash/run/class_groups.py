"""The super-classes by which the list of classes folds. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from summit_dash.run.store import ClassInfo

__all__ = ["FOLDED_FROM", "OTHER", "SHOWN_FROM", "ClassGroup", "group_classes"]

OTHER = "Other"
"""Heads the classes that name no group; always the last."""
SHOWN_FROM = 13
"""Classes from which the list shows its groups unless told otherwise: fewer are seen at a glance."""
FOLDED_FROM = 61
"""Classes from which the groups begin folded: fewer are scrolled through in a moment."""


class ClassGroup(NamedTuple):
    """A super-class; `group` is None for the classes without one."""

    group: str | None
    class_ids: tuple[int, ...]

    @property
    def name(self) -> str:
        return OTHER if self.group is None else self.group


def group_classes(classes: Mapping[int, ClassInfo]) -> list[ClassGroup]:
    """The groups by name, classes without one at the end; empty where no class has a group."""
    members: dict[str | None, list[int]] = {}
    for info in classes.values():
        members.setdefault(info.group, []).append(info.class_id)
    if not any(members):
        return []
    ordered = sorted(members, key=lambda group: (group is None, (group or "").casefold(), group or ""))
    return [ClassGroup(group, tuple(members[group])) for group in ordered]
