"""The interface of a stage, and the run that it works on. A new stage is one file in `pipeline/stages`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from precompute.aggregate.stage import PassInputs
    from precompute.aggregate.units import UnitStore
    from precompute.contract.progress import Progress
    from precompute.pipeline.config import RunConfig
    from precompute.pipeline.request import RunRequest

__all__ = ["RunContext", "Stage"]


@dataclass(frozen=True)
class RunContext:
    """One run while its stages work on it.

    Attributes:
        request: what was asked for.
        inputs: the model with its layers, the measures of influence, and the labelled images.
        manifest: of the run, as it grows; a stage that changes it writes it.
        fingerprint: SHA-256 of the run's identity, which every unit is stamped with.
        units: of the pass over the images, while some stage still reads them.
        progress: reports to the person.
        opened: by stage, what its `open` returned.
    """

    request: RunRequest
    inputs: PassInputs
    manifest: dict[str, Any]
    device: torch.device
    fingerprint: str
    units: UnitStore
    progress: Progress
    opened: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.request.out

    @property
    def config(self) -> RunConfig:
        """The config that was asked for."""
        return self.request.config

    @property
    def layers(self) -> list[tuple[str, int]]:
        """Name and number of channels of each recorded layer, in order from the input."""
        return [(layer.name, layer.n_channels) for layer in self.inputs.layers]

    @property
    def class_ids(self) -> list[int]:
        """The classes of the images, in their order."""
        return [labelled.class_id for labelled in self.inputs.source.classes]


@dataclass(frozen=True)
class Stage:
    """One step from tables to tables.

    Its module imports no torch: `run` does, so that the command line can list stages without it.

    Attributes:
        name: as in `--stages` and in the manifest.
        rank: order among the stages, smallest first; a stage has a greater rank than those in `after`.
        after: stages whose tables it reads.
        tables: names of the tables that it writes.
        run: does the work; returns facts for the manifest's entry of the stage, or None.
        identity: the part of the config that decides what the tables hold, with which a run is resumed; None: nothing
            of the config does.
        reads_units: it reads the units of the pass, which are therefore kept until it is done.
        prepare: called before the stage's state is looked at; may set a finished stage back to pending.
        open: called before the model is loaded, with the request and the number of classes; the value of the context
            lasts as long as the run does and reaches `run` as `context.opened[name]`.
        is_extra: it runs only when `--stages` names it, and is no part of `all`.
        begin: called, perhaps several times, once the stages in `after` are done; starts work beside other stages.
    """

    name: str
    rank: int
    after: tuple[str, ...]
    tables: tuple[str, ...]
    run: Callable[[RunContext], Mapping[str, Any] | None]
    identity: Callable[[RunConfig], Mapping[str, Any]] | None = None
    reads_units: bool = False
    prepare: Callable[[RunContext], None] | None = None
    open: Callable[[RunRequest, int], AbstractContextManager[Any]] | None = None
    begin: Callable[[RunContext], None] | None = None
    is_extra: bool = False
