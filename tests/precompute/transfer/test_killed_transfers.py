"""Comparisons that are killed at some file event end, called again, with the tables of one that nobody disturbed."""

from __future__ import annotations

from pathlib import Path

from tests.support.command_line import call
from tests.support.killing import count_moments, kill_at
from tests.support.separable import build_arguments, write_separable
from tests.support.transfer_tables import require_equal


def read_times(out: Path) -> dict[Path, int]:
    """Reads when each whole file of features and of heads was written."""
    return {path: path.stat().st_mtime_ns for path in out.rglob("*.np[yz]") if not path.name.startswith(".")}


def test_a_killed_comparison_goes_on_to_the_same_tables(tmp_path: Path) -> None:
    images, models = write_separable(tmp_path, 8)
    arguments = [*build_arguments(images, {"late": models["late"]}), "--folds", "2"]
    whole = tmp_path / "whole"
    n_events = count_moments(tmp_path, [*arguments, "--out", str(whole)])
    (head,) = (path.relative_to(whole) for path in whole.glob("heads/*/weights.safetensors"))
    for share in (0.45, 0.8):
        out = tmp_path / f"killed-{share}"
        command = [*arguments, "--out", str(out)]
        kill_at(tmp_path, command, round(share * n_events))
        made = read_times(out)
        assert made and not (out / "report.html").exists(), share
        assert call(command) == 0
        assert made.items() <= read_times(out).items(), "nothing is made twice"
        require_equal(whole, out)
        assert (out / head).read_bytes() == (whole / head).read_bytes()
        assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}
