from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from summit_dash.export.site_packs import Pack, Series, build_pack, encode_content
from tests.support.site_packs import read_pack


def read_back(pack: Pack, folder: Path) -> Any:
    (folder / pack.path).write_bytes(pack.script)
    return read_pack(folder / pack.path)


def build_contents(sizes: Mapping[int, int]) -> list[tuple[int, dict[str, Any]]]:
    return [(number, {f"p{number}": {"x": "x" * size}} if size else {}) for number, size in sizes.items()]


def test_a_pack_holds_payloads_and_pictures(tmp_path: Path) -> None:
    entries = encode_content({"class/1": {"é": None}, "a.webp": b"\x00\xff"})
    run, name, content = read_back(build_pack("my run", "class-1", entries), tmp_path)
    assert (run, name) == ("my run", "class-1")
    assert content["class/1"] == {"é": None}
    assert base64.b64decode(content["a.webp"]) == b"\x00\xff"


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_content({"a": {"b": float("nan")}})


def test_a_series_is_cut_before_it_exceeds_the_limit(tmp_path: Path) -> None:
    series = Series("run", "channel", 100)
    packs = list(series.pack(build_contents({0: 30, 1: 30, 2: 0, 5: 30, 7: 300, 9: 1, 12: 0})))
    assert series.firsts == [0, 5, 7, 9]
    assert [pack.path for pack in packs] == [f"channel-{first}.js" for first in series.firsts]
    held = [list(read_back(pack, tmp_path)[2]) for pack in packs]
    assert held == [["p0", "p1"], ["p5"], ["p7"], ["p9"]]


def test_a_series_without_content_has_no_pack() -> None:
    series = Series("run", "image", 100)
    assert list(series.pack(build_contents({0: 0, 1: 0}))) == []
    assert series.firsts == []
