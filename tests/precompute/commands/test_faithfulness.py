from __future__ import annotations

from pathlib import Path

import pytest

from summit_dash.cli import main


def test_the_command_prints_its_outcome(small_copy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for arguments, code in (
        (["--classes", "moss", "--sizes", "1", "--layer-sizes", "1", "--repeats", "1"], None),
        (["--replace", "noise"], 2),
        (["--sizes", "0,2"], 2),
        (["--sizes", "many"], 2),
        (["--repeats", "0"], 2),
        (["--classes", "fern"], 2),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["faithfulness", str(small_copy), *arguments])
        assert (ended.value.code or None) == code, arguments
    printed = capfd.readouterr().err
    assert "Proved the graphs of 1 classes." in printed
    assert "Found noise." in printed and "Found 0, 2." in printed and "Found many." in printed
