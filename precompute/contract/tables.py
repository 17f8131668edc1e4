"""The tables of a run: their columns, keys and meanings.

Names and meanings are fixed within a schema version; columns may be added.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from precompute.contract.columns import Column, Table, define_table, is_optional
from precompute.contract.map_quality import BASELINES, QUALITY_METRICS

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
ALL_LAYERS = "all"
"""The `layer` of rows on all layers at once."""
PAGERANK = "pagerank"
EFFECT = "effect"
SELECTIONS = (PAGERANK, EFFECT)
"""The orders in which channels of a class are taken: by their score in its graph, or by their effect on it."""
INTERVENTIONS = ("remove", "keep", "random")
PROTOTYPE_METHODS = ("code-space", "picture-space")
"""The ways to draw a class's prototype: in a generator's code space, or in pictures alone."""

_ID = pa.int32()
_COUNT = pa.int32()
_REAL = pa.float32()
_LAYER = pa.dictionary(pa.int16(), pa.string())
_TEXT = pa.string()
_HISTOGRAM = pa.list_(pa.int32(), HISTOGRAM_BINS)


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
_SELECTION = Column(
    "selection",
    _TEXT,
    "What the graph's channels were chosen by: pagerank, as published, or effect, by `summit-dash faithfulness`.",
    may_be_absent=True,
    absent=PAGERANK,
)
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


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        define_table(
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
        define_table(
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
        define_table(
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
        define_table(
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
        define_table(
            "influences",
            "Which source channels drive each target channel, per class; rows with influence_count > 0 (Summit's I), "
            "or, in an imported run, those of them that its source tells.",
            [_CLASS_ID, _TARGET_LAYER, _TARGET_CHANNEL, _SOURCE_LAYER, _SOURCE_CHANNEL],
            _INFLUENCE_COUNT,
            _MEAN_INFLUENCE,
            row_group_by="class_id",
        ),
        define_table(
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
        define_table(
            "example_images",
            "The images of which several crops are dataset examples, as resized and cropped for the model.",
            [Column("image_id", _ID, "The image.")],
            Column("width", _COUNT, "Width of the model's input in pixels."),
            Column("height", _COUNT, "Its height."),
            Column("image", pa.binary(), "The image as JPEG, of that size."),
            row_group_by="image_id",
        ),
        define_table(
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
        define_table(
            "attribution_graph_nodes",
            "The channels of each class's attribution graph.",
            [_CLASS_ID, _LAYER_NAME, _CHANNEL, _SELECTION],
            _ACTIVATION_COUNT,
            Column(
                "pagerank_score",
                pa.float64(),
                "Personalized PageRank in the class's graph of all channels; the scores of all channels sum to 1.",
            ),
            Column(
                "effect",
                _REAL,
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
            [_CLASS_ID, _TARGET_LAYER, _TARGET_CHANNEL, _SOURCE_LAYER, _SOURCE_CHANNEL, _SELECTION],
            _INFLUENCE_COUNT,
            _MEAN_INFLUENCE,
            Column(
                "edge_effect",
                _REAL,
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
            [_CLASS_ID, _SELECTION],
            Column(
                "pagerank_mass",
                pa.float64(),
                "The cumulated share of PageRank at which the selection stopped rising; null for effect.",
                nullable=True,
            ),
            Column("n_nodes", _COUNT, "Kept channels."),
            Column("n_edges", _COUNT, "Kept influences."),
        ),
        define_table(
            "embeddings",
            "Every class as a point, one layout per layer.",
            [_LAYER_NAME, _CLASS_ID],
            Column("x", _REAL, "Horizontal coordinate, without unit."),
            Column("y", _REAL, "Vertical coordinate, without unit."),
        ),
        define_table(
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
        define_table(
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
        define_table(
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
        define_table(
            "faithfulness",
            "What becomes of a class's accuracy when channels are removed, that is replaced by their mean over images "
            "(or by 0, see faithfulness.replacement in the manifest).",
            [
                _CLASS_ID,
                Column("layer", _LAYER, f"The recorded layer, or {ALL_LAYERS} for all layers at once."),
                Column("selection", _TEXT, f"The order in which channels are taken: {' or '.join(SELECTIONS)}."),
                Column(
                    "intervention",
                    _TEXT,
                    "Removed are: with remove these channels, with keep all others, with random as many at random.",
                ),
                Column(
                    "n_channels",
                    _COUNT,
                    "Channels taken, in all layers together; 0 for the untouched model. One row of a class has the "
                    "number of its graph.",
                ),
            ],
            Column("accuracy", _REAL, "Fraction of the class's images still predicted as the class."),
            Column("ci_low", _REAL, "Lower end of its 95 % interval (Wilson 1927, by images)."),
            Column("ci_high", _REAL, "Upper end."),
            Column("mean_log_probability", _REAL, "Mean of the natural logarithm of the class's probability."),
            Column(
                "log_probability_low",
                _REAL,
                "Lower end of its 95 % interval (bootstrap over images); null for a single image.",
                nullable=True,
            ),
            Column("log_probability_high", _REAL, "Upper end; null as above.", nullable=True),
            Column(
                "below_random",
                _REAL,
                "Of remove: how much lower mean_log_probability is than with as many channels at random.",
                nullable=True,
            ),
            Column(
                "below_random_low",
                _REAL,
                "Lower end of its 95 % interval (bootstrap over images, in pairs); null for a single image.",
                nullable=True,
            ),
            Column("below_random_high", _REAL, "Upper end; null as above.", nullable=True),
            Column("n_images", _COUNT, "Images measured."),
            Column("n_repeats", _COUNT, "Random channel sets averaged; 1 where nothing is random."),
            row_group_by="class_id",
        ),
        define_table(
            "edge_faithfulness",
            "How well the edges of a class's graphs tell the sources on which a channel depends from others: what "
            "removing a source takes from the activation of a target.",
            [_CLASS_ID, Column("layer", _LAYER, "The layer of the targets.")],
            Column(
                "auc",
                _REAL,
                "The probability that an edge has a greater effect than a pair of a target and a random channel that "
                "is none of its sources (area under the curve; 0.5 is chance); null without a pair of either kind.",
                nullable=True,
            ),
            Column("mean_edge_effect", _REAL, "Mean edge_effect of the edges; null without one.", nullable=True),
            Column("mean_other_effect", _REAL, "The same of the other pairs; null without one.", nullable=True),
            Column("n_edges", _COUNT, "Edges, of both selections."),
            Column("n_others", _COUNT, "Other pairs."),
            Column("n_images", _COUNT, "Images measured."),
        ),
        define_table(
            "sufficient_graphs",
            "The fewest channels of a class that keep a stated share of its accuracy when all others are removed.",
            [_CLASS_ID, Column("selection", _TEXT, f"The order of the channels: {' or '.join(SELECTIONS)}.")],
            Column("share", _REAL, "The share of the accuracy that was asked for."),
            Column("n_channels", _COUNT, "Channels kept, in all layers together."),
            Column("accuracy", _REAL, "Fraction of the class's images predicted as the class with these alone."),
            Column("ci_low", _REAL, "Lower end of its 95 % interval (Wilson 1927, by images)."),
            Column("ci_high", _REAL, "Upper end."),
            Column("n_images", _COUNT, "Images measured."),
        ),
    )
}
