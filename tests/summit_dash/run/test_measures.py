from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from summit_dash.payloads.overview import build_overview
from summit_dash.run.measures import Link, describe_link, describe_measures, name_measures, read_links
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

LAYERS = ["conv1", "conv2", "conv3"]
LINKS = [
    {"target": "conv2", "sources": ["conv1"], "influence": "traced", "reason": None},
    {"target": "conv3", "sources": ["conv1", "conv2"], "influence": "gradient", "reason": "a softmax lies between"},
]


def test_links_are_read_as_they_stand() -> None:
    links = read_links({"links": LINKS, "config": {"aggregate": {"influence": "auto"}}}, LAYERS)
    assert links["conv2"] == Link("conv2", ("conv1",), "traced", None)
    assert links["conv3"].sources == ("conv1", "conv2")


def test_one_measure_for_all_needs_no_list() -> None:
    links = read_links({"config": {"aggregate": {"influence": "summit"}}}, LAYERS)
    assert [(link.target, link.sources, link.influence) for link in links.values()] == [
        ("conv2", ("conv1",), "summit"),
        ("conv3", ("conv2",), "summit"),
    ]


@pytest.mark.parametrize("manifest", [{}, {"config": {}}, {"config": {"aggregate": {"influence": "auto"}}}])
def test_a_run_that_does_not_tell_has_no_links(manifest: dict[str, Any]) -> None:
    assert read_links(manifest, LAYERS) == {}


def test_the_reason_is_said() -> None:
    assert describe_link(Link("conv3", ("conv2",), "gradient", "a softmax lies between.")) == (
        "Gradient: gradient × activation, how the target changes with the source times the source's activation. "
        "Why: a softmax lies between."
    )


def test_where_measures_differ_each_names_its_layers() -> None:
    links = list(read_links({"links": LINKS}, LAYERS).values())
    assert name_measures(links) == "gradient, traced"
    lines = describe_measures(links).split("\n")
    assert lines[1].startswith("Gradient (into conv3): ")
    assert lines[1].endswith(" Why: a softmax lies between.")
    assert lines[2].startswith("Traced (into conv2): ")
    assert "into" not in describe_measures(links[:1])


def test_many_layers_are_counted() -> None:
    links = [Link(f"l{i}", (), "traced") for i in range(9)] + [Link("x", (), "summit")]
    assert "(into l0, l1, l2 and 6 more layers)" in describe_measures(links)


def test_the_overview_names_the_measure_of_every_layer(tmp_path: Path) -> None:
    options = SyntheticRun(n_classes=4, layers=(("conv1", 8), ("conv2", 8), ("conv3", 8)), n_images=20, links=LINKS)
    overview = build_overview(RunStore(write_synthetic_run(tmp_path / "run", options)))
    first, second, third = (layer["measure"] for layer in overview["layers"])
    assert first is None
    assert second["name"] == "traced"
    assert third["name"] == "gradient"
    assert "a softmax lies between" in third["text"]
    assert overview["measures"]["name"] == "gradient, traced"


def test_an_older_run_names_none(store: RunStore) -> None:
    overview = build_overview(store)
    assert overview["measures"] is None
    assert {layer["measure"] for layer in overview["layers"]} == {None}
