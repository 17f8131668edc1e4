"""A suggestion for a path that does not exist."""

from __future__ import annotations

import difflib
from pathlib import Path

__all__ = ["suggest_path"]


def suggest_path(path: Path) -> str:
    """Returns a sentence with the existing path in the same folder whose name is spelt most alike.

    Hidden files are never suggested. Without a name that is alike, or without the folder, the sentence says so.
    """
    if not path.parent.is_dir():
        return f"Check the path: {path.parent} does not exist either."
    names = [p.name for p in path.parent.iterdir() if not p.name.startswith(".")]
    nearest = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {path.parent / nearest[0]}?" if nearest else "Check the path."
