"""The training job: read the log, choose options, fit everything, publish a bundle."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from endcap.algorithms.base import Algorithm, FitContext
from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Made, Manifest, write_bundle
from endcap.core.interactions import Dataset
from endcap.core.time import Clock, SystemClock
from endcap.dataset.read import read_dataset
from endcap.errors import NotEnoughData
from endcap.stores.ports import ShopStores
from endcap.training.readiness import Planned, Readiness, planned, readiness
from endcap.training.tuning import Quality, Validation

Progress = Callable[[str, float], None]
"""Told what is being done and which share of everything is done, 0 to 1."""


class FitReport(msgspec.Struct, frozen=True, kw_only=True):
    """One artifact: the options chosen, what it cost, what it holds, how it did on held-out time.

    ``tuned`` names the options that held-out time chose; it is empty, and ``quality`` missing, where the data were too few to
    hold some out. ``entries`` counts the neighbours of an item-neighbours artifact, the scored items of an item-scores artifact.
    """

    name: str
    algorithm: str
    label: str
    options: dict[str, object]
    tuned: tuple[str, ...]
    seconds: float
    entries: int
    warming_up: bool
    quality: Quality | None


class TrainingReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a training made. ``left_out`` names what there were no data for, with what it waits for."""

    items: int
    interactions: int
    baskets: int
    sessions: int
    data_until_ms: int
    position: int
    seconds: float
    fitted: tuple[FitReport, ...]
    left_out: tuple[Readiness, ...]
    version: str | None = None


def train(
    stores: ShopStores, *, as_of_ms: int | None = None, seed: int = 0, progress: Progress = lambda _what, _share: None,
    clock: Clock | None = None,
) -> TrainingReport:  # fmt: skip
    """Fit everything that a shop's data allow and publish it; what served before serves until the new bundle is whole.

    The same log, catalogue, ``as_of_ms`` and ``seed`` give the same version. Raises NotEnoughData where nothing can be fitted.
    """
    started = time.perf_counter()
    progress("reading the log", 0.0)
    data = read_dataset(stores, as_of_ms=as_of_ms)
    made, report = fit_all(data, seed, progress=progress)
    if not made:
        raise NotEnoughData(
            f"shop {stores.shop} has no events or products to learn from", field="shop", value=stores.shop,
            remedy="import orders, products or events first",
        )  # fmt: skip
    created_at_ms = (clock or SystemClock()).now_ms()
    notes = {one.name: msgspec.to_builtins(one.quality) for one in report.fitted if one.quality}

    def write(folder: Path) -> Manifest:
        return write_bundle(
            folder, data.item_ids, made, created_at_ms=created_at_ms, data_until_ms=data.now_ms, position=data.position,
            seed=seed, notes={"validation": notes},
        )  # fmt: skip

    progress("publishing", 0.99)
    manifest = stores.bundles.publish(write)
    progress("done", 1.0)
    return msgspec.structs.replace(report, version=manifest.version, seconds=time.perf_counter() - started)


def fit_all(
    data: Dataset, seed: int = 0, *, tune: bool = True, progress: Progress = lambda _what, _share: None
) -> tuple[dict[str, Made], TrainingReport]:
    """Fit every variant of every registered algorithm that ``data`` allow; reads and writes nothing.

    Options are tuned on the newest part of ``data`` alone; the artifacts are then fitted on all of it. An algorithm whose
    requirement is not met is fitted all the same and reported as warming up; one that finds nothing is left out.
    """
    started = time.perf_counter()
    validation = Validation(data, seed) if tune else None
    ready = {one.name: one for one in readiness(data)}
    plans = list(planned())
    made: dict[str, Made] = {}
    reports: list[FitReport] = []
    left_out: list[Readiness] = []
    for number, plan in enumerate(plans):
        progress(plan.label, (number + 1) / (len(plans) + 2))
        artifact, report = _fit(plan, data, validation, seed, warming_up=not ready[plan.name].ready)
        if report.entries == 0:
            left_out.append(ready[plan.name])
            continue
        made[plan.name] = Made(artifact, plan.algorithm_name, report.options)
        reports.append(report)
    return made, TrainingReport(
        items=data.n_items, interactions=len(data.interactions.items), baskets=len(data.baskets), sessions=len(data.sessions),
        data_until_ms=data.now_ms, position=data.position, seconds=time.perf_counter() - started, fitted=tuple(reports),
        left_out=tuple(left_out),
    )  # fmt: skip


def _fit(
    plan: Planned, data: Dataset, validation: Validation | None, seed: int, *, warming_up: bool
) -> tuple[Artifact, FitReport]:
    started = time.perf_counter()
    algorithm, quality = _tuned(plan, validation)
    artifact = algorithm.fit(data, FitContext(rng=np.random.default_rng(seed), now_ms=data.now_ms))
    return artifact, FitReport(
        name=plan.name, algorithm=plan.algorithm_name, label=plan.label, options=algorithm.options(),
        tuned=tuple(plan.tunable) if quality else (), seconds=time.perf_counter() - started, entries=artifact.n_entries,
        warming_up=warming_up, quality=quality,
    )  # fmt: skip


def _tuned(plan: Planned, validation: Validation | None) -> tuple[Algorithm, Quality | None]:
    """The options that did best on held-out time, as they are where there is too little to hold out."""
    task = validation.task_for(plan.variant.tasks or plan.algorithm.tasks) if validation else None
    if validation is None or task is None:
        return plan.algorithm, None
    best = validation.best(plan.algorithm, task, plan.tunable)
    return best.algorithm, best.quality
