"""Runs that are killed at random moments, and what became of them when they went on."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from precompute.contract.schema import read_manifest
from summit_dash.cli import main
from tests.support.warm import start_warm


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
        _call_watched(folder, min(moment, n_events), chance.random() * 0.02, [*arguments, "--out", str(run)])
        known = (run / "manifest.json").is_file()
        stages = {name: stage["state"] for name, stage in read_manifest(run)["stages"].items()} if known else {}
        code = _call_quietly([*arguments, "--out", str(run)])
        if code:
            raise RuntimeError(f"killed at {moment} of {n_events}: the same command ended with {code}")
        yield Kill(moment, stages, read_tables(run))


def count_moments(folder: Path, arguments: Sequence[str]) -> int:
    """Counts how often a whole command opens, renames or removes a file under a folder."""
    return _call_watched(folder, 0, 0.0, arguments)


def kill_at(folder: Path, arguments: Sequence[str], moment: int) -> None:
    """Kills a command at one of its file events under a folder.

    Raises:
        RuntimeError: it ended by itself, and not well.
    """
    _call_watched(folder, moment, 0.0, arguments)


def _call_quietly(arguments: Sequence[str]) -> object:
    try:
        main(arguments)
    except SystemExit as ended:
        return ended.code
    return 0


def _call_watched(folder: Path, moment: int, delay: float, arguments: Sequence[str]) -> int:
    """Calls a command in a process of its own, kills it `delay` seconds after a file event, and counts the events.

    Raises:
        RuntimeError: it ended by itself, and not well.
    """
    counts, end = multiprocessing.Pipe(duplex=False)
    process = start_warm(_watch_and_call, end, str(folder), moment, delay, list(arguments))
    end.close()
    process.join()
    if process.exitcode not in (-signal.SIGKILL, 0):  # 0: it had been quicker than its end
        raise RuntimeError(f"the command ended with {process.exitcode} instead of being killed")
    return int(counts.recv()) if process.exitcode == 0 else moment


def _watch_and_call(end: Connection, folder: str, moment: int, delay: float, arguments: list[str]) -> None:
    count = 0

    def watch(event: str, given: tuple[object, ...]) -> None:
        nonlocal count
        if event in ("open", "os.rename", "os.remove") and str(given[0]).startswith(folder):
            count += 1
            if count == moment:
                threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()

    sys.addaudithook(watch)
    try:
        main(arguments)
    finally:
        end.send(count)
