"""Each check of a healthy shop, for 200 days, and of a shop in which what it looks for is broken and then mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.experiment import EXPERIMENT_KIND
from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from endcap.measurement.watch.check import Finding, Look
from endcap.measurement.watch.checks import CHECKS, shares
from endcap.measurement.watch.checks.coverage import look as look_at_coverage
from endcap.measurement.watch.checks.quality import look as look_at_quality
from endcap.measurement.watch.checks.quiet import expected, usual
from endcap.measurement.watch.checks.quiet import look as look_at_silence
from endcap.measurement.watch.checks.shift import look as look_at_shift
from endcap.measurement.watch.checks.shift import stability_index
from endcap.measurement.watch.notes import WatchReport
from endcap.measurement.watch.settings import Limits
from endcap.measurement.watch.tally import Tally
from endcap.measurement.watch.watcher import Watcher
from endcap.stores.measures import Cell, Measured
from endcap.stores.ports import Decision, ShopStores
from endcap.stores.watching import TallyKey
from endcap.testing.samples import bundle_writer
from tests.measurement.watch.made_up import MONDAY_MS, add_selling_days, add_sums, add_tallies, new_shop

HEALTHY_DAYS = 200
RATES = {"view": 60.0, "add_to_cart": 8.0, "purchase": 3.0, "refund": 0.1}
"""Events an hour, on average over the day."""
BANDS = {"2": 0.2, "5": 0.4, "10": 0.3, "20": 0.1}
_DAY_SHAPE = 1 + np.cos(2 * np.pi * (np.arange(24) - 14) / 24)  # nobody is about at 2 in the morning
_WEEK_SHAPE = np.array([1, 1, 1, 1, 1.2, 1.6, 1.4])


def _verdicts(found: object) -> dict[str, str]:
    return {one.subject: one.verdict for one in found}  # type: ignore[attr-defined]


def _week_of(hour: int) -> float:
    return float(_DAY_SHAPE[hour % 24] * _WEEK_SHAPE[(hour // 24 + 3) % 7])


def _healthy_hours(first: int, hours: int, random: np.random.Generator) -> dict[TallyKey, int]:
    """What a shop whose days and weeks have a rhythm counts, in hours from number ``first``."""
    counts: dict[TallyKey, int] = {}
    for hour in range(first, first + hours):
        for name, rate in RATES.items():
            counts[TallyKey(hour, "type", name)] = int(random.poisson(rate * _week_of(hour)))
        for trait, of in (("price", BANDS), ("category", {"mugs": 0.5, "lamps": 0.3, "rugs": 0.2})):
            for value, n in zip(of, random.multinomial(int(random.poisson(30 * _week_of(hour))), list(of.values())), strict=True):
                counts[TallyKey(hour, trait, value)] = int(n)
    return {key: count for key, count in counts.items() if count}


def test_200_healthy_days_raise_no_alarm() -> None:
    """Not one of 600 comparisons."""
    random, stores = np.random.default_rng(20), new_shop()
    first, warm = MONDAY_MS // HOUR_MS, 36 * 24
    counts = _healthy_hours(first, warm + HEALTHY_DAYS * 24, random)
    add_tallies(stores, counts)
    shifts = Counter[str]()
    for day in range(HEALTHY_DAYS):
        look = Look(stores, MONDAY_MS + warm * HOUR_MS + day * DAY_MS, Limits())
        shifts.update(f"{one.subject} {one.verdict}" for one in look_at_shift(look))
    assert shifts == {"type fine": 200, "price fine": 200, "category fine": 200, "device unknown": 200}


def test_no_silence_of_200_healthy_days_is_an_alarm() -> None:
    """However long the gaps of the night are: counted in usual gaps, all are short. By chance one in e^20 reaches the limit."""
    random = np.random.default_rng(21)
    counts = _healthy_hours(MONDAY_MS // HOUR_MS, 28 * 24, random)
    rates = usual({key.hour: n for key, n in counts.items() if key.value == "purchase"}, MONDAY_MS // HOUR_MS + 28 * 24)
    first = MONDAY_MS // HOUR_MS
    numbers = [int(random.poisson(3 * _week_of(hour))) for hour in range(first, first + HEALTHY_DAYS * 24)]
    at_ms = np.sort([HOUR_MS * (first + hour + random.random()) for hour, n in enumerate(numbers) for _ in range(n)]).astype(int)
    gaps = np.diff(at_ms)
    times = [expected(rates, newest, newest + gap) for newest, gap in zip(at_ms.tolist(), gaps.tolist(), strict=False)]
    assert len(times) > 10_000
    assert gaps.max() > 4 * HOUR_MS
    assert max(times) < Limits().quiet_times


class _Moved(Look):
    """A look with other newest times than are kept."""

    def __init__(self, stores: ShopStores, now_ms: int, limits: Limits, newest: Mapping[str, int]) -> None:
        super().__init__(stores, now_ms, limits)
        self.__dict__["newest"] = newest


def _silent_shop() -> tuple[ShopStores, int]:
    """Four healthy weeks that end on a Monday at 14:00, the newest of every type just then."""
    stores, end_ms = new_shop(), MONDAY_MS + 28 * DAY_MS + 14 * HOUR_MS
    counts = _healthy_hours(MONDAY_MS // HOUR_MS, 28 * 24 + 14, np.random.default_rng(3))
    add_tallies(stores, counts, dict.fromkeys(RATES, end_ms))
    return stores, end_ms


@pytest.mark.parametrize(("hours", "verdict"), [(0.1, "fine"), (1.0, "fine"), (6.0, "bad")])
def test_a_webhook_that_stops_is_missed_by_its_usual_gap(hours: float, verdict: str) -> None:
    """Three purchases an hour come in the mean, six at this hour: 20 usual gaps are about four hours."""
    stores, end_ms = _silent_shop()
    found = _verdicts(look_at_silence(Look(stores, round(end_ms + hours * HOUR_MS), Limits())))
    assert found["purchase"] == verdict
    assert "refund" not in found  # too rare for its gaps to say anything


def test_the_night_is_no_silence() -> None:
    stores, end_ms = _silent_shop()
    night_ms = end_ms + 11 * HOUR_MS  # one in the morning
    look = _Moved(stores, night_ms + 2 * HOUR_MS, Limits(), {"purchase": night_ms})
    assert _verdicts(look_at_silence(look)) == {"purchase": "fine"}


def test_silence_ends_with_the_next_event() -> None:
    stores, end_ms = _silent_shop()
    watcher, now_ms = Watcher(stores), end_ms + 6 * HOUR_MS
    assert "quiet:purchase" in _on(watcher.look(now_ms))
    line = Line(item_id="mug", price=Decimal(9))
    stores.log.append([Event(event_id="1", type="purchase", at=now_ms, items=(line,))])
    assert "quiet:purchase" not in _on(watcher.look(now_ms + MINUTE_MS))


def _on(report: WatchReport) -> set[str]:
    return {alarm.name for alarm in report.open}


def test_the_index_is_an_effect_size_and_knows_chance() -> None:
    """Against the formula by hand: (0.5 - 0.9) ln(0.5 / 0.9) + (0.5 - 0.1) ln(0.5 / 0.1) = 0.8789."""
    big = stability_index({"a": 5_000_000, "b": 5_000_000}, {"a": 9_000_000, "b": 1_000_000})
    assert big == pytest.approx(0.87889, abs=1e-4)
    assert stability_index({"a": 510_000, "b": 490_000}, {"a": 500_000, "b": 500_000}) < 0.001  # significant, and nothing
    random = np.random.default_rng(5)
    for _ in range(200):
        one, other = (dict(enumerate(random.multinomial(500, [0.05] * 20).tolist())) for _ in range(2))
        assert stability_index({str(k): n for k, n in one.items()}, {str(k): n for k, n in other.items()}) < 0.1


@pytest.mark.parametrize("trait", ["type", "price", "category"])
def test_data_that_are_made_up_differently_raise_an_alarm_until_they_are_usual(trait: str) -> None:
    stores, random = new_shop(), np.random.default_rng(6)
    first, now = MONDAY_MS // HOUR_MS, MONDAY_MS // HOUR_MS + 35 * 24
    counts = _healthy_hours(first, 120 * 24, random)
    for key in [key for key in counts if key.trait == trait and now - 168 <= key.hour < now]:
        counts[TallyKey(key.hour, trait, "200")] = counts.get(TallyKey(key.hour, trait, "200"), 0) + counts.pop(key) // 2
    add_tallies(stores, counts)
    broken = _verdicts(look_at_shift(Look(stores, now * HOUR_MS, Limits())))
    mended = _verdicts(look_at_shift(Look(stores, (now + 50 * 24) * HOUR_MS, Limits())))
    assert (broken.pop(trait), set(broken.values()) - {"unknown"}) == ("bad", {"fine"})
    assert mended[trait] == "fine"


def test_devices_are_compared_by_answers() -> None:
    stores, now = new_shop(), MONDAY_MS // HOUR_MS + 35 * 24
    for since, mobile in ((now - 35 * 24, 600), (now - 7 * 24, 50)):
        hours = {(since + hour, Cell(device=name)): {"answers": n} for hour in range(24) for name, n in
                 (("mobile", mobile), ("desktop", 400))}  # fmt: skip
        add_sums(stores, hours)
    found = next(one for one in look_at_shift(Look(stores, now * HOUR_MS, Limits())) if one.subject == "device")
    assert (found.verdict, "mobile is 11% of them, after 60%" in found.sentence) == ("bad", True)


def test_quality_that_falls_raises_an_alarm_until_it_is_usual_again() -> None:
    stores, random = new_shop(), np.random.default_rng(7)
    for since, days, ctr in ((0, 28, 0.06), (28, 7, 0.03), (35, 42, 0.06)):
        add_selling_days(stores, MONDAY_MS + since * DAY_MS, days, random, ctr=ctr)
    verdicts = [
        _verdicts(look_at_quality(Look(stores, MONDAY_MS + day * DAY_MS, Limits()))) for day in (3, 35, 77)
    ]  # fmt: skip
    assert [one["ctr"] for one in verdicts] == ["unknown", "bad", "fine"]
    assert [one["top3"] for one in verdicts] == ["unknown", "fine", "fine"]


def test_quality_of_200_healthy_days_raises_no_alarm() -> None:
    stores = new_shop()
    add_selling_days(stores, MONDAY_MS, HEALTHY_DAYS + 35, np.random.default_rng(8))
    looks = (Look(stores, MONDAY_MS + (35 + day) * DAY_MS, Limits()) for day in range(HEALTHY_DAYS))
    assert {one.verdict for look in looks for one in look_at_quality(look)} == {"fine"}


def test_coverage_that_falls_is_told_by_the_week() -> None:
    stores = new_shop()
    weeks = [(week, 100) for week in range(5)] + [(5, 40)] + [(week, 100) for week in range(6, 12)]
    add_selling_days(stores, MONDAY_MS, 12 * 7, np.random.default_rng(9))
    progress = stores.measures.progress()
    items = {(MONDAY_MS // DAY_MS + 7 * week, f"i{item}"): (1, 0, 0, 0, 0) for week, n in weeks for item in range(n)}
    assert stores.measures.commit(Measured(before=progress, after=progress, item_weeks=items))
    found = [
        _verdicts(look_at_coverage(Look(stores, MONDAY_MS + week * 7 * DAY_MS + HOUR_MS, Limits()))) for week in (2, 5, 6, 12)
    ]
    assert [one[""] for one in found] == ["unknown", "fine", "bad", "fine"]


@pytest.mark.parametrize("part", shares.EVENTS, ids=lambda part: part.name)
def test_a_share_of_wrong_events_raises_an_alarm_when_it_is_beyond_chance(part: shares.Part) -> None:
    limit = getattr(Limits(), part.name)

    def verdict(share: float, n: int) -> str:
        return shares.judged(part, {part.of: n, part.name: round(share * n)}, limit, "Today").verdict

    assert (verdict(1.2 * limit, 100_000), verdict(1.2 * limit, 100), verdict(0.75 * limit, 100_000)) == (
        "bad",
        "between",
        "between",
    )
    assert (verdict(0.4 * limit, 100_000), verdict(0.0, 0)) == ("fine", "unknown")


def test_shares_of_healthy_days_raise_no_alarm() -> None:
    """A share at half its limit: 200 days of 288 looks at 300 events each."""
    random, limit = np.random.default_rng(10), Limits().rejected
    for k in random.binomial(300, limit / 2, HEALTHY_DAYS * 288).tolist():
        assert shares.judged(shares.EVENTS[0], {"sent": 300, "rejected": k}, limit, "Today").verdict != "bad"


def test_what_is_wrong_with_events_is_counted_from_the_log() -> None:
    stores = new_shop()
    stores.catalog.put([Item(item_id="mug", title="Mug", category=("mugs",), price=Decimal(9), currency="EUR")])
    mug, other = Line(item_id="mug", price=Decimal(9)), Line(item_id="other")
    now_ms, robot = MONDAY_MS + 30 * MINUTE_MS, {"user_agent": "Googlebot/2.1"}
    stores.log.append([
        Event(event_id="1", type="purchase", at=now_ms, items=(mug, other)),
        Event(event_id="2", type="view", at=now_ms + HOUR_MS, item_id="mug"),
        Event(event_id="3", type="view", at=now_ms - 90 * DAY_MS, item_id="mug"),
        Event(event_id="4", type="view", at=now_ms, item_id="mug", context=robot),
    ])  # fmt: skip
    watcher = Watcher(stores)
    assert watcher.add({"rejected": 3, "quarantined": 1}, now_ms)
    assert Tally(stores).catch_up(now_ms)
    hour = now_ms // HOUR_MS
    assert Look(stores, now_ms, Limits()).totals("quality", 0, hour + 1) == {
        "events": 2, "lines": 3, "order_lines": 2, "unpriced": 1, "unknown_items": 1, "ahead": 1, "rejected": 3, "quarantined": 1,
    }  # fmt: skip
    assert stores.watching.tallies(["price", "category"], 0, hour + 1) == {
        TallyKey(hour, "price", "5"): 1, TallyKey(hour, "category", "mugs"): 2,
    }  # fmt: skip


def test_slow_failed_and_empty_answers_raise_alarms_until_they_are_over() -> None:
    stores, now_ms = new_shop(), MONDAY_MS + 30 * MINUTE_MS
    hour, watcher = now_ms // HOUR_MS, Watcher(stores)
    bad = {
        "answers": 1_000,
        "answers_empty": 400,
        "requests": 1_000,
        "requests_failed": 60,
        "latency_10_ms": 800,
        "latency_over": 200,
    }
    add_sums(stores, {(hour, Cell()): {**bad, "latency_10_ms": 800}})
    assert _on(watcher.look(now_ms)) & {"answers:slow", "answers:failed"} == set()  # it must last
    wrong = {"answers:slow", "answers:failed", "answers:empty"}
    for minute in range(1, 5):
        report = watcher.look(now_ms + minute * MINUTE_MS)
    assert _on(report) == wrong
    add_sums(stores, {(hour + 2, Cell()): {"answers": 1_000, "requests": 1_000, "latency_10_ms": 1_000}})
    for minute in range(130, 135):
        report = watcher.look(now_ms + minute * MINUTE_MS)
    assert _on(report) == set()


def test_machine_and_bundle_raise_alarms() -> None:
    stores = new_shop()
    by_name = {check.name: check for check in CHECKS}

    def verdict(name: str, look: Look) -> str:
        found: list[Finding] = list(by_name[name].look(look))
        return found[0].verdict

    now_ms = MONDAY_MS
    disks = [verdict("disk", Look(stores, now_ms, Limits(), disk=disk)) for disk in ((5, 100), (11, 100), (50, 100), None)]
    assert disks == ["bad", "between", "fine", "unknown"]
    assert verdict("bundle", Look(stores, now_ms, Limits())) == "unknown"
    created_ms = stores.bundles.publish(bundle_writer()).created_at_ms
    ages = [verdict("bundle", Look(stores, created_ms + days * DAY_MS, Limits())) for days in (1, 13, 15)]
    assert ages == ["fine", "fine", "bad"]
    stores.log.append([Event(event_id=str(number), type="view", at=now_ms, item_id="mug") for number in range(120)])
    limits = Limits(unmeasured=100)
    assert verdict("measuring", Look(stores, now_ms, limits)) == "bad"
    progress = stores.measures.progress()
    stores.measures.commit(Measured(before=progress, after=msgspec.structs.replace(progress, log_seq=120)))
    assert verdict("measuring", Look(stores, now_ms, limits)) == "fine"
    stores.decisions.append([Decision(f"r{number}", now_ms, b"{}", b"{}") for number in range(120)])
    assert verdict("measuring", Look(stores, now_ms, limits)) == "bad"


def test_what_is_no_experiment_is_said_to_be_none() -> None:
    stores = new_shop()
    stores.documents.put(EXPERIMENT_KIND, "odd", b'{"kind": 7}')
    found = list(next(check for check in CHECKS if check.name == "trials").look(Look(stores, MONDAY_MS, Limits())))
    assert [(one.subject, one.verdict) for one in found] == [("odd", "unknown")]
