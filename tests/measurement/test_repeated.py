"""Events that come twice, out of order and weeks late: the figures are those of the raw events, each once."""

from __future__ import annotations

import os
import random
from pathlib import Path

from endcap.core.events import Event
from endcap.core.time import DAY_MS
from endcap.measurement.follower import Follower
from endcap.measurement.questions import ReportQuery
from endcap.measurement.report import report
from endcap.stores import sqlite
from endcap.stores.ports import Outcome
from tests.measurement.recount import Recount, figures
from tests.measurement.small_shops import DAYS, ITEMS, START, small_shop
from tests.measurement.test_recounted import FACTS, compare

FEW = 5_000
EVENTS = int(os.environ.get("ENDCAP_EVENTS", FEW))
"""How many events arrive: a few at every run, and a million where they are asked for."""

REPEATED, LATE = 0.3, 0.2
"""The share of all events that have come before, and of those that come out of order."""

LATEST_DAYS = 30
A_PERSON = 90
"""About how many events a person sends."""

END = START + DAYS * DAY_MS


def arriving(events: list[Event], chance: random.Random) -> list[Event]:
    """The events as they arrive: some late, some again."""
    again = chance.sample(events, round(len(events) * REPEATED / (1 - REPEATED)))
    late = [chance.random() < LATE for _ in events] + [True] * len(again)
    arrivals = [
        (one.at_ms + (round(chance.uniform(0, LATEST_DAYS * DAY_MS)) if is_late else 0), place)
        for place, (one, is_late) in enumerate(zip([*events, *again], late, strict=True))
    ]
    everything = [*events, *again]
    return [everything[place] for _, place in sorted(arrivals)]


def test_each_event_counts_once_however_often_and_late_it_comes(tmp_path: Path) -> None:
    shop = small_shop(11, people=round(EVENTS * (1 - REPEATED) / A_PERSON))
    come = arriving(shop.events, random.Random(12))
    home = sqlite.open_home(tmp_path)
    stores, other = (home.open(name, create=True) for name in ("one", "other"))
    stores.catalog.put(ITEMS)
    shop.keep_answers(stores)
    follower = Follower(stores)
    outcomes: list[Outcome] = []
    for start in range(0, len(come), 1_000):
        outcomes += stores.log.append(come[start : start + 1_000]).outcomes
        if start % 10_000 == 0:
            follower.catch_up()
    follower.catch_up()
    assert outcomes.count(Outcome.DUPLICATE) == len(come) - len(shop.events) == round(len(come) * REPEATED)
    assert (stores.log.count(), stores.log.quarantined_count()) == (len(shop.events), 0)
    told = report(stores.measures, ReportQuery(since_ms=START, until_ms=END), FACTS).total.figures
    compare(told, figures(Recount(shop), START, END))
    assert other.log.append(shop.events[:100]).outcomes == [Outcome.ACCEPTED] * 100, "an id is another event in another shop"
    home.close()
