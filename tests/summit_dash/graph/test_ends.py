from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from summit_dash.graph.ends import explain_ends
from summit_dash.run.graphs import Channel, Edge
from tests.support.drawn_graphs import draw_graph


def follow(targets: Mapping[str, Sequence[tuple[str, int, int]]]) -> Callable[[Channel], list[Edge]]:
    """Returns the function that lists the influences of a channel: layer, channel and count of each."""
    return lambda channel: [
        Edge(channel, Channel(layer, number), count) for layer, number, count in targets.get(channel.channel_id, ())
    ]


def explain(picture: str, edges: str, **targets: Sequence[tuple[str, int, int]]) -> dict[str, str]:
    named = {f"{name[0]}-{name[1:]}": found for name, found in targets.items()}
    return {
        channel.channel_id: text for channel, text in explain_ends(draw_graph(picture, edges), follow(named)).items()
    }


def test_where_everything_leads_up_there_is_nothing_to_explain() -> None:
    assert explain("b | 1 2\na | 1 2", "a1>b1 a2>b1") == {}


def test_a_channel_names_the_strongest_influence_outside_the_graph() -> None:
    found = explain("b | 1\na | 1 2", "a1>b1", a2=[("b", 7, 31), ("b", 8, 2)])
    assert found == {
        "a-2": "No way up in the graph: its strongest influence, counted in 31 images, is on b-7, which is not in it."
    }


def test_one_image_is_one() -> None:
    assert "counted in 1 image," in explain("b | 1\na | 2", "", a2=[("b", 7, 1)])["a-2"]


def test_a_channel_without_any_influence_is_explained_too() -> None:
    assert explain("b | 1\na | 2", "")["a-2"].startswith("No way up: it is among the strongest sources of no channel")


def test_what_leads_to_an_end_names_it() -> None:
    found = explain("c | 1\nb | 1 2\na | 1 2", "b1>c1 a1>b1 a2>b2", b2=[("c", 5, 3)])
    assert found["a-2"] == "No way up to the last layer: its influences end at b-2."
    assert set(found) == {"a-2", "b-2"}


def test_the_last_layer_is_the_last_with_a_channel() -> None:
    assert explain("c |\nb | 1\na | 1", "a1>b1") == {}
