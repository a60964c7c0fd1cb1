from __future__ import annotations

import numpy as np
import pytest

from endcap.errors import NotEnoughData
from endcap.replay.held_out import Window
from endcap.replay.protocols.basket import BasketProtocol
from tests.replay.worlds import orders, pairs

RARE = [["item0", "item1", "rare"]]


def rest(window: Window, q: int) -> list[str]:
    rows = window.held_out.rows[window.held_out.starts[q] : window.held_out.starts[q + 1]]
    return [window.train.item_ids[row] for row in rows]


def test_the_last_tenth_in_time_is_held_out_and_nothing_of_it_is_learnt() -> None:
    protocol = BasketProtocol(orders(pairs(90) + pairs(10)))
    window = protocol.window(0)
    assert len(window.train.baskets) == 90
    assert window.train.baskets.at_ms.max() < protocol.orders.at_ms[90]
    assert len(window.train.interactions.items) == 180
    assert window.held_out.clusters.max() == 9


def test_each_further_window_is_cut_from_the_training_part_of_the_one_before() -> None:
    protocol = BasketProtocol(orders(pairs(100)))
    assert [len(protocol.window(depth).train.baskets) for depth in (0, 1, 2)] == [90, 81, 72]


def test_the_vocabulary_counts_training_baskets_only() -> None:
    # "late" is in twenty baskets, but in four of the training part: an item of the test part must not get in by its own sales.
    baskets = pairs(176) + [["item0", "late"]] * 24
    window = BasketProtocol(orders(baskets)).window(0)
    assert len(window.train.baskets) == 176
    assert "late" not in window.train.item_ids
    enough = BasketProtocol(orders(pairs(175) + [["item0", "late"]] * 25)).window(0)
    assert "late" in enough.train.item_ids


def test_every_item_of_a_small_basket_is_asked_for_with_the_rest() -> None:
    window = BasketProtocol(orders(pairs(90) + [["item0", "item1"]] * 10)).window(0)
    asked = {(window.train.item_ids[window.held_out.targets[q]], *rest(window, q)) for q in range(len(window.held_out))}
    assert asked == {("item0", "item1"), ("item1", "item0")}
    assert len(window.held_out) == 20
    assert window.held_out.clusters.tolist() == [q // 2 for q in range(20)]
    assert window.held_out.known_barred


def test_a_large_basket_gives_three_targets_and_the_seed_draws_them() -> None:
    names = [f"item{number}" for number in range(8)]
    baskets = [names] * 200
    first, again, other = (BasketProtocol(orders(baskets), seed).window(0).held_out for seed in (1, 1, 2))
    assert len(first) == 3 * 20
    assert np.diff(first.starts).tolist() == [7] * 60
    assert all(len(set(first.targets[at : at + 3])) == 3 for at in range(0, 60, 3))
    assert first.targets.tolist() == again.targets.tolist()
    assert first.targets.tolist() != other.targets.tolist()


def test_a_target_never_stands_among_what_is_known() -> None:
    held_out = BasketProtocol(orders([[f"item{number}" for number in range(6)]] * 100)).window(0).held_out
    for q in range(len(held_out)):
        assert held_out.targets[q] not in held_out.rows[held_out.starts[q] : held_out.starts[q + 1]]


def test_items_outside_the_vocabulary_leave_the_basket_before_the_draw() -> None:
    window = BasketProtocol(orders(pairs(90) + RARE * 4 + pairs(6))).window(0)
    assert "rare" not in window.train.item_ids
    assert np.diff(window.held_out.starts).tolist() == [1] * len(window.held_out)


def test_orders_without_a_time_are_cut_by_their_number() -> None:
    protocol = BasketProtocol(orders(pairs(2_000), timed=False))
    window, inner = protocol.window(0), protocol.window(1)
    # 2654435761 × 7 mod 2^32 = 1401181143; its upper 24 bits are 5473363, bucket 63: order 7 is learnt from.
    held = [number for number in range(2_000) if ((number * 2_654_435_761 % 2**32) >> 8) % 100 < 10]
    assert 7 not in held
    assert len(window.train.baskets) == 2_000 - len(held)
    assert window.held_out.clusters.max() + 1 == len(held)
    assert len(inner.train.baskets) < len(window.train.baskets)


def test_another_seed_cuts_orders_without_a_time_otherwise() -> None:
    untimed = orders(pairs(2_000), timed=False)
    times = [set(BasketProtocol(untimed, seed).window(0).train.baskets.at_ms.tolist()) for seed in (1, 2)]
    assert times[0] != times[1]


def test_too_few_baskets_are_refused_with_a_remedy() -> None:
    with pytest.raises(NotEnoughData, match="evaluate on more orders"):
        BasketProtocol(orders(pairs(4))).window(0)


def test_titles_and_prices_come_from_training_lines_only() -> None:
    told = orders(pairs(100))
    last = told.lines["basket"].max()
    lines = told.lines.with_columns(title=told.lines["basket"].cast(str), price=told.lines["basket"].cast(float))
    protocol = BasketProtocol(type(told)(lines, told.order_ids, told.at_ms, told.timed))
    window = protocol.window(0)
    assert last == 99
    assert max(int(title) for title in window.train.catalog.titles) == 89
    assert window.train.catalog.price_minor.max() == 8_900
    assert [one.title for one in window.products] == window.train.catalog.titles
