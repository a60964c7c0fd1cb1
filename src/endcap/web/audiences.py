"""``/v1/segments``, ``/v1/audiences`` and ``/v1/customers``: who a shop's customers are, and for whom rules may be."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from endcap.audience.audiences import AUDIENCE_KIND, Audience, named_audience
from endcap.audience.labels import LABELS
from endcap.audience.person import CustomerView, customer_view
from endcap.audience.report import CustomersReport, customers_report
from endcap.core.catalog import Item
from endcap.errors import BadInput, UnknownName
from endcap.ingest.checked import decode
from endcap.serving.segments import SEGMENTS
from endcap.stores.ports import NO_HISTORY
from endcap.web.documents import named_tables, put_all
from endcap.web.limits import MAX_DOCUMENT_BYTES
from endcap.web.operations import ADMIN, Call, Operation
from endcap.web.placements import check_count
from endcap.web.replies import Reply, reply


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A label that a rule or an experiment may name as its audience, what it is called, and when a shopper has it. Labels in
    capitals stand for many."""

    label: str
    title: str
    meaning: str


class Segments(msgspec.Struct, frozen=True):
    """All labels there are, those of the newest fit and of the shop's audiences among them."""

    segments: tuple[Segment, ...]


class Audiences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All audiences of the shop: each a table with a ``name`` of its own, a ``title``, and conditions in ``all``, ``any`` and
    ``none``, as in ``{"name": "slipping", "title": "Slipping away", "all": [{"is": "figure", "figure": "churn", "at_least":
    0.5}]}``."""

    audiences: tuple[dict[str, Any], ...]


_audiences = msgspec.json.Decoder(Audiences)


async def get_segments(call: Call) -> Reply:
    """Whom rules may be for."""
    shop = await call.shop()
    report = await asyncio.to_thread(customers_report, shop.service.stores, call.site.clock.now_ms())
    found = [
        *(Segment(label=label, title=label, meaning=meaning) for label, meaning in SEGMENTS.items()),
        *(Segment(label=f"value:{one.name}", title=one.title, meaning=LABELS["value:high"]) for one in report.tiers),
        *(Segment(label=f"segment:{one.name}", title=one.title, meaning=one.text) for one in report.segments),
        *(Segment(label=one.label, title=one.title, meaning=one.description) for one in report.audiences),
    ]
    return reply(Segments(tuple(found)))


async def get_audiences(call: Call) -> Reply:
    """The saved conditions."""
    shop = await call.shop()
    return reply(Audiences(named_tables(shop.service.stores.documents, AUDIENCE_KIND)))


async def put_audiences(call: Call) -> Reply:
    """Make these the audiences; those left out end."""
    shop = await call.shop()
    wanted = _named(decode(_audiences, await call.body(MAX_DOCUMENT_BYTES)))

    def store() -> None:
        put_all(shop.service.stores.documents, AUDIENCE_KIND, wanted)
        shop.service.refresh()

    await asyncio.to_thread(store)
    return await get_audiences(call)


async def get_report(call: Call) -> Reply:
    """The customers as a whole."""
    shop = await call.shop()
    return reply(await asyncio.to_thread(customers_report, shop.service.stores, call.site.clock.now_ms()))


async def get_customer(call: Call) -> Reply:
    """One customer, as of this moment."""
    shop = await call.shop()
    service, user_id = shop.service, call.path_value("user_id")
    kept = service.stores.customers.load((user_id,)).get(user_id)
    past = service.live.history(user_id, None)
    if kept is None and past is NO_HISTORY:
        raise UnknownName(f"nobody is known as {user_id!r}", field="user_id", value=user_id, remedy="check the id")
    items = service.state.items

    def product(item_id: str) -> Item | None:
        row = items.row(item_id)
        return items.items[row] if row >= 0 else None

    return reply(customer_view(service.stores, user_id, kept, past, product, call.site.clock.now_ms()))


def _named(sent: Audiences) -> dict[str, Audience]:
    check_count(len(sent.audiences), "audiences")
    named: dict[str, Audience] = {}
    for index, config in enumerate(sent.audiences):
        field = f"audiences[{index}].name"
        name, audience = named_audience(config, field)
        if name in named:
            raise BadInput(f"two audiences are named {name!r}", field=field, value=name, remedy="give each a name of its own")
        named[name] = audience
    return named


OPERATIONS = (
    Operation(
        method="GET", path="/v1/segments", name="getSegments", handler=get_segments, keys=ADMIN,
        summary="Read whom rules and experiments may be for: segments by behaviour, learned ones, value tiers, audiences.",
        response=Segments,
    ),
    Operation(
        method="GET", path="/v1/audiences", name="getAudiences", handler=get_audiences, keys=ADMIN,
        summary="Read the saved conditions by which shoppers are in an audience.", response=Audiences,
    ),
    Operation(
        method="PUT", path="/v1/audiences", name="putAudiences", handler=put_audiences, keys=ADMIN,
        summary="Make these the audiences; those left out end. The next answer follows them.",
        request=Audiences, response=Audiences, failures=(400, 413, 422, 503),
    ),
    Operation(
        method="GET", path="/v1/customers", name="getCustomers", handler=get_report, keys=ADMIN,
        summary="Read what the newest fit says of all customers: value tiers, segments, chances, and how far they came true.",
        response=CustomersReport,
    ),
    Operation(
        method="GET", path="/v1/customers/{user_id}", name="getCustomer", handler=get_customer, keys=ADMIN,
        summary="Read how one customer stands now: value, churn, next order, segment, audiences.", response=CustomerView,
        failures=(404,),
    ),
)  # fmt: skip
