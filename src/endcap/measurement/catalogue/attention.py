"""How recommendations are met: seen, scrolled through, clicked."""

from __future__ import annotations

from endcap.measurement.catalogue.metric import Benchmark, Metric
from endcap.measurement.formulas import Ratio, Total

ON_SITE = ("product", "cart", "checkout", "home", "post_purchase", "abandoned_cart", "out_of_stock", "search", "order_status")

ATTENTION = (
    Metric(
        name="shelf_impressions", title="Impressions", unit="count", formula=Total({"shelf_impressions": 1}), role="context",
        sentence="Shelves of which at least one product was seen: half of it in view for a second. What was merely fetched "
        "does not count.",
    ),
    Metric(
        name="shelf_clicks", title="Clicks", unit="count", formula=Total({"shelf_clicks": 1}),
        sentence="Shelves that were seen and of which at least one product was clicked. Many clicks on one shelf count once.",
    ),
    Metric(
        name="ctr", title="Click-through rate", unit="share", role="goal", interval="cases",
        formula=Ratio({"shelf_clicks": 1}, {"shelf_impressions": 1}),
        sentence="Of the shelves that were seen, how many were clicked.",
        benchmarks=(
            Benchmark(label="product pages", placements=("product",), low=0.05, high=0.15, target=0.10),
            Benchmark(label="e-mail", placements=("email",), low=0.03, high=0.08, target=0.05),
            Benchmark(label="other places on the site", placements=ON_SITE[1:], target=0.10),
        ),
    ),
    Metric(
        name="ctr_per_item", title="Click-through rate per product", unit="share", interval="cases",
        formula=Ratio({"impressions_clicked": 1}, {"impressions": 1}),
        sentence="Of the products that were seen on shelves, how many were clicked. More products on a shelf raise the rate of "
        "the shelf and lower this one.",
    ),
    Metric(
        name="relevance", title="Clicks on the first three", unit="share", interval="cases",
        formula=Ratio({"clicks_top3": 1}, {"clicks": 1}),
        sentence="Of the products that were clicked, how many stood in the first three places: high where the order is right.",
    ),
    Metric(
        name="viewability", title="Viewability", unit="share", interval="cases",
        formula=Ratio({"shelf_impressions": 1}, {"shelves": 1}),
        sentence="Of the shelves that were answered, how many were seen. Shelves far down a page are fetched and never "
        "reached.",
    ),
    Metric(
        name="scroll_depth", title="Scroll depth", unit="share", interval="days",
        formula=Ratio({"depth_seen": 1}, {"slots_of_seen": 1}),
        sentence="How far into the shelves that were seen shoppers got: the last place seen, as a share of all their places.",
    ),
    Metric(
        name="time_to_click", title="Time to click", unit="ms", direction="down", interval="days",
        formula=Ratio({"click_delay_ms": 1}, {"click_delays": 1}),
        sentence="How long after a shelf was first seen it was first clicked, on average over the shelves that were clicked.",
    ),
    Metric(
        name="glance_views", title="Product page views", unit="count", formula=Total({"views": 1}),
        sentence="How often pages of products were opened.",
    ),
    Metric(
        name="recommended_views", title="Views of recommended products", unit="count", formula=Total({"views_recommended": 1}),
        sentence="How often pages of products were opened by those who had clicked them on a shelf.",
    ),
    Metric(
        name="dwell", title="Time on recommended products", unit="ms", interval="days",
        formula=Ratio({"dwell_ms": 1}, {"dwells": 1}),
        sentence="How long shoppers looked at the page of a product that they had clicked on a shelf, on average.",
        needs="Pages that tell it: `endcap.view(item)` of the script for shop pages does.",
    ),
)  # fmt: skip
