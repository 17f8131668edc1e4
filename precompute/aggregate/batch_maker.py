"""The maker of units that works on batches as a whole, as a GPU needs it; it runs on every device.

No step looks at a number of an image before the next step begins: images that are left out are counted with weight 0,
and the host reads the findings of a batch while the device works on the next one. All batches have one size, so that
all images of a run go through the same algorithms: a batch with fewer is filled up with copies, which count nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from precompute.aggregate.accumulate import (
    ActivationTotals,
    describe_influences,
    list_targets,
    mark_strongest,
)
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.pair_table import BYTES_PER_PAIR, PairTable
from precompute.aggregate.predictions import PredictedRows
from precompute.aggregate.recording import Recording
from precompute.aggregate.stage import PassInputs
from precompute.aggregate.unit_maker import OpenUnit, Sums, UnitMaker, Waiting, build_empty_sums, group_by_unit
from precompute.devices.cores import Parallel
from precompute.devices.transfers import HostCopies, copy_to_device

__all__ = ["UnitMakerByBatch"]

_TABLE_BYTES = 2**30
"""The limit for the counted pairs of all units at a time; those of three units may exceed it."""
_MOST_PAIRS = 2**30
"""The limit of entries that are searched at a time for pairs that were counted."""


class _Launched(NamedTuple):
    """A batch whose findings are on their way to the host."""

    batch: list[Waiting]
    copies: HostCopies


class UnitMakerByBatch(UnitMaker):
    """A maker that counts whole batches; out of memory, it halves them."""

    def __init__(self, inputs: PassInputs, config: AggregateConfig, batch_size: int, parallel: Parallel) -> None:
        super().__init__(inputs, config, batch_size, parallel)
        self._influences = [one for measure in inputs.measures for one in measure.counted]
        self._targets = list_targets(inputs.measures)
        n_pairs = max(1, sum(one.n_targets * one.n_sources for one in self._influences))
        # Units of the batch at work and of the one before have slots, and the unit that both share.
        room = min(_TABLE_BYTES // (BYTES_PER_PAIR * n_pairs), _MOST_PAIRS // n_pairs) // 2
        self._most_units = max(1, min(self._batch_size, room))
        self._table = PairTable(self._influences, 2 * self._most_units + 1, self._device)
        self._slots: dict[OpenUnit, int] = {}
        self._totals: dict[OpenUnit, ActivationTotals] = {}
        self._launched: _Launched | None = None
        self._settled: torch.cuda.Event | None = None

    def _has_room(self, batch: Sequence[Waiting], unit: OpenUnit) -> bool:
        if not super()._has_room(batch, unit):
            return False
        units = {id(one.unit) for one in batch}
        return id(unit) in units or len(units) < self._most_units

    def _add(self, batch: Sequence[Waiting]) -> None:
        started = self._sizes.run(self._start_batch, list(batch), is_filled_up=True, release=self._finish)
        for launched in started:
            before, self._launched = self._launched, launched
            if before is not None:
                self._add_findings(before)

    def _finish(self) -> None:
        if self._launched is not None:
            self._add_findings(self._launched)
        self._launched = None

    def _start_batch(self, batch: list[Waiting]) -> _Launched:
        """Begins all work on a batch."""
        pixels = [one.read.pixels for one in batch if one.read.pixels is not None]
        missing = self._batch_size - len(batch)
        recording = self._record([*pixels, *[pixels[-1]] * missing])
        for unit, _ in group_by_unit(batch):
            if unit not in self._slots:
                self._slots[unit] = self._table.take_slot()
        slots = copy_to_device(np.array([self._slots[one.unit] for one in batch] + [0] * missing), self._device)
        class_ids = [one.read.image.class_id for one in batch] + [-1] * missing
        with torch.inference_mode():
            is_image = torch.arange(self._batch_size, device=self._device) < len(batch)
            predicted = self._predictions.compute(recording.logits, class_ids)
            # Last, as it counts: a batch for which there is no memory before is counted in halves instead.
            found = self._reduce(recording, slots, is_image)
            return _Launched(batch, HostCopies([*found, *predicted]))

    def _reduce(self, recording: Recording, slots: Tensor, is_image: Tensor) -> list[Tensor]:
        """Reduces a batch to what is counted of it, and counts its pairs.

        Returns:
            per image the greatest value of every channel of every layer, its position, the strongest channels, and
            the checks of numbers: those of `FiniteCheck`, then one for each influence.
        """
        values, layers = recording.values, self._inputs.layers
        maxima = [values.find_maximum(layer.node) for layer in layers]
        activation = torch.cat([one.activation for one in maxima], 1)
        position = torch.cat([one.position for one in maxima], 1).int()
        kept = mark_strongest(activation, [layer.n_channels for layer in layers], self._config.activation_mass)
        checks = [self._finite.check_batch(recording)]
        if self._influences:
            found = [one.find_strongest_of_batch(values, self._config.top_k) for one in self._influences]
            checks.append(torch.stack([strengths.isfinite().flatten(1).all(1) for strengths, _ in found], 1))
            strengths, pairs = self._table.number_pairs(found)
            is_sound = is_image & torch.cat(checks, 1).all(1)
            self._table.add(slots, torch.where(is_sound[:, None], strengths, 0), pairs)
        return [activation, position, kept, torch.cat(checks, 1)]

    def _add_findings(self, launched: _Launched) -> None:
        """Adds the findings of a batch to the sums of its units, on the host."""
        activation, position, kept, checks, *predicted = launched.copies.wait()
        self._settled = launched.copies.done
        rows_of_images = PredictedRows(*map(torch.from_numpy, predicted))
        problems = [self._describe(row) for row in checks[: len(launched.batch)].tolist()]
        for unit, rows in group_by_unit(launched.batch):
            sound = [row for row in rows if not problems[row]]
            for row in rows:
                if problems[row]:
                    unit.leave_out(launched.batch[row].read, problems[row])
            if sound:
                image_ids = [launched.batch[row].read.image.image_id for row in sound]
                totals = self._totals.get(unit) or self._begin_totals(unit)
                totals.add(image_ids, activation[sound], position[sound], kept[sound])
                unit.rows.append(rows_of_images.select(image_ids, sound))
            unit.n_waiting -= len(rows)

    def _begin_totals(self, unit: OpenUnit) -> ActivationTotals:
        sizes = [layer.n_channels for layer in self._inputs.layers]
        return self._totals.setdefault(unit, ActivationTotals(sizes, self._config.n_examples))

    def _describe(self, checks: Sequence[bool]) -> str:
        n_influences = len(self._influences)
        of_values, of_influences = checks[: len(checks) - n_influences], checks[len(checks) - n_influences :]
        return self._finite.describe(of_values) or describe_influences(self._targets, of_influences)

    def _take_sums(self, units: Sequence[OpenUnit]) -> list[Sums]:
        slots = {unit: self._slots.pop(unit) for unit in units if unit in self._slots}
        collected = self._table.collect(list(slots.values()), self._settled) if slots else []
        pairs = dict(zip(slots, collected, strict=True))
        found = []
        for unit in units:
            layers, links = build_empty_sums(self._inputs, self._config)
            if unit in self._totals:
                layers = self._totals.pop(unit).build()
            if unit in pairs:
                counted = iter(pairs[unit])
                links = [[next(counted) for _ in one] for one in links]
            found.append((layers, links))
        return found
