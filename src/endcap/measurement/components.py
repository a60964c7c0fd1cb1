"""What is counted: the sums that every metric, report and experiment is computed from, listed once.

A component is a whole number that adds up over hours, shelves and people. Each contribution to it stands in one hour (by the time
of the event that is named; UTC) and in one cell. A component keeps its place in the list for ever, since sums are stored by it;
new ones are added at the end.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Unit = Literal["count", "minor", "ms", "thousandths"]
"""``minor`` is money in the minor unit of the shop's currency, ``thousandths`` a share from 0 to 1,000."""

Scope = Literal["answer", "shelf", "item", "shop"]
"""What a component can be told apart by: ``answer`` by placement, arm, device and segment; ``shelf`` by shelf too; ``item`` by
source as well; ``shop`` by arm, device and segment alone."""


class Component(msgspec.Struct, frozen=True):
    """One sum. ``per_unit`` says whether it is also kept for every unit of an experiment."""

    name: str
    scope: Scope
    unit: Unit
    meaning: str
    per_unit: bool = True


LATENCY_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)
"""The upper edges of the latency buckets. Each answer is counted in one bucket: the first whose edge it does not exceed, or the
last, which is open."""

LATENCY = (*(f"latency_{edge}_ms" for edge in LATENCY_MS), "latency_over")

_Told = tuple[str, Unit, str]

_ANSWER: tuple[_Told, ...] = (
    ("answers", "count", "Answers given."),
    ("answers_filled", "count", "Those with at least one item."),
    ("answers_empty", "count", "Those without."),
    ("answers_degraded", "count", "Answers for which something was missing or skipped (`degraded`)."),
    ("categories", "count", "Different top categories in an answer, summed over answers."),
    ("answers_seen", "count", "Answers of which an item was seen; at the first sighting."),
    ("latency_us", "count", "How long answers took, in microseconds, where that was recorded."),
)

_SHELF: tuple[_Told, ...] = (
    ("shelves", "count", "Shelves answered with at least one item."),
    ("slots", "count", "Items answered."),
    ("slots_popular", "count", "Items answered that are among the popular tenth of the catalogue."),
    ("impressions", "count", "Items seen: each item of an answer once, however often it is reported; at the first sighting."),
    ("impressions_clicked", "count", "Of these, items that were clicked; at the sighting, so that it is a true share."),
    ("impressions_bought", "count", "Of these, items that were bought with direct credit; at the sighting."),
    ("impressions_popular", "count", "Of these, items among the popular tenth."),
    ("shelf_impressions", "count", "Shelves of which an item was seen; at the first sighting."),
    ("shelf_clicks", "count", "Of these, shelves of which an item was clicked; at the sighting."),
    ("depth_seen", "count", "The deepest slot seen of each shelf seen, counted from 1."),
    ("slots_of_seen", "count", "How many slots the shelves have that were seen."),
    ("click_events", "count", "Clicks on recommended items, every one."),
    ("clicks", "count", "Items of an answer that were clicked: each once, seen or not; at the first click, as all below."),
    ("clicks_top3", "count", "Of these, items in the first three slots of their shelf."),
    ("clicks_carted", "count", "Of these, items that were put into the cart by it (last touch); at the click."),
    ("clicks_bought", "count", "Of these, items that were bought with direct credit; at the click."),
    ("clicks_unfamiliar", "count", "Of these, items that the person had not viewed, clicked, put into a cart or bought before."),
    ("clicks_new", "count", "Of these, items that had been available for at most 30 days."),
    ("clicks_popular", "count", "Of these, items among the popular tenth."),
    ("clicks_novel", "count", "Of these, items that were new, or unfamiliar and not popular."),
    ("clicks_unexpected", "count", "Of these, items unfamiliar, not popular, and of no category that the answer was asked with."),
    ("clicks_serendipitous", "count", "Of these last, items that were put into the cart, bought, or looked at for 10 seconds."),
    ("click_delay_ms", "ms", "From the first sighting of a shelf to its first click, at most an hour each."),
    ("click_delays", "count", "How many there were."),
    ("views_recommended", "count", "Views of a product page within the click window after a click on the product."),
    ("dwell_ms", "ms", "How long these were looked at, where that was told."),
    ("dwells", "count", "How often it was told."),
    ("cart_adds", "count", "Items put into the cart: from a shelf, or within the click window after a click on them."),
    ("dismissals", "count", "Items of answers turned down as not interesting, less those taken back."),
    ("owned", "count", "Items of answers that somebody said to own, less those taken back."),
    ("liked", "count", "Ratings of 60 % or more given on a shelf."),
    ("disliked", "count", "Ratings of 40 % or less given on a shelf."),
    ("relevance", "thousandths", "Surveys on a recommendation: how relevant (`context.relevance`)."),
    ("relevance_n", "count", "How many told it."),
    ("intrusiveness", "thousandths", "Surveys on a recommendation: how intrusive (`context.intrusiveness`)."),
    ("intrusiveness_n", "count", "How many told it."),
)

_WHOLE_SHELVES = frozenset(
    {"shelves", "shelf_impressions", "shelf_clicks", "depth_seen", "slots_of_seen", "click_delay_ms", "click_delays"}
)
"""What is counted of a shelf as a whole, whose items come from several sources."""

CREDITS: dict[str, str] = {
    "direct": "the product that was clicked",
    "assisted": "another product of an order, by somebody who had clicked",
    "viewed": "a product that was seen and not clicked, where view-through is on",
}
"""The kinds of credit, and what is bought with each. A piece of an order line has one at most."""


