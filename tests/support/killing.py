"""Runs that are killed at random moments, and what became of them when they went on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from precompute.contract.schema import read_manifest
from summit_dash.cli import main

_KILLED = """
import os, signal, sys, threading
from summit_dash.cli import main

folder, moment, delay, *arguments = sys.argv[1:]
count = 0

def watch(event, given):
    global count
    if event in ("open", "os.rename", "os.remove") and str(given[0]).startswith(folder):
        count += 1
        if count == int(moment):
            threading.Timer(float(delay), os.kill, (os.getpid(), signal.SIGKILL)).start()

sys.addaudithook(watch)
try:
    main(arguments)
finally:
    print(count, flush=True)
"""


@dataclass(frozen=True)
class Kill:
    """One killed run: after how many file events, how far it had come, and the tables of the run that went on."""

    moment: int
    stages: dict[str, str]
    tables: dict[str, bytes]


def read_tables(run: Path) -> dict[str, bytes]:
    """Reads the bytes of every table, by file name."""
    return {path.name: path.read_bytes() for path in run.glob("*.parquet")}


def count_events(folder: Path, arguments: Sequence[str], run: Path) -> int:
    """Counts how often a whole run opens, renames or removes a file under a folder."""
    return count_moments(folder, [*arguments, "--out", str(run)])


def kill_and_resume(folder: Path, arguments: Sequence[str], n_events: int, n_kills: int, seed: int) -> Iterator[Kill]:
    """Kills so many runs, each at a random moment somewhat after one of its file events, and lets each go on.

    Args:
        folder: of model, images and runs.
        arguments: of `precompute`, without `--out`.
        n_events: of a whole run, as `count_events` has it; the moments are spread over all of them.
        n_kills: how many runs.
        seed: of the moments.

    Raises:
        RuntimeError: a run was not killed, or did not go on.
    """
    chance = random.Random(seed)
    for number in range(n_kills):
        run = folder / f"killed-{number}"
        moment = 1 + int(n_events * (number + chance.random()) / n_kills)
        process = _start(folder, min(moment, n_events), chance.random() * 0.02, [*arguments, "--out", str(run)])
        process.communicate()
        if process.returncode not in (-signal.SIGKILL, 0):  # 0: it had been quicker than its end
            raise RuntimeError(f"the run ended with {process.returncode} instead of being killed")
        known = (run / "manifest.json").is_file()
        stages = {name: stage["state"] for name, stage in read_manifest(run)["stages"].items()} if known else {}
        code = _call_quietly([*arguments, "--out", str(run)])
        if code:
            raise RuntimeError(f"killed at {moment} of {n_events}: the same command ended with {code}")
        yield Kill(moment, stages, read_tables(run))


def count_moments(folder: Path, arguments: Sequence[str]) -> int:
    """Counts how often a whole command opens, renames or removes a file under a folder."""
    return int(_start(folder, 0, 0.0, arguments).communicate()[0])


def kill_at(folder: Path, arguments: Sequence[str], moment: int) -> None:
    """Kills a command at one of its file events under a folder.

    Raises:
        RuntimeError: it ended by itself, and not well.
    """
    process = _start(folder, moment, 0.0, arguments)
    process.communicate()
    if process.returncode not in (-signal.SIGKILL, 0):
        raise RuntimeError(f"the command ended with {process.returncode} instead of being killed")


def _call_quietly(arguments: Sequence[str]) -> object:
    try:
        main(arguments)
    except SystemExit as ended:
        return ended.code
    return 0


def _start(folder: Path, moment: int, delay: float, arguments: Sequence[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _KILLED, str(folder), str(moment), str(delay), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
