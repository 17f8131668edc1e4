"""Runs killed at random moments, all stages through, end with the tables of a run that nobody disturbed."""

from __future__ import annotations

from pathlib import Path

from tests.support.killing import count_events, kill_and_resume, read_tables
from tests.support.small import write_small
from tests.support.validation import validate


def test_killed_runs_go_on_to_the_same_tables(tmp_path: Path) -> None:
    arguments = write_small(tmp_path)
    whole = tmp_path / "whole"
    n_events = count_events(tmp_path, arguments, whole)
    for kill in kill_and_resume(tmp_path, arguments, n_events, n_kills=4, seed=0):
        assert kill.tables == read_tables(whole), (kill.moment, kill.stages)
    for number in range(4):
        run = tmp_path / f"killed-{number}"
        assert validate(run) == []
        left = {path.name for path in run.iterdir()} - {path.name for path in whole.iterdir()}
        assert not left, left
