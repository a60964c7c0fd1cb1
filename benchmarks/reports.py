"""How long reports, and the console's pages, take over the sums of ten million events: ``python benchmarks/reports.py FOLDER``.

Thirty days in which every hour fills every cell of eight placements with two shelves and three sources, two arms, three devices
and four segments: 1.26 million hourly cells, eight events each. Making them takes minutes; the folder is kept and used again.
The pages are asked of the shipped server, each several times; the quickest and the slowest are kept in ``results/reports.json``.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path

import numpy as np
from run import HERE, commit, machine

from endcap.bench.servers import shipped
from endcap.core.time import DAY_MS
from endcap.measurement.components import COMPONENTS, NUMBER
from endcap.measurement.facts import Facts
from endcap.measurement.report import ReportQuery, report
from endcap.stores import sqlite
from endcap.stores.measures import Cell, Measured, Measures

END = 1_774_828_800_000 // DAY_MS * DAY_MS
DAYS, RUNS, GROUPS = 30, 5, 64
ZONES = ("UTC", "Europe/Berlin")
PLACES = [f"place_{number}" for number in range(8)]
FACTS = list(itertools.product(("recommended", "held_out"), ("desktop", "mobile", ""), ("buyer", "returning", "known", "guest")))
FOUR = ("shelf_impressions", "ctr", "conversion", "attributed_revenue")
QUERIES: dict[str, dict[str, object]] = {
    "every metric": {},
    "four metrics by placement": {"by": ("placement",), "metrics": FOUR},
    "every metric by placement": {"by": ("placement",)},
    "every metric by device": {"by": ("device",)},
    "every metric by day": {"step": "day"},
    "three of the whole shop by day": {"step": "day", "metrics": ("revenue", "aov", "ctr")},
    "four metrics by placement and day": {
        "by": ("placement",), "step": "day", "metrics": FOUR,
    },
    "every metric by device and segment": {"by": ("device", "segment")},
}  # fmt: skip


def fill(measures: Measures) -> None:
    chance = np.random.default_rng(1)
    scopes = ("shop", "answer", "shelf", "item")
    by_scope = {scope: [NUMBER[one.name] for one in COMPONENTS if one.scope == scope] for scope in scopes}

    def sums(scope: str, most: int) -> dict[int, int]:
        return {number: int(chance.integers(1, most)) for number in by_scope[scope]}

    for day in range(END // DAY_MS - DAYS, END // DAY_MS):
        hours: dict[tuple[int, Cell], dict[int, int]] = {}
        for hour, (arm, device, segment) in itertools.product(range(day * 24, day * 24 + 24), FACTS):
            told = {"arm": arm, "device": device, "segment": segment}
            hours[hour, Cell(**told)] = sums("shop", 50)
            for place in PLACES:
                hours[hour, Cell(placement=place, **told)] = sums("answer", 20)
                for shelf in ("a", "b"):
                    hours[hour, Cell(placement=place, shelf=shelf, **told)] = sums("shelf", 20)
                    for source in ("x", "y", "z"):
                        hours[hour, Cell(placement=place, shelf=shelf, source=source, **told)] = sums("item", 20)
        groups = {
            (day, Cell(arm=arm, group=group)): sums("shop", 500) for arm in ("recommended", "held_out") for group in range(GROUPS)
        }
        before = measures.progress()
        measures.commit(Measured(before=before, after=before, hours=hours, groups=groups))


def best_ms(measures: Measures, zone: str, options: dict[str, object]) -> float:
    query = ReportQuery(since_ms=END - DAYS * DAY_MS, until_ms=END, **options)  # type: ignore[arg-type]
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        report(measures, query, Facts(zone=zone, currency="EUR"))
        times.append(1000 * (time.perf_counter() - began))
    return round(min(times), 1)


PAGES = {
    "overview": {}, "overview by shelf": {"cut": "shelf"}, "overview by device": {"cut": "device"},
    "overview by segment": {"cut": "segment"}, "overview of a placement": {"placement": "place_0"},
    "overview of a device": {"device": "mobile"}, "overview without a comparison": {"compare": "none"},
}  # fmt: skip


def pages_ms(folder: Path, key: str) -> dict[str, dict[str, float]]:
    """The quickest and the slowest of the times from asking for a page until all of it has come, in ms."""
    days = {name: datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
            for name, at in (("from", END - DAYS * DAY_MS), ("to", END - DAY_MS))}  # fmt: skip
    found: dict[str, dict[str, float]] = {}
    with shipped(folder) as port:
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        browser.open(f"http://127.0.0.1:{port}/console/login", urllib.parse.urlencode({"key": key}).encode(), timeout=60).read()
        for name, asked in PAGES.items():
            address = f"http://127.0.0.1:{port}/console?{urllib.parse.urlencode({**days, **asked})}"
            times = []
            for _ in range(RUNS):
                began = time.perf_counter()
                with browser.open(address, timeout=60) as page:
                    body = page.read().decode()
                times.append(1000 * (time.perf_counter() - began))
            assert "Overview</h1>" in body, body[:500]
            assert asked or "Place 0" in body, "the sums are not on the page"
            found[name] = {"quickest": round(min(times), 1), "slowest": round(max(times), 1)}
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    about = {"what": "reports", "commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    made = folder.exists()
    home = sqlite.open_home(folder)
    measures = home.open("large", create=True).measures
    if not made:
        fill(measures)
    reports = {zone: {name: best_ms(measures, zone, asked) for name, asked in QUERIES.items()} for zone in ZONES}
    key = home.keys.create("large", "admin")
    home.close()
    result = json.dumps(about | {"reports_ms": reports, "pages_ms": pages_ms(folder, key)}, indent=1)
    (HERE / "results" / "reports.json").write_text(result + "\n")
    print(result)


if __name__ == "__main__":
    main()
