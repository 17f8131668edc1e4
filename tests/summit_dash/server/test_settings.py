from __future__ import annotations

import pytest

from summit_dash.server.settings import Settings


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
