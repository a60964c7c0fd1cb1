"""What recommendations sell, what comes back, and what would have been sold anyway."""

from __future__ import annotations

from endcap.measurement.catalogue.metric import Benchmark, Metric
from endcap.measurement.formulas import Lift, Ratio, Sum, Total

DIRECT: Sum = {"revenue_direct": 1, "returned_direct": -1}
ASSISTED: Sum = {"revenue_assisted": 1, "returned_assisted": -1}
NET: Sum = {"revenue": 1, "refunds": -1}
VISITORS: Sum = {"visitors": 1}

PER_VISITOR = Ratio(NET, VISITORS)

CONVERSION = (
    Metric(
        name="conversion", title="Conversion of clicks", unit="share", role="goal", interval="cases",
        formula=Ratio({"clicks_bought": 1}, {"clicks": 1}),
        sentence="Of the products that were clicked on shelves, how many were bought within seven days. Of the last seven days "
        "more may still come.",
        benchmarks=(
            Benchmark(label="e-mail", placements=("email",), low=0.10, high=0.30, target=0.08),
            Benchmark(label="on the site", low=0.10, high=0.30, target=0.15),
        ),
    ),
    Metric(
        name="add_to_cart_rate", title="Add-to-cart rate", unit="share", interval="cases",
        formula=Ratio({"clicks_carted": 1}, {"clicks": 1}),
        sentence="Of the products that were clicked on shelves, how many were put into the cart within seven days.",
    ),
    Metric(
        name="cross_sell_conversion", title="Cross-sell conversion", unit="share", role="goal", interval="cases",
        task="cross_sell",
        formula=Ratio({"impressions_bought": 1}, {"impressions": 1}),
        sentence="Of the products that were seen on shelves other than upgrades, how many were clicked and bought within seven "
        "days: how often an offer is accepted.",
    ),
    Metric(
        name="upsell_conversion", title="Upsell conversion", unit="share", role="goal", interval="cases", task="upsell",
        formula=Ratio({"impressions_bought": 1}, {"impressions": 1}),
        sentence="Of the dearer alternatives that were seen on upgrade shelves, how many were clicked and bought within seven "
        "days.",
    ),
    Metric(
        name="order_rate", title="Conversion of visits", unit="share", role="goal", interval="people",
        formula=Ratio({"orders": 1}, {"visits": 1}),
        sentence="Orders for every visit to the shop, whether anything was recommended or not.",
    ),
    Metric(
        name="cart_abandonment", title="Cart abandonment", unit="share", direction="down", role="guard_rail",
        interval="cases", formula=Ratio({"carts_abandoned": 1}, {"carts": 1}),
        sentence="Of the carts, how many no order followed within 24 hours of the last product put in.",
    ),
    Metric(
        name="cart_abandonment_after_cross_sell", title="Cart abandonment after a recommendation", unit="share",
        direction="down",
        role="guard_rail", interval="cases",
        formula=Ratio({"carts_abandoned_after_seen": 1}, {"carts_after_seen": 1}),
        sentence="The same of the carts of people who saw a recommendation in the last 24 hours: offers must not keep anybody "
        "from paying.",
    ),
)  # fmt: skip

