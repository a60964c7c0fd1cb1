"""``/v1/alarms`` and ``/v1/watch``: how a shop stands, as the watch found it, and whom it tells."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec

from endcap.ingest.checked import decode
from endcap.measurement.watch.notes import WatchReport, standing
from endcap.measurement.watch.settings import WatchSettings, watch_settings
from endcap.measurement.watch.telling import ShownSettings, put_watch, shown
from endcap.measurement.watch.trying import Tried, try_targets
from endcap.web.limits import MAX_DOCUMENT_BYTES
from endcap.web.operations import ADMIN, Call, Operation
from endcap.web.replies import Reply, reply

_settings = msgspec.json.Decoder(WatchSettings)


async def get_alarms(call: Call) -> Reply:
    """How every check stood at the last look, and the alarms."""
    shop = await call.shop()
    return reply(await asyncio.to_thread(standing, shop.service.stores, call.site.clock.now_ms()))


async def get_watch(call: Call) -> Reply:
    """What the shop says of its watch, without what is secret."""
    shop = await call.shop()
    return reply(shown(watch_settings(shop.service.stores.documents)))


async def put_own_watch(call: Call) -> Reply:
    """Make this what the shop says of its watch."""
    shop = await call.shop()
    wanted = decode(_settings, await call.body(MAX_DOCUMENT_BYTES))
    put = partial(put_watch, shop.service.stores.documents, wanted, private=call.site.private_targets)
    return reply(shown(await asyncio.to_thread(put)))


async def try_watch(call: Call) -> Reply:
    """Send a message to every target at once, and say what became of each."""
    shop = await call.shop()
    stores, now_ms = shop.service.stores, call.site.clock.now_ms()
    return reply(await asyncio.to_thread(partial(try_targets, stores, now_ms, private=call.site.private_targets)))


OPERATIONS = (
    Operation(
        method="GET", path="/v1/alarms", name="getAlarms", handler=get_alarms, keys=ADMIN, response=WatchReport,
        summary="Read how the shop stands: each check of data, models and machine, and the alarms, open ones and past.",
        failures=(503,),
    ),
    Operation(
        method="GET", path="/v1/watch", name="getWatch", handler=get_watch, keys=ADMIN, response=ShownSettings,
        summary="Read the limits of the watch, whom it tells, and which reports it sends; secrets are not shown.",
    ),
    Operation(
        method="PUT", path="/v1/watch", name="putWatch", handler=put_own_watch, keys=ADMIN, request=WatchSettings,
        response=ShownSettings, failures=(400, 413, 422, 503),
        summary="Set the limits of the watch, whom it tells and which reports it sends; a secret that is left out stays.",
    ),
    Operation(
        method="POST", path="/v1/watch/try", name="tryWatch", handler=try_watch, keys=ADMIN, response=Tried,
        summary="Send a test message to every target of the watch, and read what became of it.", failures=(503,),
    ),
)  # fmt: skip
