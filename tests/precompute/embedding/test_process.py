"""The embedding in a process of its own: the same layouts, also if the process fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.schema import locate_table, read_manifest
from precompute.contract.writing import write_table
from precompute.embedding import process as module
from precompute.embedding.build import lay_out_layers
from precompute.embedding.config import EmbeddingConfig
from precompute.embedding.layout import FloatArray, embed_layer
from precompute.embedding.process import EmbeddingProcess, is_worth_a_process, start_embedding_process
from summit_dash.cli import main
from tests.support.small import write_small

LAYERS = [("stem", 3), ("body", 4), ("head", 2)]
CLASS_IDS = [0, 1, 2, 5]
CONFIG = EmbeddingConfig(n_epochs=10)

# Programs that fail in place of the process. Each reads the request first, so that nothing depends on time.
ENDS = "import sys; sys.stdin.readline()"
BREAKS_OFF = f"{ENDS}; sys.stdout.write('half a layout')"
ENDS_AFTER_A_LAYER = f"""{ENDS}
import struct
sys.stdout.buffer.write(struct.pack('<9d', 2.5, 1, 2, 3, 4, 5, 6, 7, 8))"""
RAISES = f"{ENDS}; raise ValueError"
DOES_NOT_LISTEN = "import os; os.close(0)"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of four classes, which need no UMAP."""
    random = np.random.default_rng(0)
    channels = [(name, channel) for name, size in LAYERS for channel in range(size)]
    n = len(CLASS_IDS) * len(channels)
    columns = {
        "class_id": [class_id for class_id in CLASS_IDS for _ in channels],
        "layer": [name for name, _ in channels] * len(CLASS_IDS),
        "channel": [channel for _, channel in channels] * len(CLASS_IDS),
        "activation_count": random.integers(1, 9, n),
        "mean_activation": [0.0] * n,
    }
    write_table(tmp_path, "activations", columns)
    return tmp_path


def lay_out(run: Path, process: EmbeddingProcess) -> list[FloatArray]:
    """Lays out all layers by a process."""
    process.begin(run, LAYERS, CLASS_IDS, CONFIG)
    return list(lay_out_layers(run, LAYERS, CLASS_IDS, CONFIG, process.lay_out))


@pytest.mark.parametrize("script", [ENDS, BREAKS_OFF, RAISES, DOES_NOT_LISTEN], ids=lambda script: script[-20:])
def test_what_the_process_does_not_deliver_is_laid_out_here(
    run: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COMMAND", script)
    with start_embedding_process(True) as process:
        assert process is not None
        found = lay_out(run, process)

    np.testing.assert_array_equal(found, list(lay_out_layers(run, LAYERS, CLASS_IDS, CONFIG, embed_layer)))
    assert (process.has_failed, process.seconds) == (True, 0)


def test_layers_that_were_delivered_are_kept_and_the_others_follow_them(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COMMAND", ENDS_AFTER_A_LAYER)
    with start_embedding_process(True) as process:
        assert process is not None
        first, second, third = lay_out(run, process)

    np.testing.assert_array_equal(first, [[1, 2], [3, 4], [5, 6], [7, 8]])
    expected = list(
        lay_out_layers(
            run, LAYERS, CLASS_IDS, CONFIG, lambda *given: first if given[1] is None else embed_layer(*given)
        )
    )
    np.testing.assert_array_equal([second, third], expected[1:])
    assert (process.has_failed, process.seconds) == (True, 2.5)


def test_the_process_is_gone_after_the_block_also_when_it_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_COMMAND", "import threading; threading.Event().wait()")
    with pytest.raises(KeyboardInterrupt), start_embedding_process(True) as process:
        raise KeyboardInterrupt

    assert process is not None
    assert process._process.returncode is not None


def test_the_process_ends_with_the_one_that_started_it() -> None:
    """Its standard input is closed when the other process ends in any way. It ends even before UMAP is ready."""
    process = subprocess.Popen([sys.executable, "-c", module._COMMAND], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.close()

    assert process.wait() == 0


def test_without_a_use_for_it_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "umap", raising=False)
    assert is_worth_a_process(5, 2)
    assert not is_worth_a_process(4, 2), "so few classes need no UMAP"
    assert not is_worth_a_process(1000, 1), "it would take its core from the other stages"
    monkeypatch.setitem(sys.modules, "umap", pytest)
    assert not is_worth_a_process(5, 2), "it is ready already"
    with start_embedding_process(False) as process:
        assert process is None


def test_a_process_that_cannot_be_started_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with start_embedding_process(True) as process:
        assert process is None


def test_a_run_is_the_same_with_and_without_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six classes, by the real process; then in this one."""
    command = [*write_small(tmp_path, n_images=1), "--stages", "aggregate,graphs,embedding"]
    random = np.random.default_rng(1)
    for name in ("fern", "rust", "snow"):
        (tmp_path / "images" / name).mkdir()
        Image.fromarray(random.integers(0, 255, (30, 34, 3), dtype=np.uint8)).save(tmp_path / "images" / name / "0.png")
    for name, is_beside in (("beside", True), ("here", False)):
        monkeypatch.setattr("precompute.embedding.process.is_worth_a_process", lambda *_, answer=is_beside: answer)
        with pytest.raises(SystemExit) as ended:
            main([*command, "--out", str(tmp_path / name)])
        assert ended.value.code == 0

    beside, here = tmp_path / "beside", tmp_path / "here"
    assert locate_table(beside, "embeddings").read_bytes() == locate_table(here, "embeddings").read_bytes()
    stages = {run: read_manifest(run)["stages"]["embedding"] for run in (beside, here)}
    assert stages[beside]["seconds_beside"] > 0
    assert set(stages[here]) == {"state", "seconds"}
    assert f"(and {stages[beside]['seconds_beside']:.1f} beside other stages)" in capsys.readouterr().err
