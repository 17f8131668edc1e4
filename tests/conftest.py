"""A real run for whoever needs one: the demo, made once a session as `summit-dash demo` makes it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole demo run: every stage, all its images."""
    from rich.console import Console

    from precompute.commands.demo import run_demo

    out = tmp_path_factory.mktemp("demo") / "run"
    run_demo(out, None, Console(quiet=True))
    return out
