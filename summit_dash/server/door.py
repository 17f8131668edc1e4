"""The door: every request passes here first, and only those of people who may come in go on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from precompute.contract.errors import InputError
from summit_dash.server.attempts import REMEMBERED, Attempts, name_network
from summit_dash.server.credentials import Credentials, LinkToken, build_credentials
from summit_dash.server.proxies import NAMED
from summit_dash.server.roles import EVERYBODY, Person, Role, find_handed
from summit_dash.server.sessions import Sessions
from summit_dash.server.settings import Settings
from summit_dash.server.shared import build_memory
from summit_dash.server.sign_in_page import STYLE, write_bounce, write_sign_in

__all__ = ["OPEN", "Door", "register_door"]

OPEN = {
    "report_health", "report_readiness", "send_metrics", "show_sign_in", "sign_in", "send_sign_in_style", "sign_out",
}  # fmt: skip
"""Endpoints that answer everyone, or see to it themselves. They say nothing of a run."""
_READING = {"GET", "HEAD", "OPTIONS"}
_ROLES: dict[str, Role] = {"save_labels": "editor"}
"""The role that an endpoint which writes needs; a runner is needed for the callbacks, and for all others."""
_WRONG = "This is wrong. Try again."
_LONGEST_NAME = 128


class Door:
    """Finds out who asks, by proxy, cookie or token.

    Args:
        settings: of the server.

    Raises:
        InputError: the settings do not belong together, or the file of users cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.trust_header and not settings.trusted_proxy:
            raise InputError(
                "A header that names the person is believed from a trusted proxy alone.",
                f"There is none for {settings.trust_header}.",
                "Name its address: --trusted-proxy 127.0.0.1.",
            )
        self.settings = settings
        self.prefix = settings.url_prefix
        self.credentials: Credentials | None = build_credentials(settings)
        self.is_open = self.credentials is None and not settings.trust_header
        self._everybody = EVERYBODY._replace(role=settings.role or EVERYBODY.role)
        self._sessions = Sessions(settings.session_hours, settings.shared_folder)
        self._attempts = Attempts(kept=build_memory(settings.shared_folder, "failed sign-ins", REMEMBERED))
        # Cookies do not know ports: dashboards of one machine have cookies of different names.
        self._cookie = f"summit_dash_{settings.port}"

    @property
    def asks_name(self) -> bool:
        """True if people sign in with a name."""
        return not isinstance(self.credentials, LinkToken)

    def find(self) -> Person | None:
        """Finds the person of the request; None for nobody who may come in.

        The images that people bring are in the memory of one process. Where several answer and share no folder, nobody
        computes.
        """
        found = find_handed() or (self._everybody if self.is_open else self._find_known())
        is_split = bool(request.environ.get("wsgi.multiprocess")) and not self.settings.shared_folder
        if found is not None and found.may("runner") and is_split:
            return found._replace(role="editor")
        return found

    def _find_known(self) -> Person | None:
        return self._find_named() or self._find_session() or self._find_bearer()

    def enter(self, name: str, password: str) -> tuple[bool, float]:
        """Checks name and password. Returns if they are right, and the seconds to wait if no answer is given now."""
        keys = [name_network(request.remote_addr or ""), *([f"name {name}"] if name else [])]
        wait = self._attempts.begin(*keys)
        if wait or self.credentials is None:
            return False, wait
        is_right = self.credentials.check(name, password)
        if is_right:
            self._attempts.forgive(*keys)
        return is_right, 0.0

    def give_cookie(self, response: AnyResponse, name: str) -> AnyResponse:
        """Adds the cookie of a new session."""
        if self.credentials is not None:
            text = self._sessions.write(self.credentials.key, name, self.credentials.mark(name))
            response.set_cookie(self._cookie, text, max_age=self._sessions.seconds, **self._build_cookie_settings())
        return response

    def leave(self, response: AnyResponse) -> AnyResponse:
        """Ends the session of the request, and takes its cookie and what the browser has kept of the runs."""
        person = self._find_session()
        if person is not None:
            self._sessions.end(person.session)
        response.delete_cookie(self._cookie, **self._build_cookie_settings())
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    def _build_cookie_settings(self) -> dict[str, Any]:
        return {"path": self.prefix, "httponly": True, "samesite": "Strict", "secure": request.is_secure}

    def _find_named(self) -> Person | None:
        """Finds the person whom a trusted proxy names."""
        name = str(request.environ.get(NAMED) or "").strip()
        if not self.settings.trust_header or not name or len(name) > _LONGEST_NAME or not _is_name(name):
            return None
        role = self.credentials.find_role(name) if self.credentials is not None else None
        return Person(name, role or self.settings.role or "viewer")

    def _find_session(self) -> Person | None:
        cookie = request.cookies.get(self._cookie)
        if not cookie or self.credentials is None:
            return None
        session = self._sessions.read(self.credentials.key, cookie)
        if session is None or session.mark != self.credentials.mark(session.name):
            return None
        role = self.credentials.find_role(session.name)
        return Person(session.name, role, session.number) if role else None

    def _find_bearer(self) -> Person | None:
        """Finds a program that sends the token of the link with each request."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not isinstance(self.credentials, LinkToken):
            return None
        key = name_network(request.remote_addr or "")
        if self._attempts.look(key):
            return None
        if not self.credentials.check("", token):  # many requests at once are right, so only wrong ones count
            self._attempts.begin(key)
            return None
        role = self.credentials.find_role("")
        return Person("", role) if role else None


def register_door(server: Flask, door: Door) -> None:
    """Adds the check of every request, and `sign-in` and `sign-out` under the prefix."""

    @server.before_request
    def admit() -> AnyResponse | None:
        if request.endpoint in OPEN:
            return None
        g.person = door.find()
        if g.person is None:
            return _refuse(door)
        if request.method == "GET" and "token" in request.args and not door.is_open:
            return redirect(_drop_token(), 303)  # the token leaves the address bar, also where it is not needed
        needed: Role = "viewer" if request.method in _READING else _ROLES.get(request.endpoint or "", "runner")
        return None if g.person.may(needed) else _forbid(needed)

    @server.get(f"{door.prefix}sign-in")
    def show_sign_in() -> AnyResponse:
        if door.credentials is None or door.find() is not None:
            return redirect(_find_next(door), 303)
        return _show_form(door, 200)

    @server.post(f"{door.prefix}sign-in")
    def sign_in() -> AnyResponse:
        request.max_content_length = 4096
        name = request.form.get("name", "") if door.asks_name else ""
        is_right, wait = door.enter(name, request.form.get("password", ""))
        if is_right:
            g.person = Person(name, "viewer")  # for the log alone
            return door.give_cookie(redirect(_find_next(door), 303), name)
        return _refuse_for_now(door, wait) if wait else _show_form(door, 401, _WRONG, name)

    @server.post(f"{door.prefix}sign-out")
    def sign_out() -> AnyResponse:
        g.person = door.find()  # for the log alone
        return door.leave(redirect(f"{door.prefix}sign-in", 303))

    @server.get(f"{door.prefix}sign-in/style.css")
    def send_sign_in_style() -> Response:
        return Response(STYLE, mimetype="text/css", headers={"Cache-Control": "public, max-age=3600"})


def _refuse(door: Door) -> AnyResponse:
    """Answers somebody who may not come in: by the form where a person looks at the answer, else by one line."""
    if request.method != "GET" or "text/html" not in request.headers.get("Accept", ""):
        return Response("Sign in first.\n", 401, mimetype="text/plain", headers={"WWW-Authenticate": "Bearer"})
    if "token" in request.args and not door.asks_name:
        is_right, wait = door.enter("", request.args["token"])
        if is_right:
            return door.give_cookie(redirect(_drop_token(), 303), "")
        return _refuse_for_now(door, wait) if wait else _show_form(door, 401, "This link is not valid any more.")
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return _send_page(write_bounce(door.settings.title, _drop_token()), 200)
    if door.credentials is None:
        return Response("Sign in at the proxy first.\n", 401, mimetype="text/plain")
    return redirect(f"{door.prefix}sign-in?{urlencode({'next': _drop_token()})}", 303)


def _refuse_for_now(door: Door, wait: float) -> AnyResponse:
    words = f"There were too many attempts. Try again in {wait:.0f} seconds."
    response = _show_form(door, 429, words)
    response.headers["Retry-After"] = f"{wait:.0f}"
    return response


def _forbid(needed: Role) -> AnyResponse:
    return Response(f"This needs the role {needed}.\n", 403, mimetype="text/plain")


def _show_form(door: Door, status: int, problem: str = "", name: str = "") -> AnyResponse:
    """Shows the form. It is sent to an address that holds the page which was asked for."""
    action = f"{door.prefix}sign-in?{urlencode({'next': _find_next(door)})}"
    typed = name[:_LONGEST_NAME] if door.asks_name else None
    style = f"{door.prefix}sign-in/style.css"
    return _send_page(write_sign_in(door.settings.title, action, style, typed, problem), status)


def _send_page(page: str, status: int) -> AnyResponse:
    return Response(page, status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _drop_token() -> str:
    """Returns the address that was asked for without the token, and without the host."""
    rest = [(key, value) for key, value in request.args.items(multi=True) if key != "token"]
    path = "/" + request.path.lstrip("/\\")
    return f"{path}?{urlencode(rest)}" if rest else path


def _find_next(door: Door) -> str:
    """Returns the page to open after signing in: one of this dashboard, never one of another server."""
    asked = request.args.get("next", "")
    is_own = asked.startswith(door.prefix) and not asked.startswith("//") and "\\" not in asked and asked.isprintable()
    return asked if is_own and "://" not in asked.partition("?")[0] else door.prefix


def _is_name(name: str) -> bool:
    return name.isprintable() and "," not in name
