"""Checkpoints around a given state dict, as training frameworks write them."""

from __future__ import annotations

import argparse
import collections
import datetime
import enum
import functools
import pathlib
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["State", "add_prefix", "halve", "make_hyper_parameters", "make_lightning", "make_training"]

State = dict[str, Tensor]


class Config(dict[str, Any]):
    """A configuration of YACS, EasyDict or mmcv: a dict with attributes."""


class Callbacks(list[Any]):
    """A framework's own kind of list."""


class Mode(enum.Enum):
    """A framework's own enumeration."""

    MAX = 1


def add_prefix(prefix: str, state: State) -> State:
    """Adds a prefix to all keys."""
    return {prefix + key: value for key, value in state.items()}


def halve(state: State) -> State:
    """Makes other weights of the same names and shapes."""
    return {key: value / 2 if value.is_floating_point() else value for key, value in state.items()}


def make_hyper_parameters() -> dict[str, Any]:
    """Makes values of every kind that is found in published checkpoints."""
    config = Config(width=1, nested=Config(depth=2))
    config.path = "x"  # type: ignore[attr-defined]
    return {
        "lr": np.float32(0.1),
        "args": argparse.Namespace(epochs=3, betas=[0.9, 0.99]),
        "root": pathlib.PurePosixPath("/data"),
        "started": datetime.datetime(2020, 1, 1),
        "history": np.arange(3),
        "config": config,
        "counts": collections.defaultdict(list, a=[1]),
        "callbacks": Callbacks([1, 2]),
        "mode": Mode.MAX,
        "activation": functools.partial(nn.functional.leaky_relu, negative_slope=0.1),
        "names": frozenset({"a"}),
        "dtype": torch.float16,
        "random": np.random.default_rng(0).bit_generator.state,
        "size": torch.Size([1, 2]),
    }


def make_training(state: State, **more: Any) -> dict[str, Any]:
    """Makes a checkpoint as torch's ImageNet example saves it."""
    optimizer = {"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    return {
        "epoch": 90,
        "arch": "net",
        "state_dict": state,
        "best_acc1": torch.tensor(70.0),
        "optimizer": optimizer,
        **more,
    }


def make_lightning(state: State) -> dict[str, Any]:
    """Makes a checkpoint of PyTorch Lightning, of a module with a loss and a metric that have buffers."""
    return {
        "epoch": 1,
        "pytorch-lightning_version": "2.1.0",
        "state_dict": {
            **add_prefix("model.", state),
            "criterion.weight": torch.ones(2),
            "accuracy.tp": torch.zeros(()),
        },
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"current": {"ready": 1}}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'loss'}": {"best_model_score": torch.tensor(0.5), "dirpath": "/x"}},
        "optimizer_states": [make_training(state)["optimizer"]],
        "lr_schedulers": [],
        "hparams_name": "hparams",
        "hyper_parameters": make_hyper_parameters(),
    }
