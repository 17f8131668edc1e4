"""One process at a time writes a run: a second one is told so, a dead one is in nobody's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.lock import LOCK, only_writer, require_no_writer
from tests.summit_dash.test_cli import FIRST_STAGES, call
from tests.support.small import write_small

HOLD = """
import sys
from pathlib import Path
from precompute.contract.lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


def holder(run: Path) -> subprocess.Popen[str]:
    """A process that holds the run until its standard input ends."""
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
    with holder(run) as process:
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
    with holder(run) as process:
        process.send_signal(signal.SIGKILL)
    assert (run / LOCK).exists()
    require_no_writer(run)
    with only_writer(run):
        assert str(os.getpid()) in (run / LOCK).read_text()


def test_the_lock_file_goes_with_its_holder(run: Path) -> None:
    with only_writer(run):
        with pytest.raises(InputError, match=str(os.getpid())), only_writer(run):
            pass
        (run / "table").touch()
    assert [path.name for path in run.iterdir()] == ["table"]


def test_a_folder_that_stays_empty_is_not_left_behind(run: Path) -> None:
    with only_writer(run):
        assert run.is_dir()
    assert not run.exists()


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="can be written"), only_writer(tmp_path / "file" / "run"):
        pass
