"""``/v1/alarms``: how a shop stands, as the watch found it."""

from __future__ import annotations

import asyncio

from endcap.measurement.watch.notes import WatchReport, standing
from endcap.web.operations import ADMIN, Call, Operation
from endcap.web.replies import Reply, reply


async def get_alarms(call: Call) -> Reply:
    """How every check stood at the last look, and the alarms."""
    shop = await call.shop()
    return reply(await asyncio.to_thread(standing, shop.service.stores, call.site.clock.now_ms()))


OPERATIONS = (
    Operation(
        method="GET", path="/v1/alarms", name="getAlarms", handler=get_alarms, keys=ADMIN, response=WatchReport,
        summary="Read how the shop stands: each check of data, models and machine, and the alarms, open ones and past.",
        failures=(503,),
    ),
)  # fmt: skip