REVENUE = (
    Metric(
        name="revenue", title="Revenue", unit="money", role="goal", formula=Total(NET),
        sentence="What all orders came to, less what was given back.",
    ),
    Metric(
        name="orders", title="Orders", unit="count", formula=Total({"orders": 1}),
        sentence="How many orders were placed.",
    ),
    Metric(
        name="attributed_revenue", title="Revenue from recommendations", unit="money", role="goal", formula=Total(DIRECT),
        sentence="What was paid for products that had been clicked on a shelf within the seven days before (the last click "
        "counts), less what was given back. Some of it would have been bought anyway: see the incremental revenue.",
    ),
    Metric(
        name="assisted_revenue", title="Assisted revenue", unit="money", formula=Total(ASSISTED),
        sentence="What was paid for the other products of orders that hold a product which was clicked on a shelf, less what was "
        "given back. It is never added to the revenue from recommendations.",
    ),
    Metric(
        name="incremental_revenue", title="Incremental revenue", unit="money", role="goal", interval="holdout",
        least=30, formula=Lift(PER_VISITOR, relative=False),
        sentence="What would not have been earned without recommendations: the difference in revenue per visitor to people who "
        "are held out, for all visitors who are not.",
        needs="A holdout: a small share of people who are shown standard or no recommendations.",
    ),
    Metric(
        name="revenue_lift", title="Revenue lift", unit="change", role="goal", interval="holdout", least=30,
        formula=Lift(PER_VISITOR, relative=True),
        sentence="How much more a visitor who sees recommendations brings than one who is held out.",
        needs="A holdout: a small share of people who are shown standard or no recommendations.",
        benchmarks=(Benchmark(label="what shops report", low=0.10, high=0.30),),
    ),
    Metric(
        name="revenue_share", title="Share of revenue from recommendations", unit="share", role="goal", interval="days",
        of_shop=True,
        formula=Ratio(DIRECT, NET),
        sentence="Revenue from recommendations as a share of all revenue.",
    ),
    Metric(
        name="revenue_per_visitor", title="Revenue per visitor", unit="money", role="goal", interval="people",
        formula=PER_VISITOR,
        sentence="Revenue for every visitor of a day.",
    ),
    Metric(
        name="revenue_per_visit", title="Revenue per visit", unit="money", interval="people",
        formula=Ratio(NET, {"visits": 1}),
        sentence="Revenue for every visit.",
    ),
    Metric(
        name="revenue_per_thousand", title="Revenue per thousand impressions", unit="money", role="goal", interval="days",
        formula=Ratio(DIRECT, {"shelf_impressions": 1}, 1_000),
        sentence="Revenue from recommendations for every thousand shelves that were seen: 201,000.00 from 650,000 impressions "
        "are 309.23.",
    ),
    Metric(
        name="aov", title="Average order value", unit="money", role="goal", interval="people",
        formula=Ratio({"revenue": 1}, {"orders": 1}),
        sentence="What an order comes to when it is placed, on average.",
    ),
    Metric(
        name="aov_recommended", title="Order value with a recommended product", unit="money", interval="people",
        formula=Ratio({"revenue_orders_recommended": 1}, {"orders_recommended": 1}),
        sentence="The same of orders that hold a product which was clicked on a shelf.",
    ),
    Metric(
        name="aov_other", title="Order value without one", unit="money", interval="people",
        formula=Ratio({"revenue": 1, "revenue_orders_recommended": -1}, {"orders": 1, "orders_recommended": -1}),
        sentence="The same of all other orders. People who click also like to buy, so that the difference is no effect.",
    ),
    Metric(
        name="aov_lift", title="Change of the order value", unit="change", role="goal", interval="holdout",
        least=30,
        formula=Lift(Ratio({"revenue": 1}, {"orders": 1}), relative=True),
        sentence="How much larger the orders of those who see recommendations are than those of people held out.",
        needs="A holdout: a small share of people who are shown standard or no recommendations.",
    ),
    Metric(
        name="units_per_order", title="Products per order", unit="number", role="goal", interval="people",
        formula=Ratio({"units": 1}, {"orders": 1}),
        sentence="How many pieces an order holds, on average.",
    ),
)  # fmt: skip

RETURNS = (
    Metric(
        name="return_rate", title="Return rate", unit="share", direction="down", role="guard_rail",
        interval="people",
        formula=Ratio({"units_returned": 1}, {"units": 1}),
        sentence="Pieces that came back in the period, as a share of the pieces sold in it.",
    ),
    Metric(
        name="return_rate_recommended", title="Return rate of recommended products", unit="share", direction="down",
        role="guard_rail", interval="days", formula=Ratio({"units_returned_direct": 1}, {"units_direct": 1}),
        sentence="The same of products that were bought after a click on a shelf. What often comes back should not be "
        "recommended.",
    ),
    Metric(
        name="defect_rate", title="Defect rate", unit="share", direction="down", role="guard_rail",
        interval="people",
        formula=Ratio({"units_defect": 1}, {"units": 1}),
        sentence="Pieces that came back with a reason given, as a share of the pieces sold.",
        needs="Refunds whose `context.reason` says what was wrong.",
    ),
    Metric(
        name="defect_rate_recommended", title="Defect rate of recommended products", unit="share", direction="down",
        role="guard_rail", interval="days", formula=Ratio({"units_defect_direct": 1}, {"units_direct": 1}),
        sentence="The same of products that were bought after a click on a shelf.",
        needs="Refunds whose `context.reason` says what was wrong.",
    ),
)  # fmt: skip
