"""The tables of the proof of graphs, which `summit-dash faithfulness` writes."""

from __future__ import annotations

from precompute.contract.columns import Column, define_table
from precompute.contract.kinds import ALL_LAYERS, CLASS_ID, COUNT, ID, LAYER, REAL, SELECTIONS, TEXT

__all__ = ["PROOF_TABLES"]

PROOF_TABLES = (
    define_table(
        "faithfulness",
        "What becomes of a class's accuracy when channels are removed, that is replaced by their mean over images "
        "(or by 0, see faithfulness.replacement in the manifest).",
        [
            CLASS_ID,
            Column("layer", LAYER, f"The recorded layer, or {ALL_LAYERS} for all layers at once."),
            Column("selection", TEXT, f"The order in which channels are taken: {' or '.join(SELECTIONS)}."),
            Column(
                "intervention",
                TEXT,
                "Removed are: with remove these channels, with keep all others, with random as many at random.",
            ),
            Column(
                "n_channels",
                COUNT,
                "Channels taken, in all layers together; 0 for the untouched model. One row of a class has the "
                "number of its graph.",
            ),
        ],
        Column("accuracy", REAL, "Fraction of the class's images still predicted as the class."),
        Column("ci_low", REAL, "Lower end of its 95 % interval (Wilson 1927, by images)."),
        Column("ci_high", REAL, "Upper end."),
        Column("mean_log_probability", REAL, "Mean of the natural logarithm of the class's probability."),
        Column(
            "log_probability_low",
            REAL,
            "Lower end of its 95 % interval (bootstrap over images); null for a single image.",
            nullable=True,
        ),
        Column("log_probability_high", REAL, "Upper end; null as above.", nullable=True),
        Column(
            "below_random",
            REAL,
            "Of remove: how much lower mean_log_probability is than with as many channels at random.",
            nullable=True,
        ),
        Column(
            "below_random_low",
            REAL,
            "Lower end of its 95 % interval (bootstrap over images, in pairs); null for a single image.",
            nullable=True,
        ),
        Column("below_random_high", REAL, "Upper end; null as above.", nullable=True),
        Column("n_images", COUNT, "Images measured."),
        Column("n_repeats", COUNT, "Random channel sets averaged; 1 where nothing is random."),
        row_group_by="class_id",
    ),
    define_table(
        "edge_faithfulness",
        "How well the edges of a class's graphs tell the sources on which a channel depends from others: what "
        "removing a source takes from the activation of a target.",
        [CLASS_ID, Column("layer", LAYER, "The layer of the targets.")],
        Column(
            "auc",
            REAL,
            "The probability that an edge has a greater effect than a pair of a target and a random channel that "
            "is none of its sources (area under the curve; 0.5 is chance); null without a pair of either kind.",
            nullable=True,
        ),
        Column("mean_edge_effect", REAL, "Mean edge_effect of the edges; null without one.", nullable=True),
        Column("mean_other_effect", REAL, "The same of the other pairs; null without one.", nullable=True),
        Column("n_edges", COUNT, "Edges, of both selections."),
        Column("n_others", COUNT, "Other pairs."),
        Column("n_images", COUNT, "Images measured."),
    ),
    define_table(
        "single_channels",
        "What a class loses without a single channel of one of its graphs, by PageRank or by effect "
        "(`summit-dash faithfulness --single`).",
        [CLASS_ID, Column("layer", LAYER, "The recorded layer."), Column("channel", ID, "The channel of the layer.")],
        Column(
            "accuracy_lost",
            REAL,
            "Fraction of the class's images that are right before and not without the channel, less the opposite.",
        ),
        Column("ci_low", REAL, "Lower end of its 95 % interval (Agresti and Min 2005, by images, in pairs)."),
        Column("ci_high", REAL, "Upper end."),
        Column(
            "log_probability_lost",
            REAL,
            "How far the mean natural logarithm of the class's probability falls without the channel.",
        ),
        Column(
            "log_probability_low",
            REAL,
            "Lower end of its 95 % interval (bootstrap over images, in pairs); null for a single image.",
            nullable=True,
        ),
        Column("log_probability_high", REAL, "Upper end; null as above.", nullable=True),
        Column("n_images", COUNT, "Images measured."),
        row_group_by="class_id",
    ),
    define_table(
        "sufficient_graphs",
        "The fewest channels of a class that keep a stated share of its accuracy when all others are removed; a class "
        "without accuracy has none.",
        [CLASS_ID, Column("selection", TEXT, f"The order of the channels: {' or '.join(SELECTIONS)}.")],
        Column("share", REAL, "The share of the accuracy that was asked for."),
        Column("n_channels", COUNT, "Channels kept, in all layers together."),
        Column("accuracy", REAL, "Fraction of the class's images predicted as the class with these alone."),
        Column("ci_low", REAL, "Lower end of its 95 % interval (Wilson 1927, by images)."),
        Column("ci_high", REAL, "Upper end."),
        Column("n_images", COUNT, "Images measured."),
    ),
)
