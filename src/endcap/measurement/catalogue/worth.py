"""What it costs and what it is worth: customers, and money spent."""

from __future__ import annotations

from endcap.measurement.catalogue.metric import Metric
from endcap.measurement.catalogue.sales import DIRECT
from endcap.measurement.formulas import Ratio

_COSTS = "Costs that the shop tells (`endcap costs`)."

WORTH = (
    Metric(
        name="clv", title="Customer lifetime value", unit="money", role="goal", least=1,
        formula=Ratio({"clv": 1}, {"clv_customers": 1}),
        sentence="What a customer is expected to bring from now on, on average over all known customers.",
        needs="Repeat orders of known customers, from which `endcap customers fit` learns it.",
    ),
    Metric(
        name="churn_rate", title="Churn rate", unit="share", direction="down", role="guard_rail",
        formula=Ratio({"customers_lost": 1}, {"clv_customers": 1}),
        sentence="Of all known customers, how many are likelier than not to order nothing within the year to come.",
        needs="Repeat orders of known customers, from which `endcap customers fit` learns it.",
    ),
    Metric(
        name="cac", title="Customer acquisition cost", unit="money", direction="down",
        formula=Ratio({"cost_media": 1}, {"customers_new": 1}),
        sentence="What was spent on media in the period, for every customer who ordered for the first time in it.",
        needs=_COSTS,
    ),
    Metric(
        name="roi", title="Return on investment", unit="multiple", role="goal",
        formula=Ratio(DIRECT, {"cost_implementation": 1}),
        sentence="Revenue from recommendations for every unit of money that recommendations cost: 410,000 earned from 50,000 "
        "spent are 8.2.",
        needs=_COSTS,
    ),
    Metric(
        name="roas", title="Return on ad spend", unit="multiple", role="goal",
        formula=Ratio(DIRECT, {"cost_media": 1}),
        sentence="Revenue from recommendations for every unit of money spent on media.",
        needs=_COSTS,
    ),
    Metric(
        name="cpa", title="Cost per order", unit="money", direction="down",
        formula=Ratio({"cost_implementation": 1, "cost_media": 1}, {"orders_direct": 1}),
        sentence="All that was spent, for every order that holds a product which was clicked on a shelf.",
        needs=_COSTS,
    ),
)  # fmt: skip
