"""What was trained: how good each bundle was, which one serves, and going back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from endcap.artifacts.bundle import Manifest
from endcap.replay.report import Estimate
from endcap.web.console.charts import LineChart, Point, Series, line_chart
from endcap.web.console.frame import Address, Page, Redirect, Visit
from endcap.web.console.words import NARROW, NOTHING, ago, day, minute, number, percent, spoken, trimmed

TASKS = {
    "basket": "the rest of an order", "session": "the next click of a visit", "purchase": "what somebody buys next",
    "next_basket": "a person's next order",
}  # fmt: skip


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """What a training noted about its own publishing, as far as this page shows it."""

    published: bool = True
    forced: bool = False
    against: str = "nothing"
    gain: Estimate | None = None
    tasks: dict[str, Estimate] = {}
    why: str = ""


@dataclass(frozen=True, slots=True)
class ArtifactRow:
    """One artifact of a bundle."""

    name: str
    algorithm: str
    shape: str
    options: str
    quality: str


@dataclass(frozen=True, slots=True)
class BundleRow:
    """A bundle in the list."""

    version: str
    made: str
    age: str
    data_until: str
    gain: str
    tone: str
    why: str
    best: str
    serves: bool
    artifacts: list[ArtifactRow]


def models(visit: Visit) -> Page:
    """The page."""
    service = visit.shop.service
    manifests = service.stores.bundles.list()
    active = service.stores.bundles.active()
    rows = [bundle_row(one, active, visit.now_ms) for one in manifests]
    bundle = service.state.bundle
    behind = max(0, service.live.applied_seq - bundle.manifest.position) if bundle else 0
    return Page(
        "models.html",
        {
            "section": "models", "bundles": rows, "serving": next((one for one in rows if one.serves), None), "behind": behind,
            "charts": quality_charts(manifests), "answering": service.state.version,
        },
    )  # fmt: skip


def bundle_row(manifest: Manifest, active: str | None, now_ms: int) -> BundleRow:
    """A bundle as the list shows it."""
    gate, measured = _gate(manifest), _measured(manifest)
    best = max(measured.items(), key=lambda one: one[1]["hit_rate_10"], default=None)
    gain = gate.gain
    return BundleRow(
        version=manifest.version, made=minute(manifest.created_at_ms), age=ago(now_ms - manifest.created_at_ms),
        data_until=minute(manifest.data_until_ms - 1) if manifest.data_until_ms else NOTHING,
        gain=f"{gain.value:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})" if gain else NOTHING,
        tone="good" if gain and gain.low > 0 else "bad" if gain and gain.high < 0 else "", why=gate.why,
        best=f"{percent(best[1]['hit_rate_10'])}" if best else NOTHING, serves=manifest.version == active,
        artifacts=[
            ArtifactRow(
                name=spoken(one.name), algorithm=spoken(one.algorithm), shape=spoken(one.shape), options=_options(one.options),
                quality=_quality(measured.get(one.name)),
            )
            for one in manifest.artifacts
        ],
    )  # fmt: skip


def quality_charts(manifests: list[Manifest]) -> list[LineChart]:
    """For each task, how the best artifact of each bundle did alone on the newest time, oldest first; one alone makes no line."""
    ordered = manifests[::-1]
    if len(ordered) < 2:
        return []
    labels = [f"{day(one.created_at_ms, year=False)} {minute(one.created_at_ms)[-5:]}" for one in ordered]
    charts = []
    for task, words in TASKS.items():
        points = [_best(one, task) for one in ordered]
        if any(point.value is not None for point in points):
            series = [Series("Best single source", points)]
            charts.append(line_chart(f"quality-{task}", f"Foretelling {words}", labels, series, _tick))
    return charts


def _tick(share: float) -> str:
    return f"{trimmed(100 * share)}{NARROW}%"


def _best(manifest: Manifest, task: str) -> Point:
    found = [one["hit_rate_10"] for one in _measured(manifest).values() if one.get("task") == task]
    return Point(max(found), text=percent(max(found))) if found else Point()


def activate(visit: Visit) -> Redirect:
    """Make a bundle serve. Raises CorruptBundle or UnknownName."""
    visit.shop.service.stores.bundles.activate(visit.form.get("version", ""))
    visit.shop.service.refresh()
    return Redirect(visit.link("/console/models", done="activated"))


def roll_back(visit: Visit) -> Redirect:
    """Go back to the bundle that served before. Raises NoBundle where there is none."""
    visit.shop.service.stores.bundles.roll_back()
    visit.shop.service.refresh()
    return Redirect(visit.link("/console/models", done="rolled_back"))


def _gate(manifest: Manifest) -> Gate:
    try:
        return msgspec.convert(manifest.notes.get("gate", {}), Gate)
    except msgspec.ValidationError:
        return Gate()


def _measured(manifest: Manifest) -> dict[str, dict[str, Any]]:
    """How each artifact did alone, of those that were judged."""
    noted = manifest.notes.get("validation", {})
    if not isinstance(noted, dict):
        return {}
    return {name: one for name, one in noted.items() if isinstance(one, dict) and isinstance(one.get("hit_rate_10"), float)}


def _quality(measured: dict[str, Any] | None) -> str:
    if measured is None:
        return NOTHING
    task = TASKS.get(str(measured.get("task")), spoken(str(measured.get("task", ""))))
    return f"{percent(measured['hit_rate_10'])} ({task}, {number(int(measured.get('questions', 0)))} questions)"


def _options(options: dict[str, object]) -> str:
    """Options in words, those that are not set left out."""
    words = []
    for name, value in options.items():
        if isinstance(value, dict):
            words.append(f"{name} ({_options(value)})")
        elif value is not None:
            words.append(f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join(words).replace("_", " ")


ADDRESSES = (
    Address("/console/models", models),
    Address("/console/models/activate", activate, method="POST"),
    Address("/console/models/roll-back", roll_back, method="POST"),
)
