from __future__ import annotations

from endcap.replay.protocols.visits import VisitProtocol
from tests.replay.protocols.histories import history, queries

PAST = [f"{day} filler view item{day}" for day in range(1, 19)]


def test_each_act_but_the_first_of_a_later_visit_is_asked_for() -> None:
    given = history(*PAST, "1.5 ann view item1", "30 ann view item1", "30 ann view item2", "30 ann purchase item1")
    window = VisitProtocol(given).window(0)
    # Twenty visits: the last two are held out. Filler's has one act; Ann's first visit is learnt from.
    assert queries(window) == [(["item1"], ["item2"]), (["item1", "item2"], ["item1"])]
    assert not window.held_out.known_barred
    assert len(window.train.sessions) == 18


def test_a_long_rest_ends_a_visit() -> None:
    given = history(*PAST, "1 ann view item1", "30 ann view item1", "30.1 ann view item2")
    assert len(given.visits()["visit"].unique()) == 21


def test_orders_of_nobody_known_to_a_visit_are_visits_of_their_own() -> None:
    given = history("1 ann purchase mug", "1 ann purchase tea", "2 bob view mug")
    lost = type(given)(given.acts.with_columns(session=None))
    assert lost.visits()["visit"].n_unique() == 1  # Bob's view has neither session nor order
    assert len(lost.visits()) == 2
