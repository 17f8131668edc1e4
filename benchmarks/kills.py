"""A small run, killed at many random moments and resumed, with its tables compared: `python -m benchmarks.kills`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.support.killing import count_events, kill_and_resume, read_tables
from tests.support.small import write_small


def main() -> None:
    """Prints a line per kill; the exit code is 1 if a table differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="how many runs are killed")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    n_different = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = write_small(folder)
        n_events = count_events(folder, arguments, folder / "whole")
        whole = read_tables(folder / "whole")
        for kill in kill_and_resume(folder, arguments, n_events, options.kills, options.seed):
            same = kill.tables == whole
            n_different += not same
            came = ", ".join(f"{stage} {state}" for stage, state in kill.stages.items() if state != "pending")
            print(
                f"{kill.moment:4d} of {n_events}: {'same' if same else 'DIFFERENT'}  ({came or 'nothing yet'})",
                flush=True,
            )
    print(f"{options.kills - n_different} of {options.kills} runs ended with the tables of an undisturbed one.")
    raise SystemExit(bool(n_different))


if __name__ == "__main__":
    main()
