from __future__ import annotations

import subprocess
import sys

import pytest

from summit_dash.run.memory import give_back_memory

SCRIPT = """
import os
from pathlib import Path
from summit_dash.run.memory import give_back_memory, use_steady_memory
use_steady_memory()
read = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
import pyarrow as pa
assert pa.default_memory_pool().backend_name == "system"
before, kept = read(), []
for _ in range(20):  # a large block that is freed lets glibc keep the next ones, unless it was told not to
    block = bytearray(b"x" * 4_000_000)
    kept.append(bytearray(100_000))
    del block
blocks = [bytearray(b"x" * 4_000_000) for _ in range(10)]
kept.append(bytearray(100_000))
del blocks
assert read() - before < 20, read() - before
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the allocator keeps its own settings")
def test_large_blocks_go_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_another_system_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    give_back_memory()
