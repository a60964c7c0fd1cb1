"""``/v1/placements``: what a merchandiser shows where, without a deployment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from endcap.core.placement import Placement
from endcap.errors import BadInput, TooLarge, UnknownName
from endcap.ingest.checked import decode
from endcap.serving.placements import DOCUMENT_KIND, effective, ready
from endcap.web.limits import MAX_DOCUMENT_BYTES, MAX_DOCUMENTS
from endcap.web.messages import Placements
from endcap.web.operations import ADMIN, SERVER, Call, Operation
from endcap.web.replies import Reply, encoded, reply
from endcap.web.site import RunningShop

_placement = msgspec.json.Decoder(Placement)
_placements = msgspec.json.Decoder(Placements)

T = TypeVar("T")
Built = TypeVar("Built")


async def get_placements(call: Call) -> Reply:
    """All placements that hold: the shipped ones, replaced and joined by the shop's own."""
    known = _known(await call.shop())
    return reply(Placements(tuple(placement for _, placement in sorted(known.items()))))


async def put_placements(call: Call) -> Reply:
    """Put some placements, each checked before any is kept; the others stay."""
    shop = await call.shop()
    placements = decode(_placements, await call.body(MAX_DOCUMENT_BYTES)).placements
    await _put(shop, placements)
    return await get_placements(call)


async def get_placement(call: Call) -> Reply:
    """One placement."""
    name, known = call.path_value("name"), _known(await call.shop())
    if name not in known:
        raise UnknownName(
            f"no placement is named {name!r}", field="name", value=name, remedy=f"use one of {', '.join(sorted(known))}"
        )
    return reply(known[name])


async def put_placement(call: Call) -> Reply:
    """Put one placement; the next answer follows it."""
    shop, name = await call.shop(), call.path_value("name")
    placement = decode(_placement, await call.body(MAX_DOCUMENT_BYTES))
    if placement.name != name:
        raise BadInput(
            f"the body is the placement {placement.name}, the path says {name}", field="name", value=placement.name,
            remedy="make them equal",
        )  # fmt: skip
    await _put(shop, (placement,))
    return reply(placement)


def _known(shop: RunningShop) -> dict[str, Placement]:
    return effective(shop.service.stores.documents.all(DOCUMENT_KIND))


async def _put(shop: RunningShop, placements: tuple[Placement, ...]) -> None:
    for placement in placements:
        buildable(ready, placement)
    check_count(len(_known(shop).keys() | {placement.name for placement in placements}), "placements")

    def store() -> None:
        for placement in placements:
            shop.service.stores.documents.put(DOCUMENT_KIND, placement.name, encoded(placement))
        shop.service.refresh()

    await asyncio.to_thread(store)


def buildable(build: Callable[[T], Built], thing: T) -> Built:
    """What was built; an unknown name inside a body is bad input there, not a path that is not found."""
    try:
        return build(thing)
    except UnknownName as error:
        raise BadInput(error.message, field=error.field, value=error.value, remedy=error.remedy) from error


def check_count(count: int, what: str) -> None:
    """Raise TooLarge where a shop would have more documents of a kind than it may."""
    if count > MAX_DOCUMENTS:
        raise TooLarge(f"{count} {what}, above {MAX_DOCUMENTS}", field=what, value=count, remedy="keep fewer")


OPERATIONS = (
    Operation(
        method="GET", path="/v1/placements", name="getPlacements", handler=get_placements, keys=SERVER,
        summary="Read all placements.", response=Placements,
    ),
    Operation(
        method="PUT", path="/v1/placements", name="putPlacements", handler=put_placements, keys=ADMIN,
        summary="Put some placements, each checked before any is kept; the others stay. The next answer follows them.",
        request=Placements, response=Placements, failures=(400, 413, 422, 503),
    ),
    Operation(
        method="GET", path="/v1/placements/{name}", name="getPlacement", handler=get_placement, keys=SERVER,
        summary="Read a placement.", response=Placement, failures=(404,),
    ),
    Operation(
        method="PUT", path="/v1/placements/{name}", name="putPlacement", handler=put_placement, keys=ADMIN,
        summary="Put a placement. The next answer follows it.",
        request=Placement, response=Placement, failures=(400, 413, 422, 503),
    ),
)  # fmt: skip
