"""The static site of a transfer result."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from precompute.contract.errors import InputError
from summit_dash.export.site_command import run_export_site
from summit_dash.export.site_transfer import list_transfer_packs
from summit_dash.run.transfer_store import TransferStore
from tests.support.site_packs import read_pack
from tests.support.transfer_result import write_transfer_result


def test_a_site_holds_every_payload_and_picture_once(tmp_path: Path) -> None:
    store = TransferStore(write_transfer_result(tmp_path / "photos"))
    packs = {pack.path: pack for pack in list_transfer_packs(store)}
    assert set(packs) == {"transfer.js", "images.js", *(f"cut-{i}.js" for i in range(6)), "small-0.js", "run.js"}
    assert b'"small":[0]' in packs["run.js"].script
    assert packs["small-0.js"].script.count(b".webp") == 12
    assert not any(str(tmp_path).encode() in pack.script for pack in packs.values())


def test_the_command_writes_it_and_takes_no_classes(tmp_path: Path) -> None:
    folder = write_transfer_result(tmp_path / "photos", has_pictures=False)
    with pytest.raises(InputError, match="all its classes"):
        run_export_site(folder, tmp_path / "site", "ant", False, Console())
    run_export_site(folder, tmp_path / "site", None, False, Console())
    name, pack, content = read_pack(tmp_path / "site" / "run" / "cut-3.js")
    assert (name, pack, list(content)) == ("photos", "cut-3", ["cut/3"])
