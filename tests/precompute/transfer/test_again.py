"""More heads on a result that is there, and what is refused."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from precompute.commands.transfer import TransferOptions, run_transfer
from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.transfer_tables import read_transfer_manifest, read_transfer_table, write_transfer_manifest
from precompute.transfer import chosen, learning
from precompute.transfer.again import MoreHeads, add_heads
from tests.support.command_line import call


def test_a_head_is_added_by_the_result_alone_and_its_command_has_the_options_of_the_images(small_result: Path) -> None:
    before = read_transfer_table(small_result, "cuts")
    run_transfer(TransferOptions(str(small_result), save="late@second"))
    head = read_transfer_manifest(small_result)["heads"]["late@second"]
    words = shlex.split(head["command"])
    assert words[words.index("--limit-per-class") + 1] == "8" and "--allow-outside" not in words
    assert (small_result / "heads" / "late@second" / "weights.safetensors").is_file()
    assert read_transfer_table(small_result, "cuts").equals(before)


def test_what_does_not_go_with_a_result_is_named(small_result: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--models is given"):
        run_transfer(TransferOptions(str(small_result), models="demo"))
    with pytest.raises(InputError, match="--engine is given"):
        run_transfer(TransferOptions(str(small_result), engine="ray"))
    with pytest.raises(InputError, match="--out is missing"):
        run_transfer(TransferOptions(str(tmp_path / "images"), models="demo"))
    with pytest.raises(InputError, match="Near it: late@second"):
        add_heads(MoreHeads(small_result, ("late@secnod",)), SilentProgress())


def test_a_result_that_is_not_whole_or_lost_its_features_is_refused(small_result: Path) -> None:
    shutil.rmtree(small_result / "features")
    with pytest.raises(InputError, match="features are gone"):
        add_heads(MoreHeads(small_result), SilentProgress())
    manifest = read_transfer_manifest(small_result)
    del manifest["advice"]
    write_transfer_manifest(small_result, manifest)
    with pytest.raises(InputError, match="not whole yet"):
        add_heads(MoreHeads(small_result), SilentProgress())


def test_other_images_are_refused(small_result: Path) -> None:
    manifest = read_transfer_manifest(small_result)
    manifest["dataset"]["fingerprint"] = "other"
    write_transfer_manifest(small_result, manifest)
    with pytest.raises(InputError, match="has other images"):
        add_heads(MoreHeads(small_result), SilentProgress())


@pytest.mark.parametrize("options", [[], ["--head", "mlp"], ["--head", "conv1x1", "--unfreeze", "1"]])
def test_a_model_that_has_changed_is_one_message_before_a_head_is_trained(
    small_result: Path, tmp_path: Path, options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    manifest = read_transfer_manifest(small_result)
    entry = manifest["models"]["late"]
    code, function = entry["source"].split(".py:")
    changed = Path(code + ".py").read_text().replace("return torch.relu(", "return 0.9 * torch.relu(")
    (tmp_path / "changed.py").write_text(changed)
    entry["source"] = f"{tmp_path}/changed.py:{function}"
    write_transfer_manifest(small_result, manifest)
    before = {path.name: path.read_bytes() for path in small_result.glob("*.*")}
    for module, trained in ((chosen, "fit_head"), (learning, "Learner")):
        monkeypatch.setattr(module, trained, None)

    assert call(["transfer", str(small_result), "--save", "late@second", *options]) == 2
    said = capsys.readouterr().err
    assert said.count("Error: ") == 1 and "is another one by now: its second differs by" in said
    assert {path.name: path.read_bytes() for path in small_result.glob("*.*")} == before
    assert not (small_result / "heads").exists()


@pytest.mark.parametrize("place", [1, 3])
def test_a_full_disk_is_one_message_and_leaves_what_was_there(
    small_result: Path, place: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in small_result.glob("*.*")}
    rename, n_renamed = os.replace, 0

    def fill_disk(source: Any, target: Any) -> None:
        nonlocal n_renamed
        n_renamed += str(small_result) in str(target)
        if n_renamed >= place:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        rename(source, target)

    arguments = ["transfer", str(small_result), "--save", "late@second"]
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fill_disk)
        assert call(arguments) == 1
    said = capsys.readouterr().err
    assert said.count("The disk is full.") == 1 and "Traceback" not in said
    assert {path.name: path.read_bytes() for path in small_result.glob("*.*")} == before
    assert call(arguments) == 0
    assert (small_result / "heads" / "late@second" / "weights.safetensors").is_file()
