"""Whether the server lives, can answer, and what it counted. No key is asked for: nothing here tells of a person."""

from __future__ import annotations

from endcap.web.messages import Health, Readiness, ShopReadiness
from endcap.web.metrics import CONTENT_TYPE
from endcap.web.operations import ANYBODY, Call, Operation
from endcap.web.replies import Reply, reply


async def healthz(_call: Call) -> Reply:
    """That the process is alive."""
    return reply(Health("alive"))


async def readyz(call: Call) -> Reply:
    """Whether requests are answered; a shop without a bundle answers too, and says so."""
    shops = [
        ShopReadiness(shop=name, bundle=shop.bundle, degraded=shop.degraded) for name, shop in sorted(call.site.shops.items())
    ]
    return reply(Readiness(ready=True, shops=shops))


async def metrics(call: Call) -> Reply:
    """Everything that is counted."""
    text = call.site.metrics.render(call.site.gauges())
    return Reply(200, text.encode(), content_type=CONTENT_TYPE.encode())


OPERATIONS = (
    Operation(
        method="GET", path="/healthz", name="healthz", handler=healthz, keys=ANYBODY, response=Health,
        summary="Is the process alive?",
    ),
    Operation(
        method="GET", path="/readyz", name="readyz", handler=readyz, keys=ANYBODY, response=Readiness,
        summary="Can it answer? A shop without a bundle answers too, and says so.",
    ),
    Operation(
        method="GET", path="/metrics", name="metrics", handler=metrics, keys=ANYBODY, response=None, answer_type="text/plain",
        summary="What is counted, in the text format of Prometheus.",
    ),
)  # fmt: skip
