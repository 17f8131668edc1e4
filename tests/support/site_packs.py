"""The packs of a written site, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["read_pack", "read_packs"]

_BEGINNING, _END = "summitStatic.receive(", ");"


def read_pack(path: Path) -> tuple[str, str, dict[str, Any]]:
    """Reads the run and the name that a pack states, and its content by key or path."""
    text = path.read_text(encoding="utf-8").strip()
    assert text.startswith(_BEGINNING) and text.endswith(_END)
    run, name, content = json.loads(f"[{text[len(_BEGINNING) : -len(_END)]}]")
    return run, name, content


def read_packs(site: Path) -> dict[str, Any]:
    """Reads the content of all packs of a site by key or path; the same one in two packs is the same."""
    found: dict[str, Any] = {}
    for path in sorted((site / "run").glob("*.js")):
        for key, value in read_pack(path)[2].items():
            assert found.setdefault(key, value) == value, key
    return found
