"""Patterns of shards, expanded as a shell does, and refused where they name nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.datasets.sources.shard_patterns import expand_pattern, is_pattern


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.tar", False), ("a*.tar", True), ("a[01].tar", True), ("{a,b}.tar", True), ("a{.tar", False)],
)
def test_patterns_are_known_by_their_signs(name: str, expected: bool) -> None:
    assert is_pattern(name) == expected


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{b,a}.tar", ["b", "a"]),
        ("{08..10}.tar", ["08", "09", "10"]),
        ("{10..08}.tar", ["10", "09", "08"]),
        ("{8..10}.tar", ["8", "9", "10"]),
        ("{a,b}{1,2}.tar", ["a1", "a2", "b1", "b2"]),
        ("{a,*}.tar", ["a", "b"]),
        ("?.tar", ["a", "b"]),
    ],
)
def test_braces_and_stars_name_shards_in_order_and_once(tmp_path: Path, pattern: str, names: list[str]) -> None:
    for name in names:
        (tmp_path / f"{name}.tar").touch()

    assert [path.stem for path in expand_pattern(str(tmp_path / pattern))] == names


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{a,c}.tar", r"names .*c\.tar, and there is none"),
        ("c*.tar", "and there is none"),
        ("{a}.tar", r"Found \{a\} in"),
        ("{0..100000}.tar", r"at most 100,000 shards\. Found \{0\.\.100000\}"),
        ("*", r"names .*notes\.txt, which is no \.tar"),
        ("a.t*", r"a\.tgz is compressed"),
    ],
)
def test_patterns_that_are_refused(tmp_path: Path, pattern: str, message: str) -> None:
    for name in ("a.tar", "notes.txt") if pattern == "*" else ("a.tar", "a.tgz"):
        (tmp_path / name).touch()

    with pytest.raises(InputError, match=message):
        expand_pattern(str(tmp_path / pattern))
