from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.core.events import Event, Line
from endcap.core.ids import PersonKey, session_key
from endcap.stores import memory, sqlite
from endcap.stores.live import LiveHistories
from endcap.stores.memory.log import MemoryLog
from endcap.stores.memory.people import MemoryPeople
from endcap.stores.ports import History, ShopStores
from endcap.stores.remembering import KEEP_ACTS, SLACK

AT = 1_700_000_000_000


def event(number: int, kind: str = "view", item: str = "mug", **more: object) -> Event:
    return Event(event_id=f"e{number}", type=kind, at=AT + number, item_id=item, **more)  # type: ignore[arg-type]


def order(number: int, *items: str, user: str) -> Event:
    lines = tuple(Line(item_id=item) for item in items)
    return Event(event_id=f"e{number}", type="purchase", at=AT + number, user_id=user, items=lines)


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ShopStores]:
    home = memory.open_home() if request.param == "memory" else sqlite.open_home(tmp_path)
    yield home.open("shop", create=True)
    home.close()


def live(stores: ShopStores) -> LiveHistories:
    return LiveHistories(stores.people, stores.log)


def seen(on: LiveHistories, user: str | None = None, session: str | None = None) -> list[str]:
    return [act.item_id for act in on.history(user, session).acts[::-1]]


def test_an_applied_event_is_seen_at_once(stores: ShopStores) -> None:
    on = live(stores)
    assert seen(on, session="s") == []
    on.apply(stores.log.append([event(1, session_id="s"), event(2, item="bowl", session_id="s")]).logged)
    assert seen(on, session="s") == ["bowl", "mug"]
    assert seen(on, session="other") == []


def test_user_and_session_are_one_shopper_and_each_act_counts_once(stores: ShopStores) -> None:
    on = live(stores)
    events = [
        event(1, session_id="s"),
        event(2, item="bowl", user_id="ann"),
        event(3, item="lamp", user_id="ann", session_id="s"),
    ]
    on.apply(stores.log.append(events).logged)
    assert seen(on, "ann", "s") == ["lamp", "bowl", "mug"]


def test_logging_in_keeps_the_session(stores: ShopStores) -> None:
    on = live(stores)
    login = Event(event_id="e2", type="identify", at=AT + 2, user_id="ann", session_id="s")
    on.apply(stores.log.append([event(1, session_id="s"), login]).logged)
    assert seen(on, "ann") == ["mug"]


def test_a_session_that_logged_in_knows_its_customer(stores: ShopStores) -> None:
    on = live(stores)
    login = Event(event_id="e2", type="identify", at=AT + 2, user_id="ann", session_id="s")
    on.apply(stores.log.append([event(1, item="bowl", user_id="ann"), login]).logged)
    on.apply(stores.log.append([event(3, session_id="s")]).logged)
    assert seen(on, session="s") == ["mug", "bowl"]


def test_logging_in_keeps_what_a_guest_saw_said_and_prefers(stores: ShopStores) -> None:
    on = live(stores)
    guest = [
        event(1, "impression", session_id="s"),
        event(2, "dismiss", item="lamp", session_id="s"),
        Event(event_id="e3", type="preference", at=AT + 3, session_id="s", context={"recommendations": "impersonal"}),
        Event(event_id="e4", type="identify", at=AT + 4, user_id="ann", session_id="s"),
    ]
    on.apply(stores.log.append(guest).logged)
    on.flush()
    for reader in (on, live(stores)):  # in memory, and as the state table has it
        ann = reader.history("ann", None)
        assert (ann.acts[0].item_id, ann.seen[0].item_ids) == ("lamp", ("mug",))
        assert (ann.stated[0].field, ann.stated[0].value) == ("recommendations", "impersonal")
        assert reader.history(None, "s") == reader.history("ann", "s") == ann


def test_user_and_session_that_did_the_same_are_kept_once(stores: ShopStores) -> None:
    on = live(stores)
    on.apply(stores.log.append([event(number, user_id="ann", session_id="s") for number in range(3)]).logged)
    assert on.history("ann", None) is on.history(None, "s") is on.history("ann", "s")


