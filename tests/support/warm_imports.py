"""Imported once by the process that others are forked from: the stages of a run, and a first export.

It computes on one thread, because the threads of OpenMP do not survive a fork.
"""

from __future__ import annotations

import torch
from torch import nn

import precompute.commands.precompute
import precompute.commands.prototypes
import precompute.commands.visualize
import precompute.pipeline.run
from precompute.models.graph.exported import ExportedModel

__all__ = ["precompute"]

torch.set_num_threads(1)
ExportedModel(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)), (3, 8, 8))
