"""What every back end of :class:`endcap.stores.measures.Measures` must do."""

from __future__ import annotations

import random
import threading
from typing import get_args

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.stores.measures import LEVELS, Cell, Cells, Grain, Level, Measured, Progress, UnitSums
from endcap.stores.ports import ShopStores
from endcap.stores.sums import coarse

FOREVER_MS = 10**14
CART, HOME = Cell("cart", "pairs", "rules", "recommended", "mobile", "buyer"), Cell(placement="home")
GRAINS: tuple[Grain, ...] = get_args(Grain)
Amounts = dict[tuple[int, Cell], dict[int, int]]


class MeasuresContract:
    """Sums by cell, journeys, units: all of a stretch or nothing."""

    def test_nothing_is_measured_yet(self, shop: ShopStores) -> None:
        measures = shop.measures
        assert measures.progress() == Progress()
        assert (measures.journeys(["u:1"]), measures.journey_keys(), measures.waiting(["r"])) == ({}, [], {})
        read = measures.cells("day", 0, FOREVER_MS, [0, 1])
        assert (read.cells, len(read.cell), len(read.at_ms), read.values.shape) == ((), 0, 0, (0, 2))
        units = measures.units("test", [0])
        assert (units.arms, len(units.arm), units.after.shape) == ((), 0, (0, 1))
        assert len(measures.item_weeks(0, FOREVER_MS).items) == 0

    def test_sums_add_up_by_hour_and_by_day(self, shop: ShopStores) -> None:
        commit(shop, hours={(48, CART): {3: 5, 1: 2**40}, (49, CART): {3: 1}, (72, HOME): {1: -7}})
        commit(shop, hours={(48, CART): {3: -4, 2: 1}})
        assert sums(shop, "hour") == {(48, CART): {1: 2**40, 2: 1, 3: 1}, (49, CART): {3: 1}, (72, HOME): {1: -7}}
        assert sums(shop, "day") == {(2, CART): {1: 2**40, 2: 1, 3: 2}, (3, HOME): {1: -7}}

    def test_a_stretch_of_time_and_some_components(self, shop: ShopStores) -> None:
        commit(shop, hours={(hour, CART): {3: hour} for hour in range(10)})
        read = shop.measures.cells("hour", 3 * HOUR_MS, 5 * HOUR_MS, [7, 3])
        assert sorted(zip(read.at_ms.tolist(), read.values.tolist(), strict=True)) == [
            (3 * HOUR_MS, [0, 3]),
            (4 * HOUR_MS, [0, 4]),
        ]
        assert len(shop.measures.cells("hour", 3 * HOUR_MS + 1, 4 * HOUR_MS + 1, [3]).cell) == 1

    def test_what_comes_to_nothing_is_gone(self, shop: ShopStores) -> None:
        commit(shop, hours={(48, CART): {3: 5}}, groups={(2, Cell(group=7)): {3: 5}})
        commit(shop, hours={(48, CART): {3: -5}}, groups={(2, Cell(group=7)): {3: -5}})
        assert (sums(shop, "hour"), sums(shop, "day"), sums(shop, "group")) == ({}, {}, {})

    def test_coarser_sums_are_the_same_sums(self, shop: ShopStores) -> None:
        dice = random.Random(5)
        words = ["", "a", "b"]
        for _ in range(5):
            cells = [
                Cell(
                    dice.choice(words), dice.choice(words), dice.choice(words), arm=dice.choice(words), device=dice.choice(words)
                )
                for _ in range(20)
            ]
            commit(shop, hours={(dice.randrange(72), cell): {dice.randrange(4): dice.randint(-9, 9)} for cell in cells})
        for level in LEVELS:
            for grain in GRAINS[:2]:
                expected: Amounts = {}
                for (at, cell), one in sums(shop, grain).items():
                    add(expected, at, coarse(cell, level), one)
                assert sums(shop, grain, level) == {key: one for key, one in expected.items() if one}

    def test_groups_of_people_are_kept_by_day(self, shop: ShopStores) -> None:
        commit(shop, groups={(2, Cell(arm="held_out", group=63)): {3: 5}})
        assert sums(shop, "group") == {(2, Cell(arm="held_out", group=63)): {3: 5}}

    def test_journeys_are_replaced_and_forgotten(self, shop: ShopStores) -> None:
        commit(shop, journeys={"u:ü": b"one", "s:1": b"two", "s:2": b"\x00\xff"})
        commit(shop, journeys={"u:ü": b"three", "s:1": None, "s:9": None})
        assert shop.measures.journeys(["u:ü", "s:1", "s:2", "s:9"]) == {"u:ü": b"three", "s:2": b"\x00\xff"}
        assert shop.measures.journey_keys() == ["s:2", "u:ü"]
        assert shop.measures.journey_keys("s:2", 1) == ["u:ü"]

    def test_units_of_experiments(self, shop: ShopStores) -> None:
        first, other = UnitSums("b", 5, "buyer", {1: 3}, {2: 4}), UnitSums("a", 6, "", {}, {})
        commit(shop, units={("test", "u:1"): first, ("test", "u:2"): other, ("else", "u:1"): other})
        commit(shop, units={("test", "u:2"): UnitSums("a", 7, "", {1: -1}, {}), ("test", "u:3"): None})
        read = shop.measures.units("test", [1, 2])
        assert (read.arms, read.arm.tolist(), read.exposed_ms.tolist()) == (("a", "b"), [1, 0], [5, 7])
        assert (read.segments, read.segment.tolist()) == (("", "buyer"), [1, 0])
        assert (read.after.tolist(), read.before.tolist()) == ([[3, 0], [-1, 0]], [[0, 4], [0, 0]])
        commit(shop, units={("else", "u:1"): None})
        assert len(shop.measures.units("else", []).arm) == 0
        assert shop.measures.unit_names("test") == ["u:1", "u:2"]
        assert shop.measures.unit_names("test", "u:1") == ["u:2"]

    def test_items_by_week(self, shop: ShopStores) -> None:
        commit(shop, item_weeks={(4, "mug"): (1, 2, 3, 4, 5), (11, "mug"): (1, 0, 0, 0, 0), (4, "Töpfe"): (0, 0, 0, 0, 9)})
        commit(shop, item_weeks={(4, "mug"): (1, 0, -3, 0, 0)})
        read = shop.measures.item_weeks(4 * DAY_MS, 11 * DAY_MS)
        assert dict(zip(read.items, read.values.tolist(), strict=True)) == {"mug": [2, 2, 0, 4, 5], "Töpfe": [0, 0, 0, 0, 9]}
        assert set(read.at_ms.tolist()) == {4 * DAY_MS}

    def test_items_add_up_over_many_stretches(self, shop: ShopStores) -> None:
        for number in range(1, 51):
            commit(shop, item_weeks={(4, "mug"): (1, 0, 0, 0, number), (4, f"plate {number}"): (0, 1, 0, 0, 0)})
            if number % 10 == 0:
                read = shop.measures.item_weeks(0, FOREVER_MS)
                sums_of = dict(zip(read.items, read.values.tolist(), strict=True))
                assert sums_of["mug"] == [number, 0, 0, 0, number * (number + 1) // 2]
                assert len(sums_of) == number + 1
        assert shop.measures.items_answered(0, FOREVER_MS) == 1

    def test_journeys_wait_for_answers(self, shop: ShopStores) -> None:
        commit(shop, waiting=[("r1", "u:1"), ("r1", "u:2"), ("r2", "u:1")])
        commit(shop, waiting=[("r1", "u:1")])
        assert shop.measures.waiting(["r1", "r3"]) == {"r1": ["u:1", "u:2"]}
        commit(shop, arrived=["r1"])
        assert shop.measures.waiting(["r1", "r2"]) == {"r2": ["u:1"]}

    def test_of_two_who_measure_at_once_one_counts(self, shop: ShopStores) -> None:
        before = shop.measures.progress()
        after = Progress(log_seq=7, answer_place=3, rules=b"{}")
        first = Measured(before=before, after=after, hours={(48, CART): {3: 5}}, journeys={"u:1": b"first"})
        second = Measured(before=before, after=after, hours={(48, CART): {3: 5}}, journeys={"u:1": b"second"})
        assert (shop.measures.commit(first), shop.measures.commit(second)) == (True, False)
        assert sums(shop, "hour") == {(48, CART): {3: 5}}
        assert shop.measures.journeys(["u:1"]) == {"u:1": b"first"}
        known = shop.measures.progress()
        assert (known.log_seq, known.answer_place, known.rules) == (7, 3, b"{}")

    def test_threads_that_measure_at_once_lose_and_repeat_nothing(self, shop: ShopStores) -> None:
        def work() -> None:
            while (before := shop.measures.progress()).log_seq < 60:
                after = Progress(log_seq=before.log_seq + 1)
                shop.measures.commit(Measured(before=before, after=after, hours={(before.log_seq, CART): {3: 1}}))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sums(shop, "hour") == {(hour, CART): {3: 1} for hour in range(60)}

    def test_all_can_be_forgotten(self, shop: ShopStores) -> None:
        before = shop.measures.progress()
        commit(
            shop, hours={(48, CART): {3: 5}}, groups={(2, Cell(group=1)): {3: 5}}, journeys={"u:1": b"x"},
            units={("test", "u:1"): UnitSums("a", 1, "", {}, {})}, item_weeks={(4, "mug"): (1, 1, 1, 1, 1)},
            waiting=[("r", "u:1")],
        )  # fmt: skip
        shop.measures.clear()
        measures = shop.measures
        assert (measures.progress().log_seq, measures.journey_keys(), measures.waiting(["r"])) == (0, [], {})
        assert [sums(shop, grain) for grain in GRAINS] == [{}, {}, {}]
        assert (len(measures.units("test", [0]).arm), len(measures.item_weeks(0, FOREVER_MS).items)) == (0, 0)
        assert shop.measures.commit(Measured(before=before, after=before)) is False
        commit(shop, hours={(48, CART): {3: 2}})
        assert sums(shop, "hour") == {(48, CART): {3: 2}}


def commit(shop: ShopStores, **changed: object) -> None:
    """Keep a change."""
    before = shop.measures.progress()
    assert shop.measures.commit(Measured(before=before, after=before, **changed))  # type: ignore[arg-type]


def sums(shop: ShopStores, grain: Grain, level: Level = "all") -> Amounts:
    """All sums of the first eight components, by the number of the hour or day and the cell."""
    read: Cells = shop.measures.cells(grain, 0, FOREVER_MS, range(8), level)
    length_ms = HOUR_MS if grain == "hour" else DAY_MS
    return {
        (int(at_ms) // length_ms, read.cells[cell]): {number: value for number, value in enumerate(values) if value}
        for at_ms, cell, values in zip(read.at_ms.tolist(), read.cell.tolist(), read.values.tolist(), strict=True)
    }


def add(total: Amounts, at: int, cell: Cell, one: dict[int, int]) -> None:
    """Add sums to a cell."""
    known = total.setdefault((at, cell), {})
    for number, value in one.items():
        known[number] = known.get(number, 0) + value
        if not known[number]:
            del known[number]
