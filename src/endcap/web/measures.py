"""``/v1/metrics``, ``/v1/reports``, ``/v1/costs`` and ``/v1/settings``: what was measured, and what the shop tells about it."""

from __future__ import annotations

import asyncio

import msgspec

from endcap.errors import BadInput
from endcap.ingest.checked import decode
from endcap.measurement.asking import FIELDS, query_of
from endcap.measurement.calendar import zone_of
from endcap.measurement.catalogue import ASSUMPTIONS, GOALS, GROUPS, Metric
from endcap.measurement.costs import KIND as COST_KIND
from endcap.measurement.costs import Cost, costs_of, put_cost
from endcap.measurement.export import csv_of
from endcap.measurement.formulas import written
from endcap.measurement.questions import Report, ReportQuery
from endcap.measurement.settings import Settings, put_settings, settings_of
from endcap.web.limits import MAX_DOCUMENT_BYTES
from endcap.web.operations import ADMIN, SERVER, Call, Operation
from endcap.web.placements import check_count
from endcap.web.replies import Reply, reply

_CSV = b"text/csv; charset=utf-8"
FORMATS = ("json", "csv")


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """A metric, its formula as a person reads it, and what its interval takes for granted."""

    metric: Metric
    formula: str
    assumption: str


class MetricGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics under one heading."""

    title: str
    metrics: tuple[Described, ...]


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Every metric; ``first`` are the names of those that tell the shop's goal."""

    goal: str
    first: tuple[str, ...]
    groups: tuple[MetricGroup, ...]


class Costs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All costs that the shop tells, each with a name of its own."""

    costs: tuple[Cost, ...]


_query = msgspec.json.Decoder(ReportQuery)
_costs = msgspec.json.Decoder(Costs)
_settings = msgspec.json.Decoder(Settings)


async def get_metrics(call: Call) -> Reply:
    """The catalogue, and which metrics stand first for the shop's goal."""
    shop = await call.shop()
    goal = settings_of(shop.service.stores.documents).goal
    groups = tuple(
        MetricGroup(
            title=title,
            metrics=tuple(
                Described(metric=one, formula=written(one.formula), assumption=ASSUMPTIONS[one.interval]) for one in metrics
            ),
        )
        for title, metrics in GROUPS.items()
    )
    return reply(Catalogue(goal=goal, first=GOALS[goal], groups=groups))


async def get_report(call: Call) -> Reply:
    """A report that the address asks for."""
    shop = await call.shop()
    asked = call.parameters()
    form = asked.pop("format", None)
    zone = zone_of(settings_of(shop.service.stores.documents).time_zone)
    return await _report(call, query_of(asked, call.site.clock.now_ms(), zone), form)


async def post_report(call: Call) -> Reply:
    """A report that the body asks for."""
    return await _report(call, decode(_query, await call.body(MAX_DOCUMENT_BYTES)), call.parameters().get("format"))


async def _report(call: Call, query: ReportQuery, form: str | None) -> Reply:
    shop = await call.shop()
    if form not in (None, *FORMATS):
        raise BadInput(f"format is {form!r}", field="format", value=form, remedy=f"use {' or '.join(FORMATS)}")
    report = await asyncio.to_thread(shop.service.report, query)
    if form == "csv" or (form is None and "text/csv" in call.header(b"accept")):
        name = b'attachment; filename="endcap-report.csv"'
        return Reply(200, csv_of(report).encode(), content_type=_CSV, headers=[(b"content-disposition", name)])
    return reply(report)


async def get_costs(call: Call) -> Reply:
    """The costs that the shop told."""
    shop = await call.shop()
    return reply(Costs(costs_of(shop.service.stores.documents)))


async def put_costs(call: Call) -> Reply:
    """Make these the costs of the shop; those left out are forgotten."""
    shop = await call.shop()
    wanted = _named(decode(_costs, await call.body(MAX_DOCUMENT_BYTES)))
    documents = shop.service.stores.documents

    def store() -> None:
        present = {cost.name: cost for cost in costs_of(documents)}
        for name, cost in wanted.items():
            if present.get(name) != cost:
                put_cost(documents, cost)
        for name in present.keys() - wanted.keys():
            documents.delete(COST_KIND, name)

    await asyncio.to_thread(store)
    return await get_costs(call)


async def get_settings(call: Call) -> Reply:
    """What the shop says of itself for its figures."""
    shop = await call.shop()
    return reply(settings_of(shop.service.stores.documents))


async def put_own_settings(call: Call) -> Reply:
    """Make this what the shop says of itself."""
    shop = await call.shop()
    settings = decode(_settings, await call.body(MAX_DOCUMENT_BYTES))
    await asyncio.to_thread(put_settings, shop.service.stores.documents, settings)
    return await get_settings(call)


def _named(costs: Costs) -> dict[str, Cost]:
    check_count(len(costs.costs), "costs")
    named: dict[str, Cost] = {}
    for index, cost in enumerate(costs.costs):
        if cost.name in named:
            field = f"costs[{index}].name"
            raise BadInput(f"two costs are named {cost.name!r}", field=field, value=cost.name, remedy="give each its own name")
        named[cost.name] = cost
    return named


_FORMAT = {"format": "json or csv; CSV is also given where `Accept` asks for text/csv."}

OPERATIONS = (
    Operation(
        method="GET", path="/v1/metrics", name="getMetrics", handler=get_metrics, keys=SERVER, response=Catalogue,
        summary="Read the catalogue: every metric with its meaning, formula, unit, benchmark, and how its interval is made.",
    ),
    Operation(
        method="GET", path="/v1/reports", name="getReport", handler=get_report, keys=SERVER, response=Report,
        summary="Read figures: by placement, shelf, source, arm, device or segment, by hour, day, week or month.",
        parameters={**FIELDS, **_FORMAT}, failures=(404, 422, 503),
    ),
    Operation(
        method="POST", path="/v1/reports", name="postReport", handler=post_report, keys=SERVER, request=ReportQuery,
        response=Report,
        summary="The same, asked for with a body.", parameters=_FORMAT, failures=(400, 404, 413, 422, 503),
    ),
    Operation(
        method="GET", path="/v1/costs", name="getCosts", handler=get_costs, keys=ADMIN, response=Costs,
        summary="Read what the shop told of its costs.",
    ),
    Operation(
        method="PUT", path="/v1/costs", name="putCosts", handler=put_costs, keys=ADMIN, request=Costs, response=Costs,
        summary="Make these the shop's costs, from which ROI, ROAS and costs per order and customer come; others are forgotten.",
        failures=(400, 413, 422, 503),
    ),
    Operation(
        method="GET", path="/v1/settings", name="getSettings", handler=get_settings, keys=SERVER, response=Settings,
        summary="Read the shop's time zone, currency and goal.",
    ),
    Operation(
        method="PUT", path="/v1/settings", name="putSettings", handler=put_own_settings, keys=ADMIN, request=Settings,
        response=Settings, summary="Set the shop's time zone, currency and goal.", failures=(400, 413, 422, 503),
    ),
)  # fmt: skip
