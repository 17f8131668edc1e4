"""The one error that a person is meant to read."""

from __future__ import annotations


class InputError(Exception):
    """Bad input, in three parts: the rule, what was found, what to do.

    The command line prints it without a traceback and exits with code 2; the dashboard shows it in place.

    Args:
        rule: what holds, e.g. ``"A manifest has the columns path and class_name."``
        found: what was there instead, with names and numbers.
        fix: what the reader can do now.
    """

    def __init__(self, rule: str, found: str, fix: str) -> None:
        super().__init__(f"{rule} {found} {fix}")
        self.rule = rule
        self.found = found
        self.fix = fix

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str]]:
        return InputError, (self.rule, self.found, self.fix)  # errors travel between processes
