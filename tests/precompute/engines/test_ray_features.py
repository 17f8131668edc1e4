"""The features of a comparison on a real cluster of two workers, and what one worker does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from precompute.contract.errors import InputError
from precompute.datasets.sources.open import open_images
from precompute.engines.ray_features import _Preference, _Worker
from precompute.transfer.features import Reader, open_maker
from precompute.transfer.opened import OpenedModel, open_model
from precompute.transfer.request import Piece, TransferRequest
from tests.support.clusters import SIGNING, start_on_cluster, with_ray
from tests.support.command_line import call
from tests.support.separable import build_arguments, write_separable
from tests.support.transfer_tables import require_equal


@with_ray
def test_a_cluster_gives_the_tables_of_one_process(tmp_path: Path) -> None:
    images, models = write_separable(tmp_path, 8)
    (tmp_path / "pids").mkdir()
    (tmp_path / "net.py").write_text(SIGNING + (tmp_path / "net.py").read_text())
    arguments = [*build_arguments(images, models), "--folds", "2", "--save", "none"]
    local, ray = tmp_path / "local", tmp_path / "ray"
    assert call([*arguments, "--out", str(local)]) == 0

    process = start_on_cluster([*arguments, "--out", str(ray)], tmp_path / "messages")
    process.join()

    assert process.exitcode == 0, (tmp_path / "messages").read_text()
    assert len(list((tmp_path / "pids").iterdir())) == 4  # this process, the driver, and a worker for each model
    require_equal(local, ray)


@pytest.fixture(scope="module")
def request_of_both(tmp_path_factory: pytest.TempPathFactory) -> TransferRequest:
    folder = tmp_path_factory.mktemp("separable")
    images, models = write_separable(folder, 4)
    return TransferRequest(images, tuple(models.values()), folder / "result", workers=0)


@pytest.fixture(scope="module")
def late(request_of_both: TransferRequest) -> OpenedModel:
    """The model `late`, opened by this process."""
    return open_model(request_of_both.models[1], open_images(request_of_both.images))


@pytest.fixture
def worker(request_of_both: TransferRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Worker]:
    """A worker in this process."""
    monkeypatch.chdir(Path.cwd())
    made = _Worker(request_of_both, 1, str(tmp_path))
    yield made
    made._opened.close()


def test_a_worker_makes_the_features_of_this_process(
    worker: _Worker, late: OpenedModel, request_of_both: TransferRequest
) -> None:
    source, images = open_images(request_of_both.images), range(2, 7)
    reader = Reader(source, late.loaded.preprocess, workers=0)
    with open_maker(late.model, late.layers, reader, request_of_both.device) as maker:
        (expected,) = maker.make([images], lambda n=1: None)

    made = worker.make(Piece("late", late.compute_fingerprint(source), images))

    assert (made.images, made.skipped) == (images, {})
    np.testing.assert_array_equal(made.values, expected.values)


def test_a_worker_holds_one_model_at_a_time_and_opens_it_once(
    worker: _Worker, request_of_both: TransferRequest
) -> None:
    source, makers = open_images(request_of_both.images), []
    early, late = ((each.name, open_model(each, source)) for each in request_of_both.models)
    for number, (name, opened) in enumerate((early, early, late)):
        worker.make(Piece(name, opened.compute_fingerprint(source), range(number, number + 1)))
        assert worker._ready is not None
        makers.append(worker._ready[2])

    assert makers[0] is makers[1] and makers[1] is not makers[2]


def test_a_worker_with_another_model_or_other_images_refuses(worker: _Worker, late: OpenedModel) -> None:
    piece = Piece("late", "another", range(2))

    with pytest.raises(InputError, match=r"Every worker finds the same model.*install the same version on each"):
        worker.make(piece)


def test_bad_input_names_the_model(request_of_both: TransferRequest, tmp_path: Path, worker: _Worker) -> None:
    gone = replace(request_of_both.models[0], source=f"{tmp_path}/gone.py:build")
    worker._request = replace(request_of_both, models=(gone,))

    with pytest.raises(InputError, match=r"Model early: .*gone\.py"):
        worker.make(Piece("early", "any", range(2)))


def test_workers_keep_to_their_models_while_they_can() -> None:
    preference, first, second = _Preference(), object(), object()
    pieces = [Piece(model, "any", range(start, start + 1)) for model in ("a", "b") for start in range(3)]
    order = []
    for worker in (first, second, first, first, first, second):
        piece = preference.choose(worker, pieces)
        pieces.remove(piece)
        order.append((piece.model, piece.images.start))

    assert order == [("a", 0), ("b", 0), ("a", 1), ("a", 2), ("b", 1), ("b", 2)]
