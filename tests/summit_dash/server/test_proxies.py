from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from precompute.contract.errors import InputError
from summit_dash.server.proxies import NAMED, TrustedProxies

SENT = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-User": "ada",
}


def ask(address: str, *trusted: str) -> dict[str, Any]:
    """Returns what the application sees of a request from an address."""
    seen: dict[str, Any] = {}

    def answer(environ: dict[str, Any], _: Any) -> list[bytes]:
        seen.update(environ)
        return []

    environ = EnvironBuilder(headers=SENT, environ_overrides={"REMOTE_ADDR": address, NAMED: "forged"}).get_environ()
    TrustedProxies(answer, trusted, "X-Forwarded-User")(environ, None)
    return seen


@pytest.mark.parametrize(
    ("address", "trusted"),
    [("127.0.0.1", "127.0.0.1"), ("10.1.2.3", "10.0.0.0/8"), ("::ffff:10.1.2.3", "10.0.0.0/8"), ("", "unix")],
)
def test_a_trusted_proxy_is_believed(address: str, trusted: str) -> None:
    seen = ask(address, trusted)
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], seen[NAMED]) == ("203.0.113.9", "https", "ada")
    assert seen["HTTP_HOST"] == "localhost"


@pytest.mark.parametrize(
    ("address", "trusted"), [("127.0.0.1", ()), ("192.0.2.1", ("10.0.0.0/8",)), ("", ("127.0.0.1",))]
)
def test_all_others_are_not_and_their_headers_go(address: str, trusted: tuple[str, ...]) -> None:
    seen = ask(address, *trusted)
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], seen.get(NAMED)) == (address, "http", None)
    assert [key for key in seen if key.startswith("HTTP_X_FORWARDED")] == []


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(InputError, match="--trusted-proxy"):
        ask("127.0.0.1", "proxy.example")
