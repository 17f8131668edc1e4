"""A run, or some of its classes, as a static interactive site: the dashboard's own page and scripts, no server."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from precompute.contract.errors import InputError
from summit_dash.export.site_contents import list_packs
from summit_dash.export.site_page import write_page
from summit_dash.export.site_transfer import list_transfer_packs
from summit_dash.run.stores import Entry
from summit_dash.run.transfer_store import TransferStore

__all__ = ["SiteSize", "write_site"]

Report = Callable[[str, int], None]
"""Called with the path of the file to write and the number of files so far."""


@dataclass(frozen=True)
class SiteSize:
    """The size of a site."""

    n_files: int
    n_bytes: int


def write_site(store: Entry, out: Path, assets: Path, report: Report, overwrite: bool = False) -> SiteSize:
    """Writes the site into a folder, whole or not at all. Pages that need a server are left out.

    Args:
        store: the run, opened with the classes of the site; or a transfer result.
        out: a folder that is absent, empty, or a site to replace.
        assets: folder of the dashboard's styles, scripts and fonts.
        report: called before each file.
        overwrite: replaces a site in the folder.

    Raises:
        InputError: the folder holds something else, or a site and `overwrite` is False.
    """
    _check_folder(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
        folder = Path(scratch) / "site"
        folder.mkdir()
        write_page(store, folder, assets)
        (folder / "run").mkdir()
        packs = list_transfer_packs(store) if isinstance(store, TransferStore) else list_packs(store)
        for index, pack in enumerate(packs, start=1):
            (folder / "run" / pack.path).write_bytes(pack.script)
            report(pack.path, index)
        size = _measure(folder)
        shutil.rmtree(out, ignore_errors=True)
        folder.rename(out)
    return size


def _check_folder(out: Path, overwrite: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    is_site = (out / "index.html").is_file() and (out / "assets" / "static.js").is_file()
    if not is_site:
        raise InputError(
            "A site is written into a folder of its own.",
            f"{out} exists and holds no site.",
            "Choose another folder.",
        )
    if not overwrite:
        raise InputError("A site is not replaced by chance.", f"{out} holds one.", "Say --overwrite to replace it.")


def _measure(folder: Path) -> SiteSize:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return SiteSize(len(sizes), sum(sizes))
