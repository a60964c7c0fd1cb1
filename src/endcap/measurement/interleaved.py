"""What shoppers clicked of rankings that were interleaved, by who put it there."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from endcap.core.basis import Basis, decode_basis
from endcap.core.crawlers import of_crawler
from endcap.core.events import Event
from endcap.core.experiment import INTERLEAVED, Experiment
from endcap.core.ids import new_id
from endcap.experiments.interleaving import Preference, preference
from endcap.stores.ports import Decision, ShopStores

_CHUNK = 5_000


class _Item(msgspec.Struct, gc=False):
    item_id: str
    arm: str = ""


class _Response(msgspec.Struct, gc=False):
    items: list[_Item]
    arms: dict[str, str] = {}


_response = msgspec.json.Decoder(_Response)


def preferred(stores: ShopStores, experiment: Experiment) -> Preference:
    """Which of two arms the shoppers prefer: whose items each of them clicked more of.

    A click on an item of an answer counts once, however often and whenever it is reported, for the arm that put the item there.
    Time O(answers and events since the experiment began).
    """
    first, second = (arm.name for arm in experiment.arms)
    placed: dict[str, tuple[str, dict[str, str]]] = {}
    earned: dict[str, float] = {}
    since: int | None = None
    for decision in _answers(stores, experiment):
        response = _response.decode(decision.response)
        if response.arms.get(experiment.name) != INTERLEAVED:
            continue
        basis = decode_basis(decision.basis) if decision.basis else Basis(position=0)
        since = basis.position if since is None else min(since, basis.position)
        placed[decision.recommendation_id] = (basis.person, {item.item_id: item.arm for item in response.items})
        earned.setdefault(basis.person, 0.0)
    counted: set[tuple[str | None, str]] = set()
    for event in _clicks(stores, since, experiment.stopped_ms):
        person, arms = placed.get(event.recommendation_id or "", ("", {}))
        for line in event.lines:
            clicked = (event.recommendation_id, line.item_id)
            if line.item_id in arms and clicked not in counted:
                counted.add(clicked)
                earned[person] += {second: 1.0, first: -1.0}.get(arms[line.item_id], 0.0)
    return preference(list(earned.values()))


def _answers(stores: ShopStores, experiment: Experiment) -> Iterator[Decision]:
    after = new_id(experiment.started_ms or 0)[:10]
    while found := stores.decisions.read(after, _CHUNK):
        yield from found
        after = found[-1].recommendation_id


def _clicks(stores: ShopStores, since: int | None, until_ms: int | None) -> Iterator[Event]:
    """The clicks of people in the log behind a place, none without one, that happened until then."""
    while since is not None and (found := stores.log.read(after=since, limit=_CHUNK)):
        for one in found:
            event = one.event
            if event.type == "click" and (until_ms is None or event.at_ms <= until_ms) and not of_crawler(event):
                yield event
        since = found[-1].seq
