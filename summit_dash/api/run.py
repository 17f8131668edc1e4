"""A run opened for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.compute as pc
from PIL import Image

from precompute.contract.schema import read_table
from precompute.contract.tables import ALL_LAYERS
from summit_dash.api.arguments import ClassName, find_channel, find_class_id, find_layer
from summit_dash.api.confusions import build_confusions
from summit_dash.api.graphs import ClassComparison, ClassGraph
from summit_dash.api.pictures import Examples, read_channel_picture, read_examples
from summit_dash.api.tables import read_frame
from summit_dash.run.proofs import require_proofs
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_plural

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Run", "open_run"]

_INFLUENCES = ["target_layer", "target_channel", "source_layer", "source_channel", "influence_count", "mean_influence"]


def open_run(path: str | PathLike[str]) -> Run:
    """Opens a run for reading; needs neither torch nor the images.

    Args:
        path: folder of the run, as `summit-dash precompute` or `summit-dash demo` wrote it.

    Raises:
        InputError: the folder is no run, or its tables of classes and layers are missing.
    """
    return Run(path)


class Run:
    """A run. Tables are read when they are asked for, and each call returns a table of its own.

    A class is given by its class_id as a number, or by a text as the command line takes it: synset, full name, first
    name, or `#3`. Layers are named as in `layers`, and channels are numbers from 0. In every table, layers are ordered
    categories: the layer nearest the input comes first.

    Args:
        path: folder of the run.

    Attributes:
        store: the reader of the tables below this interface; its functions may change.

    Raises:
        InputError: the folder is no run.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.store = RunStore(Path(path))

    def __repr__(self) -> str:
        """Returns name, model, dataset and sizes in one line."""
        store = self.store
        sizes = (
            format_plural(len(store.classes), "class", "classes"),
            format_plural(store.n_images, "image"),
            format_plural(len(store.layers), "layer"),
        )
        return f"<Run {store.name}: {store.model_name} on {store.dataset_name}, {', '.join(sizes)}>"

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return self.store.path

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.store.name

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest: model, dataset, layers, links and every setting, as plain data."""
        return self.store.manifest

    # --- tables -----------------------------------------------------------------------------------------------------

    @property
    def classes(self) -> pd.DataFrame:
        """The classes, (class, 7 columns), by the index `class_id`.

        Columns: `class_name`, `synset` and `group` (text, may be missing), `n_images` (int32), `top1_accuracy` and
        `top5_accuracy` (float32, fractions of `n_images`; NaN where no output of the model means the class), and
        `probability_histogram` (arrays of 20 int32, images by the probability of their class, or None).
        """
        return read_frame(self.store, "classes").set_index("class_id")

    @property
    def layers(self) -> pd.DataFrame:
        """The recorded layers from the input, (layer, 7 columns), by the index `layer`.

        Columns: `layer_index` (from 0), `module_type` (text), `n_channels`, `height` and `width` of the output,
        `stride` and `receptive_field` in pixels of the input; numbers are int32.
        """
        return read_frame(self.store, "layers").sort_values("layer_index").set_index("layer")

    def channels(self, layer: str) -> pd.DataFrame:
        """Reads the channels of a layer over the whole dataset, (channel, 5 columns), by the index `channel`.

        Columns: `n_classes` (int32, classes that use the channel), `activation_fraction` (float32, share of all
        images), `max_activation` (float32, in the layer's own unit), `is_dead` and `is_outlier` (bool).

        Raises:
            InputError: the run has no such layer, or no table of channels.
        """
        frame = read_frame(self.store, "channels", filters=pc.field("layer") == find_layer(self.store, layer))
        return frame.drop(columns="layer").set_index("channel").sort_index()

    def activations(self, layer: str) -> pd.DataFrame:
        """Reads the use of each channel of a layer by each class, one row for every class and channel.

        Columns: `class_id` and `channel` (int32), `activation_count` (int32, images of the class among whose strongest
        channels it is; divide by `n_images` of `classes` for a share), `mean_activation` (float32, mean over the
        class's images of the spatial maximum, in the layer's own unit; NaN in an imported run). Rows are sorted by
        class, then channel. `pivot(index="class_id", columns="channel", values="activation_count")` makes Summit's
        matrix A.

        Raises:
            InputError: the run has no such layer, or no activations.
        """
        frame = read_frame(self.store, "activations", filters=pc.field("layer") == find_layer(self.store, layer))
        return frame.drop(columns="layer").sort_values(["class_id", "channel"], ignore_index=True)

    def influences(self, class_: ClassName) -> pd.DataFrame:
        """Reads the influences of a class, also those of channels outside its graph, one row for each.

        Columns: `target_layer`, `target_channel`, `source_layer` and `source_channel` (categories and int32; the source
        is nearer the input), `influence_count` (int32, images of the class in which the source is among the target's
        strongest positive influences), `mean_influence` (float32, mean over these images, in the measure that the
        manifest names under `links`; NaN in an imported run). Rows are sorted by target, then source.

        Raises:
            InputError: no class is named so, or the run has no influences.
        """
        mine = pc.field("class_id") == find_class_id(self.store, class_)
        return read_frame(self.store, "influences", _INFLUENCES, mine).sort_values(_INFLUENCES[:4], ignore_index=True)

    def confusions(self) -> pd.DataFrame:
        """Counts what the images of each class were taken for, one row for each pair of classes, most images first.

        Columns: `class_id` (int64) and `class_name` of the images, `taken_for` (Int64) and `taken_for_name`, `n_images`
        (int64, images of the class that the model took for the other), `n_class` (int64, all images of the class) and
        `share` (float64, `n_images` over `n_class`). Where an output means no class of the run, `taken_for` is missing
        and `taken_for_name` names the output. An output that means several classes counts for each.

        Raises:
            InputError: the run does not hold what its images were taken for, or outputs do not mean its classes.
        """
        return build_confusions(self.store)

    def faithfulness(self, class_: ClassName | None = None) -> pd.DataFrame:
        """Reads what becomes of classes when channels are removed or kept alone, by `summit-dash faithfulness`.

        Columns: `class_id` (int32), `layer` (ordered category; `all` comes last), `selection` (`pagerank`, `effect`),
        `intervention` (`remove`, `keep`, `random`), `n_channels` (int32; 0 for the untouched model), `accuracy` with
        `ci_low` and `ci_high` (float32, fractions), `mean_log_probability` (natural logarithm) with its interval,
        `below_random` with its interval, `n_images` and `n_repeats` (int32).

        Args:
            class_: the class; None for all.

        Raises:
            InputError: no class is named so, or the run's graphs were not proven.
        """
        require_proofs(self.store)
        mine = None if class_ is None else pc.field("class_id") == self.find_class(class_)
        rows = read_table(self.store.path, "faithfulness", filters=mine)
        frame: pd.DataFrame = rows.to_pandas()
        layers = [*self.store.layer_names, ALL_LAYERS]
        frame["layer"] = pd.Categorical(frame["layer"], categories=layers, ordered=True)
        return frame

    # --- graphs -----------------------------------------------------------------------------------------------------

    def find_class(self, class_: ClassName) -> int:
        """Finds the class_id of a class.

        Raises:
            InputError: no class, or several, are named so; the message lists the nearest ones.
        """
        return find_class_id(self.store, class_)

    def graph(self, class_: ClassName, covers: float = 100.0) -> ClassGraph:
        """Reads the attribution graph of a class.

        Args:
            class_: the class.
            covers: percentage of activation that the kept channels cover, above 0 and at most 100.

        Raises:
            InputError: no class is named so, it has no graph, or `covers` is out of its range.
        """
        return ClassGraph(self.store, find_class_id(self.store, class_), covers=covers)

    def compare(self, a: ClassName, b: ClassName) -> ClassComparison:
        """Compares the attribution graphs of two classes.

        Raises:
            InputError: a class is not found or has no graph, or both are the same.
        """
        return ClassComparison(self.store, find_class_id(self.store, a), find_class_id(self.store, b))

    def embedding(
        self,
        layer: str,
        color: str = "plain",
        class_: ClassName | None = None,
        vs: ClassName | None = None,
        theme: str = "light",
    ) -> go.Figure:
        """Draws the classes as points at a layer; classes that the model finds alike are close together.

        Args:
            layer: name of the layer.
            color: colours of the points, such as `plain`, `accuracy`, `group`, or `similarity` to `class_`.
            class_: a class to mark.
            vs: a second class to mark.
            theme: `light` or `dark`.

        Raises:
            InputError: the run has no such layer, class or embedding, or nothing to colour the points by.
        """
        from summit_dash.figures.embedding import build_embedding_figure

        a, b = (None if each is None else find_class_id(self.store, each) for each in (class_, vs))
        return build_embedding_figure(self.store, find_layer(self.store, layer), color, a, b, theme)

    # --- pictures ---------------------------------------------------------------------------------------------------

    def picture(self, layer: str, channel: int, kind: str | None = None) -> Image.Image:
        """Returns the picture of a channel. Its `info` holds the facts; a fact that is unknown is None.

        Args:
            layer: name of the layer.
            channel: its number, from 0.
            kind: of feature visualization: `channel`, `neuron`, `negative` or `diversity-0` to `diversity-3`; `example`
                for the best example; None for the picture that the dashboard shows, which is `channel`, else `example`.

        Returns:
            A picture of the size in which it is stored. `info` has `layer`, `channel`, `kind` and `excitation` (in
            multiples of the greatest activation on any image) of a feature visualization, and the keys of `examples` of
            a dataset example, whose `kind` is `example`.

        Raises:
            InputError: there is no such layer, channel or picture.
        """
        return read_channel_picture(self.store, find_channel(self.store, layer, channel), kind)

    def examples(self, layer: str, channel: int, class_: ClassName | None = None) -> Examples:
        """Returns the parts of images that excite a channel most, strongest first.

        Args:
            layer: name of the layer.
            channel: its number, from 0.
            class_: only images of this class, which the run keeps for the channels of its graph; None for all classes.

        Returns:
            Pictures of at most 128 pixels. `info` of each has `layer`, `channel`, `kind` (`example`), `rank` (from 0),
            `class_id`, `class_name`, `activation` (in the layer's own unit), `image_id`, `path` (below the image
            source) and `box` (x0, y0, x1, y1 in pixels of the model's input; x1 and y1 are exclusive). A fact that an
            imported run does not have is None.

        Raises:
            InputError: there is no such layer, channel or class, or the run keeps no examples of it.
        """
        class_id = None if class_ is None else find_class_id(self.store, class_)
        return read_examples(self.store, find_channel(self.store, layer, channel), class_id)
