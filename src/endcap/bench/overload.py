"""What is left of the answers when three times as many are asked for as can be given."""

from __future__ import annotations

import tempfile
from pathlib import Path

from endcap.bench import servers, shop
from endcap.bench.load import drive, post
from endcap.bench.open_load import OpenLoad, offer
from endcap.bench.result import Result, median, percentile
from endcap.core.request import RecommendRequest

TIMES = (0.5, 1.0, 3.0)
"""Loads, as multiples of the peak."""

DEADLINE_MS = 200.0
"""An answer that comes later is of no use to the page that asked."""

ROUNDS = 3
ROUND_S = 5.0
CATALOGUE = 20_000


def measure(disk: Path, rounds: int = ROUNDS, round_s: float = ROUND_S, catalogue: int = CATALOGUE) -> Result:
    """The peak of a closed loop of sixteen connections, then open loops at multiples of it, in turns in the same run.

    ``goodput_3x_to_peak`` is the share of the peak that is still answered within :data:`DEADLINE_MS` at three times the load.
    Times count from when a request was due; ``sent_late_ms_p99`` says how much of them is the generator's own.
    """
    peaks: list[float] = []
    loads: dict[float, list[OpenLoad]] = {times: [] for times in TIMES}
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        home = Path(folder) / "home"
        key = shop.build(home, n_items=catalogue, k=60)
        requests = [post("/v1/recommendations", _body(n, catalogue), key) for n in range(2_000)]
        with servers.pinned(home) as (port, _):
            drive(port, requests, count=1_000)
            for _ in range(rounds):
                closed = drive(port, requests, seconds=round_s)
                peaks.append((closed.answered - closed.failed) / closed.seconds)
                for times in TIMES:
                    loads[times].append(offer(port, requests, rate=times * peaks[-1], seconds=round_s))
    figures: dict[str, float] = {"peak_per_s": median(peaks)}
    for times, found in loads.items():
        figures |= {f"{name}_at_{times:g}x": value for name, value in _figures(found).items()}
    good = {times: [one.good_per_second(DEADLINE_MS) for one in found] for times, found in loads.items()}
    ratios = {
        f"goodput_{times:g}x_to_peak": median([one / peak for one, peak in zip(good[times], peaks, strict=True)])
        for times in TIMES
    }
    return Result(figures=figures, ratios=ratios, enabled=["authentication", "limits", "metrics", "decisions", "admission"])


def _body(number: int, n_items: int) -> bytes:
    return shop.body(RecommendRequest(
        placement="product", item_id=shop.item_id(number * 37 % n_items), session_id=f"session-{number % shop.SESSIONS}"
    ))  # fmt: skip


def _figures(found: list[OpenLoad]) -> dict[str, float]:
    answered = [ms for one in found for ms in one.answered_ms]
    refused = [ms for one in found for ms in one.refused_ms]
    late = [ms for one in found for ms in one.sent_late_ms]
    offered = sum(one.offered for one in found)
    figures = {
        "good_per_s": median([one.good_per_second(DEADLINE_MS) for one in found]),
        "answered_ms_p50": percentile(answered, 0.5), "answered_ms_p99": percentile(answered, 0.99),
        "refused_share": len(refused) / offered, "failed": float(sum(one.failed for one in found)),
        "refused_without_retry_after": float(sum(one.unadvised for one in found)), "sent_late_ms_p99": percentile(late, 0.99),
    }  # fmt: skip
    if refused:
        figures |= {"refused_ms_p50": percentile(refused, 0.5), "refused_ms_p99": percentile(refused, 0.99)}
    return figures
