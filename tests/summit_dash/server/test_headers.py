from __future__ import annotations

import base64
import hashlib
import re

import pytest
from flask.testing import FlaskClient

from summit_dash.run.store import RunStore
from tests.support.team import TOKEN, build_client

ANSWERS = {
    "/": 200, "/_dash-layout": 200, "/sign-in/style.css": 200, "/run/synthetic/data/run.json": 200,
    "/run/synthetic/picture/conv1/1.webp": 200, "/run/synthetic/graph/0.svg": 200, "/healthz": 200,
    "/run/none/data/run.json": 404, "/sign-out": 405,
}  # fmt: skip


@pytest.fixture(scope="module")
def client(store: RunStore) -> FlaskClient:
    return build_client(store)


def read_policy(header: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in header.split(";"))}


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_has_them(client: FlaskClient, path: str) -> None:
    answer = client.post(path) if path == "/sign-out" else client.get(path)
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert read_policy(headers["Content-Security-Policy"])["frame-ancestors"] == ["'none'"]
    assert "Server" not in headers


def test_refusals_have_them_too(store: RunStore) -> None:
    client = build_client(store, host="0.0.0.0", token=TOKEN)
    for headers in ({}, {"Host": "evil.example"}):
        assert "script-src" in client.get("/", headers=headers).headers["Content-Security-Policy"]


def test_scripts_are_files_of_this_server_or_known_by_their_hash(client: FlaskClient) -> None:
    answer = client.get("/")
    policy = read_policy(answer.headers["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["connect-src"] == ["'self'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'"} & set(policy["script-src"])
    inside = re.findall(r"<script([^>]*)>([^<]+)</script>", answer.text, re.DOTALL)
    programs = [text for attributes, text in inside if "application/json" not in attributes]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in programs]
    assert len(programs) == 1
    assert [f"'sha256-{digest}'" for digest in digests] == policy["script-src"][1:]
    assert not re.search(r"\son\w+=", answer.text)


def test_frames_can_be_allowed(store: RunStore) -> None:
    answer = build_client(store, frame_ancestors="https://notes.example").get("/")
    assert read_policy(answer.headers["Content-Security-Policy"])["frame-ancestors"] == ["https://notes.example"]
    assert "X-Frame-Options" not in answer.headers


@pytest.mark.parametrize("text", ["'self'; script-src *", "a\nb", ""])
def test_frames_add_no_other_rule(store: RunStore, text: str) -> None:
    with pytest.raises(ValueError, match="frame_ancestors"):
        build_client(store, frame_ancestors=text)
