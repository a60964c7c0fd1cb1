"""``/v1/items``: what the shop sells."""

from __future__ import annotations

import asyncio

from endcap.core.catalog import Item
from endcap.errors import UnknownName
from endcap.ingest.parse import parse_items
from endcap.web.limits import MAX_ITEMS_BYTES
from endcap.web.messages import Deleted, ItemsAnswer
from endcap.web.operations import SERVER, Call, Operation
from endcap.web.replies import Reply, reply
from endcap.web.schemas import ItemBatch


async def post_items(call: Call) -> Reply:
    """Add or replace products; 200 when the sound ones are on disk and in the next answer, 422 where none was sound."""
    shop = await call.shop()
    parsed = parse_items(await call.body(MAX_ITEMS_BYTES))
    changed = 0
    if parsed.sound:
        changed = await asyncio.to_thread(shop.service.stores.catalog.put, parsed.sound)
        await asyncio.to_thread(shop.service.refresh)
    answer = ItemsAnswer(accepted=len(parsed.sound), changed=changed, rejected=parsed.rejected)
    return reply(answer, 422 if parsed.rejected and not parsed.sound else 200)


async def get_item(call: Call) -> Reply:
    """One product."""
    shop = await call.shop()
    item_id = call.path_value("item_id")
    item = shop.service.stores.catalog.get(item_id)
    if item is None:
        raise _unknown(item_id)
    return reply(item)


async def delete_item(call: Call) -> Reply:
    """Take a product out of the catalogue and of all answers."""
    shop = await call.shop()
    item_id = call.path_value("item_id")
    if not await asyncio.to_thread(shop.service.stores.catalog.delete, item_id):
        raise _unknown(item_id)
    await asyncio.to_thread(shop.service.refresh)
    return reply(Deleted(item_id))


def _unknown(item_id: str) -> UnknownName:
    return UnknownName(
        "the catalogue has no such item", field="item_id", value=item_id, remedy="send it with POST /v1/items, or check the id"
    )


OPERATIONS = (
    Operation(
        method="POST", path="/v1/items", name="postItems", handler=post_items, keys=SERVER,
        summary="Add or replace products: an object, an array, or an object with items; up to 1,000.",
        request=ItemBatch, response=ItemsAnswer, failures=(400, 413, 422, 503),
    ),
    Operation(
        method="GET", path="/v1/items/{item_id}", name="getItem", handler=get_item, keys=SERVER,
        summary="Read a product.", response=Item, failures=(404,),
    ),
    Operation(
        method="DELETE", path="/v1/items/{item_id}", name="deleteItem", handler=delete_item, keys=SERVER,
        summary="Take a product out.", response=Deleted, failures=(404, 503),
    ),
)  # fmt: skip
