from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import Client

from summit_dash.pages.account import Account
from summit_dash.pages.application import build_application
from summit_dash.pages.images import ASKING

VIEWER = Account("ada", "viewer", may_compute=False, sign_out="/sign-out")


def build_client(account: Account | None = None, **more: Any) -> Client:
    shown = account or Account()
    return Client(build_application(lambda: "{}", "Title", ask=lambda: shown, **more).server)


@pytest.mark.parametrize(
    ("account", "is_static", "computes"), [(Account(), False, True), (VIEWER, False, False), (Account(), True, False)]
)
def test_pages_that_compute_come_with_their_callbacks_or_not_at_all(
    account: Account, is_static: bool, computes: bool
) -> None:
    client = build_client(account, is_static=is_static)
    inputs = [part["id"] for each in json.loads(client.get("/_dash-dependencies").text) for part in each["inputs"]]
    assert (ASKING.name("wanted") in inputs) == computes
    assert (ASKING.name("visit") in client.get("/_dash-layout").text) == computes
    assert "selection" in inputs


def test_a_person_who_has_signed_in_can_sign_out() -> None:
    layout = build_client(VIEWER).get("/_dash-layout").text
    assert '"action":"\\u002fsign-out"' in layout
    assert "Sign out: ada (viewer)" in layout
    assert "Sign out" not in build_client().get("/_dash-layout").text


def test_the_document_begins_with_its_data_and_its_title() -> None:
    document = build_client().get("/").text
    assert '<script id="boot" type="application/json">{}</script>' in document
    assert "<title>Title</title>" in document
