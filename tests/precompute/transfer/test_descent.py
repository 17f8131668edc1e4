"""Training by descent: early stopping, the best weights kept also after an interruption, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from precompute.devices.batches import BatchSize
from precompute.transfer.config import HeadConfig
from precompute.transfer.descent import Batches, Notes, count_trainable, predict, train
from tests.support.memory import fill_device

CPU = torch.device("cpu")
CONFIG = HeadConfig("mlp", n_epochs=30, learning_rate=0.01, batch_size=8, patience=3)


def make(gap: float = 1.0) -> tuple[nn.Module, Batches, tuple[np.ndarray, np.ndarray]]:
    labels = np.arange(60) % 3
    values = torch.from_numpy(np.random.default_rng(1).normal(size=(60, 4)) + gap * np.eye(3, 4)[labels]).float()
    torch.manual_seed(0)
    places = np.arange(60)
    return (
        nn.Linear(4, 3),
        Batches(lambda some: values[some], labels, CPU, BatchSize(64, CPU)),
        (places[:45], places[45:]),
    )


def test_the_weights_of_the_best_epoch_stay() -> None:
    module, batches, parts = make()
    trained = train(module, module, batches, parts, CONFIG)
    assert trained.best_epoch == int(np.argmin(trained.losses)) > 0
    own = predict(module, batches, parts[1], 7)[np.arange(15), batches.labels[parts[1]]]
    assert -np.log(own).mean() == pytest.approx(min(trained.losses), rel=1e-4)


def test_it_ends_when_the_loss_no_longer_falls() -> None:
    module, batches, parts = make(gap=0.0)
    trained = train(module, module, batches, parts, HeadConfig("mlp", n_epochs=200, learning_rate=0.3, patience=3))
    assert len(trained.losses) - 1 == trained.best_epoch + 3 < 200


def test_the_best_so_far_stays_after_an_interruption() -> None:
    module, batches, parts = make()
    seen: list[float] = []

    class StopAtTheThird(Notes):
        def finish_epoch(self, loss: float, accuracy: float) -> None:
            assert 0 <= accuracy <= 1
            seen.append(loss)
            if len(seen) == 3:
                raise KeyboardInterrupt

    trained = train(module, module, batches, parts, CONFIG, StopAtTheThird())
    assert trained.is_interrupted and len(trained.losses) == 4
    own = predict(module, batches, parts[1], 60)[np.arange(15), batches.labels[parts[1]]]
    assert -np.log(own).mean() == pytest.approx(min(trained.losses), rel=1e-4)


def test_the_same_seed_gives_the_same_weights() -> None:
    found = []
    for _ in range(2):
        module, batches, parts = make()
        train(module, module, batches, parts, CONFIG)
        found.append(predict(module, batches, parts[1], 60))
    np.testing.assert_array_equal(*found)


def test_what_needs_no_gradient_stays() -> None:
    _, batches, parts = make()
    backbone, head = nn.Linear(4, 4), nn.Linear(4, 3)
    backbone.requires_grad_(False)
    module = nn.Sequential(backbone, head)
    before = backbone.weight.clone()
    train(module, head, batches, parts, CONFIG)
    assert torch.equal(backbone.weight, before)
    assert count_trainable(module) == 15


def test_out_of_memory_a_step_is_taken_in_parts_and_stays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    heads, outcomes, found = [], [], []
    for room in (60, 3):
        head, batches, parts = make()
        device = fill_device(monkeypatch, room, [(head, "forward")], place=0)
        outcomes.append(train(head, head, batches, parts, CONFIG))
        found.append(predict(head, batches, np.arange(60), 16))
        heads.append([value.detach() for value in head.parameters()])
        assert (device.n_refused > 0) == (room == 3) and device.largest == min(room, 16) - (room == 3)
    assert outcomes[0].best_epoch == outcomes[1].best_epoch > 0
    assert outcomes[1].losses == pytest.approx(outcomes[0].losses, abs=1e-5)
    torch.testing.assert_close(heads[1], heads[0], atol=1e-5, rtol=1e-4)
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)
