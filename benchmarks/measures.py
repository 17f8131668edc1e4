"""The agreement of two measures of influence: `python -m benchmarks.measures RUN OTHER`.

For every class and every target channel that is active in it, the five sources counted most often in one run, and how
many of them are among the five of the other; the mean share per layer.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc

from precompute.contract.schema import read_manifest, read_table

_KEY = ["class_id", "target_layer", "target_channel"]


def find_strongest(run: Path, layer: str, top: int) -> pd.Series:
    """Finds the `top` sources of every target channel of a layer, by class: by counts, then by mean influence."""
    frame = read_table(run, "influences", filters=pc.field("target_layer") == layer).to_pandas()
    frame = frame.sort_values(
        ["influence_count", "mean_influence", "source_channel"], ascending=[False, False, True], kind="stable"
    )
    frame = frame.groupby(_KEY, observed=True).head(top)
    frame["source"] = frame["source_layer"].astype(str) + "-" + frame["source_channel"].astype(str)
    return frame.groupby(_KEY, observed=True)["source"].agg(frozenset)


def compute_agreement(run: Path, other: Path, top: int = 5) -> pd.DataFrame:
    """Returns, for each target layer, the share of sources that agree, over all and over active channels."""
    active = read_table(run, "activations", filters=pc.field("activation_count") > 0).to_pandas()
    active = active.rename(columns={"layer": "target_layer", "channel": "target_channel"}).set_index(_KEY).index
    rows = []
    for layer in read_manifest(run)["layers"][1:]:
        both = pd.concat(
            [find_strongest(run, layer, top), find_strongest(other, layer, top)], axis=1, keys=["a", "b"]
        ).dropna()
        share = pd.Series(
            [len(a & b) / max(len(a), len(b)) for a, b in zip(both["a"], both["b"], strict=True)], both.index
        )
        kept = share[share.index.isin(active)]
        rows.append((layer, share.mean(), kept.mean(), len(kept)))
    return pd.DataFrame(rows, columns=["layer", "all channels", "active channels", "n active"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("other", type=Path)
    options = parser.parse_args()
    print(
        compute_agreement(options.run, options.other).to_string(index=False, float_format=lambda value: f"{value:.3f}")
    )


if __name__ == "__main__":
    main()
