from __future__ import annotations

import subprocess
import sys

import pytest

from summit_dash.run.memory import give_back_memory, measure_memory

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


def test_the_end_of_a_process_searches_no_garbage_and_comes_after_all_else() -> None:
    script = """
import atexit, gc
atexit.register(lambda: print("frozen", gc.get_freeze_count() > 0))
from summit_dash.run.memory import leave_quickly
leave_quickly()
atexit.register(lambda: print("closed", gc.get_freeze_count()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["closed 0", "frozen True"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not say")
def test_memory_of_a_process_is_measured_and_one_that_is_gone_has_none() -> None:
    assert measure_memory() > 10_000_000
    with subprocess.Popen(["sleep", "60"]) as process:
        assert 0 < measure_memory(process.pid) < measure_memory()
        process.kill()
    assert measure_memory(process.pid) == 0
