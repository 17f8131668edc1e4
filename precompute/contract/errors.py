"""The error of bad input, whose message is written for people."""

from __future__ import annotations


class InputError(Exception):
    """Bad input, in three parts: the rule, what was found, what to do.

    The command line prints it without a traceback and exits with code 2; the dashboard shows it in place.

    Args:
        rule: a sentence that holds for good input, e.g. ``"A manifest has the columns path and class_name."``
        found: the bad input, with names and numbers.
        fix: the next step for the reader.
    """

    def __init__(self, rule: str, found: str, fix: str) -> None:
        super().__init__(f"{rule} {found} {fix}")
        self.rule = rule
        self.found = found
        self.fix = fix

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str]]:
        # An error that comes from another process is built again from its three parts.
        return InputError, (self.rule, self.found, self.fix)
