from __future__ import annotations

from endcap.core.events import KIND
from endcap.core.time import MINUTE_MS
from endcap.serving.items import ItemTable
from endcap.serving.person import MOST_PEOPLE, People, person_of
from endcap.stores.ports import Act, History
from tests.serving.shop import IDS, NOW_MS, product

ITEMS = ItemTable(IDS, [product(one) for one in IDS])


def looked(*item_ids: str) -> History:
    return History(1, tuple(Act(n, NOW_MS - 1_000 + n, KIND["view"], one) for n, one in enumerate(item_ids)))


def test_a_past_is_worked_out_once_a_minute_and_anew_when_anything_changes() -> None:
    people, items, past = People(), ItemTable(IDS, [product(one) for one in IDS]), looked("mug")
    first = people.person(past, items, NOW_MS)
    assert people.person(past, items, NOW_MS + 1) is first
    assert people.person(looked("mug", "lamp"), items, NOW_MS).history.tolist() == [IDS.index("lamp"), IDS.index("mug")]
    assert people.person(past, items, NOW_MS + MINUTE_MS) is not first
    again = people.person(past, items, NOW_MS + MINUTE_MS)
    items.update([product("jug")])
    assert people.person(past, items, NOW_MS + MINUTE_MS) is not again


def test_a_person_is_the_same_throughout_a_minute() -> None:
    start = NOW_MS // MINUTE_MS * MINUTE_MS
    ends = [person_of(looked("mug", "spoon"), ITEMS, start + ms) for ms in (0, MINUTE_MS - 1)]
    assert ends[0].weights.tolist() == ends[1].weights.tolist()
    assert (ends[0].began_ms, ends[0].exposure, ends[0].path) == (ends[1].began_ms, ends[1].exposure, ends[1].path)


def test_the_memory_of_people_is_bounded() -> None:
    people = People()
    pasts = [looked("mug") for _ in range(MOST_PEOPLE + 10)]
    for past in pasts:
        people.person(past, ITEMS, NOW_MS)
    assert len(people._known) <= MOST_PEOPLE
