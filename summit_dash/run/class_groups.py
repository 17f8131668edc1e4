"""The super-classes by which the list of classes folds. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from summit_dash.run.store import ClassInfo

__all__ = ["FOLDED_FROM", "OTHER", "SHOWN_FROM", "ClassGroup", "group_classes"]

OTHER = "Other"
"""The heading of the classes without a group; always the last one."""
SHOWN_FROM = 13
"""Number of classes from which the list shows its groups by default. A shorter list needs no headings."""
FOLDED_FROM = 61
"""Number of classes from which the groups are folded at first."""


class ClassGroup(NamedTuple):
    """A super-class; `group` is None for the classes without one."""

    group: str | None
    class_ids: tuple[int, ...]

    @property
    def name(self) -> str:
        """The heading of the group."""
        return OTHER if self.group is None else self.group


def group_classes(classes: Mapping[int, ClassInfo]) -> list[ClassGroup]:
    """Groups the classes by super-class, sorted by name; classes without a group are the last one.

    Returns an empty list where no class has a group.
    """
    members: dict[str | None, list[int]] = {}
    for info in classes.values():
        members.setdefault(info.group, []).append(info.class_id)
    if not any(members):
        return []
    ordered = sorted(members, key=lambda group: (group is None, (group or "").casefold(), group or ""))
    return [ClassGroup(group, tuple(members[group])) for group in ordered]
