"""The roles of people who use a served dashboard, and who is asking now."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

from flask import g, has_request_context, request

__all__ = ["EVERYBODY", "ROLES", "Person", "Role", "find_handed", "find_person", "keep_handed"]

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
_HANDED = "summit_dash.handed"
"""Key of a request's environment, which no header can set."""


def find_person() -> Person:
    """Returns the person of the request that is being answered; everybody where none is."""
    person: Person | None = g.get("person") if has_request_context() else None
    return person or EVERYBODY


def keep_handed(environ: dict[str, Any], person: Person) -> None:
    """Notes in a request's environment that another process of this server checked it, and who asks."""
    environ[_HANDED] = person


def find_handed() -> Person | None:
    """Returns the person of a request that another process of this server checked; None for all others."""
    person: Person | None = request.environ.get(_HANDED)
    return person
