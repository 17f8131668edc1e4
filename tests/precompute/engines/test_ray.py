"""The engine `ray` on a real cluster of two workers: the tables of the engine `local`, also when a worker dies."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from precompute.engines.ray import count_cores_each
from tests.summit_dash.test_cli import FIRST_STAGES, call
from tests.support.killing import tables
from tests.support.small import write_small

with_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install 'summit-dash[ray]'"
)

SIGNING = """
import os, pathlib
(pathlib.Path(__file__).parent / "pids" / str(os.getpid())).touch()
"""
WITH_TWO_CORES = """
import sys, ray
ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
from summit_dash.cli import main
main(sys.argv[1:])
"""


def start(arguments: list[str]) -> subprocess.Popen[str]:
    """A process of its own: Ray leaves threads and warnings behind."""
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-W", "ignore", "-c", WITH_TWO_CORES, *arguments, "--engine", "ray", "--actors", "2"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


@with_ray
def test_tables_are_the_same_when_a_worker_is_killed(tmp_path: Path) -> None:
    arguments = [*write_small(tmp_path, n_images=60), *FIRST_STAGES, "--chunk-size", "4"]
    pids = tmp_path / "pids"
    pids.mkdir()
    (tmp_path / "model.py").write_text(SIGNING + (tmp_path / "model.py").read_text())
    local, ray = tmp_path / "local", tmp_path / "ray"
    assert call([*arguments, "--out", str(local)]) == 0
    process = start([*arguments, "--out", str(ray)])
    workers: list[int] = []
    while process.poll() is None and not workers:
        if any((ray / "parts" / "aggregate").glob("*.npz")):
            workers = [int(p.name) for p in pids.iterdir() if int(p.name) not in (os.getpid(), process.pid)]
            os.kill(workers[0], signal.SIGKILL)
        try:
            process.wait(timeout=0.01)
        except subprocess.TimeoutExpired:
            continue
    n_units_then = len(list((ray / "parts" / "aggregate").glob("*.npz")))
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert workers and n_units_then < 45
    assert len(list(pids.iterdir())) >= 5  # of the run here, the driver, two workers, and one in the dead one's place
    assert tables(ray) == tables(local)


@with_ray
def test_bad_input_in_a_worker_is_one_message(tmp_path: Path) -> None:
    arguments = write_small(tmp_path)
    model = tmp_path / "model.py"
    model.write_text(model.read_text() + "\nimport os\nif os.getpid() != DRIVER:\n    build = raising\n")
    text = model.read_text()
    process = start([*arguments, *FIRST_STAGES, "--out", str(tmp_path / "run")])
    model.write_text(text.replace("DRIVER", str(process.pid)))
    said = process.communicate()[1]
    assert process.returncode == 2, said
    assert "no such file" in said and "Traceback" not in said


@pytest.mark.parametrize(
    ("cores", "n_workers", "each"),
    [([2], 2, 1), ([16], None, 4), ([6, 6], None, 4), ([6, 6], 4, 3), ([2, 8], None, 2), ([8], 9, 1)],
)
def test_workers_share_the_cores_of_each_machine(cores: list[int], n_workers: int | None, each: int) -> None:
    assert count_cores_each(cores, n_workers) == each


def test_without_ray_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "ray" else find(name, *rest))
    assert call([*write_small(tmp_path), "--out", str(tmp_path / "run"), "--engine", "ray"]) == 2
    assert "summit-dash[precompute,ray]" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
