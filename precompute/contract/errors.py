"""The error of bad input, whose message is written for people."""

from __future__ import annotations


class InputError(Exception):
    """Bad input, in three parts: the rule, what was found, what to do.

    The command line prints it without a traceback and exits with code 2; the dashboard shows it in place.

    Args:
        rule: a sentence that holds for good input, e.g. ``"A manifest has the columns path and class_name."``
        found: the bad input, with names and numbers.
        fix: the next step for the reader.
        on_page: the next step for the reader of a page, where `fix` names options of a command; None where it is the
            same.
    """

    def __init__(self, rule: str, found: str, fix: str, on_page: str | None = None) -> None:
        super().__init__(f"{rule} {found} {fix}")
        self.rule = rule
        self.found = found
        self.fix = fix
        self.on_page = on_page

    def write_for_page(self) -> InputError:
        """Returns the error as a page shows it: without options of commands, which a page does not have."""
        return self if self.on_page is None else InputError(self.rule, self.found, self.on_page)

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str, str | None]]:
        # An error that comes from another process is built again from its parts.
        return InputError, (self.rule, self.found, self.fix, self.on_page)
