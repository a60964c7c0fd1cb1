"""How good the choice is: broad, varied, new to people, and not tiring."""

from __future__ import annotations

from endcap.measurement.catalogue.metric import Benchmark, Metric
from endcap.measurement.formulas import Change, Ratio, Total

QUALITY = (
    Metric(
        name="coverage", title="Coverage", unit="share", role="guard_rail",
        formula=Ratio({"items_shown": 1}, {"items_offered": 1}),
        sentence="Of the products that can be shown, how many were answered at least once in the period. Best looked at week "
        "by week.",
    ),
    Metric(
        name="novelty", title="Novelty", unit="share", interval="cases",
        formula=Ratio({"clicks_novel": 1}, {"clicks": 1}),
        sentence="Of the products that were clicked on shelves, how many were new in the shop, or neither popular nor known to "
        "the person.",
    ),
    Metric(
        name="serendipity", title="Serendipity", unit="share", interval="cases",
        formula=Ratio({"clicks_serendipitous": 1}, {"clicks": 1}),
        sentence="Of the products that were clicked on shelves, how many were unexpected and yet right: unknown to the person, "
        "not popular, of no category that was asked with, and then put into the cart, bought or looked at for ten "
        "seconds.",
    ),
    Metric(
        name="diversity", title="Categories per answer", unit="number", interval="days",
        formula=Ratio({"categories": 1}, {"answers_filled": 1}),
        sentence="How many different categories an answer that is not empty holds, on average.",
        benchmarks=(Benchmark(label="against filter bubbles", target=3),),
    ),
    Metric(
        name="popularity_share", title="Share of bestsellers", unit="share", direction="none", interval="days",
        formula=Ratio({"slots_popular": 1}, {"slots": 1}),
        sentence="Of the products that were answered, how many are among the tenth that sells best: near 100 % everybody is "
        "shown the same.",
    ),
)  # fmt: skip

_EARLY = Ratio({"visits_clicked_early": 1}, {"visits_seen_early": 1})
_LATE = Ratio({"visits_clicked_late": 1}, {"visits_seen_late": 1})

FATIGUE = (
    Metric(
        name="opt_out_rate", title="Opt-out rate", unit="share", direction="down", role="guard_rail",
        interval="people",
        formula=Ratio({"opt_outs": 1}, {"visitors": 1}),
        sentence="People who asked for no recommendations, or for impersonal ones, for every visitor of a day.",
    ),
    Metric(
        name="not_interested_rate", title="Not interested", unit="share", direction="down", role="guard_rail",
        interval="cases",
        formula=Ratio({"dismissals": 1}, {"impressions": 1}),
        sentence="Of the products that were seen on shelves, how many were turned down.",
    ),
    Metric(
        name="engagement_change", title="Engagement over visits", unit="change", role="guard_rail",
        interval="cases",
        least=30,
        formula=Change(_LATE, _EARLY),
        sentence="How much the share of visits with a click differs between somebody's fourth and later visits with "
        "recommendations and their first three: far below 0 people tire of them.",
    ),
    Metric(
        name="csat", title="Satisfaction", unit="share", role="goal", interval="cases",
        formula=Ratio({"surveys_satisfied": 1}, {"surveys_rated": 1}),
        sentence="Of the surveys that gave a mark, how many were satisfied: four or five of five, 80 % of another scale.",
        needs="Survey events with a `rating` or `context.csat`.",
    ),
    Metric(
        name="relevance_said", title="Relevance, as asked", unit="share", role="goal", interval="days",
        formula=Ratio({"relevance": 1}, {"relevance_n": 1}, 0.001),
        sentence="How relevant people called recommendations in short surveys, from 0 to 100 %, on average.",
        needs="Survey events with `context.relevance`.",
    ),
    Metric(
        name="intrusiveness_said", title="Intrusiveness, as asked", unit="share", direction="down", role="guard_rail",
        interval="days",
        formula=Ratio({"intrusiveness": 1}, {"intrusiveness_n": 1}, 0.001),
        sentence="How intrusive people called recommendations in short surveys, from 0 to 100 %, on average.",
        needs="Survey events with `context.intrusiveness`.",
    ),
    Metric(
        name="surveys", title="Survey answers", unit="count", formula=Total({"surveys": 1}),
        sentence="How many short surveys were answered.",
    ),
)  # fmt: skip
