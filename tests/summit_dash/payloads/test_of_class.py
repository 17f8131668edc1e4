from __future__ import annotations

from summit_dash.graph.elements import build_graph_elements
from summit_dash.payloads.of_class import build_class
from summit_dash.run.graphs import Channel, Edge, Graph, Node
from summit_dash.run.similarity import compute_cosine, cut_to_thousandths
from summit_dash.run.store import RunStore


def replace_graph(store: RunStore, graph: Graph) -> RunStore:
    """Opens the run again, with one graph for all classes."""
    fresh = RunStore(store.path)
    fresh.graph = lambda class_id: graph  # type: ignore[assignment]
    return fresh


def test_a_class_has_its_graph(store: RunStore) -> None:
    payload, graph = build_class(store, 3), store.graph(3)
    nodes, edges = payload["nodes"], payload["edges"]
    channels = [Channel(store.layer_names[layer], c) for layer, c in zip(nodes["layer"], nodes["channel"], strict=True)]
    assert channels == [node.channel for node in graph.nodes]
    assert nodes["count"] == [node.activation_count for node in graph.nodes]
    ends = {
        (channels[s], channels[t]): n for s, t, n in zip(edges["source"], edges["target"], edges["count"], strict=True)
    }
    assert ends == {(edge.source, edge.target): edge.influence_count for edge in graph.edges}
    assert "missing" not in payload


def test_nodes_have_the_positions_and_sizes_of_their_elements(store: RunStore) -> None:
    nodes, graph = build_class(store, 3)["nodes"], store.graph(3)
    elements = build_graph_elements(graph, store.classes[3].n_images, store.pictures.get_picture_kind)
    for index in range(len(graph.nodes)):
        data, position = elements[index]["data"], elements[index]["position"]
        assert (nodes["x"][index], nodes["y"][index]) == (position["x"], position["y"])
        assert (nodes["size"][index], nodes["covered"][index]) == (data["size"], data["covered"])
        assert {name: values[index] for name, values in nodes["levels"].items()} == data["levels"]


def test_nodes_have_effects_where_one_was_measured(store: RunStore) -> None:
    graph = store.graph(3)
    nodes = [node._replace(effect=None if index else 0.123456) for index, node in enumerate(graph.nodes)]
    found = build_class(replace_graph(store, Graph(graph.layers, nodes, graph.edges)), 3)["nodes"]
    assert found["effect"] == [0.1235] + [None] * (len(nodes) - 1)
    assert set(found["levels"]) == {"count", "pagerank", "effect"}
    assert "effect" not in build_class(store, 3)["nodes"]


def test_ends_are_indices_of_nodes_and_an_edge_without_a_node_is_left_out(store: RunStore) -> None:
    low, high, other = Channel("conv1", 5), Channel("conv2", 3), Channel("conv2", 9)
    graph = Graph(store.layer_names, [Node(high, 7), Node(low, 4)], [Edge(low, other, 6), Edge(low, high, 2)])
    payload = build_class(replace_graph(store, graph), 3)
    assert payload["nodes"]["layer"] == [1, 0]
    assert payload["edges"] == {"source": [1], "target": [0], "count": [2], "mean": [0.0]}


def test_similarities_are_cosines_in_thousandths_along_the_classes(store: RunStore) -> None:
    similarity = build_class(store, 3)["similarity"]
    assert list(similarity) == store.layer_names
    counts = store.read_counts("conv5")
    expected = [int(cut_to_thousandths(compute_cosine(counts[3], counts[row]))) for row in range(12)]
    assert similarity["conv5"] == expected
    assert similarity["conv5"][3] == 1000
    assert all(isinstance(value, int) for value in similarity["conv5"])


def test_some_classes_are_compared_among_themselves(store: RunStore) -> None:
    every = build_class(store, 5)["similarity"]["conv3"]
    some = build_class(RunStore(store.path, only={2, 5}), 5)["similarity"]["conv3"]
    assert some == [every[2], every[5]]


def test_without_activations_there_is_a_graph_and_no_similarity(without_activations: RunStore) -> None:
    payload = build_class(without_activations, 3)
    assert payload["similarity"] is None
    assert payload["nodes"]["channel"]


def test_a_class_without_a_graph_states_why(store: RunStore) -> None:
    payload = build_class(replace_graph(store, Graph(store.layer_names, [], [])), 3)
    assert payload["nodes"]["channel"] == payload["edges"]["source"] == []
    assert set(payload["missing"]) == {"rule", "found", "fix"}
    assert payload["missing"]["found"] == "No recorded channel is excited by the 200 images of coyote."
