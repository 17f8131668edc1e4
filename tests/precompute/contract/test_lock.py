"""One process at a time writes a run: a second one is refused with the name of the first, a dead one holds nothing."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.lock import LOCK, hold_file, hold_run, require_no_writer
from tests.support.command_line import FIRST_STAGES, call
from tests.support.small import write_small

HOLD = """
import sys
from pathlib import Path
from precompute.contract.lock import hold_run
with hold_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


def start_holder(run: Path) -> subprocess.Popen[str]:
    """Starts a process that holds the run until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_is_refused_and_readers_are_not(
    tmp_path: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*write_small(tmp_path), *FIRST_STAGES, "--out", str(run)]
    assert call(arguments) == 0
    before = {path.name: path.read_bytes() for path in run.glob("*.*")}
    with start_holder(run) as process:
        capsys.readouterr()
        for more in ([], ["--overwrite", "--limit-per-class", "1"]):
            assert call([*arguments, *more]) == 2
            said = capsys.readouterr().err
            assert f"process {process.pid} on " in said and "since 20" in said and "--out" in said
        assert call(["validate", str(run)]) == 0
        process.communicate()
    assert {path.name: path.read_bytes() for path in run.glob("*.*")} == before
    assert call(arguments) == 0


def test_a_killed_writer_leaves_no_lock(run: Path) -> None:
    with start_holder(run) as process:
        process.send_signal(signal.SIGKILL)
    assert (run / LOCK).exists()
    require_no_writer(run)
    with hold_run(run):
        assert str(os.getpid()) in (run / LOCK).read_text()


def test_the_lock_file_goes_with_its_holder(run: Path) -> None:
    with hold_run(run):
        with pytest.raises(InputError, match=str(os.getpid())), hold_run(run):
            pass
        (run / "table").touch()
    assert [path.name for path in run.iterdir()] == ["table"]


def test_a_folder_that_stays_empty_is_not_left_behind(run: Path) -> None:
    with hold_run(run):
        assert run.is_dir()
    assert not run.exists()


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="can be written"), hold_run(tmp_path / "file" / "run"):
        pass


def test_a_file_is_no_folder_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"), hold_run(tmp_path / "file"):
        pass


def test_the_lock_file_names_its_holder_and_the_time(run: Path) -> None:
    with hold_run(run):
        signed = json.loads((run / LOCK).read_text())
    assert (signed["pid"], signed["host"]) == (os.getpid(), socket.gethostname())
    assert set(signed) == {"pid", "host", "since"}


def test_a_holder_that_wrote_no_name_is_another_process(run: Path) -> None:
    with hold_run(run):
        (run / LOCK).write_text("")
        with pytest.raises(InputError, match="is being written by another process"):
            require_no_writer(run)


def test_a_look_at_a_run_changes_nothing(tmp_path: Path, run: Path) -> None:
    require_no_writer(run)
    assert list(tmp_path.iterdir()) == []
    with hold_run(run):
        with pytest.raises(InputError, match=str(os.getpid())):
            require_no_writer(run)
        assert str(os.getpid()) in (run / LOCK).read_text()


def test_a_lock_file_that_its_holder_removes_at_this_moment_is_not_held(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that is opened first is removed before it is locked: the lock is taken on the file in its place."""
    run.mkdir()
    opened = list[int]()

    def lock(descriptor: int, *, blocking: bool) -> bool:
        if not opened:
            (run / LOCK).unlink()
        opened.append(os.fstat(descriptor).st_nlink)
        return True

    monkeypatch.setattr("precompute.contract.lock.lock_descriptor", lock)
    with hold_run(run):
        assert opened == [0, 1]
        assert str(os.getpid()) in (run / LOCK).read_text()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_no_obstacle(run: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def lock(descriptor: int, *, blocking: bool = True) -> bool:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("precompute.contract.lock.lock_descriptor", lock)
    with hold_run(run), hold_file(run / "labels.json"):
        require_no_writer(run)
        (run / "labels.json").touch()
    assert (run / "labels.json").exists() and not (run / LOCK).exists()


def test_a_full_disk_is_not_mistaken_for_a_folder_without_permission(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock(descriptor: int, *, blocking: bool) -> bool:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("precompute.contract.lock.lock_descriptor", lock)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)), hold_run(run):
        pass


def test_a_held_file_makes_others_wait_and_leaves_its_lock_file(tmp_path: Path) -> None:
    path, order = tmp_path / "labels.json", list[str]()
    is_waiting = threading.Event()

    def write() -> None:
        is_waiting.set()
        with hold_file(path):
            order.append("second")

    with hold_file(path):
        thread = threading.Thread(target=write)
        thread.start()
        is_waiting.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert [each.name for each in tmp_path.iterdir()] == [".labels.json.lock"]


def test_different_files_of_a_folder_are_held_at_the_same_time(tmp_path: Path) -> None:
    with hold_file(tmp_path / "one"), hold_file(tmp_path / "two"):
        assert len(list(tmp_path.iterdir())) == 2


def test_a_file_in_a_folder_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), hold_file(tmp_path / "missing" / "labels.json"):
        pass
