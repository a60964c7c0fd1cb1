"""``/v1/rules``: what a merchandiser keeps out, moves and pins on every placement, without a deployment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from endcap.errors import BadInput
from endcap.ingest.checked import decode
from endcap.serving.placements import RULE_KIND, built_rule
from endcap.serving.shop_rules import named_rule, tried
from endcap.stores.ports import NO_HISTORY
from endcap.web.documents import named_tables, put_all
from endcap.web.limits import MAX_DOCUMENT_BYTES
from endcap.web.messages import RulePreview, RuleQuestion, Rules
from endcap.web.operations import ADMIN, SERVER, Call, Operation
from endcap.web.placements import buildable, check_count
from endcap.web.replies import Reply, reply

_rules = msgspec.json.Decoder(Rules)
_question = msgspec.json.Decoder(RuleQuestion)


async def get_rules(call: Call) -> Reply:
    """The rules that act on every placement."""
    shop = await call.shop()
    return reply(Rules(named_tables(shop.service.stores.documents, RULE_KIND)))


async def put_rules(call: Call) -> Reply:
    """Make these the rules that act on every placement; those left out end."""
    shop = await call.shop()
    wanted = _named(decode(_rules, await call.body(MAX_DOCUMENT_BYTES)))

    def store() -> None:
        put_all(shop.service.stores.documents, RULE_KIND, wanted)
        shop.service.refresh()

    await asyncio.to_thread(store)
    return await get_rules(call)


async def preview_rule(call: Call) -> Reply:
    """Say what a rule would do, which is not kept; works in the thread that answers, since that alone may read the columns."""
    shop = await call.shop()
    asked = decode(_question, await call.body(MAX_DOCUMENT_BYTES))
    rule = buildable(built_rule, {key: value for key, value in asked.rule.items() if key != "name"})
    request, state, now_ms = asked.request, shop.service.state, call.site.clock.now_ms()
    past = shop.service.live.history(request.user_id, request.session_id) if request is not None else NO_HISTORY
    told = buildable(lambda one: tried(one, state, request, past, now_ms), rule)
    item_id = state.items.item_id
    return reply(
        RulePreview(
            rule=told.rule, label=told.label, kept_out=told.n_removed, moved_up=told.n_boosted, moved_down=told.n_buried,
            pinned=[item_id(pin.row) for pin in told.pins], at_most=told.most,
            examples=[item_id(row) for row in told.examples.tolist()],
        )
    )  # fmt: skip


def _named(rules: Rules) -> dict[str, Mapping[str, Any]]:
    """The rules by name, without it, each known to be one that can be built."""
    check_count(len(rules.rules), "rules")
    named: dict[str, Mapping[str, Any]] = {}
    for index, config in enumerate(rules.rules):
        field = f"rules[{index}].name"
        name, options, _ = buildable(partial(named_rule, field=field), config)
        if name in named:
            raise BadInput(f"two rules are named {name!r}", field=field, value=name, remedy="give each a name of its own")
        named[name] = options
    return named


OPERATIONS = (
    Operation(
        method="GET", path="/v1/rules", name="getRules", handler=get_rules, keys=SERVER,
        summary="Read the rules that act on every placement.", response=Rules,
    ),
    Operation(
        method="PUT", path="/v1/rules", name="putRules", handler=put_rules, keys=ADMIN,
        summary="Make these the rules that act on every placement; those left out end. The next answer follows them.",
        request=Rules, response=Rules, failures=(400, 413, 422, 503),
    ),
    Operation(
        method="POST", path="/v1/rules/preview", name="previewRule", handler=preview_rule, keys=ADMIN,
        summary="See what a rule would do to an answer, or to all that can be shown now. Nothing is kept.",
        request=RuleQuestion, response=RulePreview, failures=(400, 413, 422, 503),
    ),
)  # fmt: skip
