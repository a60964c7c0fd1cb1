"""Experiments for tests of what their units did."""

from __future__ import annotations

import msgspec

from endcap.core.experiment import EXPERIMENT_KIND, Arm, Experiment
from endcap.stores.ports import ShopStores


def put_experiment(shop: ShopStores, name: str, *, unit: str, stopped_ms: int | None = None) -> None:
    """An experiment with the arms a and b that runs, or was stopped."""
    experiment = Experiment(name=name, unit=unit, arms=(Arm(name="a"), Arm(name="b")), stopped_ms=stopped_ms)  # type: ignore[arg-type]
    shop.documents.put(EXPERIMENT_KIND, name, msgspec.json.encode(experiment))


def experiment_of(shop: ShopStores, name: str) -> Experiment:
    """The experiment as it is."""
    return msgspec.json.decode(shop.documents.all(EXPERIMENT_KIND)[name], type=Experiment)
