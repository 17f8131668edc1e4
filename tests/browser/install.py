"""An installer of Chromium for the browser tests: Playwright's own, else Debian's packages, else the system's.

Run as `python -m tests.browser.install`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.browser.chromium import SHELL, find_chromium


def main() -> int:
    found = find_chromium()
    if found is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        found = find_chromium()
    if found is None or (found.startswith("/usr/bin/chromium") and shutil.which(SHELL) is None):
        _install_from_debian()
        found = find_chromium()
    print(f"Chromium for the browser tests: {found or 'none; they fail in CI and are skipped elsewhere'}")
    return 0


def _install_from_debian() -> None:
    """Installs Debian's packages where a person may: the program without windows, else the whole of Chromium."""
    if not shutil.which("apt-get"):
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*as_root, "apt-get", "update", "-qq"], check=False)
    for package in (SHELL, "chromium"):
        if subprocess.run([*as_root, "apt-get", "install", "-y", "-qq", package], check=False).returncode == 0:
            return


if __name__ == "__main__":
    sys.exit(main())
