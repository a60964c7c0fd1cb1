"""Lifetime value on public data: published parameters, and what was foretold against what came. Prints JSON, ready to be plotted.

python benchmarks/lifetime.py FOLDER_OF_DATA_SETS
"""

from __future__ import annotations

import gzip
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from endcap.audience.beta_geometric import Purchases
from endcap.audience.calibration import Calibration, compare
from endcap.audience.fitting import fit_beta_geometric, fit_gamma_gamma

Days = dict[str, dict[date, float]]


def cdnow(folder: Path) -> Days:
    days: Days = defaultdict(lambda: defaultdict(float))
    with gzip.open(folder / "cdnow" / "CDNOW_sample.txt.gz", "rt") as lines:
        for _, customer, day, _, dollars in map(str.split, lines):
            days[customer][date(int(day[:4]), int(day[4:6]), int(day[6:]))] += float(dollars)
    return days


def online_retail(folder: Path) -> Days:
    lines = pl.read_csv(
        folder / "online_retail" / "online_retail.csv.gz",
        schema_overrides={"CustomerID": pl.String, "InvoiceNo": pl.String, "StockCode": pl.String},
    ).filter(pl.col("CustomerID").is_not_null(), ~pl.col("InvoiceNo").str.starts_with("C"), pl.col("UnitPrice") > 0)
    lines = lines.with_columns(pl.col("InvoiceDate").str.to_datetime().dt.date().alias("day"))
    days: Days = defaultdict(lambda: defaultdict(float))
    for customer, day, amount in lines.select("CustomerID", "day", pl.col("Quantity") * pl.col("UnitPrice")).iter_rows():
        days[customer][day] += amount
    return days


def before(days: Days, end: date) -> tuple[list[str], Purchases, np.ndarray, np.ndarray]:
    known = sorted(one for one in days if min(days[one]) <= end)
    rows = []
    for one in known:
        then = sorted(day for day in days[one] if day <= end)
        spent = [days[one][day] for day in then]
        repeat = spent[1:]
        first, last = (then[0] - end).days / -7, (then[-1] - then[0]).days / 7
        rows.append((len(repeat), last, first, np.mean(repeat) if repeat else 0.0, np.mean(spent)))
    frequency, recency, age, repeat_mean, mean = np.array(rows).T
    return known, Purchases.of(frequency, recency, age), repeat_mean, mean


def came(days: Days, known: Iterable[str], end: date, until: date) -> np.ndarray:
    return np.array([sum(end < day <= until for day in days[one]) for one in known])


def look(days: Days, end: date, until: date, *, at_once: bool) -> Calibration:
    known, of, _, _ = before(days, end)
    model = fit_beta_geometric(of, may_leave_at_once=at_once)
    return compare(model, of, came(days, known, end, until), days=(until - end).days)


def weekly(days: Days, end: date, weeks: int, *, at_once: bool) -> dict[str, list[float]]:
    known, of, _, _ = before(days, end)
    model = fit_beta_geometric(of, may_leave_at_once=at_once)
    ends = list(range(1, weeks + 1))
    return {
        "week": ends,
        "foretold": [round(float(model.expected(of, week).sum()), 1) for week in ends],
        "came": [int(came(days, known, end, end + timedelta(weeks=week)).sum()) for week in ends],
    }


def by_frequency(days: Days, end: date, until: date, *, at_once: bool) -> dict[str, list[float]]:
    known, of, _, _ = before(days, end)
    model = fit_beta_geometric(of, may_leave_at_once=at_once)
    expected, real = model.expected(of, (until - end).days / 7), came(days, known, end, until)
    groups = np.minimum(of.frequency, 7).astype(int)
    return {
        "repeat_orders": list(range(8)),
        "customers": np.bincount(groups).tolist(),
        "foretold": [round(float(expected[groups == one].mean()), 3) for one in range(8)],
        "came": [round(float(real[groups == one].mean()), 3) for one in range(8)],
    }


def main(folder: Path) -> None:
    songs, end = cdnow(folder), date(1997, 9, 30)
    _, of, repeat_mean, mean = before(songs, end)
    started = time.perf_counter()
    bg = fit_beta_geometric(of)
    money = fit_gamma_gamma(of.frequency, repeat_mean)
    seconds = time.perf_counter() - started
    gifts = online_retail(folder)
    cuts = [date(2011, 5, 31), date(2011, 7, 31), date(2011, 9, 9)]
    later, models = end + timedelta(weeks=39), {"bg_nbd": False, "mbg_nbd": True}
    told = {
        "cdnow": {
            "bg_nbd": bg,
            "mbg_nbd": fit_beta_geometric(of, may_leave_at_once=True),
            "gamma_gamma": money,
            "gamma_gamma_of_all_orders": fit_gamma_gamma(of.frequency + 1, mean),
            "seconds_to_fit": round(seconds, 3),
            "weeks_40_to_78": {name: weekly(songs, end, 39, at_once=at_once) for name, at_once in models.items()},
            "by_repeat_orders": {name: by_frequency(songs, end, later, at_once=at_once) for name, at_once in models.items()},
            "look_back": {name: look(songs, end, later, at_once=at_once) for name, at_once in models.items()},
        },
        "online_retail": {f"{cut} + 90 days": look(gifts, cut, cut + timedelta(days=90), at_once=True) for cut in cuts},
    }
    print(msgspec.json.format(msgspec.json.encode(told, enc_hook=lambda one: one.item()), indent=1).decode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
