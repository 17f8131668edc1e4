"""First words of names of functions: verbs in the present. A name that begins with another word is reported."""

from __future__ import annotations

__all__ = ["VERBS"]

VERBS: frozenset[str] = frozenset()
"""Filled when the names of all rooms are settled; the rule is not applied while it is empty."""
