"""The real nginx with the site of the docs, before a dashboard under a prefix, by https."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from summit_dash.server.settings import Settings
from tests.browser.conftest import serve
from tests.support.served import ask, serve_by_nginx
from tests.support.team import PASSWORD, write_team

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


class Ports(NamedTuple):
    """The ports of nginx."""

    plain: int
    secure: int


@pytest.fixture(scope="module")
def ports(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    folder = tmp_path_factory.mktemp("nginx")
    settings = Settings(
        auth=str(write_team(folder)),
        url_prefix="/summit/",
        trusted_proxy=("127.0.0.1",),
        trust_header="X-Forwarded-User",
    )
    with serve(run_path, settings) as url, serve_by_nginx(int(url.rstrip("/").rpartition(":")[2]), folder) as found:
        yield Ports(*found)


def sign_in(ports: Ports, **headers: str) -> dict[str, str]:
    """Signs in, and returns the headers of the answer."""
    body = f"name=editor&password={PASSWORD.replace(' ', '+')}".encode()
    answer = ask(ports.secure, "/summit/sign-in", "POST", body, tls=True, **FORM, **headers)
    assert answer.status == 303
    return dict(answer.headers)


def test_plain_addresses_and_short_ones_lead_to_the_page(ports: Ports) -> None:
    answer = ask(ports.plain, "/summit/?class=3", Host="localhost")
    assert (answer.status, answer.headers["Location"]) == (301, "https://localhost/summit/?class=3")
    assert ask(ports.secure, "/summit", tls=True).headers["Location"].endswith("/summit/")
    answer = ask(ports.secure, "/summit/?class=3", tls=True, Accept="text/html")
    assert (answer.status, answer.headers["Location"]) == (303, "/summit/sign-in?next=%2Fsummit%2F%3Fclass%3D3")


def test_everything_of_the_page_is_under_the_prefix(ports: Ports) -> None:
    cookie = sign_in(ports)["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/summit/"} <= set(cookie.split("; "))
    session = {"Cookie": cookie.partition(";")[0]}
    page = ask(ports.secure, "/summit/", tls=True, **session)
    assert page.headers["Strict-Transport-Security"]
    assert "script-src" in page.headers["Content-Security-Policy"]
    addresses = re.findall(r'<(?:script|link)[^>]*(?:src|href)="(/[^"]*)"', page.text)
    assert len(addresses) > 5
    for address in addresses:
        assert ask(ports.secure, address, tls=True, **session).status == 200
    assert ask(ports.secure, "/summit/run/synthetic/data/run.json", tls=True, **session).status == 200
    assert ask(ports.secure, "/summit/metrics", tls=True, **session).status == 200


def test_a_browser_cannot_name_itself_or_come_from_another_page(ports: Ports) -> None:
    named = {"X_Forwarded_User": "runner", "X_Forwarded_For": "203.0.113.9"}
    assert ask(ports.secure, "/summit/_dash-layout", tls=True, **named).status == 401
    origin = f"https://127.0.0.1:{ports.secure}"
    session = {"Cookie": sign_in(ports, Origin=origin)["Set-Cookie"].partition(";")[0]}
    labels = {"Content_Type": "application/json", "X_Summit_Dash": "labels", **session}
    for sender, status in ((origin, 400), ("https://evil.example", 403), (f"http://127.0.0.1:{ports.plain}", 403)):
        answer = ask(ports.secure, "/summit/run/synthetic/labels", "POST", b"{}", tls=True, Origin=sender, **labels)
        assert answer.status == status


def test_a_body_that_is_too_large_is_refused_before_it_is_read(ports: Ports) -> None:
    headers = {"Content_Length": "70000000", "Content_Type": "application/json"}
    assert ask(ports.secure, "/summit/_dash-update-component", "POST", tls=True, **headers).status == 413
