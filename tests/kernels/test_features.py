"""Every feature beside a line of plain Python that says what it means."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.kernels.features import ABSENT, ACTS_LOOKED_AT, LOG_PRICE, LOOKED_AT, UNKNOWN, fill
from endcap.kernels.found import found_by, put
from endcap.ranking.features import layout

N, N_COLUMNS = 25, 6


class World:
    """Two sources, items with prices and categories, a query, candidates."""

    def __init__(self, seed: int, n_asked: int) -> None:
        rng = np.random.default_rng(seed)
        self.scores = np.where(rng.random((2, N)) < 0.5, rng.random((2, N)), 0).astype(np.float32)
        self.tops = np.array([rng.permutation(N)[:8], rng.permutation(N)[:8]], np.int32)
        self.sizes = rng.integers(0, 9, 2)
        self.columns = rng.normal(size=(N_COLUMNS, N)).astype(np.float32)
        self.columns[LOG_PRICE, rng.random(N) < 0.3] = UNKNOWN
        self.codes = rng.integers(-1, 3, (3, N)).astype(np.int32)
        self.rows = rng.permutation(N)[: int(rng.integers(1, 12))].astype(np.int32)
        self.asked = rng.permutation(N)[:n_asked].astype(np.int32)
        few = rng.permutation(N)[:4]  # so that the trail goes back to what it passed
        self.trail = rng.choice(few, int(rng.integers(0, ACTS_LOOKED_AT + 9))).astype(np.int32)
        numbers = np.zeros(N, np.int32)
        numbers[self.rows] = np.arange(1, len(self.rows) + 1)
        names = [one.name for one in layout(["a", "b"])]
        self.features = np.full((len(names), N), np.nan, np.float32)
        n = len(self.rows)
        found = found_by(2, N)
        for source, scores in enumerate(self.scores):
            rows = np.flatnonzero(scores).astype(np.int32)
            put(found, source, rows, scores[rows])
        fill(
            found, self.tops, self.sizes, numbers, self.rows, n, np.ascontiguousarray(self.columns.T),
            np.ascontiguousarray(self.codes.T), self.asked, self.trail, self.features,
        )  # fmt: skip
        self.found = dict(zip(names, self.features[:, :n].tolist(), strict=True))

    def places(self, source: int) -> list[float]:
        listed = self.tops[source, : self.sizes[source]].tolist()
        return [listed.index(row) + 1 if row in listed else float(ABSENT) for row in self.rows.tolist()]


def plain(world: World) -> dict[str, list[float]]:
    rows, asked = world.rows.tolist(), world.asked.tolist()
    newest = asked[:LOOKED_AT]
    price = world.columns[LOG_PRICE].tolist()
    expected: dict[str, list[float]] = {}
    for source, name in enumerate("ab"):
        own = [float(world.scores[source, row]) for row in rows]
        expected[f"score:{name}"] = own
        expected[f"share:{name}"] = [one / max(own) if max(own) > 0 else 0.0 for one in own]
        expected[f"place:{name}"] = world.places(source)
    both = list(zip(world.places(0), world.places(1), strict=True))
    expected["best_place"] = [min(pair) for pair in both]
    expected["votes"] = [float(sum(place < ABSENT for place in pair)) for pair in both]
    expected["fused"] = [sum(1 / (20 + place) for place in pair if place < ABSENT) for pair in both]
    for number, name in enumerate(("popularity", "recent_popularity", "trend", "log_price", "log_age_days", "return_share")):
        expected[name] = [float(world.columns[number, row]) for row in rows]
    popularity = [float(world.columns[0, row]) for row in newest]
    known = sorted(price[row] for row in newest if price[row] != UNKNOWN)
    median = known[(len(known) - 1) // 2] if known else float(UNKNOWN)
    unknown = float(UNKNOWN)
    query = (len(asked), sum(popularity) / len(newest) if newest else unknown, popularity[0] if newest else unknown, median)
    for name, value in zip(("n_asked", "asked_popularity", "newest_popularity", "asked_log_price"), query, strict=True):
        expected[name] = [float(value)] * len(rows)
    expected["steps_since_seen"] = [asked.index(row) + 1.0 if row in asked else float(ABSENT) for row in rows]
    expected["is_newest"] = [float(asked[:1] == [row]) for row in rows]
    for kind, name in enumerate(("leaf", "top", "brand")):
        codes = world.codes[kind].tolist()
        same = [[codes[one] == codes[row] != -1 for one in newest] for row in rows]
        expected[f"same_{name}_as_newest"] = [float(one[0]) if one else 0.0 for one in same]
        expected[f"same_{name}_share"] = [sum(one) / max(len(one), 1) for one in same]
    for name, against in (("newest", price[newest[0]] if newest else unknown), ("median", median)):
        expected[f"price_to_{name}"] = [
            unknown if UNKNOWN in (price[row], against) else price[row] - against for row in rows
        ]  # fmt: skip
    return expected | along(world.trail.tolist()[:ACTS_LOOKED_AT], rows)


def along(trail: list[int], rows: list[int]) -> dict[str, list[float]]:
    """The trail's features from the trail in time order, its repeats in a row struck out."""
    path = trail[::-1]
    turns = [row for at, row in enumerate(path) if at == 0 or path[at - 1] != row]
    run = next((at for at, row in enumerate(trail) if row != trail[0]), len(trail))
    query = {
        "n_acts": len(path), "repeat_share": (len(path) - len(set(path))) / max(len(path), 1), "newest_run": run,
        "n_returns": len(turns) - len(set(turns)),
    }  # fmt: skip
    came_next = list(pairwise(turns))
    return {name: [float(value)] * len(rows) for name, value in query.items()} | {
        "times_seen": [float(path.count(row)) for row in rows],
        "turns_since_seen": [turns[::-1].index(row) + 1.0 if row in turns else float(ABSENT) for row in rows],
        "times_after_newest": [float(came_next.count((turns[-1], row))) if turns else 0.0 for row in rows],
    }


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_asked=st.integers(0, N))
def test_every_feature_means_what_it_says(seed: int, n_asked: int) -> None:
    world = World(seed, n_asked)
    expected = plain(world)
    assert world.found.keys() == expected.keys()
    for name, values in expected.items():
        assert world.found[name] == pytest.approx(values, rel=1e-5, abs=1e-6), name


def test_features_are_finite_whatever_is_missing() -> None:
    world = World(0, 0)
    assert all(math.isfinite(value) for values in world.found.values() for value in values)
