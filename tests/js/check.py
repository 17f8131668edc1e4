"""The checks of the scripts: ESLint, Prettier and TypeScript. Run as `python -m tests.js.check`."""

from __future__ import annotations

import subprocess
import sys

from tests.js.build import run_tool

_FILES = ("assets/src/**/*.js", "tests/js/*.mjs", "tests/js/*.js")
CHECKS = (
    ("eslint", "--max-warnings=0", "--config", "tests/js/eslint.config.js", "assets/src", "tests/js"),
    ("prettier", "--check", "--log-level=warn", "--config", "tests/js/prettier.json", *_FILES),
    ("tsc", "--project", "tests/js/tsconfig.json"),
)


def main() -> int:
    for command in CHECKS:
        try:
            run_tool(*command)
        except subprocess.CalledProcessError as failed:
            return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
