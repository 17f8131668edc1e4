"""Progress of long stages: a bar with rate and remaining time on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from precompute.contract.wording import format_count

__all__ = ["Advance", "ConsoleProgress", "Progress", "SilentProgress"]

_EVERY = 60
"""Seconds between two lines of a log."""


class Advance(Protocol):
    """Reports that `n` more items are done."""

    def __call__(self, n: int = 1, /) -> None: ...


class Progress(Protocol):
    """A receiver of the progress of long stages.

    Example:
        with progress.stage("Aggregating", total=len(images), unit="images") as advance:
            for batch in batches:
                ...
                advance(len(batch))
    """

    def open_stage(self, description: str, total: int, unit: str = "images") -> AbstractContextManager[Advance]:
        """Opens a stage of `total` items. `unit` names the items in the plural. Only one stage is open at a time."""
        ...


class SilentProgress:
    """A progress that prints nothing, for tests and for use as a library."""

    def open_stage(self, description: str, total: int, unit: str = "images") -> AbstractContextManager[Advance]:
        return contextlib.nullcontext(_ignore)


class ConsoleProgress:
    """A progress that prints on `console`, standard error by default so that results can be piped.

    A terminal shows a bar with count, rate, elapsed and remaining time while the stage runs. Anything else (a log, a
    continuous-integration job) gets a line at the start, and one a minute with the same figures. Both get a line at the
    end with count, seconds and rate. After an exception that line has the count so far.

    Args:
        console: where it prints.
        now: the clock, in seconds.
    """

    def __init__(self, console: Console | None = None, now: Callable[[], float] = time.perf_counter) -> None:
        self._console = console or Console(stderr=True)
        self._now = now

    @contextlib.contextmanager
    def open_stage(self, description: str, total: int, unit: str = "images") -> Iterator[Advance]:
        start, done = self._now(), 0
        said_at = start
        with contextlib.ExitStack() as stack:
            bar, task = self._open_bar(stack, description, total, unit)

            def advance(n: int = 1, /) -> None:
                nonlocal done, said_at
                done += n
                if bar is not None:
                    bar.update(task, completed=done)
                elif 0 < done < total and self._now() - said_at >= _EVERY:
                    said_at = self._now()
                    self._print(f"{description}: {_format_rest(done, total, unit, said_at - start)}")

            try:
                yield advance
            except BaseException:
                stack.close()
                self._print(f"{description}: stopped after {done:,} of {format_count(total, unit)}")
                raise
        self._print(f"{description}: {_format_summary(done, unit, self._now() - start)}")

    def _open_bar(
        self, stack: contextlib.ExitStack, description: str, total: int, unit: str
    ) -> tuple[RichProgress | None, TaskID]:
        if not self._console.is_terminal:
            self._print(f"{description}: {format_count(total, unit)}")
            return None, TaskID(0)
        bar = stack.enter_context(
            RichProgress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                _CountColumn(),
                _RateColumn(),
                TimeElapsedColumn(),
                TextColumn("<"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
        )
        return bar, bar.add_task(description, total=total, unit=unit)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _CountColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{int(task.completed):,}/{int(task.total or 0):,} {task.fields['unit']}")


class _RateColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(_format_rate(task.finished_speed or task.speed or 0.0, task.fields["unit"]))


def _ignore(n: int = 1, /) -> None:
    pass


def _format_rate(per_second: float, unit: str) -> str:
    return f"{per_second:,.1f} {unit}/s" if per_second >= 1 else f"{per_second:.3g} {unit}/s"


def _format_rest(done: int, total: int, unit: str, seconds: float) -> str:
    rate = done / max(seconds, 1e-9)
    left = timedelta(seconds=round((total - done) / rate))
    return f"{done:,} of {format_count(total, unit)}, {_format_rate(rate, unit)}, {left} left"


def _format_summary(done: int, unit: str, seconds: float) -> str:
    return f"{format_count(done, unit)} in {seconds:,.1f} s ({_format_rate(done / max(seconds, 1e-9), unit)})"
