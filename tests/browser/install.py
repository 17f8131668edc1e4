"""An installer of Chromium for the browser tests: Playwright's own, else the system's, else Debian's package.

Run as `python -m tests.browser.install`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.browser.chromium import find_chromium


def main() -> int:
    if find_chromium():
        return 0
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if not find_chromium() and shutil.which("apt-get"):
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*as_root, "apt-get", "update", "-qq"], check=False)
        subprocess.run([*as_root, "apt-get", "install", "-y", "-qq", "chromium"], check=False)
    found = find_chromium()
    print(f"Chromium for the browser tests: {found or 'none; they fail in CI and are skipped elsewhere'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
