"""Images opened by their name: other things, limits, and folders that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.datasets.sources import folder
from precompute.datasets.sources.open import open_images


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("", "An empty name does not exist. Check the path."),
        ("labels.txt", "labels.txt is a file of another kind. Name a folder, a .csv, a .parquet or a .tar."),
        ("label.txt", "label.txt does not exist. Did you mean labels.txt?"),
        ("x/y", "x/y does not exist. Check the path: x does not exist either."),
    ],
)
def test_a_name_of_no_kind_of_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, found: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.txt").touch()

    with pytest.raises(InputError) as problem:
        open_images(spec)

    assert str(problem.value).startswith("Images are a folder with one subfolder per class, a manifest")
    assert str(problem.value).endswith(found)


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_below_one(limit: int) -> None:
    with pytest.raises(InputError, match=rf"at least 1\. Found {limit}\."):
        open_images("demo", limit)


def test_a_folder_that_the_system_refuses_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "cat"))

    (tmp_path / "cat").mkdir()
    monkeypatch.setattr(folder, "_iterate_images", refuse)

    with pytest.raises(InputError, match=r"cat: Permission denied\. Make it readable"):
        open_images(str(tmp_path))
