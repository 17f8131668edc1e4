"""The tables of a run: their columns, keys and meanings.

Names and meanings are fixed within a schema version; columns may be added.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from precompute.contract.columns import Column, Table, define_table, is_optional
from precompute.contract.kinds import ALL_LAYERS, CLASS_ID, COUNT, EFFECT, ID, LAYER, PAGERANK, REAL, SELECTIONS, TEXT
from precompute.contract.map_quality import BASELINES, QUALITY_METRICS
from precompute.contract.probe_table import PROBE_TABLE
from precompute.contract.proof_tables import PROOF_TABLES

__all__ = [
    "ALL_CLASSES",
    "ALL_LAYERS",
    "EFFECT",
    "HISTOGRAM_BINS",
    "INTERVENTIONS",
    "PAGERANK",
    "PROTOTYPE_METHODS",
    "SELECTIONS",
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
INTERVENTIONS = ("remove", "keep", "random")
PROTOTYPE_METHODS = ("code-space", "picture-space")
"""The ways to draw a class's prototype: in a generator's code space, or in pictures alone."""

_HISTOGRAM = pa.list_(pa.int32(), HISTOGRAM_BINS)


_LAYER_NAME = Column("layer", LAYER, "The recorded layer.")
_CHANNEL = Column("channel", ID, "The output channel of the layer, from 0.")
_TARGET_LAYER = Column("target_layer", LAYER, "The recorded layer nearer the output.")
_TARGET_CHANNEL = Column("target_channel", ID, "The channel of the target layer.")
_SOURCE_LAYER = Column("source_layer", LAYER, "The recorded layer nearer the input.")
_SOURCE_CHANNEL = Column("source_channel", ID, "The channel of the source layer.")
_SELECTION = Column(
    "selection",
    TEXT,
    "What the graph's channels were chosen by: pagerank, as published, or effect, by `summit-dash faithfulness`.",
    may_be_absent=True,
    absent=PAGERANK,
)
_ACTIVATION_COUNT = Column(
    "activation_count",
    COUNT,
    "Images of the class whose smallest set of strongest channels (activation_mass of the layer's total) holds it.",
)
_INFLUENCE_COUNT = Column(
    "influence_count",
    COUNT,
    "Images of the class in which the source is among the target channel's top_k positive influences.",
)
_MEAN_INFLUENCE = Column(
    "mean_influence",
    REAL,
    "Mean influence over the images counted in influence_count. One convolution between the layers: the greatest "
    "product of weights and input over positions. Several: the share, in [0, 1], of the target's positive influence. "
    "Measure summit: of several convolutions the weaker step. Measure gradient: gradient x activation over positions.",
    may_be_unknown=True,
)


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        define_table(
            "classes",
            "The classes of the dataset and how well the model knows them.",
            [CLASS_ID],
            Column("class_name", TEXT, "Name for a person; need not be unique."),
            Column("synset", TEXT, "WordNet id such as n02114548.", nullable=True),
            Column("group", TEXT, "Super-class by which the sidebar may fold.", nullable=True),
            Column("n_images", COUNT, "Images of the class that were read."),
            Column(
                "top1_accuracy",
                REAL,
                "Fraction of its images whose most probable output means the class; null where no output does.",
                nullable=True,
            ),
            Column(
                "top5_accuracy",
                REAL,
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
        define_table(
            "layers",
            "The recorded layers in order from the input.",
            [Column("layer", LAYER, "Name of the recorded layer: its module path in the model, or an alias of it.")],
            Column("layer_index", COUNT, "Place in the order from the input, from 0."),
            Column("module_type", TEXT, "Python class of the recorded module."),
            Column("n_channels", COUNT, "Channels of its output."),
            Column("height", COUNT, "Rows of its output, for the run's input size."),
            Column("width", COUNT, "Columns of its output, for the run's input size."),
            Column("stride", COUNT, "Input pixels between neighbouring positions of the output."),
            Column("receptive_field", COUNT, "Input pixels, along one side, that one position of the output can see."),
        ),
        define_table(
            "images",
            "The images that were read, and what the model said.",
            [Column("image_id", ID, "Place of the image in the sorted source, from 0; unreadable images leave gaps.")],
            CLASS_ID,
            Column("path", TEXT, "Path relative to the image source."),
            Column("predicted_class_id", ID, "The model's most probable output; of several, the lowest."),
            Column(
                "predicted_probability",
                REAL,
                "Its probability: by the softmax of the logits; by its own sigmoid where model.output_activation in "
                "the manifest says that outputs do not sum to 1.",
            ),
            Column(
                "true_probability",
                REAL,
                "Probability of the image's own class: the sum of its outputs', or the greatest where outputs do not "
                "sum to 1; null where it has none.",
                nullable=True,
            ),
        ),
        define_table(
            "activations",
            "How strongly each class uses each channel; one row for every class and channel (Summit's matrix A), "
            "or, in an imported run, for those that its source tells.",
            [CLASS_ID, _LAYER_NAME, _CHANNEL],
            _ACTIVATION_COUNT,
            Column(
                "mean_activation",
                REAL,
                "Mean over the images of the class of the channel's spatial maximum, in the layer's own unit.",
                may_be_unknown=True,
            ),
            row_group_by="class_id",
        ),
        define_table(
            "influences",
            "Which source channels drive each target channel, per class; rows with influence_count > 0 (Summit's I), "
            "or, in an imported run, those of them that its source tells.",
            [CLASS_ID, _TARGET_LAYER, _TARGET_CHANNEL, _SOURCE_LAYER, _SOURCE_CHANNEL],
            _INFLUENCE_COUNT,
            _MEAN_INFLUENCE,
            row_group_by="class_id",
        ),
        define_table(
            "channels",
            "Every channel over the whole dataset.",
            [_LAYER_NAME, _CHANNEL],
            Column("n_classes", COUNT, "Classes with activation_count > 0 for the channel."),
            Column("activation_fraction", REAL, "Fraction of all images whose set of strongest channels holds it."),
            Column("max_activation", REAL, "Greatest activation over all images, in the layer's own unit."),
            Column("is_dead", pa.bool_(), "It never exceeded 0 on any image."),
            Column(
                "is_outlier",
                pa.bool_(),
                "In the set of more than outlier_fraction of all images, or listed as outlier in the config.",
            ),
        ),
        define_table(
            "example_images",
            "The images of which several crops are dataset examples, as resized and cropped for the model.",
            [Column("image_id", ID, "The image.")],
            Column("width", COUNT, "Width of the model's input in pixels."),
            Column("height", COUNT, "Its height."),
            Column("image", pa.binary(), "The image as JPEG, of that size."),
            row_group_by="image_id",
        ),
        define_table(
            "dataset_examples",
            "The images that excite a channel most, as crops of its receptive field.",
            [
                _LAYER_NAME,
                _CHANNEL,
                Column("class_id", ID, "The class the images are taken from; -1 for all classes."),
                Column("rank", COUNT, "From 0, strongest first."),
            ],
            Column("image_id", ID, "The image.", may_be_unknown=True),
            Column("activation", REAL, "The channel's spatial maximum on the image.", may_be_unknown=True),
            Column("x0", COUNT, "Left edge of the crop, in pixels of the model's input.", may_be_unknown=True),
            Column("y0", COUNT, "Upper edge.", may_be_unknown=True),
            Column("x1", COUNT, "Right edge, exclusive.", may_be_unknown=True),
            Column("y1", COUNT, "Lower edge, exclusive.", may_be_unknown=True),
            Column(
                "image",
                pa.binary(),
                "The crop as WebP, at most 128 px; null where it is to be cut out of the image in example_images.",
                nullable=True,
            ),
            row_group_by="channel",
        ),
        define_table(
            "attribution_graph_nodes",
            "The channels of each class's attribution graph.",
            [CLASS_ID, _LAYER_NAME, _CHANNEL, _SELECTION],
            _ACTIVATION_COUNT,
            Column(
                "pagerank_score",
                pa.float64(),
                "Personalized PageRank in the class's graph of all channels; the scores of all channels sum to 1.",
            ),
            Column(
                "effect",
                REAL,
                "First-order fall of the mean logarithm of the class's probability when the channel is removed, as in "
                "the table faithfulness; null where it was not measured.",
                nullable=True,
                may_be_absent=True,
            ),
            row_group_by="class_id",
        ),
        define_table(
            "attribution_graph_edges",
            "The influences between kept channels: a layer and the recorded layers that feed it.",
            [CLASS_ID, _TARGET_LAYER, _TARGET_CHANNEL, _SOURCE_LAYER, _SOURCE_CHANNEL, _SELECTION],
            _INFLUENCE_COUNT,
            _MEAN_INFLUENCE,
            Column(
                "edge_effect",
                REAL,
                "Mean over the class's images of the share by which the target's activation falls when the source is "
                "removed, as in the table faithfulness; null where it was not measured.",
                nullable=True,
                may_be_absent=True,
            ),
            row_group_by="class_id",
        ),
        define_table(
            "attribution_graphs",
            "One row per class and selection: how the graph came about.",
            [CLASS_ID, _SELECTION],
            Column(
                "pagerank_mass",
                pa.float64(),
                "The cumulated share of PageRank at which the selection stopped rising; null for effect.",
                nullable=True,
            ),
            Column("n_nodes", COUNT, "Kept channels."),
            Column("n_edges", COUNT, "Kept influences."),
        ),
        define_table(
            "embeddings",
            "Every class as a point, one layout per layer.",
            [_LAYER_NAME, CLASS_ID],
            Column("x", REAL, "Horizontal coordinate, without unit."),
            Column("y", REAL, "Vertical coordinate, without unit."),
        ),
        define_table(
            "feature_visualizations",
            "Images optimised to excite a channel.",
            [_LAYER_NAME, _CHANNEL, Column("kind", TEXT, f"One of {', '.join(VISUALIZATION_KINDS)}.")],
            Column("image", pa.binary(), "The picture as WebP."),
            Column(
                "objective_value",
                REAL,
                "The objective at the end, in the layer's own unit: the channel's mean over positions; for neuron at "
                "the centre; for negative minus the mean before the nonlinearity.",
                may_be_unknown=True,
            ),
            Column("n_steps", COUNT, "Optimisation steps taken.", may_be_unknown=True),
            Column("initial_objective_value", REAL, "The objective before the first step.", may_be_unknown=True),
            Column(
                "excitation",
                REAL,
                "The channel's greatest value on the picture as stored, normalised as the model's images are, over its "
                "max_activation in the table channels; null where that is not above 0.",
                may_be_absent=True,
            ),
            Column(
                "settings",
                TEXT,
                "How it was drawn, seed included, or whence it was imported: a key of visualizations.settings in the "
                "manifest.",
                may_be_absent=True,
            ),
            row_group_by="layer",
        ),
        define_table(
            "prototypes",
            "Pictures optimised for the probability of a class (Nguyen et al. 2016).",
            [CLASS_ID, Column("method", TEXT, f"One of {', '.join(PROTOTYPE_METHODS)}.")],
            Column("image", pa.binary(), "The picture as WebP, as large as the model's input."),
            Column(
                "log_probability",
                REAL,
                "Natural logarithm of the class's probability (as true_probability of images), of the picture as "
                "stored, normalised as the model's images are.",
            ),
            Column("initial_log_probability", REAL, "The same of the picture before the first step."),
            Column("n_steps", COUNT, "Optimisation steps taken."),
            Column("settings", TEXT, "How it was drawn: a key of prototypes.settings in the manifest."),
            row_group_by="class_id",
        ),
        define_table(
            "explanation_quality",
            "How good the maps of each method of explanation are for this model, over a set of images.",
            [
                Column("method", TEXT, f"A method of explanation, or one of {', '.join(BASELINES)}."),
                Column("metric", TEXT, f"One of {', '.join(QUALITY_METRICS)}."),
            ],
            Column("value", REAL, "The mean over the images that have a value."),
            Column("ci_low", REAL, "Lower end of the 95 % bootstrap interval; null for one image.", nullable=True),
            Column("ci_high", REAL, "Upper end of it; null for one image.", nullable=True),
            Column("n_images", COUNT, "Images with a value."),
        ),
        PROBE_TABLE,
        *PROOF_TABLES,
    )
}
