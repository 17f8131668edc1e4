"""A full disk: one message, nothing half-written, and with space made the tables of an undisturbed run."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import call
from tests.support.small import write_small

Disk = Callable[[int], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """The arguments of a whole run, and an undisturbed one."""
    folder = tmp_path_factory.mktemp("full")
    arguments = write_small(folder)
    assert call([*arguments, "--out", str(folder / "run")]) == 0
    return arguments, folder / "run"


def read_tables(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.glob("*.parquet")}


def list_half_written(run: Path) -> list[Path]:
    return [path for path in run.glob("**/*") if path.name.endswith(".tmp") or path.name == ".lock"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Mounts a disk of so many bytes; called again, changes its size."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def mount(size: int) -> Path:
        nonlocal mounted
        options = f"{'remount,' if mounted else ''}size={size}"
        try:
            command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("a small disk needs the command `mount`")
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
        mounted = True
        return place

    yield mount
    if mounted:
        # Lazily: a reader that the failure left behind is closed when Python collects it, which may be later.
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("n_pages", [1, 4, 12, 22, 30])
def test_a_full_disk_is_one_message_and_the_run_goes_on(
    made: tuple[list[str], Path], disk: Disk, n_pages: int, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, undisturbed = made
    run = disk(n_pages * 4096) / "run"
    assert call([*arguments, "--out", str(run)]) == 1
    said = capsys.readouterr().err
    assert said.count("The disk is full.") == 1 and "Traceback" not in said
    assert not list_half_written(run)
    disk(2**24)
    assert call([*arguments, "--out", str(run)]) == 0
    assert read_tables(run) == read_tables(undisturbed)
    assert not list_half_written(run)


@pytest.mark.parametrize("place", [2, 5, 9, 14, 20])
def test_a_file_that_finds_no_space_does_not_appear(
    made: tuple[list[str], Path],
    tmp_path: Path,
    place: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same where nothing can be mounted: every renaming from the given one on fails as on a full disk."""
    arguments, undisturbed = made
    run, rename, n_renamed = tmp_path / "run", os.replace, 0

    def fill_disk(source: Any, target: Any) -> None:
        nonlocal n_renamed
        if str(run) in str(target):
            n_renamed += 1
            if n_renamed >= place:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        rename(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fill_disk)
        assert call([*arguments, "--out", str(run)]) == 1
    assert "The disk is full." in capsys.readouterr().err
    assert not list_half_written(run)
    assert call([*arguments, "--out", str(run)]) == 0
    assert read_tables(run) == read_tables(undisturbed)
