"""A `precompute` in a process of its own, with the time that it took and the most memory that it held.

`python -m benchmarks.measured REPORT N_CORES ARGUMENT...` is that process. Its parent imports no torch: on
Linux a new process begins with the peak memory of its parent.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """Time and memory of one process.

    Attributes:
        seconds: from start to end, imports and the model's export included.
        cpu_seconds: of all its threads, in the process and in the kernel; other work on the machine hardly changes it.
        peak_mb: most resident memory of the process, in 10^6 bytes.
        children_peak_mb: of the largest process that it started; 0 if it started none.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    children_peak_mb: float


def measure(arguments: Sequence[str], n_cores: int | None = None) -> Measured:
    """Calls the command line with some arguments in a process of its own.

    Args:
        arguments: of `summit-dash`.
        n_cores: how many of its cores the process may use; None: all.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "benchmarks.measured", str(report), str(n_cores or 0), *arguments]
        ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"{' '.join(arguments)} ended with exit code {ended.returncode}:\n{ended.stderr}")
        return Measured(**json.loads(report.read_text()))


def main() -> None:
    start = time.perf_counter()
    report, n_cores, *arguments = sys.argv[1:]
    if int(n_cores):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(n_cores)])
    from summit_dash.cli import main as command_line

    try:
        command_line(arguments)
    except SystemExit as ended:
        if ended.code:
            raise
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    peaks = [round(usage.ru_maxrss * _UNIT / 1e6, 1) for usage in (own, children)]
    Path(report).write_text(json.dumps(vars(Measured(time.perf_counter() - start, cpu, *peaks))))


_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which a system counts `ru_maxrss`."""


if __name__ == "__main__":
    main()
