"""Everything that is watched, one kind a file."""

from __future__ import annotations

from endcap.measurement.watch.check import Check
from endcap.measurement.watch.checks import coverage, machine, promise, quality, quiet, shares, shift, trials

CHECKS: tuple[Check, ...] = (
    quiet.CHECK, *shares.CHECKS, *machine.CHECKS, trials.CHECK, quality.CHECK, promise.CHECK, coverage.CHECK, shift.CHECK,
)  # fmt: skip
