"""The requests for image sources."""

from pathlib import Path

import pytest

from precompute.datasets.sources.kind import OpenRequest


def test_the_path_of_a_request_begins_at_the_home_folder_for_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert OpenRequest("~/pets").path == tmp_path / "pets"
    assert OpenRequest("pets/~").path == Path("pets/~")
