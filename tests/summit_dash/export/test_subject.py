from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.export.subject import read_subject
from summit_dash.export.tables import build_tables
from summit_dash.graph.comparison import Part
from summit_dash.payloads.of_ends import find_class_ways
from summit_dash.run.graphs import Graph
from summit_dash.run.similarity import compute_cosine
from summit_dash.run.store import RunStore
from tests.summit_dash.export.subjects import FOX, WOLF, make_subject


def list_kept(covers: float) -> list[str]:
    """Lists the channels of the fox that are kept: activation counts are 90, 40 and 10 of 140."""
    return [node.channel.channel_id for node in make_subject(covers=covers).nodes]


@pytest.mark.parametrize(
    ("covers", "kept"),
    [
        (1, ["b-1"]),
        (64, ["b-1"]),  # 90 / 140 = 64.3 %
        (65, ["b-1", "a-1"]),
        (92, ["b-1", "a-1"]),  # 130 / 140 = 92.9 %
        (93, ["b-1", "b-2", "a-1"]),
        (100, ["b-1", "b-2", "a-1"]),
    ],
)
def test_the_strongest_channels_are_kept_until_they_cover_the_share(covers: float, kept: list[str]) -> None:
    assert list_kept(covers) == kept


def test_an_edge_is_kept_with_both_of_its_ends() -> None:
    ends = [(edge.source.channel_id, edge.target.channel_id) for edge in make_subject(covers=80).edges]
    assert ends == [("a-1", "b-1")]
    assert make_subject(covers=1).edges == []


def test_a_comparison_has_the_channels_of_both() -> None:
    subject = make_subject(FOX, WOLF)
    assert [channel.channel_id for channel in subject.channels] == ["a-1", "b-1", "b-2", "b-3"]


def test_one_class_of_a_run_comes_with_its_source(store: RunStore) -> None:
    subject = read_subject(store, 3)
    (side,) = subject.sides
    assert (side.info.class_id, side.label) == (3, "coyote")
    assert side.graph.nodes == store.graph(3).nodes
    assert subject.comparison is None
    origin = subject.origin
    assert (origin.run, origin.model, origin.dataset) == ("synthetic", "SyntheticNet", "Drawn textures")
    assert [info.layer for info in origin.layers] == ["conv1", "conv2", "conv3", "conv4", "conv5"]


def test_classes_of_one_name_have_marks(store: RunStore) -> None:
    subject = read_subject(store, 4, 8)
    assert [side.label for side in subject.sides] == ["crane n02000548", "crane n02001096"]


def test_a_comparison_is_of_a_to_b_with_cosines_of_all_channels(store: RunStore) -> None:
    there, back = read_subject(store, 0, 1).comparison, read_subject(store, 1, 0).comparison
    assert there is not None and back is not None
    assert there.count(Part.ONLY_A) == back.count(Part.ONLY_B) > 0
    counts = store.read_counts("conv5")
    assert there.layers[-1].cosine == pytest.approx(compute_cosine(counts[0], counts[1]))


@pytest.mark.parametrize(
    ("class_id", "vs", "covers", "said"),
    [
        (99, None, 100, "It has none of class_id 99"),
        (0, 99, 100, "It has none of class_id 99"),
        (0, 0, 100, "Both are the same one"),
        (0, None, 0, "Found 0"),
        (0, None, 100.5, "Found 100.5"),
        (0, 1, 50, "those that cover 50 %"),
    ],
    ids=["no class", "no second class", "one class twice", "nothing", "more than all", "filtered comparison"],
)
def test_what_cannot_be_shown_is_refused(
    store: RunStore, class_id: int, vs: int | None, covers: float, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_subject(store, class_id, vs, covers)


def test_a_class_without_a_graph_is_refused_with_the_reason(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = RunStore(store.path)
    monkeypatch.setattr(fresh, "graph", lambda class_id: Graph(fresh.layer_names, [], []))
    with pytest.raises(InputError, match="No recorded channel is excited by the 200 images of coyote"):
        read_subject(fresh, 3)


def test_ways_up_are_those_of_the_page_and_in_a_comparison_of_channels_that_lead_up_in_neither_graph(
    store: RunStore,
) -> None:
    of_class = {class_id: find_class_ways(store, class_id) for class_id in store.classes}
    a = max(of_class, key=lambda class_id: len(of_class[class_id]))
    b = next(class_id for class_id in of_class if class_id != a and of_class[class_id])
    assert read_subject(store, a).ways == of_class[a]
    subject = read_subject(store, a, b)
    leading = {edge.source for side in subject.sides for edge in side.graph.edges}
    expected = {(way.source, way.target) for way in of_class[a] + of_class[b] if way.source not in leading}
    assert {(way.source, way.target) for way in subject.ways} == expected and len(subject.ways) == len(expected)
    assert len(build_tables(subject).graph["ways_up"]) == len(expected)
