"""The tables of a run: their columns, keys and meanings.

Names and meanings are fixed within a schema version; columns may be added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from precompute.contract.map_quality import BASELINES, QUALITY_METRICS

__all__ = [
    "ALL_CLASSES",
    "HISTOGRAM_BINS",
    "PROTOTYPE_METHODS",
    "TABLES",
    "VISUALIZATION_KINDS",
    "Column",
    "Table",
    "is_optional",
]

HISTOGRAM_BINS = 20
ALL_CLASSES = -1
"""The `class_id` of the dataset examples taken over all classes."""
VISUALIZATION_KINDS = ("channel", "neuron", "negative", "diversity-0", "diversity-1", "diversity-2", "diversity-3")
PROTOTYPE_METHODS = ("code-space", "picture-space")
"""The ways to draw a class's prototype: in a generator's code space, or in pictures alone."""

_ID = pa.int32()
_COUNT = pa.int32()
_REAL = pa.float32()
_LAYER = pa.dictionary(pa.int16(), pa.string())
_TEXT = pa.string()
_HISTOGRAM = pa.list_(pa.int32(), HISTOGRAM_BINS)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        name: unique in the table.
        type: Arrow type.
        meaning: a sentence for people, with the unit.
        nullable: null is a value that it may have in any run.
        may_be_unknown: null is allowed in an imported run, and for a feature visualization whose settings have
            `imported_from`. Elsewhere null is a fault.
        may_be_absent: runs of earlier versions lack the column. A writer that has no values leaves it null.
    """

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False
    may_be_unknown: bool = False
    may_be_absent: bool = False


def is_optional(column: Column) -> bool:
    """Returns True if some run may have a null in the column."""
    return column.nullable or column.may_be_unknown or column.may_be_absent


@dataclass(frozen=True)
class Table:
    """One table of a run.

    Args:
        name: unique in the run; the file is `NAME.parquet`.
        meaning: a sentence for people.
        key: the columns that identify a row, and by which rows are sorted.
        columns: all columns in order, the key first.
        row_group_by: the column of the key whose values start Parquet row groups, so that a reader of one class or
            one layer reads nothing else. None for a single row group.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    row_group_by: str | None = None

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema that the table is written with."""
        return pa.schema([pa.field(c.name, c.type, nullable=is_optional(c)) for c in self.columns])


_CLASS_ID = Column(
    "class_id",
    _ID,
    "The class of the dataset; equals the model's output index where the labels are the model's outputs.",
)
_LAYER_NAME = Column("layer", _LAYER, "The recorded layer.")
_CHANNEL = Column("channel", _ID, "The output channel of the layer, from 0.")
_TARGET_LAYER = Column("target_layer", _LAYER, "The recorded layer nearer the output.")
_TARGET_CHANNEL = Column("target_channel", _ID, "The channel of the target layer.")
_SOURCE_LAYER = Column("source_layer", _LAYER, "The recorded layer nearer the input.")
_SOURCE_CHANNEL = Column("source_channel", _ID, "The channel of the source layer.")
_ACTIVATION_COUNT = Column(
    "activation_count",
    _COUNT,
    "Images of the class whose smallest set of strongest channels (activation_mass of the layer's total) holds it.",
)
_INFLUENCE_COUNT = Column(
    "influence_count",
    _COUNT,
    "Images of the class in which the source is among the target channel's top_k positive influences.",
)
_MEAN_INFLUENCE = Column(
    "mean_influence",
    _REAL,
    "Mean influence over the images counted in influence_count. One convolution between the layers: the greatest "
    "product of weights and input over positions. Several: the share, in [0, 1], of the target's positive influence. "
    "Measure summit: of several convolutions the weaker step. Measure gradient: gradient x activation over positions.",
    may_be_unknown=True,
)


