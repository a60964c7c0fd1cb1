"""The first page: what recommendations do for the shop."""

from __future__ import annotations

from dataclasses import dataclass

from endcap.web.console.frame import Address, Page, Visit
from endcap.web.console.tally import Counts
from endcap.web.console.words import count_of


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a shop does once, and whether it did."""

    title: str
    done: bool
    say: str
    command: str = ""


def overview(visit: Visit) -> Page:
    """The page."""
    return Page("overview.html", {"section": "overview", "steps": first_steps(visit, visit.tallies.of(visit.shop))})


def first_steps(visit: Visit, counts: Counts) -> list[Step]:
    """The way to the first figures, in order."""
    service, shop = visit.shop.service, visit.shop.name
    products = len(service.state.items)
    trained = service.state.version is not None
    return [
        Step("Products", products > 0, count_of(products, "product"), f"endcap import products.csv --shop {shop}"),
        Step(
            "What shoppers did", counts.position > 0, "Orders and visits of the past, to learn from.",
            f"endcap import orders.csv --shop {shop}",
        ),
        Step(
            "A first training", trained, "A bundle answers." if trained else "Until then shelves show what sells.",
            f"endcap train --shop {shop}",
        ),
        Step("Shelves on the shop's pages", service.stores.decisions.count() > 0, "Two lines of HTML for each shelf."),
        Step("Shelves that were seen", counts.events["impression"] > 0, "The script reports what was seen, not what was fetched."),
    ]  # fmt: skip


ADDRESSES = (Address("/console", overview),)
