"""Sources that raise or sleep are benched, asked again, and named in the answers that do without them."""

from __future__ import annotations

from endcap.core.placement import Source
from endcap.core.request import RecommendRequest
from endcap.core.time import FixedClock
from endcap.serving.breaker import AFTER, ANSWER_MS, FIRST_MS, LONGEST_MS, SOURCE_MS, Breaker
from endcap.serving.engine import Engine
from tests.serving.shop import BOUGHT, IDS, NOW_MS, engine, neighbors, placement
from tests.web.slow import SlowScores

BROKEN = RuntimeError("broken")


class Turning:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms


def test_failures_in_a_row_bench_a_source_and_others_go_on() -> None:
    found = Breaker(FixedClock(NOW_MS))
    for _ in range(AFTER - 1):
        found.failed("a", BROKEN)
        assert found.allows("a")
    found.failed("a", BROKEN)
    assert (found.allows("a"), found.allows("b"), found.benched) == (False, True, ("a",))


def test_an_answer_in_time_between_failures_begins_the_row_anew() -> None:
    found = Breaker(FixedClock(NOW_MS))
    for _ in range(5 * AFTER):
        for _ in range(AFTER - 1):
            found.failed("a", BROKEN)
        found.took("a", 100.0)
        assert found.allows("a")


def test_each_failure_after_the_bench_doubles_it_up_to_a_minute() -> None:
    clock = Turning()
    found = Breaker(clock)
    for _ in range(AFTER):
        found.failed("a", BROKEN)
    expected_ms = FIRST_MS
    for _ in range(100):
        clock.ms += expected_ms - 1
        assert not found.allows("a")
        clock.ms += 1
        assert found.allows("a"), "it is asked again after its time"
        found.failed("a", BROKEN)
        assert not found.allows("a"), "one failure is enough then"
        expected_ms = min(2 * expected_ms, LONGEST_MS)
    clock.ms += LONGEST_MS
    found.took("a", 100.0)
    assert found.benched == ()
    found.failed("a", BROKEN)
    assert found.allows("a"), "once it answered, it has its three chances again"


def test_a_source_that_is_late_again_and_again_is_benched_too() -> None:
    found = Breaker(FixedClock(NOW_MS))
    for _ in range(AFTER):
        found.begin()
        assert found.allows("a")
        found.took("a", SOURCE_MS * 1_000 + 1)
        assert found.notes == ["source_late:a"]
        assert found.left_out == [], "what a late source found is used"
    found.begin()
    assert not found.allows("a")
    assert (found.notes, found.left_out) == (["source_benched:a"], [0])


def test_what_comes_after_the_time_of_an_answer_is_left_out_of_it_alone() -> None:
    found = Breaker(FixedClock(NOW_MS))
    for name in ("a", "b", "c"):
        assert found.allows(name)
        found.took(name, ANSWER_MS * 1_000 / 3)
    assert not found.allows("d")
    assert (found.notes, found.left_out) == (["source_late:d"], [3])
    found.begin()
    assert found.allows("d"), "the next answer has its own time"


def test_an_answer_that_is_made_again_leaves_out_the_same_turns() -> None:
    found = Breaker(FixedClock(NOW_MS))
    found.begin(left_out=[1])
    assert [found.allows("a") for _ in range(3)] == [True, False, True]
    for _ in range(AFTER):
        found.took("a", SOURCE_MS * 1_000 + 1)
    assert (found.notes, found.benched) == ([], ())


def _engine(source: SlowScores) -> Engine:
    """An engine whose shelf asks this source beside a sound one."""
    asked = (Source(artifact="together", ask="anchor"), Source(artifact="slow", ask="nothing", weight=0.01))
    return engine(placement(sources=asked, max_count=3), artifacts={"together": neighbors(BOUGHT), "slow": source})


def test_a_source_that_raises_costs_its_own_part_and_is_named_while_it_is_missing() -> None:
    source = SlowScores(len(IDS), fails=True)
    made = _engine(source)
    request = RecommendRequest(placement="spot", item_id="mug")
    degraded = []
    for _ in range(AFTER + 2):
        answer = made.recommend(request)
        assert [one.item_id for one in answer.items] == ["spoon", "bowl", "plate"], "the sound source still answers"
        degraded.append(answer.degraded)
    assert degraded == [["source_failed:slow"]] * AFTER + [["source_benched:slow"]] * 2
    assert source.asked == AFTER, "on the bench it costs nothing"


def test_a_source_that_sleeps_is_benched_and_the_answers_are_quick_again() -> None:
    source = SlowScores(len(IDS), delay_s=1.5 * SOURCE_MS / 1_000)
    made = _engine(source)
    request = RecommendRequest(placement="spot", item_id="mug")
    for _ in range(AFTER):
        assert made.recommend(request).degraded == ["source_late:slow"]
    answers = [made.recommend(request) for _ in range(5)]
    assert [one.degraded for one in answers] == [["source_benched:slow"]] * 5
    assert source.asked == AFTER
