"""``/v1/placements`` and ``/v1/rules``: what a merchandiser changes without a deployment."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from endcap.app import RULE_KIND
from endcap.core.placement import Placement
from endcap.errors import BadInput, TooLarge, UnknownName
from endcap.ingest.checked import decode
from endcap.serving.placements import DOCUMENT_KIND, built_rule, effective, ready
from endcap.web.limits import MAX_DOCUMENT_BYTES, MAX_DOCUMENTS
from endcap.web.messages import Placements, Rules
from endcap.web.operations import ADMIN, SERVER, Call, Operation
from endcap.web.replies import Reply, encoded, reply
from endcap.web.site import RunningShop

_placement = msgspec.json.Decoder(Placement)
_placements = msgspec.json.Decoder(Placements)
_rules = msgspec.json.Decoder(Rules)
_RULE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

T = TypeVar("T")


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


async def get_rules(call: Call) -> Reply:
    """The rules that act on every placement."""
    shop = await call.shop()
    documents = shop.service.stores.documents.all(RULE_KIND)
    return reply(Rules(tuple({"name": name, **msgspec.json.decode(body)} for name, body in sorted(documents.items()))))


async def put_rules(call: Call) -> Reply:
    """Make these the rules that act on every placement; those left out end."""
    shop = await call.shop()
    wanted = _named(decode(_rules, await call.body(MAX_DOCUMENT_BYTES)))
    documents = shop.service.stores.documents

    def store() -> None:
        present = documents.all(RULE_KIND)
        for name, config in wanted.items():
            body = encoded(config)
            if present.get(name) != body:
                documents.put(RULE_KIND, name, body)
        for name in present.keys() - wanted.keys():
            documents.delete(RULE_KIND, name)
        shop.service.refresh()

    await asyncio.to_thread(store)
    return await get_rules(call)


def _known(shop: RunningShop) -> dict[str, Placement]:
    return effective(shop.service.stores.documents.all(DOCUMENT_KIND))


async def _put(shop: RunningShop, placements: tuple[Placement, ...]) -> None:
    for placement in placements:
        _buildable(ready, placement)
    _check_count(len(_known(shop).keys() | {placement.name for placement in placements}), "placements")

    def store() -> None:
        for placement in placements:
            shop.service.stores.documents.put(DOCUMENT_KIND, placement.name, encoded(placement))
        shop.service.refresh()

    await asyncio.to_thread(store)


def _named(rules: Rules) -> dict[str, Mapping[str, Any]]:
    """The rules by name, without it, each known to be one that can be built."""
    _check_count(len(rules.rules), "rules")
    named: dict[str, Mapping[str, Any]] = {}
    for index, rule in enumerate(rules.rules):
        config = dict(rule)
        name = config.pop("name", None)
        if not isinstance(name, str) or not _RULE_NAME.fullmatch(name) or name in named:
            raise BadInput(
                f"the name of rule {index} is {name!r}", field=f"rules[{index}].name", value=name,
                remedy="give each a name of its own: a-z, 0-9 and _, a letter first, up to 64 characters",
            )  # fmt: skip
        _buildable(built_rule, config)
        named[name] = config
    return named


def _buildable(build: Callable[[T], object], thing: T) -> None:
    """Build something to see that it can be; an unknown name inside a body is bad input there, not a path that is not found."""
    try:
        build(thing)
    except UnknownName as error:
        raise BadInput(error.message, field=error.field, value=error.value, remedy=error.remedy) from error


def _check_count(count: int, what: str) -> None:
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
    Operation(
        method="GET", path="/v1/rules", name="getRules", handler=get_rules, keys=SERVER,
        summary="Read the rules that act on every placement.", response=Rules,
    ),
    Operation(
        method="PUT", path="/v1/rules", name="putRules", handler=put_rules, keys=ADMIN,
        summary="Make these the rules that act on every placement; those left out end.",
        request=Rules, response=Rules, failures=(400, 413, 422, 503),
    ),
)  # fmt: skip
