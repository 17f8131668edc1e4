"""The preprocessing that a config states, and the input size that follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.models.sources.loaded import ModelConfig, choose_preprocess, get_input_size
from precompute.models.sources.preprocess import EXAMPLE_TOML, Preprocess


def test_a_preprocessing_is_a_file_or_the_thing_itself_or_left_to_the_source(tmp_path: Path) -> None:
    (tmp_path / "input.toml").write_text(EXAMPLE_TOML.replace("crop = 224", "crop = 96"))
    own = Preprocess(resize=64, crop=32)

    assert choose_preprocess(ModelConfig("demo")) is None
    assert choose_preprocess(ModelConfig("demo", preprocess="auto")) is None
    assert choose_preprocess(ModelConfig("demo", preprocess=own)) is own
    assert choose_preprocess(ModelConfig("demo", preprocess=str(tmp_path / "input.toml"))) == Preprocess(crop=96)


def test_a_file_that_is_missing_is_not_left_to_the_source(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--preprocess names a TOML file"):
        choose_preprocess(ModelConfig("demo", preprocess=str(tmp_path / "auto")))


@pytest.mark.parametrize(
    ("resize", "crop", "size"),
    [
        (256, 224, (3, 224, 224)),
        (256, (200, 100), (3, 200, 100)),
        ((200, 100), 0, (3, 200, 100)),
        (256, 0, None),  # the long side is the image's
        (0, 0, None),
    ],
)
def test_the_input_size_is_known_where_the_preprocessing_fixes_it(
    resize: int | tuple[int, int], crop: int | tuple[int, int], size: tuple[int, int, int] | None
) -> None:
    assert get_input_size(Preprocess(resize, crop)) == size
