from __future__ import annotations

import io
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageChops

from precompute.contract.errors import InputError
from summit_dash import Run, open_run
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore


@pytest.fixture(scope="session")
def parts(part_store: RunStore) -> Run:
    """A run whose examples are mostly parts of whole images."""
    return open_run(part_store.path)


def are_equal(image: Image.Image, stored: bytes | None) -> bool:
    assert stored is not None
    return ImageChops.difference(image.convert("RGB"), Image.open(io.BytesIO(stored)).convert("RGB")).getbbox() is None


def find_channels(run: Run, is_visualized: bool) -> list[tuple[str, int]]:
    """Lists channels of the graph of class 0 with or without a feature visualization."""
    nodes = run.graph(0).to_pandas().nodes
    pairs = [(str(layer), int(channel)) for layer, channel in zip(nodes["layer"], nodes["channel"], strict=True)]
    return [pair for pair in pairs if run.store.pictures.is_visualized(Channel(*pair)) is is_visualized]


def test_a_picture_is_the_stored_feature_visualization(parts: Run) -> None:
    layer, channel = find_channels(parts, True)[0]
    image = parts.picture(layer, channel)
    assert are_equal(image, parts.store.pictures.read_visualization(Channel(layer, channel)))
    assert image.info.keys() == {"layer", "channel", "kind", "excitation"}
    assert (image.info["layer"], image.info["channel"], image.info["kind"]) == (layer, channel, "channel")


def test_without_one_it_is_the_best_example_and_says_so(parts: Run) -> None:
    layer, channel = find_channels(parts, False)[0]
    image = parts.picture(layer, channel)
    assert image.info["kind"] == "example" and image.info["rank"] == 0
    assert are_equal(image, parts.store.pictures.read_picture(Channel(layer, channel)))
    with pytest.raises(InputError, match="has no feature visualization"):
        parts.picture(layer, channel, kind="channel")


def test_a_kind_that_is_not_there_is_refused_with_those_that_are(run: Run) -> None:
    layer, channel = find_channels(run, True)[0]
    with pytest.raises(InputError, match=rf"{layer}-{channel} has .*channel"):
        run.picture(layer, channel, kind="sideways")


@pytest.mark.parametrize("class_id", [None, 0], ids=["all classes", "one class"])
def test_examples_have_the_facts_of_the_tables(parts: Run, class_id: int | None) -> None:
    layer, channel = find_channels(parts, True)[0]
    found = parts.examples(layer, channel, class_id)
    plain = pd.read_parquet(parts.path / "dataset_examples.parquet")
    wanted = -1 if class_id is None else class_id
    rows = plain[(plain["layer"] == layer) & (plain["channel"] == channel) & (plain["class_id"] == wanted)]
    images = pd.read_parquet(parts.path / "images.parquet").set_index("image_id")
    classes = pd.read_parquet(parts.path / "classes.parquet").set_index("class_id")
    assert len(found) == len(rows) > 0
    for image, row in zip(found, rows.sort_values("rank").itertuples(), strict=True):
        origin = images.loc[row.image_id]
        assert image.info == {
            "layer": layer,
            "channel": channel,
            "kind": "example",
            "rank": row.rank,
            "class_id": origin["class_id"],
            "class_name": classes.loc[origin["class_id"], "class_name"],
            "activation": row.activation,
            "image_id": row.image_id,
            "path": origin["path"],
            "box": (row.x0, row.y0, row.x1, row.y1),
        }
        assert are_equal(image, parts.store.pictures.read_example(Channel(layer, channel), wanted, row.rank))


def test_the_facts_are_a_table(parts: Run) -> None:
    found = parts.examples(*find_channels(parts, True)[0])
    table = found.to_pandas()
    assert list(table["rank"]) == list(range(len(found)))
    assert table["activation"].is_monotonic_decreasing


def test_a_class_without_examples_of_the_channel_is_refused(run: Run, tmp_path: Path) -> None:
    part = Path(shutil.copytree(run.path, tmp_path / "part"))
    table = pq.read_table(part / "dataset_examples.parquet", filters=pc.field("class_id") != 0)
    pq.write_table(table, part / "dataset_examples.parquet")
    with pytest.raises(InputError, match="keeps none of red fox for conv1-0"):
        open_run(part).examples("conv1", 0, "red fox")
    assert open_run(part).examples("conv1", 0, 1)


def test_a_notebook_shows_examples_side_by_side(parts: Run) -> None:
    found = parts.examples(*find_channels(parts, True)[0])
    html = found._repr_html_()
    assert html.count("<img ") == len(found)
    assert found[0].info["class_name"].split(",")[0] in html
    assert "No examples." in type(found)()._repr_html_()
