"""Progress: two lines where nobody watches, a bar where somebody does, nothing in a library."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from precompute.contract.progress import ConsoleProgress, Progress, SilentProgress


def _run(progress: Progress, items: int = 3, total: int = 6) -> None:
    with progress.open_stage("Aggregating [mixed4d]", total=total, unit="images") as advance:
        for _ in range(items):
            advance(2)


def test_a_log_gets_one_line_at_the_start_and_one_at_the_end() -> None:
    stream = io.StringIO()

    _run(ConsoleProgress(Console(file=stream)))

    first, last = stream.getvalue().splitlines()
    assert first == "Aggregating [mixed4d]: 6 images"
    assert re.fullmatch(r"Aggregating \[mixed4d\]: 6 images in [\d.]+ s \([\d.,]+ images/s\)", last)


def test_a_terminal_sees_count_and_rate_and_keeps_the_last_line() -> None:
    stream = io.StringIO()

    _run(ConsoleProgress(Console(file=stream, force_terminal=True, width=120)))

    assert "6/6 images" in stream.getvalue()
    assert "images/s" in stream.getvalue()
    assert "Aggregating [mixed4d]: 6 images in" in stream.getvalue().splitlines()[-1]


@pytest.mark.parametrize("terminal", [True, False])
def test_an_interrupted_stage_says_how_far_it_came_and_lets_the_exception_through(terminal: bool) -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(Console(file=stream, force_terminal=terminal, width=120))

    with pytest.raises(KeyboardInterrupt), progress.open_stage("Training", total=10, unit="epochs") as advance:
        advance()
        raise KeyboardInterrupt

    assert stream.getvalue().splitlines()[-1].endswith("Training: stopped after 1 of 10 epochs")


def test_silent_progress_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    _run(SilentProgress())

    assert capfd.readouterr() == ("", "")
