"""How far the sums of a shop are behind its log and its answers."""

from __future__ import annotations

from typing import NamedTuple

from endcap.stores.ports import ShopStores


class Behind(NamedTuple):
    """How many events of the log, and how many answers, are not in the sums yet."""

    events: int
    answers: int


def behind(stores: ShopStores) -> Behind:
    """How far the sums of a shop are behind, whoever brings them up to date."""
    reached = stores.measures.progress()
    events = stores.log.last_seq() - reached.log_seq
    return Behind(max(0, events), max(0, stores.decisions.last_place() - reached.answer_place))
