"""``/v1/rehearsals``: what a change would have earned, before any shopper sees it."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Annotated

import msgspec
from msgspec import Meta

from endcap.errors import BadInput, Busy
from endcap.ingest.checked import decode
from endcap.replay.changes import ShopChange, of_arm
from endcap.replay.rehearsal import DAYS, rehearse
from endcap.replay.rehearsed import Rehearsal
from endcap.stores.ports import ShopStores
from endcap.web.limits import MAX_DOCUMENT_BYTES
from endcap.web.operations import ADMIN, Call, Operation
from endcap.web.placements import buildable
from endcap.web.replies import Reply, reply

MOST_ANSWERS = 2_000
"""How many answers a server makes again for one question, unless more are asked for: a few seconds, beside its own work."""

_REST_S = 0.0005
"""After each answer made again, and some dozens of events read, shoppers come first: without a rest they would wait for the
interpreter several times as long."""


class Arm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An arm of an experiment, by the names of both."""

    experiment: str
    arm: str


class RehearsalQuestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A change, as ``change`` or as the ``arm`` that would make it; the answers of the last ``days``, at most so many of them."""

    change: ShopChange | None = None
    arm: Arm | None = None
    days: Annotated[float, Meta(gt=0, le=3_650)] = DAYS
    answers: Annotated[int, Meta(ge=1, le=20_000)] = MOST_ANSWERS


_question = msgspec.json.Decoder(RehearsalQuestion)


async def post_rehearsal(call: Call) -> Reply:
    """Rehearse a change; nothing is kept. One at a time: each takes a good part of a core for some seconds."""
    shop = await call.shop()
    question = decode(_question, await call.body(MAX_DOCUMENT_BYTES))
    stores, now_ms = shop.service.stores, call.site.clock.now_ms()

    def work() -> Rehearsal:
        change = buildable(lambda asked: _change(stores, asked), question)
        hold(call.site.rehearsing)
        try:
            return buildable(
                lambda one: rehearse(stores, one, now_ms=now_ms, days=question.days, most=question.answers, progress=rest), change
            )
        finally:
            call.site.rehearsing.release()

    return reply(await asyncio.to_thread(work))


def hold(lock: threading.Lock) -> None:
    """Take the lock of a server's rehearsals, which whoever rehearses releases. Raises Busy while another change is rehearsed."""
    if not lock.acquire(blocking=False):
        raise Busy("another change is being rehearsed", field=None, value=None, remedy="ask again when it is done")


def rest(_done: int, _of: int) -> None:
    """Let shoppers come first for a moment."""
    time.sleep(_REST_S)


def _change(stores: ShopStores, question: RehearsalQuestion) -> ShopChange:
    if (question.change is None) == (question.arm is None):
        raise BadInput("name a change or an arm", field="change", value=None, remedy="send one of change and arm")
    if question.arm is not None:
        return of_arm(stores, question.arm.experiment, question.arm.arm)
    assert question.change is not None
    return question.change


OPERATIONS = (
    Operation(
        method="POST", path="/v1/rehearsals", name="postRehearsal", handler=post_rehearsal, keys=ADMIN,
        summary="See what a change would have earned, from the answers that were given without it. Nothing is kept.",
        request=RehearsalQuestion, response=Rehearsal, failures=(400, 413, 422, 503),
    ),
)  # fmt: skip
