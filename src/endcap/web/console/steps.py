"""The way of a new shop to its first figures."""

from __future__ import annotations

from dataclasses import dataclass

from endcap.web.console.frame import Visit
from endcap.web.console.words import count_of


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a shop does once, whether it did, and the command for it."""

    title: str
    done: bool
    say: str
    command: str = ""


def first_steps(visit: Visit) -> list[Step]:
    """What there is to do until shoppers see recommendations and figures come in, in order."""
    service, shop = visit.shop.service, visit.shop.name
    log, counts = service.stores.log, visit.tallies.of(visit.shop)
    products, trained = len(service.state.items), service.state.version is not None
    return [
        Step("Products", products > 0, count_of(products, "product"), f"endcap import products.csv --shop {shop}"),
        Step(
            "What shoppers did", log.last_seq() > 0, "Orders and visits of the past, to learn from.",
            f"endcap import orders.csv --shop {shop}",
        ),
        Step(
            "A first training", trained, "A bundle answers." if trained else "Until then shelves show what sells.",
            f"endcap train --shop {shop}",
        ),
        Step("Shelves on the shop's pages", service.stores.decisions.count() > 0, "Two lines of HTML for each shelf."),
        Step("Shelves that were seen", counts.events["impression"] > 0, "The script tells what was seen."),
    ]  # fmt: skip