def _credit(kind: str, what: str) -> tuple[_Told, ...]:
    return (
        (f"lines_{kind}", "count", f"Order lines credited: {what}; at the purchase."),
        (f"units_{kind}", "count", "Pieces on them."),
        (f"orders_{kind}", "count", "Orders with such a line, each once, in the cell of the newest touch among them."),
        (f"revenue_{kind}", "minor", "What was paid for them."),
        (f"units_returned_{kind}", "count", "Pieces of them given back; at the refund."),
        (f"returned_{kind}", "minor", "What was paid back for them; at the refund."),
        (f"units_defect_{kind}", "count", "Pieces of them given back with a reason (`context.reason`); at the refund."),
    )


_SHOP: tuple[_Told, ...] = (
    ("visits", "count", "Visits: what a person does until 30 minutes pass without anything; at the beginning."),
    ("visitors", "count", "Person-days: people who did something on a UTC day, each once a day."),
    ("visitors_new", "count", "People, at the beginning of their first visit."),
    ("visits_seen", "count", "Visits in which a recommended item was seen."),
    ("visits_clicked", "count", "Of these, visits in which one was clicked."),
    ("visits_ordered", "count", "Visits in which something was ordered."),
    ("visits_seen_early", "count", "Visits in which a recommended item was seen: a person's first three of them."),
    ("visits_clicked_early", "count", "Of these, visits in which one was clicked."),
    ("visits_seen_late", "count", "Visits in which a recommended item was seen: a person's fourth and later ones."),
    ("visits_clicked_late", "count", "Of these, visits in which one was clicked."),
    ("views", "count", "Views of product pages (glance views)."),
    ("searches", "count", "Searches."),
    ("carts", "count", "Carts, from the first item put in until a purchase, or until 24 h pass with none; at the beginning."),
    ("carts_abandoned", "count", "Of these, carts that no purchase ended. One that is still open counts until it is bought."),
    ("carts_after_seen", "count", "Of these, carts of somebody who saw a recommended item in the 24 h before their end."),
    ("carts_abandoned_after_seen", "count", "Of these last, carts that no purchase ended."),
    ("all_cart_adds", "count", "Items put into carts, recommended or not."),
    ("checkouts", "count", "Checkouts begun."),
    ("orders", "count", "Orders in the shop's currency or without a price, each order id once; at the purchase."),
    ("lines", "count", "Lines of them."),
    ("units", "count", "Pieces of them."),
    ("revenue", "minor", "What was paid for them. A line without a price counts 0 here."),
    ("lines_unpriced", "count", "Lines of them without a price."),
    ("orders_recommended", "count", "Orders with a line that has direct credit."),
    ("revenue_orders_recommended", "minor", "What was paid for the whole of these orders."),
    ("orders_credited", "count", "Orders with a line that has any credit."),
    ("refunds", "minor", "What was paid back; at the refund."),
    ("orders_refunded", "count", "Orders of which something was given back; at the first refund."),
    ("units_returned", "count", "Pieces given back."),
    ("units_defect", "count", "Pieces given back with a reason (`context.reason`)."),
    ("orders_other_currency", "count", "Orders in another currency than the shop's, which are counted here and nowhere else."),
    ("buyers", "count", "Person-days with an order."),
    ("customers_new", "count", "People, at their first order."),
    ("opt_outs", "count", "People who asked for no recommendations or for impersonal ones, at their first such wish."),
    ("surveys", "count", "Surveys answered."),
    ("surveys_rated", "count", "Of these, surveys that say how satisfied (`rating`, or `context.csat`)."),
    ("surveys_satisfied", "count", "Of these, surveys that gave 80 % or more: 4 and 5 of 5."),
    ("csat", "thousandths", "How satisfied they are, summed."),
    ("ratings", "count", "Ratings of items, on a shelf or not."),
    ("usages", "count", "Reports of usage."),
)

_OF_ANSWERS = frozenset({
    "answers", "answers_filled", "answers_empty", "answers_degraded", "categories", "latency_us", "shelves", "slots",
    "slots_popular",
})  # fmt: skip
"""What is counted of answers as they are given, whoever they are for."""

_BOTS: tuple[_Told, ...] = (
    ("bots", "count", "Events of crawlers and of what acts faster than people: in the log, counted here and nowhere else."),
    ("bot_people", "count", "People and sessions found out as such, at their first event."),
)

_SERVER: tuple[_Told, ...] = (
    ("requests", "count", "Requests for recommendations that were not the client's mistake, counted by the server itself."),
    ("requests_failed", "count", "Of these, requests that were refused for overload or failed."),
)

COMPONENTS: tuple[Component, ...] = (
    *(Component(name, "answer", unit, meaning, name not in _OF_ANSWERS) for name, unit, meaning in _ANSWER),
    *(Component(name, "answer", "count", "Answers that took so long.", per_unit=False) for name in LATENCY),
    *(Component(name, "shelf" if name in _WHOLE_SHELVES else "item", unit, meaning) for name, unit, meaning in _SHELF),
    *(Component(name, "item", unit, meaning) for kind in CREDITS for name, unit, meaning in _credit(kind, CREDITS[kind])),
    *(Component(name, "shop", unit, meaning) for name, unit, meaning in _SHOP),
    *(Component(name, "shop", unit, meaning, per_unit=False) for name, unit, meaning in _BOTS),
    *(Component(name, "shop", unit, meaning, per_unit=False) for name, unit, meaning in _SERVER),
)
"""Every component, in the order of their numbers."""

NUMBER: dict[str, int] = {component.name: number for number, component in enumerate(COMPONENTS)}
"""The number of a component by its name."""
