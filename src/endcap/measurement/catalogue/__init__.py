"""The catalogue: every metric, defined once. Reports, the API, the console, exports and the documentation are derived from it."""

from __future__ import annotations

from endcap.measurement.catalogue.attention import ATTENTION
from endcap.measurement.catalogue.metric import ASSUMPTIONS, Benchmark, Metric
from endcap.measurement.catalogue.quality import FATIGUE, QUALITY
from endcap.measurement.catalogue.sales import CONVERSION, RETURNS, REVENUE
from endcap.measurement.catalogue.service import SERVICE
from endcap.measurement.catalogue.worth import WORTH

GROUPS: dict[str, tuple[Metric, ...]] = {
    "Attention": ATTENTION,
    "Conversion": CONVERSION,
    "Revenue": REVENUE,
    "Returns": RETURNS,
    "Choice": QUALITY,
    "Fatigue and satisfaction": FATIGUE,
    "Service": SERVICE,
    "Worth and cost": WORTH,
}
"""All metrics under the headings that pages and documents show them under."""

METRICS: dict[str, Metric] = {metric.name: metric for group in GROUPS.values() for metric in group}
"""All metrics by name."""

GOALS: dict[str, tuple[str, ...]] = {
    "order_value": ("aov", "aov_lift", "units_per_order", "revenue_per_visitor", "aov_recommended"),
    "cross_sell": ("cross_sell_conversion", "attributed_revenue", "incremental_revenue", "conversion", "ctr"),
    "lifetime_value": ("clv", "churn_rate", "revenue_per_visitor", "return_rate_recommended", "csat"),
}
"""The metrics that stand first for each goal that a shop may have."""

COMPANIONS: dict[str, str] = {"attributed_revenue": "incremental_revenue"}
"""What always stands beside a metric: what was credited is not what was gained."""

__all__ = ["ASSUMPTIONS", "COMPANIONS", "GOALS", "GROUPS", "METRICS", "Benchmark", "Metric"]
