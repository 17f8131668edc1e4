"""Suggestions for paths that do not exist."""

from __future__ import annotations

from pathlib import Path

from precompute.datasets.sources.suggestion import suggest_path


def test_the_name_that_is_spelt_most_alike_is_suggested(tmp_path: Path) -> None:
    for name in ("labels.csv", "label.txt", ".labels.cvs"):
        (tmp_path / name).touch()

    assert suggest_path(tmp_path / "labels.cvs") == f"Did you mean {tmp_path / 'labels.csv'}?"


def test_without_a_similar_name_nothing_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "pets").mkdir()

    assert suggest_path(tmp_path / "imagenet_sample") == "Check the path."


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert suggest_path(tmp_path / "a/b") == f"Check the path: {tmp_path / 'a'} does not exist either."
