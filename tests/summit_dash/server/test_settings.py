from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.server.settings import FILE, Settings, is_loopback, read_settings


@pytest.mark.parametrize(
    ("given", "prefix"), [("", "/"), ("/", "/"), ("tools", "/tools/"), ("/a/b/", "/a/b/"), ("//a//", "/a/")]
)
def test_a_prefix_begins_and_ends_with_one_slash(given: str, prefix: str) -> None:
    assert Settings(url_prefix=given).url_prefix == prefix


def test_settings_come_from_the_environment_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUMMIT_DASH_PORT", "8060")
    monkeypatch.setenv("SUMMIT_DASH_RUNS", '["runs/a", "runs/b"]')
    assert (Settings().port, Settings().runs) == (8060, ("runs/a", "runs/b"))
    assert Settings(port=9).port == 9


def test_settings_cannot_be_changed_while_serving() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 3  # type: ignore[misc]


def test_several_values_are_separated_by_commas_or_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("10.0.0.0/8, 127.0.0.1", '["10.0.0.0/8", "127.0.0.1"]'):
        monkeypatch.setenv("SUMMIT_DASH_TRUSTED_PROXY", text)
        assert Settings().trusted_proxy == ("10.0.0.0/8", "127.0.0.1")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_described(name: str) -> None:
    assert Settings.model_fields[name].description


@pytest.mark.parametrize(
    ("host", "is_for_this_machine"),
    [("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("", False), ("192.0.2.1", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_beyond_this_machine_one_signs_in(host: str, is_for_this_machine: bool) -> None:
    assert is_loopback(host) == is_for_this_machine
    assert Settings(host=host).find_auth() == ("none" if is_for_this_machine else "token")
    assert Settings(host=host, auth="none").find_auth() == "none"


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(Settings(token="secret"))


@pytest.mark.parametrize(
    ("text", "told"),
    [("port = 0.5", "--port"), ("colour = 3", "'colour'"), ("port = ", "TOML"), ('role = "owner"', "SUMMIT_DASH_ROLE")],
)
def test_a_file_that_is_not_allowed_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    monkeypatch.setenv(FILE, str(file))
    with pytest.raises(InputError, match=told):
        read_settings()


def test_the_environment_that_is_not_allowed_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUMMIT_DASH_RUNS", "[")
    with pytest.raises(InputError, match="SUMMIT_DASH_RUNS"):
        read_settings()
