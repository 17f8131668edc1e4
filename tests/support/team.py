"""A file of users with one of each role, and clients that have signed in."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient

from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app
from summit_dash.server.roles import ROLES
from summit_dash.server.settings import Settings
from summit_dash.server.users_file import add_user

__all__ = ["PASSWORD", "TOKEN", "build_client", "sign_in", "write_team"]

PASSWORD = "correct horse"
TOKEN = "a-token-that-nobody-guesses"


def write_team(folder: Path) -> Path:
    """Writes a file of users, each with the name of the role."""
    for role in ROLES:
        add_user(folder / "users.json", role, PASSWORD, role)
    return folder / "users.json"


def build_client(store: RunStore, **settings: object) -> FlaskClient:
    """Builds a dashboard of a run with settings, and a client of it."""
    client: FlaskClient = create_app([store], Settings.model_validate(settings)).server.test_client()
    return client


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD) -> int:
    """Signs in with a name, and returns the status of the answer."""
    return client.post("/sign-in", data={"name": name, "password": password}).status_code
