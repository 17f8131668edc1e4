from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images
from precompute.demo import model
from precompute.transfer.naming import NamedModel
from precompute.transfer.opened import open_model
from tests.support.separable import write_separable


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImageSource, NamedModel]:
    images, models = write_separable(tmp_path_factory.mktemp("opened"), 4)
    return open_images(images), models["early"]


def test_the_fingerprint_follows_model_and_cuts(made: tuple[ImageSource, NamedModel]) -> None:
    source, named = made
    whole, again, part = (open_model(each, source) for each in (named, named, replace(named, cuts=("second",))))
    assert [layer.name for layer in whole.layers] == ["bits", "second", "third"]
    assert whole.compute_fingerprint(source) == again.compute_fingerprint(source)
    assert whole.compute_fingerprint(source) != part.compute_fingerprint(source)


def test_a_cut_that_is_not_there_is_refused_with_the_nearest_ones(made: tuple[ImageSource, NamedModel]) -> None:
    source, named = made
    with pytest.raises(InputError) as refused:
        open_model(replace(named, cuts=("secnd",)), source)
    assert "Model early: There is no secnd. Near it: second" in refused.value.found
    assert "--cuts auto" in refused.value.fix


def test_weights_that_do_not_fit_are_refused(made: tuple[ImageSource, NamedModel], tmp_path: Path) -> None:
    import torch

    source, named = made
    torch.save({"other.weight": torch.zeros(2, 2)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="Model early"):
        open_model(replace(named, weights=str(tmp_path / "other.pth")), source)


def test_images_are_brought_to_the_size_of_the_model(made: tuple[ImageSource, NamedModel]) -> None:
    assert open_model(NamedModel("demo", "demo"), made[0]).loaded.input_size == (3, 96, 96)


def test_images_of_another_size_are_refused_before_the_pass_where_none_is_resized(
    made: tuple[ImageSource, NamedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("resize", "crop"):
        monkeypatch.setitem(model.PREPROCESS, name, 0)
    with pytest.raises(InputError, match=r"The first is 96 x 96 .*, another 8 x 8"):
        open_model(NamedModel("demo", "demo"), made[0])
