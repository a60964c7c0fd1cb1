"""How well recommendations are served."""

from __future__ import annotations

from endcap.measurement.catalogue.metric import Benchmark, Metric
from endcap.measurement.components import LATENCY, LATENCY_MS
from endcap.measurement.formulas import Quantile, Ratio, Total


def _quantile(at: float) -> Quantile:
    return Quantile(at=at, edges=LATENCY_MS, buckets=LATENCY)


SERVICE = (
    Metric(
        name="answers", title="Answers", unit="count", formula=Total({"answers": 1}),
        sentence="How many requests for recommendations were answered.",
    ),
    Metric(
        name="latency_p50", title="Latency, median", unit="ms", direction="down", least=20,
        formula=_quantile(0.5),
        sentence="Half of the answers were made within this time.",
    ),
    Metric(
        name="latency_p95", title="Latency, 95 %", unit="ms", direction="down", role="guard_rail", least=100,
        formula=_quantile(0.95), sentence="19 of 20 answers were made within this time.",
        benchmarks=(Benchmark(label="answers that feel instant", target=200),),
    ),
    Metric(
        name="latency_p99", title="Latency, 99 %", unit="ms", direction="down", least=500,
        formula=_quantile(0.99),
        sentence="99 of 100 answers were made within this time.",
    ),
    Metric(
        name="fast_share", title="Answers within 200 ms", unit="share", role="guard_rail", interval="cases",
        formula=Ratio({f"latency_{edge}_ms": 1 for edge in LATENCY_MS if edge <= 200}, dict.fromkeys(LATENCY, 1)),
        sentence="Of the answers, how many were made within 200 ms.",
    ),
    Metric(
        name="success_rate", title="Request success rate", unit="share", role="guard_rail", interval="cases",
        formula=Ratio({"requests": 1, "requests_failed": -1}, {"requests": 1}),
        sentence="Of the requests for recommendations that were not mistaken themselves, how many were answered: not refused "
        "for overload, not failed.",
    ),
    Metric(
        name="empty_rate", title="Empty answers", unit="share", direction="down", role="guard_rail",
        interval="cases",
        formula=Ratio({"answers_empty": 1}, {"answers": 1}),
        sentence="Of the answers, how many held no product.",
    ),
    Metric(
        name="degraded_rate", title="Degraded answers", unit="share", direction="down", role="guard_rail",
        interval="cases",
        formula=Ratio({"answers_degraded": 1}, {"answers": 1}),
        sentence="Of the answers, how many lacked a source or a model and were filled up by others.",
    ),
)  # fmt: skip
