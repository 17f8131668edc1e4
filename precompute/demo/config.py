"""The config of the demo run: the defaults, with pictures sized for a small network and a short wait."""

from precompute.config import RunConfig, VisualizeConfig

DEMO_CONFIG = RunConfig(visualize=VisualizeConfig(n_channels=160, n_steps=64, size=64, seconds=None))
