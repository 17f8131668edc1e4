"""Progress: a line now and then where nobody watches, a bar where somebody does, nothing in a library."""

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


def test_a_log_gets_one_line_a_minute_of_a_long_stage() -> None:
    stream, clock = io.StringIO(), [0.0]
    progress = ConsoleProgress(Console(file=stream), lambda: clock[0])

    with progress.open_stage("Aggregating", total=4_000, unit="images") as advance:
        for _ in range(4):
            clock[0] += 45
            advance(1_000)

    assert stream.getvalue().splitlines() == [
        "Aggregating: 4,000 images",
        "Aggregating: 2,000 of 4,000 images, 22.2 images/s, 0:01:30 left",
        "Aggregating: 4,000 images in 180.0 s (22.2 images/s)",
    ]


def test_a_terminal_sees_count_and_rate_and_keeps_the_last_line() -> None:
    stream = io.StringIO()

    _run(ConsoleProgress(Console(file=stream, force_terminal=True, width=120)))

    assert "6/6 images" in stream.getvalue()
    assert "images/s" in stream.getvalue()
    assert "Aggregating [mixed4d]: 6 images in" in stream.getvalue().splitlines()[-1]


def test_a_slow_rate_is_not_rounded_to_nothing() -> None:
    stream, clock = io.StringIO(), [0.0]
    progress = ConsoleProgress(Console(file=stream), lambda: clock[0])

    with progress.open_stage("Measuring maps", total=2) as advance:
        clock[0] += 72
        advance(0)
        advance()

    assert "Measuring maps: 1 of 2 images, 0.0139 images/s, 0:01:12 left" in stream.getvalue()


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
