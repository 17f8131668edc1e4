"""The runs that the settings name: those given, and those that come and go in watched folders."""

from __future__ import annotations

from pathlib import Path

from precompute.contract.errors import InputError
from summit_dash.run.stores import Stores, open_runs
from summit_dash.server.settings import Settings

__all__ = ["find_runs"]


def find_runs(settings: Settings) -> Stores:
    """Finds the runs and transfer results to serve.

    Raises:
        InputError: there is none and no folder is watched, or a folder is none of these.
    """
    if not settings.runs and not settings.watch:
        raise InputError(
            "A dashboard shows a run.",
            "None is named, and no folder is watched.",
            "Name the folders of runs (SUMMIT_DASH_RUNS for a WSGI server), or --watch FOLDER.",
        )
    for folder in settings.watch:
        if not Path(folder).is_dir():
            raise InputError("A watched folder is there.", f"{folder} is no folder.", "Make it, or correct --watch.")
    return Stores(open_runs(settings.runs), [Path(each) for each in settings.watch], settings.most_open)
