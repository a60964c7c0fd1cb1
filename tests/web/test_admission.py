"""Whose turn it is: one between two looks at the sockets, bursts are answered, standing queues refused, lanes share evenly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

from endcap.web.admission import INTERVAL_S, SPELL_S, Admission, Lane, Patience

PATIENCE = Patience(target_s=0.05, burst_s=0.1, give_up_s=0.2)
TARGET_S, BURST_S, GIVE_UP_S = PATIENCE.target_s, PATIENCE.burst_s, PATIENCE.give_up_s
HANG_S = 20
"""Whoever still waits for a turn then waits for ever."""


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


class Floor:
    """Requests on an admission, each of which takes some time when its turn comes."""

    def __init__(self, *lanes: str) -> None:
        self.clock = Clock()
        self.admission = Admission(dict.fromkeys(lanes, PATIENCE), self.clock)
        self.answered: list[str] = []
        self.waits: list[float] = []

    async def ask(self, lane: str, takes_s: float) -> bool:
        since = self.clock.now_s
        turn = self.admission.ask(self.admission.lanes[lane])
        if turn is False or (turn is not True and not await turn):
            return False
        self.waits.append(self.clock.now_s - since)
        self.clock.now_s += takes_s
        self.answered.append(lane)
        return True

    async def flood(self, lane: str, each: int, takes_s: float, turns: int, every: int = 1) -> list[bool]:
        """``each`` requests arrive in every turn, or in every so many-th."""
        tasks: list[asyncio.Task[bool]] = []
        for turn in range(turns):
            if turn % every == 0:
                tasks += [asyncio.create_task(self.ask(lane, takes_s)) for _ in range(each)]
            await asyncio.sleep(0)
        return [await one for one in tasks]


def run(act: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await asyncio.wait_for(act(), timeout=HANG_S)

    asyncio.run(main())


def test_one_is_answered_between_two_looks_and_the_others_in_order() -> None:
    floor = Floor("recommend")

    async def act() -> None:
        looks: list[int] = []

        def look() -> None:
            looks.append(len(floor.answered))
            if len(floor.answered) < 5:
                asyncio.get_running_loop().call_soon(look)

        tasks = [asyncio.create_task(floor.ask("recommend", 0.001)) for _ in range(5)]
        await asyncio.sleep(0)
        look()
        assert all([await one for one in tasks])
        assert {1, 2, 3, 4} <= set(looks), "several were answered without a look at the sockets between them"

    run(act)


def test_who_is_called_has_turns_for_a_spell_between_two_looks() -> None:
    floor = Floor("recommend")
    lane = floor.admission.lanes["recommend"]

    async def act() -> None:
        looks = [0]

        def look() -> None:
            looks.append(len(floor.answered))
            if len(floor.answered) < 13:
                asyncio.get_running_loop().call_soon(look)

        def go(granted: bool) -> bool:
            assert granted
            floor.clock.now_s += SPELL_S / 3
            floor.answered.append("recommend")
            return True

        assert floor.admission.line_up(lane, go) is True
        go(True)
        look()
        assert [floor.admission.line_up(lane, go) for _ in range(12)] == [None] * 12
        while len(floor.answered) < 13:
            await asyncio.sleep(0)
        steps = [after - before for before, after in pairwise([*looks, 13])]
        assert max(steps) >= 3, "there was a look after each of them"
        assert max(steps) <= 4, "who has to be turned away would be told late"
        assert lane.turn_s > 0

    run(act)


def test_a_turn_that_fails_keeps_no_other_from_its_own() -> None:
    floor = Floor("recommend")
    lane = floor.admission.lanes["recommend"]
    told: list[object] = []

    def fail(_granted: bool) -> bool:
        raise RuntimeError("broken")

    async def act() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told_of: told.append(told_of["exception"]))
        assert floor.admission.line_up(lane, fail) is True
        assert floor.admission.line_up(lane, fail) is None
        assert await floor.ask("recommend", 0.001)

    run(act)
    assert [str(one) for one in told] == ["broken"]


def test_a_burst_after_quiet_is_answered_and_a_standing_queue_is_not() -> None:
    floor = Floor("recommend")
    takes_s = 0.002

    async def act() -> None:
        assert await floor.ask("recommend", takes_s)
        await asyncio.sleep(0)
        burst = int(BURST_S / takes_s) - 5
        assert all(await asyncio.gather(*(floor.ask("recommend", takes_s) for _ in range(burst))))
        results = await floor.flood("recommend", 3, takes_s, turns=1_000)
        late = floor.waits[-200:]
        assert 0.3 < sum(results) / len(results) < 0.4, "three times what can be answered arrived, and a third is answered"
        assert max(late) <= TARGET_S + 2 * takes_s, "nobody waits longer than the target and a turn once there is overload"
        assert min(late) > TARGET_S / 2
        assert floor.admission.lanes["recommend"].refused == results.count(False)

    run(act)


def test_after_the_flood_everybody_is_answered_again() -> None:
    floor = Floor("recommend")

    async def act() -> None:
        await floor.flood("recommend", 3, 0.002, turns=500)
        floor.clock.now_s += 1.0
        assert await floor.ask("recommend", 0.002)
        await asyncio.sleep(0)
        burst = int(BURST_S / 0.002) - 5
        assert all(await asyncio.gather(*(floor.ask("recommend", 0.002) for _ in range(burst))))

    run(act)


def test_a_flood_in_one_lane_leaves_half_of_the_time_to_the_other() -> None:
    floor = Floor("ingest", "recommend")

    async def act() -> None:
        flood = asyncio.create_task(floor.flood("ingest", 5, 0.004, turns=600))
        answered = await floor.flood("recommend", 1, 0.001, turns=600, every=2)
        await flood
        assert all(answered)
        assert floor.admission.lanes["ingest"].refused > 600

    run(act)


def test_a_lane_that_was_idle_has_no_credit_from_that_time() -> None:
    floor = Floor("ingest", "recommend")

    async def act() -> None:
        for _ in range(1_000):  # one after the other: nobody ever waits
            assert await floor.ask("recommend", 0.01)
            await asyncio.sleep(0)
        flood = asyncio.create_task(floor.flood("ingest", 5, 0.004, turns=600))
        await asyncio.sleep(0)
        answered = await floor.flood("recommend", 1, 0.001, turns=600, every=2)
        await flood
        assert all(answered)

    run(act)


def test_turns_that_nobody_wanted_any_more_do_not_make_turns_look_short() -> None:
    floor = Floor("recommend")
    lane = floor.admission.lanes["recommend"]

    async def act() -> None:
        for _ in range(20):
            assert await floor.ask("recommend", 0.001)
            await asyncio.sleep(0)
        before = lane.turn_s
        assert floor.admission.line_up(lane, lambda _granted: True) is True
        for _ in range(50):
            floor.admission.line_up(lane, lambda _granted: False)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not lane.waiting
        assert lane.turn_s > 0.8 * before

    run(act)


def test_refusals_take_of_the_spell_too() -> None:
    floor = Floor("recommend")
    lane = floor.admission.lanes["recommend"]
    told: list[bool] = []

    def go(granted: bool) -> bool:
        told.append(granted)
        floor.clock.now_s += SPELL_S / 4
        return True

    async def act() -> None:
        assert floor.admission.line_up(lane, lambda _granted: True) is True
        for _ in range(40):
            lane.waiting.append((floor.clock.now_s, go))
        floor.clock.now_s += 2 * GIVE_UP_S
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert 0 < len(told) < 10, "there was no look at the sockets among them"
        while lane.waiting:
            await asyncio.sleep(0)
        assert told == [False] * 40

    run(act)


def test_who_waited_too_long_behind_slow_turns_is_refused() -> None:
    floor = Floor("recommend")

    async def act() -> None:
        takes = [0.001, 2 * GIVE_UP_S, *[0.001] * 5]
        found = await asyncio.gather(*(floor.ask("recommend", takes_s) for takes_s in takes))
        assert found == [True, True, *[False] * 5]
        assert await floor.ask("recommend", 0.001)

    run(act)


def test_the_limits_are_times_whatever_a_turn_takes() -> None:
    for turn_s in (0.000_1, 0.001, 0.01):
        lane = Lane("recommend", PATIENCE)
        lane.turn_s = turn_s
        at = 1_000.0
        lane.calm_at = at - 2 * INTERVAL_S
        for _ in range(10_000):
            if lane.is_full(at):
                break
            lane.waiting.append((at, None))  # type: ignore[arg-type]
        assert abs(len(lane.waiting) * turn_s - TARGET_S) <= turn_s


def test_those_that_are_read_at_one_look_count_each_other() -> None:
    floor = Floor("recommend")

    async def act() -> None:
        await floor.flood("recommend", 3, 0.002, turns=400)
        lane = floor.admission.lanes["recommend"]
        flood = asyncio.create_task(floor.flood("recommend", 3, 0.002, turns=200))
        await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
            free = max(0, round((TARGET_S if floor.clock.now_s - lane.calm_at >= INTERVAL_S else BURST_S) / lane.turn_s))
            let_through = sum(not floor.admission.must_refuse(lane) for _ in range(200))
            assert let_through <= max(0, free - len(lane.waiting)) + 1
            lane.arriving = 0
        await flood

    run(act)


def test_one_stall_is_not_taken_for_slow_turns_and_slow_turns_are_soon_known() -> None:
    lane = Lane("recommend", PATIENCE)
    for _ in range(100):
        lane.note_turn(0.001)
    lane.note_turn(10.0)
    assert lane.turn_s < 0.002
    for _ in range(12):
        lane.note_turn(0.02)
    assert lane.turn_s > 0.01