def _define_table(
    name: str, meaning: str, key: Sequence[Column], *columns: Column, row_group_by: str | None = None
) -> Table:
    return Table(name, meaning, tuple(c.name for c in key), (*key, *columns), row_group_by)


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        _define_table(
            "classes",
            "The classes of the dataset and how well the model knows them.",
            [_CLASS_ID],
            Column("class_name", _TEXT, "Name for a person; need not be unique."),
            Column("synset", _TEXT, "WordNet id such as n02114548.", nullable=True),
            Column("group", _TEXT, "Super-class by which the sidebar may fold.", nullable=True),
            Column("n_images", _COUNT, "Images of the class that were read."),
            Column(
                "top1_accuracy",
                _REAL,
                "Fraction of its images whose most probable output means the class; null where no output does.",
                nullable=True,
            ),
            Column(
                "top5_accuracy",
                _REAL,
                "Fraction of its images with an output of the class among the five most probable, ties by the lower "
                "output; null as above.",
                nullable=True,
            ),
            Column(
                "probability_histogram",
                _HISTOGRAM,
                "Images per twentieth of the class's probability (as true_probability of images), [0, 0.05) first; "
                "null as above.",
                nullable=True,
            ),
        ),
        _define_table(
            "layers",
            "The recorded layers in order from the input.",
            [Column("layer", _LAYER, "Name of the recorded layer: its module path in the model, or an alias of it.")],
            Column("layer_index", _COUNT, "Place in the order from the input, from 0."),
            Column("module_type", _TEXT, "Python class of the recorded module."),
            Column("n_channels", _COUNT, "Channels of its output."),
            Column("height", _COUNT, "Rows of its output, for the run's input size."),
            Column("width", _COUNT, "Columns of its output, for the run's input size."),
            Column("stride", _COUNT, "Input pixels between neighbouring positions of the output."),
            Column("receptive_field", _COUNT, "Input pixels, along one side, that one position of the output can see."),
        ),
        _define_table(
            "images",
            "The images that were read, and what the model said.",
            [Column("image_id", _ID, "Place of the image in the sorted source, from 0; unreadable images leave gaps.")],
            _CLASS_ID,
            Column("path", _TEXT, "Path relative to the image source."),
            Column("predicted_class_id", _ID, "The model's most probable output; of several, the lowest."),
            Column(
                "predicted_probability",
                _REAL,
                "Its probability: by the softmax of the logits; by its own sigmoid where model.output_activation in "
                "the manifest says that outputs do not sum to 1.",
            ),
            Column(
                "true_probability",
                _REAL,
                "Probability of the image's own class: the sum of its outputs', or the greatest where outputs do not "
                "sum to 1; null where it has none.",
                nullable=True,
            ),
        ),
        _define_table(
            "activations",
            "How strongly each class uses each channel; one row for every class and channel (Summit's matrix A), "
            "or, in an imported run, for those that its source tells.",
            [_CLASS_ID, _LAYER_NAME, _CHANNEL],
            _ACTIVATION_COUNT,
            Column(
                "mean_activation",
                _REAL,
                "Mean over the images of the class of the channel's spatial maximum, in the layer's own unit.",
                may_be_unknown=True,
            ),
            row_group_by="class_id",
        ),
        _define_table(
            "influences",
            "Which source channels drive each target channel, per class; rows with influence_count > 0 (Summit's I), "
            "or, in an imported run, those of them that its source tells.",
            [_CLASS_ID, _TARGET_LAYER, _TARGET_CHANNEL, _SOURCE_LAYER, _SOURCE_CHANNEL],
            _INFLUENCE_COUNT,
            _MEAN_INFLUENCE,
            row_group_by="class_id",
        ),
        _define_table(
            "channels",
            "Every channel over the whole dataset.",
            [_LAYER_NAME, _CHANNEL],
            Column("n_classes", _COUNT, "Classes with activation_count > 0 for the channel."),
            Column("activation_fraction", _REAL, "Fraction of all images whose set of strongest channels holds it."),
            Column("max_activation", _REAL, "Greatest activation over all images, in the layer's own unit."),
            Column("is_dead", pa.bool_(), "It never exceeded 0 on any image."),
            Column(
                "is_outlier",
                pa.bool_(),
                "In the set of more than outlier_fraction of all images, or listed as outlier in the config.",
            ),
        ),
        _define_table(
            "example_images",
            "The images of which several crops are dataset examples, as resized and cropped for the model.",
            [Column("image_id", _ID, "The image.")],
            Column("width", _COUNT, "Width of the model's input in pixels."),
            Column("height", _COUNT, "Its height."),
            Column("image", pa.binary(), "The image as JPEG, of that size."),
            row_group_by="image_id",
        ),
        _define_table(
            "dataset_examples",
            "The images that excite a channel most, as crops of its receptive field.",
            [
                _LAYER_NAME,
                _CHANNEL,
                Column("class_id", _ID, "The class the images are taken from; -1 for all classes."),
                Column("rank", _COUNT, "From 0, strongest first."),
            ],
            Column("image_id", _ID, "The image.", may_be_unknown=True),
            Column("activation", _REAL, "The channel's spatial maximum on the image.", may_be_unknown=True),
            Column("x0", _COUNT, "Left edge of the crop, in pixels of the model's input.", may_be_unknown=True),
            Column("y0", _COUNT, "Upper edge.", may_be_unknown=True),
            Column("x1", _COUNT, "Right edge, exclusive.", may_be_unknown=True),
            Column("y1", _COUNT, "Lower edge, exclusive.", may_be_unknown=True),
            Column(
                "image",
                pa.binary(),
                "The crop as WebP, at most 128 px; null where it is to be cut out of the image in example_images.",
                nullable=True,
            ),
            row_group_by="channel",
        ),
        _define_table(
            "attribution_graph_nodes",
            "The channels of each class's attribution graph.",
            [_CLASS_ID, _LAYER_NAME, _CHANNEL],
            _ACTIVATION_COUNT,
            Column(
                "pagerank_score",
                pa.float64(),
                "Personalized PageRank in the class's graph of all channels; the scores of all channels sum to 1.",
            ),
            row_group_by="class_id",
        ),
        _define_table(
            "attribution_graph_edges",
            "The influences between kept channels: a layer and the recorded layers that feed it.",
            [_CLASS_ID, _TARGET_LAYER, _TARGET_CHANNEL, _SOURCE_LAYER, _SOURCE_CHANNEL],
            _INFLUENCE_COUNT,
            _MEAN_INFLUENCE,
            row_group_by="class_id",
        ),
        _define_table(
            "attribution_graphs",
            "One row per class: how its graph came about.",
            [_CLASS_ID],
            Column(
                "pagerank_mass",
                pa.float64(),
                "The cumulated share of PageRank at which the selection stopped rising.",
                may_be_unknown=True,
            ),
            Column("n_nodes", _COUNT, "Kept channels."),
            Column("n_edges", _COUNT, "Kept influences."),
        ),
        _define_table(
            "embeddings",
            "Every class as a point, one layout per layer.",
            [_LAYER_NAME, _CLASS_ID],
            Column("x", _REAL, "Horizontal coordinate, without unit."),
            Column("y", _REAL, "Vertical coordinate, without unit."),
        ),
        _define_table(
            "feature_visualizations",
            "Images optimised to excite a channel.",
            [_LAYER_NAME, _CHANNEL, Column("kind", _TEXT, f"One of {', '.join(VISUALIZATION_KINDS)}.")],
            Column("image", pa.binary(), "The picture as WebP."),
            Column(
                "objective_value",
                _REAL,
                "The objective at the end, in the layer's own unit: the channel's mean over positions; for neuron at "
                "the centre; for negative minus the mean before the nonlinearity.",
                may_be_unknown=True,
            ),
            Column("n_steps", _COUNT, "Optimisation steps taken.", may_be_unknown=True),
            Column("initial_objective_value", _REAL, "The objective before the first step.", may_be_unknown=True),
            Column(
                "excitation",
                _REAL,
                "The channel's greatest value on the picture as stored, normalised as the model's images are, over its "
                "max_activation in the table channels; null where that is not above 0.",
                may_be_absent=True,
            ),
            Column(
                "settings",
                _TEXT,
                "How it was drawn, seed included, or whence it was imported: a key of visualizations.settings in the "
                "manifest.",
                may_be_absent=True,
            ),
            row_group_by="layer",
        ),
        _define_table(
            "prototypes",
            "Pictures optimised for the probability of a class (Nguyen et al. 2016).",
            [_CLASS_ID, Column("method", _TEXT, f"One of {', '.join(PROTOTYPE_METHODS)}.")],
            Column("image", pa.binary(), "The picture as WebP, as large as the model's input."),
            Column(
                "log_probability",
                _REAL,
                "Natural logarithm of the class's probability (as true_probability of images), of the picture as "
                "stored, normalised as the model's images are.",
            ),
            Column("initial_log_probability", _REAL, "The same of the picture before the first step."),
            Column("n_steps", _COUNT, "Optimisation steps taken."),
            Column("settings", _TEXT, "How it was drawn: a key of prototypes.settings in the manifest."),
            row_group_by="class_id",
        ),
        _define_table(
            "explanation_quality",
            "How good the maps of each method of explanation are for this model, over a set of images.",
            [
                Column("method", _TEXT, f"A method of explanation, or one of {', '.join(BASELINES)}."),
                Column("metric", _TEXT, f"One of {', '.join(QUALITY_METRICS)}."),
            ],
            Column("value", _REAL, "The mean over the images that have a value."),
            Column("ci_low", _REAL, "Lower end of the 95 % bootstrap interval; null for one image.", nullable=True),
            Column("ci_high", _REAL, "Upper end of it; null for one image.", nullable=True),
            Column("n_images", _COUNT, "Images with a value."),
        ),
        _define_table(
            "faithfulness",
            "What becomes of a class's accuracy when channels are removed or kept.",
            [
                _CLASS_ID,
                Column("intervention", _TEXT, "What was done to which channels."),
                Column("n_channels", _COUNT, "How many channels it was done to."),
            ],
            Column("accuracy", _REAL, "Fraction of the class's images still predicted as the class."),
            Column("ci_low", _REAL, "Lower end of the 95 % interval."),
            Column("ci_high", _REAL, "Upper end of the 95 % interval."),
            Column("n_images", _COUNT, "Images measured."),
            Column("n_repeats", _COUNT, "Random channel sets averaged; 1 where nothing is random."),
        ),
    )
}