def test_followers_are_told_each_event_once_in_order(stores: ShopStores) -> None:
    on, told = live(stores), list[str]()
    on.apply(stores.log.append([event(0, session_id="s")]).logged)
    on.follow(lambda logged: told.extend(one.event.event_id for one in logged))
    stores.log.append([event(1, session_id="s")])
    newest = stores.log.append([event(2, session_id="s")]).logged
    on.apply(newest)
    on.apply(newest)
    on.catch_up()
    assert told == ["e1", "e2"]


def test_events_of_another_process_are_caught_up_with(stores: ShopStores) -> None:
    on = live(stores)
    stores.log.append([event(1, session_id="s")])
    assert seen(on, session="s") == []
    assert on.catch_up() == 1
    assert seen(on, session="s") == ["mug"]
    stores.log.append([event(2, item="bowl", session_id="s")])
    on.apply(stores.log.append([event(3, item="lamp", session_id="s")]).logged)
    assert seen(on, session="s") == ["lamp", "bowl", "mug"]


def test_what_was_not_flushed_is_read_from_the_log_again(stores: ShopStores) -> None:
    first = live(stores)
    first.apply(stores.log.append([event(1, session_id="s")]).logged)
    first.flush()
    first.apply(stores.log.append([event(2, item="bowl", session_id="s")]).logged)
    second = live(stores)  # as after a crash: nothing but the stores is left
    second.catch_up()
    assert seen(second, session="s") == ["bowl", "mug"]


def test_purchases_outlast_any_number_of_views(stores: ShopStores) -> None:
    on = live(stores)
    views = [event(10 + number, user_id="ann") for number in range(5 * KEEP_ACTS)]
    on.apply(stores.log.append([order(1, "lamp", "bulb", user="ann"), *views]).logged)
    assert KEEP_ACTS <= seen(on, "ann").count("mug") <= KEEP_ACTS + SLACK
    assert seen(on, "ann")[-2:] == ["bulb", "lamp"]


@settings(max_examples=25, deadline=None)
@given(
    people=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), min_size=1, max_size=30),
    flushes=st.sets(st.integers(0, 30)),
    small=st.booleans(),
)
def test_histories_do_not_depend_on_when_they_were_flushed(people: list[tuple[str, str]], flushes: set[int], small: bool) -> None:
    stores = memory.open_home().open("shop", create=True)
    on = LiveHistories(stores.people, stores.log, capacity=1 if small else 1_000)
    for number, (user, session) in enumerate(people):
        on.apply(stores.log.append([event(number, item=f"i{number}", user_id=user, session_id=session)]).logged)
        if number in flushes:
            on.flush()
    for user in "ab":
        assert seen(on, user) == [f"i{number}" for number, one in enumerate(people) if one[0] == user][::-1]


def test_sessions_that_there_never_were_do_not_fill_the_memory(stores: ShopStores) -> None:
    on = LiveHistories(stores.people, stores.log, capacity=10)
    for number in range(100):
        assert seen(on, session=f"invented-{number}") == []
    assert len(on._cache) == 10
    on.apply(stores.log.append([event(1, session_id="s")]).logged)
    assert seen(on, session="s") == ["mug"]


class Overtaken(MemoryPeople):
    """A table whose answer to a reader is overtaken, once, by what another thread does meanwhile."""

    meanwhile: Callable[[], None] | None = None

    def load(self, keys: Sequence[PersonKey]) -> dict[PersonKey, History]:
        found = super().load(keys)
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        return found


def test_a_reader_that_was_overtaken_does_not_bring_an_old_history_back() -> None:
    log, people = MemoryLog(), Overtaken()
    on = LiveHistories(people, log, capacity=1)
    on.apply(log.append([event(1, session_id="s")]).logged)
    on.flush()
    on._cache.clear()

    def meanwhile() -> None:
        # The next event of the session is applied, written, and pushed out of memory by those of others.
        on.apply(log.append([event(2, item="bowl", session_id="s")]).logged)
        on.apply(log.append([event(3, session_id="t"), event(4, session_id="u")]).logged)
        on.flush()
        assert session_key("s") not in on._cache

    people.meanwhile = meanwhile
    seen(on, session="s")
    on.apply(log.append([event(5, item="lamp", session_id="s")]).logged)
    assert seen(on, session="s") == ["lamp", "bowl", "mug"]
