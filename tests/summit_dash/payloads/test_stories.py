from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from precompute.contract.schema import locate_table, read_manifest, write_manifest
from precompute.demo.stories import STORIES
from summit_dash.graph.comparison import compare
from summit_dash.payloads.keys import build_payload
from summit_dash.payloads.stories import build_stories
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

NAMES = {"carp": "red fox, Vulpes vulpes", "trout": "flamingo", "black bear": "heron, wader", "brown bear": "pelican"}


def rename(story: dict[str, Any]) -> dict[str, Any]:
    return {**story, "class": NAMES[story["class"]], "vs": NAMES[story["vs"]]}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = SyntheticRun(picture_size=8, n_images=40, without_visualization=1)
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "told", options)


def build_section(run: Path, stories: Any) -> list[dict[str, Any]]:
    store = RunStore(run)
    store.manifest = {**store.manifest, "stories": stories}
    return build_stories(store)


def list_steps(run: Path, *steps: Any, **fields: Any) -> list[str]:
    story = {"id": "x", "title": "X", "class": NAMES["carp"], "vs": NAMES["trout"], "steps": list(steps)} | fields
    return [step for section in build_section(run, [story]) for step in section["blocks"][0]["ol"]]


def test_the_stories_of_the_demo_are_sections_with_links(run: Path) -> None:
    hand, bears = build_section(run, [rename(story) for story in STORIES])
    assert (hand["id"], hand["title"]) == ("story-hand", "A story: the hand that makes the carp")
    steps = hand["blocks"][0]["ol"]
    assert steps[0] == (
        "In nearly every scene of the [carp](?class=0&view=graph) a hand holds the fish. No other class has a hand."
    )
    assert steps[1] == STORIES[0]["steps"][1]
    assert steps[2].startswith("Compare it with the [trout](?class=0&vs=6&view=compare), which has")
    assert bears["id"] == "story-bears"
    assert "[Compare them](?class=5&vs=7&view=compare)." in bears["blocks"][0]["ol"][0]


@pytest.mark.parametrize("name", ["own_channels", "other_channels"])
def test_channels_are_listed_by_the_graphs_that_have_them(run: Path, name: str) -> None:
    store = RunStore(run)
    graphs = {class_id: {node.channel for node in store.graph(class_id).nodes} for class_id in store.classes}
    listed = []
    for node in sorted(
        store.graph(0).nodes,
        key=lambda n: (-n.activation_count, store.layer_names.index(n.channel.layer), n.channel.channel),
    ):
        n_graphs = sum(node.channel in channels for channels in graphs.values())
        if node.activation_count and node.channel not in graphs[6] and (n_graphs == 1) == (name == "own_channels"):
            layer, channel = node.channel
            link = f"[{node.channel.channel_id}](?class=0&vs=6&view=compare&layer={layer}&channel={channel})"
            listed.append(link if n_graphs == 1 else f"{link} (in {n_graphs} graphs)")
    assert listed
    assert list_steps(run, f"Channels: {{{name}}}.") == [f"Channels: {', '.join(listed[:4])}."]


def test_the_parting_layer_is_named_and_linked(run: Path) -> None:
    store = RunStore(run)
    layer = compare(store.graph(0), store.graph(6)).parting_layer
    assert layer is not None
    (step,) = list_steps(run, "From {parting_layer}: [where they part](parting).")
    assert step == f"From {layer}: [where they part](?class=0&vs=6&view=compare&layer={layer})."


def test_a_step_that_needs_what_is_not_there_is_left_out(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = RunStore(run).graph(0)
    monkeypatch.setattr(RunStore, "_read_graph", lambda store, class_id: graph)
    steps = ("First.", "{own_channels}", "At {parting_layer}.", "[there](parting)", "Last.")
    assert list_steps(run, *steps) == ["First.", "Last."]
    assert list_steps(run, "{own_channels}") == [], "a story without steps is none"


def test_a_story_of_classes_that_the_run_lacks_is_not_told(run: Path) -> None:
    assert build_section(run, STORIES) == []
    assert list_steps(run, "x", vs="gryphon") == []
    assert list_steps(run, "x", vs=NAMES["carp"]) == [], "a class is not compared with itself"


def test_a_run_without_graphs_has_no_story(run: Path, tmp_path: Path) -> None:
    options = SyntheticRun(n_classes=8, n_images=4, picture_size=8, without_visualization=1)
    bare = write_synthetic_run(tmp_path / "run", options)
    locate_table(bare, "attribution_graph_nodes").unlink()
    assert build_section(bare, [rename(STORIES[0])]) == []


@pytest.mark.parametrize(
    "stories",
    [None, {}, "x", [None], [3], [{}], [{"id": "a"}], [{**rename(STORIES[0]), "steps": "text"}],
     [{**rename(STORIES[0]), "title": 3}], [{**rename(STORIES[0]), "class": ["carp"]}],
     [{**rename(STORIES[0]), "steps": [None, {"a": 1}]}]],
    ids=range(11),
)  # fmt: skip
def test_a_manifest_of_another_form_does_no_harm(run: Path, stories: Any) -> None:
    assert build_section(run, stories) == []


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),  # the page shows lines as text
        ("[x](javascript:alert)", "(x)(javascript:alert)"),
        ("[x](?run=other)", "(x)(?run=other)"),
        ("[[x](class)", "([x](?class=0&view=graph)"),
        ("{class} {0.__class__} {own_channels!r} %s", "{class} {0.__class__} {own_channels!r} %s"),
        ("a\n  b\t", "a b"),
    ],
)
def test_hostile_text_stays_text(run: Path, step: str, shown: str) -> None:
    assert list_steps(run, step) == [shown]


def test_the_page_about_the_run_ends_with_its_stories(run: Path, tmp_path: Path) -> None:
    manifest = read_manifest(run)
    write_manifest(run, {**manifest, "stories": [rename(story) for story in STORIES]})
    payload = build_payload(RunStore(run), "about")
    write_manifest(run, manifest)
    assert payload is not None
    ids = [section["id"] for section in payload["sections"]]
    assert ids[-5:] == ["tour", "story-hand", "story-bears", "glossary", "sources"]
