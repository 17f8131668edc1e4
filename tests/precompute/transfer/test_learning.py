"""Heads trained on chosen cuts: they learn what a linear one cannot, on the same folds, and are saved as models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.transfer_tables import read_transfer_manifest, read_transfer_table
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.transfer.again import MoreHeads, add_heads
from precompute.transfer.compare import compare_cuts
from precompute.transfer.config import HeadConfig, TransferConfig
from precompute.transfer.learning import Epoch
from precompute.transfer.request import TransferRequest
from tests.support.separable import write_separable

MLP = HeadConfig("mlp", n_epochs=60, learning_rate=0.02, batch_size=16, patience=15, n_hidden=16)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> TransferRequest:
    """A result with linear heads on the bits, which cannot tell the classes apart."""
    folder = tmp_path_factory.mktemp("learning")
    images, models = write_separable(folder, 24)
    config = TransferConfig(n_folds=2, penalties=(0.01,))
    request = TransferRequest(images, (models["late"],), folder / "out", config, save=("late@bits",))
    compare_cuts(request, SilentProgress())
    return request


def train(request: TransferRequest, head: HeadConfig) -> dict[str, float]:
    """Returns the row of the table `learned` of a head."""
    compare_cuts(replace(request, head=head), SilentProgress())
    rows = read_transfer_table(request.out, "learned").to_pylist()
    (row,) = [row for row in rows if (row["head"], row["n_unfrozen"]) == (head.kind, head.n_unfrozen)]
    return row


@pytest.mark.parametrize("kind", ["mlp", "conv1x1", "conv3x3"])
def test_a_head_that_is_not_linear_learns_an_exclusive_or(asked: TransferRequest, kind: str) -> None:
    linear = read_transfer_table(asked.out, "cuts").to_pylist()[0]
    row = train(asked, replace(MLP, kind=kind))
    assert linear["accuracy"] < 0.75 and row["accuracy"] == 1
    assert (row["n_images"], row["n_lost"]) == (48, 0)
    assert row["n_gained"] == round(48 * (1 - linear["accuracy"]))
    n_weights = 16 * (2 * (9 if kind == "conv3x3" else 1) + 1) + 2 * (16 + 1)
    assert row["n_trained"] == n_weights and row["parameters"] == n_weights + 2 * (3 + 1)
    folder = asked.out / "heads" / f"late@bits+{kind}"
    loaded = load_model(
        ModelConfig(f"{folder}/model.py:build", str(folder / "weights.safetensors"), str(folder / "preprocess.toml"))
    )
    layers = read_transfer_manifest(asked.out)["heads"][folder.name]["command"].partition("--layers ")[2].split()[:1]
    assert layers == ([] if kind == "mlp" else ["bits,transfer_head.conv"])
    assert kind == "mlp" or isinstance(loaded.module.get_submodule("transfer_head.conv"), torch.nn.Conv2d)
    with torch.no_grad():
        colours = torch.tensor([[0.9, 0.9, 0.4], [0.9, 0.1, 0.4], [0.1, 0.1, 0.4]])[:, :, None, None]
        assert loaded.module(colours.expand(3, 3, 8, 8)).argmax(1).tolist() == [1, 0, 1]


def test_layers_of_the_backbone_can_be_trained_too(asked: TransferRequest) -> None:
    row = train(asked, replace(MLP, kind="linear", n_unfrozen=1, n_epochs=2))
    assert row["n_trained"] == 2 * (3 + 1) + 2 * (2 + 1)
    manifest = read_transfer_manifest(asked.out)
    assert manifest["heads"]["late@bits+unfrozen1"]["config"]["n_unfrozen"] == 1
    with pytest.raises(InputError, match="Found 2; there are 1 up to bits"):
        train(asked, replace(MLP, n_unfrozen=2))


def test_the_same_seed_gives_the_same_table(asked: TransferRequest, tmp_path: Path) -> None:
    head = replace(MLP, n_epochs=4)
    first = train(replace(asked, out=tmp_path / "one"), head)
    assert train(replace(asked, out=tmp_path / "two"), head) == first


def test_shuffled_labels_give_chance(tmp_path: Path) -> None:
    images, models = write_separable(tmp_path, 40, is_shuffled=True)
    config = TransferConfig(n_folds=2, penalties=(0.01,))
    request = TransferRequest(images, (models["late"],), tmp_path / "out", config, save=("late@bits",))
    row = train(request, replace(MLP, n_epochs=15))
    assert abs(row["accuracy"] - 0.5) < 3.3 * 0.5 / 80**0.5


@pytest.mark.parametrize(("n_epochs_before", "n_folds_left"), [(2, 0), (8, 2)])
def test_an_interruption_keeps_the_best_and_the_same_command_goes_on(
    asked: TransferRequest, n_epochs_before: int, n_folds_left: int
) -> None:
    head = MoreHeads(asked.out, ("late@bits",), replace(MLP, n_epochs=3, seed=4 + n_folds_left))
    heard: list[Epoch] = []

    def stop(epoch: Epoch | None) -> None:
        heard.extend([epoch] if epoch else [])
        if len(heard) == n_epochs_before:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_heads(head, SilentProgress(), stop)
    entry = read_transfer_manifest(asked.out)["heads"]["late@bits+mlp"]
    assert entry["fingerprint"] is None and [each.fold for each in heard[:3]] == [0] * len(heard[:3])
    assert (asked.out / "heads" / "late@bits+mlp" / "weights.safetensors").is_file()
    assert len(list((asked.out / "parts").glob("learned-*/*"))) == n_folds_left
    again: list[Epoch | None] = []
    add_heads(head, SilentProgress(), again.append)
    assert {each.fold for each in again if each} == ({None} if n_folds_left else {0, 1, None})
    assert read_transfer_manifest(asked.out)["heads"]["late@bits+mlp"]["fingerprint"] is not None
    assert not list((asked.out / "parts").glob("learned-*"))


def test_a_stop_while_maps_are_computed_leaves_no_head_and_no_file(asked: TransferRequest) -> None:
    def stop(epoch: Epoch | None) -> None:
        assert epoch is None
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_heads(MoreHeads(asked.out, ("late@bits",), replace(MLP, kind="conv1x1", seed=9)), SilentProgress(), stop)
    assert not list((asked.out / "parts").glob("learned-*"))
