"""Commands on a real Ray cluster of two cores, which ends with them."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from summit_dash.cli import main
from tests.support.warm import start_warm

__all__ = ["SIGNING", "start_on_cluster", "with_ray"]

with_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install 'summit-dash[ray]'"
)

SIGNING = """
import os, pathlib
(pathlib.Path(__file__).parent / "pids" / str(os.getpid())).touch()
"""
"""Lines before a model file, by which every process that reads it leaves its number in the folder `pids` beside it."""


def start_on_cluster(arguments: Sequence[str], messages: Path) -> BaseProcess:
    """Starts a command with two workers in a process of its own, because Ray leaves threads and warnings behind.

    Args:
        arguments: of `summit-dash`, without the engine.
        messages: the file for what it writes to stdout and stderr.
    """
    return start_warm(_call_with_two_cores, [*arguments, "--engine", "ray", "--actors", "2"], messages=messages)


def _call_with_two_cores(arguments: list[str]) -> None:
    import ray

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(Path(__file__).parents[2])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
        try:
            main(arguments)
        finally:
            ray.shutdown()
