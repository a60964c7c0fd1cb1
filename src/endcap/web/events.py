"""``POST /v1/events``: what shoppers did."""

from __future__ import annotations

import msgspec

from endcap.core.events import Event
from endcap.ingest.parse import parse_events
from endcap.web.access import permit_from_browser
from endcap.web.limits import MAX_EVENTS_BYTES
from endcap.web.messages import EventsAnswer
from endcap.web.operations import BROWSER, Call, Operation
from endcap.web.replies import Reply, reply
from endcap.web.schemas import EventBatch


async def post_events(call: Call) -> Reply:
    """Log a batch; 202 when the sound ones are on disk, 422 where none was sound."""
    shop = await call.shop()
    shop.events.check_room()
    body = await call.body(MAX_EVENTS_BYTES)
    assert call.key is not None
    permit = permit_from_browser if call.key.kind == "browser" else None
    parsed = parse_events(body, now_ms=call.site.clock.now_ms(), permit=permit)
    crawler = call.crawler
    sound = parsed.sound if crawler is None else [_of_crawler(event, crawler) for event in parsed.sound]
    receipt = await shop.events.append(sound)
    metrics = call.site.metrics
    metrics.count("endcap_events_total", shop.name, "accepted", receipt.accepted)
    metrics.count("endcap_events_total", shop.name, "duplicate", receipt.duplicates)
    metrics.count("endcap_events_total", shop.name, "quarantined", receipt.quarantined)
    metrics.count("endcap_events_total", shop.name, "rejected", len(parsed.rejected))
    shop.watching.count("rejected", len(parsed.rejected))
    shop.watching.count("quarantined", receipt.quarantined)
    answer = EventsAnswer(
        accepted=receipt.accepted, duplicates=receipt.duplicates, quarantined=receipt.quarantined, rejected=parsed.rejected
    )
    return reply(answer, 422 if parsed.rejected and not parsed.sound else 202)


def _of_crawler(event: Event, user_agent: str) -> Event:
    """The event with the user agent that sent it, so that whoever counts can leave it out."""
    context = {"user_agent": user_agent, **(event.context or {})}
    return msgspec.structs.replace(event, context=context)


OPERATIONS = (
    Operation(
        method="POST", path="/v1/events", name="postEvents", handler=post_events, keys=BROWSER, key_in_query=True,
        lane="ingest",
        summary="Send events: an object, an array, or an object with events; up to 1,000. On 202 the accepted ones are on disk.",
        request=EventBatch, response=EventsAnswer, success=(202,), failures=(400, 413, 422, 503),
    ),
)  # fmt: skip
