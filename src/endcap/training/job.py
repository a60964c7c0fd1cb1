"""The training job: read the log, choose, gate, fit everything, publish a bundle."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from endcap.artifacts.bundle import Made, Manifest, write_bundle
from endcap.core.catalog import Item
from endcap.core.choice import Choice
from endcap.core.interactions import Dataset
from endcap.core.money import to_minor
from endcap.core.promise import PROMISE
from endcap.core.time import Clock, SystemClock
from endcap.dataset.read import read_dataset
from endcap.errors import NotEnoughData
from endcap.stores.ports import ShopStores
from endcap.training.effort import Deadline, Effort
from endcap.training.goals import Goal
from endcap.training.incumbent import Incumbent, what_serves
from endcap.training.report import TrainingReport
from endcap.training.run import Progress, Run

__all__ = ["Progress", "Trained", "fit_all", "train"]


class Trained(NamedTuple):
    """What a training made: artifacts by name, how each task is answered, and the report, which says whether to publish them."""

    made: dict[str, Made]
    choices: tuple[Choice, ...]
    report: TrainingReport


def train(
    stores: ShopStores, *, as_of_ms: int | None = None, seed: int = 0, goal: Goal = "conversion", budget_s: float | None = None,
    force: bool = False, progress: Progress = lambda _what, _share: None, clock: Clock | None = None, also: Collection[str] = (),
    light: bool = False,
) -> TrainingReport:  # fmt: skip
    """Choose and fit everything that a shop's data allow, and publish it where it is at least as good as what serves.

    What served before serves until the new bundle is whole, and on where the gate refuses it; with ``force`` it never refuses.
    ``also`` names algorithms to try that are made on demand only; ``light`` is for those who wait, and searches no options.
    The same log, catalogue, ``as_of_ms``, ``seed``, ``goal`` and serving bundle give the same version, unless ``budget_s`` cuts
    the search. Raises NotEnoughData where nothing can be fitted.
    """
    started = time.perf_counter()
    progress("reading the log", 0.0)
    data = read_dataset(stores, as_of_ms=as_of_ms)
    costs = costs_minor(data.item_ids, stores.catalog.all()) if goal == "margin" else None
    made, choices, report = fit_all(
        data, seed, goal=goal, budget_s=budget_s, incumbent=what_serves(stores.bundles), cost_minor=costs, force=force,
        progress=progress, also=also, light=light,
    )  # fmt: skip
    if not made and report.gate.published:
        raise NotEnoughData(
            f"shop {stores.shop} has no events or products to learn from", field="shop", value=stores.shop,
            remedy="import orders, products or events first",
        )  # fmt: skip
    version = None
    if report.gate.published:
        progress("publishing", 0.99)
        version = _publish(stores, data, made, choices, report, seed, (clock or SystemClock()).now_ms())
    progress("done", 1.0)
    return msgspec.structs.replace(report, version=version, seconds=time.perf_counter() - started)


def fit_all(
    data: Dataset, seed: int = 0, *, tune: bool = True, goal: Goal = "conversion", budget_s: float | None = None,
    incumbent: Incumbent | None = None, cost_minor: NDArray[np.int64] | None = None, force: bool = False,
    progress: Progress = lambda _what, _share: None, also: Collection[str] = (), light: bool = False,
) -> Trained:  # fmt: skip
    """Choose and fit everything that ``data`` allow; reads and writes nothing.

    Options, ways of asking, blends and rankers are chosen on the newest part of ``data`` and judged on a still newer one; the
    artifacts are then fitted on all of it. Where the gate refuses the result against the ``incumbent``, nothing is made.
    """
    n_acts = len(data.interactions.items)
    effort = Effort.light(n_acts) if light else Effort.of(n_acts, budget_s)
    run = Run(data, seed, goal, effort, Deadline(budget_s), incumbent, cost_minor, force, progress, also)
    # Two artifacts are fitted at a time, each on one thread: threads that share one small product wait for each other.
    with threadpool_limits(limits=1, user_api="blas"):
        made, choices, report = run.do(tune=tune)
    return Trained(made, choices, report)


def costs_minor(item_ids: Sequence[str], products: Sequence[Item]) -> NDArray[np.int64]:
    """What each item costs the shop in the minor unit, int64 (n_items,), -1 where that is unknown."""
    known = {
        one.item_id: to_minor(one.cost, one.currency) for one in products if one.cost is not None and one.currency is not None
    }
    return np.array([known.get(item_id, -1) for item_id in item_ids], dtype=np.int64)


def _publish(
    stores: ShopStores, data: Dataset, made: dict[str, Made], choices: tuple[Choice, ...], report: TrainingReport, seed: int,
    created_at_ms: int,
) -> str:  # fmt: skip
    notes: dict[str, object] = {
        "goal": report.goal,
        "acts": report.interactions,
        "validation": {one.name: msgspec.to_builtins(one.quality) for one in report.fitted if one.quality},
        "gate": msgspec.to_builtins(report.gate),
        PROMISE: {one.task: msgspec.to_builtins(one.promise) for one in report.tasks if one.promise},
    }

    def write(folder: Path) -> Manifest:
        return write_bundle(
            folder, data.item_ids, made, created_at_ms=created_at_ms, data_until_ms=data.now_ms, position=data.position,
            seed=seed, choices=choices, notes=notes,
        )  # fmt: skip

    return stores.bundles.publish(write).version
