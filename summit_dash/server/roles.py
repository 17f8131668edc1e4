"""The roles of people who use a served dashboard, and who is asking now."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from flask import g, has_request_context

__all__ = ["EVERYBODY", "ROLES", "Person", "Role", "find_person"]

Role = Literal["viewer", "editor", "runner"]
"""A viewer reads. An editor also saves labels. A runner also uses the pages that compute."""
ROLES: tuple[Role, ...] = get_args(Role)
"""The roles; each may do what the ones before it may."""


class Person(NamedTuple):
    """A person who is asking.

    Attributes:
        name: of the user; empty where nobody is named.
        role: what the person may do.
        session: number of the session that signing out ends; empty where the person has none here.
        is_known: the person has signed in, with or without a name.
    """

    name: str
    role: Role
    session: str = ""
    is_known: bool = True

    def may(self, role: Role) -> bool:
        """Returns True if the person's role is this one or a greater one."""
        return ROLES.index(self.role) >= ROLES.index(role)


EVERYBODY = Person("", "runner", is_known=False)
"""A person where nobody signs in."""


def find_person() -> Person:
    """Returns the person of the request that is being answered; everybody where none is."""
    person: Person | None = g.get("person") if has_request_context() else None
    return person or EVERYBODY
