"""More heads on a result that is there, and what is refused."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from precompute.commands.transfer import TransferOptions, run_transfer
from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.transfer_tables import read_transfer_manifest, read_transfer_table, write_transfer_manifest
from precompute.transfer.again import MoreHeads, add_heads
from precompute.transfer.compare import TransferRequest, compare_cuts
from precompute.transfer.config import TransferConfig
from tests.support.separable import write_separable


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("again")
    images, models = write_separable(folder, 10)
    config = TransferConfig(n_folds=2, penalties=(0.01,))
    request = TransferRequest(images, (models["late"],), folder / "out", config, limit_per_class=8, save=())
    compare_cuts(request, SilentProgress())
    return folder / "out"


def test_a_head_is_added_by_the_result_alone_and_its_command_has_the_options_of_the_images(result: Path) -> None:
    before = read_transfer_table(result, "cuts")
    run_transfer(TransferOptions(str(result), save="late@second"))
    head = read_transfer_manifest(result)["heads"]["late@second"]
    words = shlex.split(head["command"])
    assert words[words.index("--limit-per-class") + 1] == "8" and "--allow-outside" not in words
    assert (result / "heads" / "late@second" / "weights.safetensors").is_file()
    assert read_transfer_table(result, "cuts").equals(before)


def test_what_does_not_go_with_a_result_is_named(result: Path) -> None:
    with pytest.raises(InputError, match="--models is given"):
        run_transfer(TransferOptions(str(result), models="demo"))
    with pytest.raises(InputError, match="--out is missing"):
        run_transfer(TransferOptions(str(result.parent / "images"), models="demo"))
    with pytest.raises(InputError, match="Near it: late@second"):
        add_heads(MoreHeads(result, ("late@secnod",)), SilentProgress())


def test_a_result_that_is_not_whole_or_lost_its_features_is_refused(result: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(result, tmp_path / "copy"))
    shutil.rmtree(copy / "features")
    with pytest.raises(InputError, match="features are gone"):
        add_heads(MoreHeads(copy), SilentProgress())
    manifest = read_transfer_manifest(copy)
    del manifest["advice"]
    write_transfer_manifest(copy, manifest)
    with pytest.raises(InputError, match="not whole yet"):
        add_heads(MoreHeads(copy), SilentProgress())


def test_other_images_are_refused(result: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(result, tmp_path / "copy"))
    manifest = read_transfer_manifest(copy)
    manifest["dataset"]["fingerprint"] = "other"
    write_transfer_manifest(copy, manifest)
    with pytest.raises(InputError, match="has other images"):
        add_heads(MoreHeads(copy), SilentProgress())
