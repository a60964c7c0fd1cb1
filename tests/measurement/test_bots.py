"""What acts faster than people is found out, and no person is taken for it."""

from __future__ import annotations

from endcap.measurement.bots import FASTEST_PURCHASE_MS, MOST_A_MINUTE, too_fast


def test_what_is_too_fast_for_a_person() -> None:
    assert not too_fast([60_000 + place for place in range(MOST_A_MINUTE)], [], [])
    assert too_fast([60_000 + place for place in range(MOST_A_MINUTE + 1)], [], [])
    assert not too_fast([59_999 + place * 60_000 for place in range(1_000)], [], [])
    cart = [("mug", 5_000)]
    assert too_fast([], cart, [("mug", 5_000 + FASTEST_PURCHASE_MS - 1)])
    assert not too_fast([], cart, [("mug", 5_000 + FASTEST_PURCHASE_MS)])
    assert not too_fast([], cart, [("pot", 5_001)])
    assert not too_fast([], cart, [("mug", 4_999)])
