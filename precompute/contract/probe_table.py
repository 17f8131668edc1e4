"""The table of a run that holds how well each layer separates the run's classes."""

from __future__ import annotations

import pyarrow as pa

from precompute.contract.columns import Column, Table, define_table

__all__ = ["PROBE_TABLE"]

PROBE_TABLE: Table = define_table(
    "layer_probes",
    "How well the run's classes can be told apart at each layer: a linear head on its pooled channels, tested on "
    "images held out. Written by the stage `probe`, which runs only when it is named.",
    [Column("layer", pa.dictionary(pa.int16(), pa.string()), "The recorded layer.")],
    Column("n_images", pa.int32(), "Images that were held out, each once."),
    Column("n_folds", pa.int32(), "Parts of the images, of which one at a time was held out."),
    Column("accuracy", pa.float32(), "Fraction of them whose most probable class is their own."),
    Column("ci_low", pa.float32(), "Lower end of its 95 % interval (Wilson 1927, by images)."),
    Column("ci_high", pa.float32(), "Upper end of it."),
    Column("macro_f1", pa.float32(), "Mean over classes of the F1 score, over all images held out."),
    Column("log_loss", pa.float32(), "Mean of -log of the probability of the image's class, in nats."),
)
