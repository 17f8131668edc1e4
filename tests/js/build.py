"""The bundle of the page: `assets/summit_dash.js` and `.css`, made by esbuild from the modules in `assets/src`.

Run as `python -m tests.js.build` after any change in `assets/src`. With `--install` it installs the tools instead.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from summit_dash.pages.asset_files import find_assets
from tests.js.node import find_node, find_npm

__all__ = ["BUNDLE", "TOOLS", "build_bundle", "install_tools", "run_tool"]

HERE = Path(__file__).parent
TOOLS = HERE / "node_modules"
"""The folder of esbuild, ESLint, Prettier and TypeScript; `package-lock.json` fixes their versions."""
BUNDLE = ("summit_dash.js", "summit_dash.css")
"""The two files that the page loads."""


def build_bundle(folder: Path) -> None:
    """Writes the bundle into a folder.

    Raises:
        subprocess.CalledProcessError: a module cannot be read; esbuild has said which.
    """
    options = ["--bundle", "--minify", "--format=iife", "--charset=utf8", "--target=es2022", "--log-level=warning"]
    outside = ["--external:*.woff2", "--external:*.svg"]
    entry = find_assets() / "src" / "main.js"
    command = [str(TOOLS / ".bin" / "esbuild"), str(entry), *options, *outside, f"--outfile={folder / BUNDLE[0]}"]
    subprocess.run(command, check=True)


def run_tool(name: str, *arguments: str) -> None:
    """Runs a tool of `package.json` from the root of the checkout, by the node that runs the tests.

    Raises:
        subprocess.CalledProcessError: the tool found something; it has said what.
    """
    subprocess.run(
        [str(find_node()), str((TOOLS / ".bin" / name).resolve()), *arguments], cwd=HERE.parents[1], check=True
    )


def install_tools() -> None:
    """Installs the tools by npm, in the versions of `package-lock.json`.

    Raises:
        FileNotFoundError: there is no npm.
    """
    subprocess.run([*find_npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install the tools instead")
    if parser.parse_args().install:
        install_tools()
    else:
        build_bundle(find_assets())
    return 0


if __name__ == "__main__":
    sys.exit(main())
