"""The attribution graph of a class, and the comparison of two, in the forms of other libraries."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from summit_dash.api.tables import order_layers
from summit_dash.export.graph import GraphRequest, export_graph
from summit_dash.export.scene import build_elements
from summit_dash.export.subject import Subject, read_subject
from summit_dash.export.tables import build_tables
from summit_dash.graph.comparison import LayerComparison, Part
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_plural

if TYPE_CHECKING:
    import networkx

__all__ = ["ClassComparison", "ClassGraph", "Frames"]

_TYPES = {
    "layer_index": "int32",
    "channel": "int32",
    "activation_count": "Int32",
    "activation_fraction": "float64",
    "pagerank_score": "float64",
    "influence_count": "Int32",
    "mean_influence": "float32",
}
"""The type of each column of numbers; Int32 is pandas' integer that may be missing."""
_FIGURES = [name for name in LayerComparison._fields if name != "layer"]


class Frames(NamedTuple):
    """The channels and the influences of a graph as tables."""

    nodes: pd.DataFrame
    edges: pd.DataFrame


class _Drawn:
    """The forms that the graph of one class and the comparison of two have in common."""

    def __init__(self, store: RunStore, request: GraphRequest) -> None:
        self._store = store
        self._request = request
        self._subject: Subject = read_subject(store, request.class_id, request.vs, request.covers)

    @property
    def title(self) -> str:
        """The heading of the picture."""
        names = " and ".join(side.label for side in self._subject.sides)
        return f"Comparison of {names}" if self._subject.comparison else f"Attribution graph of {names}"

    def __repr__(self) -> str:
        """Returns the title and the sizes in one line."""
        tables = build_tables(self._subject)
        sizes = f"{format_plural(len(tables.nodes), 'channel')}, {format_plural(len(tables.edges), 'influence')}"
        return f"<{self.title}: {sizes}>"

    def to_networkx(self) -> networkx.DiGraph[str]:
        """Converts it to a directed graph, from the input to the output, with the attributes of the GraphML export.

        A node is named like `mixed4d-346`. A value that does not exist is no attribute. The facts of run, model and
        classes are attributes of the graph.
        """
        from summit_dash.export.formats.graphml import build_digraph

        return build_digraph(build_tables(self._subject))

    def to_cytoscape(self) -> list[dict[str, Any]]:
        """Converts it to elements of Cytoscape, nodes first, each with `data` and `classes`; nodes with `position`.

        They are the elements of the dashboard's picture: `size` and `width` in units of the positions.
        """
        elements = build_elements(self._subject, self._store.pictures.get_picture_kind)
        kept = {channel.channel_id for channel in self._subject.channels}
        return [
            each
            for each in elements
            if {each["data"].get(end, each["data"]["id"]) for end in ("source", "target")} <= kept
        ]

    def to_pandas(self) -> Frames:
        """Converts it to a table of channels, by the index `id`, and one of influences.

        Nodes: `layer` (ordered category), `layer_index` and `channel` (int32), then `activation_count` (Int32, images),
        `activation_fraction` (float64, share of the class's images) and `pagerank_score` (float64). Edges: `source` and
        `target` (ids), then `influence_count` (Int32, images) and `mean_influence` (float32). A comparison has the
        counts of A and of B with `_a` and `_b`, missing where a graph lacks the channel, after `part` (category
        `shared`, `only-a`, `only-b`).
        """
        tables = build_tables(self._subject)
        nodes = self._set_types(pd.DataFrame(tables.nodes))
        edges = self._set_types(pd.DataFrame(tables.edges, columns=tables.edge_columns))
        return Frames(nodes.set_index("id"), edges)

    def _set_types(self, frame: pd.DataFrame) -> pd.DataFrame:
        types = {name: _TYPES.get(name.removesuffix("_a").removesuffix("_b")) for name in frame.columns}
        frame = frame.astype({name: kind for name, kind in types.items() if kind})
        if "layer" in frame:
            frame["layer"] = order_layers(self._store, frame["layer"])
        if "part" in frame:
            frame["part"] = pd.Categorical(frame["part"], categories=[part.value for part in Part])
        return frame

    def to_svg(self, theme: str = "light") -> str:
        """Draws the picture as the export to SVG does, pictures of channels inside.

        Raises:
            InputError: the theme is neither `light` nor `dark`.
        """
        request = GraphRequest(self._request.class_id, self._request.vs, self._request.covers, theme)
        return export_graph(self._store, request, ["svg"])[".svg"].decode()

    def _repr_html_(self) -> str:
        """Returns the picture for a notebook, as an image: names in two pictures cannot collide."""
        source = b64encode(self.to_svg().encode()).decode()
        style = "max-width:100%;height:auto"
        return f'<img alt="{escape(self.title)}" style="{style}" src="data:image/svg+xml;base64,{source}">'


class ClassGraph(_Drawn):
    """The attribution graph of a class. A notebook shows it as a picture.

    Args:
        store: the run.
        class_id: the class.
        covers: percentage of activation that the kept channels cover.

    Raises:
        InputError: the class is not in the run or has no graph, or `covers` is out of its range.
    """

    def __init__(self, store: RunStore, class_id: int, covers: float = 100.0) -> None:
        super().__init__(store, GraphRequest(class_id, covers=covers))

    @property
    def class_id(self) -> int:
        """The class."""
        return self._subject.sides[0].info.class_id

    @property
    def class_name(self) -> str:
        """The full name of the class."""
        return self._subject.sides[0].info.class_name


class ClassComparison(_Drawn):
    """The comparison of two classes' attribution graphs. A notebook shows it as a picture.

    Args:
        store: the run.
        a: class_id of A.
        b: class_id of B.

    Raises:
        InputError: a class is not in the run or has no graph, or both are the same.
    """

    def __init__(self, store: RunStore, a: int, b: int) -> None:
        super().__init__(store, GraphRequest(a, b))

    @property
    def a(self) -> int:
        """The class_id of A."""
        return self._subject.sides[0].info.class_id

    @property
    def b(self) -> int:
        """The class_id of B."""
        return self._subject.sides[1].info.class_id

    @property
    def parting_layer(self) -> str | None:
        """The first layer from which fewer than half of the channels are shared, up to the last; None without one."""
        return self._subject.comparison.parting_layer if self._subject.comparison else None

    @property
    def layers(self) -> pd.DataFrame:
        """The numbers of each layer from the input, (layer, 5 columns), by the index `layer`.

        Columns: `jaccard` (float64, shared channels over all; NaN where neither graph has one), `cosine` (float64, of
        the activation counts of all channels; NaN where the run has none), `n_shared`, `n_only_a` and `n_only_b`
        (int64).
        """
        layers = self._subject.comparison.layers if self._subject.comparison else []
        frame = pd.DataFrame([each._asdict() for each in layers]).astype({"jaccard": "float64", "cosine": "float64"})
        frame["layer"] = order_layers(self._store, frame["layer"])
        return frame.set_index("layer")[_FIGURES]
