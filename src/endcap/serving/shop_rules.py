"""The rules that act on every placement of a shop: how they are written down, and tried before they are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from endcap.core.query import Query, Rows
from endcap.core.request import RecommendRequest
from endcap.errors import BadInput, UnknownName
from endcap.ranking.rulebook import ActiveRules, Rulebook, Trial, trial
from endcap.ranking.rules.base import Rule
from endcap.serving.barring import FIRST_RULE, barred
from endcap.serving.placements import built_rule
from endcap.serving.query import build_query
from endcap.serving.state import ServingState
from endcap.serving.view import AnswerView
from endcap.stores.ports import History

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NO_ROWS: Rows = np.empty(0, dtype=np.int32)


def named_rule(config: Mapping[str, Any], field: str = "name") -> tuple[str, dict[str, Any], Rule]:
    """The name, the options and the rule of a table such as ``{name = "no_mugs", rule = "exclude_items", item_ids = ["mug"]}``.

    Raises BadInput for its name, which ``field`` is the path of, UnknownName or BadOption where no rule can be built.
    """
    options = dict(config)
    name = options.pop("name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadInput(
            f"{field} is {name!r}", field=field, value=name,
            remedy="give each rule a name of its own: a-z, 0-9 and _, a letter first, up to 64 characters",
        )  # fmt: skip
    return name, options, built_rule(options)


def tried(rule: Rule, state: ServingState, request: RecommendRequest | None, past: History, now_ms: int) -> Trial:
    """What a rule would do beside the others to the answer to a request, or, without one, to everything that can be shown now.

    Its dates and audience are left aside. Nothing is kept. Time O(n_items). Raises UnknownName for the placement.
    """
    items = state.items
    view = AnswerView(items, state.artifacts)
    if request is None:
        nobody = Query(now_ms, -1, _NO_ROWS, _NO_ROWS, _NO_ROWS)
        blocked = items.blocked_at(now_ms).copy()
        ActiveRules(Rulebook(state.shop_rules, FIRST_RULE), nobody, view).block(blocked)
        return trial(rule, nobody, view, blocked)
    ready = state.placements.get(request.placement)
    if ready is None:
        raise UnknownName(
            f"no placement is named {request.placement!r}", field="request.placement", value=request.placement,
            remedy=f"use one of {', '.join(sorted(state.placements))}",
        )  # fmt: skip
    query = build_query(request, past, items, now_ms)
    others = ActiveRules(state.rules[request.placement], query, view)
    return trial(rule, query, view, barred(request, query, others, items, ()))
