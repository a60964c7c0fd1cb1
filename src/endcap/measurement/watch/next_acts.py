"""What visitors did next after lists of recommendations: the question that a bundle is judged by before it is published, asked of
what happened afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from endcap.core.crawlers import of_crawler
from endcap.core.events import KIND
from endcap.core.ids import new_id, session_key
from endcap.core.request import RecommendRequest
from endcap.core.time import HOUR_MS, MINUTE_MS
from endcap.stores.ports import Act, Decision, ShopStores
from endcap.stores.remembering import KEEP_ACTS

VISIT_MS = 30 * MINUTE_MS
"""What comes later than this after a list is no next act."""

MOST_ANSWERS = 5_000
"""How many answers are looked through at most."""

SPANS_MS = (HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS)
"""How far back is looked: no farther than holds so many answers."""

_KINDS = frozenset(KIND[name] for name in ("view", "click", "add_to_cart", "purchase"))

ShelfName = tuple[str, str]
"""A placement and a shelf."""


class Followed(msgspec.Struct, frozen=True):
    """A list that was shown in a visit: how long it was, and at which place, from 1, the next new product stood; 0 for nowhere.

    A product stands on a page once: where another shelf of the answer took it, it counts as the first of the list.
    """

    length: int
    place: int


class _Item(msgspec.Struct, gc=False):
    item_id: str
    shelf: str = ""


class _Response(msgspec.Struct, gc=False):
    placement: str
    items: list[_Item]
    bundle: str | None = None


_response = msgspec.json.Decoder(_Response)
_request = msgspec.json.Decoder(RecommendRequest)


def followed(
    stores: ShopStores, bundle: str, shelves: frozenset[ShelfName], since_ms: int, until_ms: int
) -> list[Followed]:  # fmt: skip
    """For each visit the first list that a bundle filled on one of these shelves, and the next act on a product that was neither
    on the page nor taken up before. Visits that did nothing more say nothing; crawlers are left out.

    At most :data:`MOST_ANSWERS` answers are looked through, from ``since_ms`` on or later, if that is much. The first list of a
    visit alone is taken, so that visits count alike and are independent.
    """
    found: list[Followed] = []
    met: set[str] = set()
    for decision in _answers(stores, since_ms, until_ms):
        response = _response.decode(decision.response)
        if response.bundle != bundle:
            continue
        wanted = {shelf for placement, shelf in shelves if placement == response.placement}
        shown = [item.item_id for item in response.items if item.shelf in wanted]
        request = _request.decode(decision.request)
        if not shown or request.session_id is None or request.session_id in met or of_crawler(request):
            continue
        met.add(request.session_id)
        item_id = _next_item(stores, request, decision.at_ms)
        if item_id is not None:
            elsewhere = any(item.item_id == item_id for item in response.items)
            found.append(Followed(len(shown), shown.index(item_id) + 1 if item_id in shown else int(elsewhere)))
    return found


def _answers(stores: ShopStores, since_ms: int, until_ms: int) -> Iterator[Decision]:
    decisions: list[Decision] = []
    for span_ms in SPANS_MS:
        begin_ms = max(since_ms, until_ms - span_ms)
        decisions = stores.decisions.read(new_id(begin_ms)[:10], MOST_ANSWERS)
        if len(decisions) == MOST_ANSWERS or begin_ms == since_ms:
            break
    return (one for one in decisions if one.at_ms < until_ms)


def _next_item(stores: ShopStores, request: RecommendRequest, at_ms: int) -> str | None:
    """The next product that the visitor took up, or nothing where there was none or it is not remembered."""
    key = session_key(request.session_id or "")
    history = stores.people.load((key,)).get(key)
    acts = history.acts if history is not None else ()
    if len(acts) >= KEEP_ACTS and acts[0].at_ms > at_ms:
        return None
    mine = [act for act in acts if act.kind in _KINDS]
    known = {act.item_id for act in mine if act.at_ms <= at_ms} | {request.item_id, *request.cart}
    return next((act.item_id for act in sorted(mine, key=_when) if _is_next(act, at_ms, known)), None)


def _when(act: Act) -> tuple[int, int]:
    return act.at_ms, act.seq


def _is_next(act: Act, at_ms: int, known: set[str | None]) -> bool:
    return at_ms < act.at_ms <= at_ms + VISIT_MS and act.item_id not in known
