"""The kinds of customers that learned segments are recognised as: how they are told, and what a marketer does about them."""

from __future__ import annotations

import msgspec

FEATURES = ("recency", "frequency", "order_value", "deals", "tenure", "looks")
"""What customers are compared by: days since the newest order, days with an order, value of an order, share of lines bought
cheap, days since the first order, and products looked at for each order."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of customers. ``marks`` says which features stand out, by how many standard deviations, the one first without which
    a group is not of this kind; ``title`` and ``advice`` are what a marketer reads."""

    name: str
    title: str
    marks: dict[str, float]
    advice: str


KINDS: tuple[Kind, ...] = (
    Kind(name="frequent_buyers", title="Frequent buyers", marks={"frequency": 1.3, "recency": -1.0, "tenure": 0.6},
         advice="Thank them, show them what is new first, and offer the next tier up."),
    Kind(name="big_spenders", title="Big spenders", marks={"order_value": 1.6},
         advice="Lead with the best of a category rather than with the cheapest, and offer what completes the order."),
    Kind(name="bargain_hunters", title="Bargain hunters", marks={"deals": 2.0},
         advice="Show what is reduced, bundles with a saving and larger packs."),
    Kind(name="new_customers", title="New customers", marks={"tenure": -1.4, "recency": -1.0, "frequency": -0.5},
         advice="Show what others bought next, and help with what they have just bought."),
    Kind(name="lapsing", title="Slipping away", marks={"recency": 1.1, "tenure": 0.8, "frequency": 0.1},
         advice="Remind them of what they liked, and of what runs out."),
    Kind(name="gone_quiet", title="Bought little and gone quiet", marks={"recency": 1.3, "frequency": -1.0},
         advice="Win back with little effort: bestsellers and seasons, rarely."),
    Kind(name="browsers", title="Lookers", marks={"looks": 2.0},
         advice="Help them decide: alternatives, ratings, and what goes with it."),
    Kind(name="small_baskets", title="Small baskets", marks={"order_value": -1.4},
         advice="Offer add-ons that lift the order a little, such as what makes delivery free."),
    Kind(name="regulars", title="Regulars", marks={"frequency": 0.3, "recency": -0.4, "tenure": 0.5},
         advice="Keep them coming: what they buy again, and one step up."),
    Kind(name="occasional", title="Now and then", marks={"frequency": -0.4, "tenure": 0.2},
         advice="Give them a reason to return between two orders."),
)  # fmt: skip

WINDOW_SHOPPERS = Kind(
    name="window_shoppers", title="Window shoppers", marks={},
    advice="They have looked and never bought: show what is popular, and what the things they looked at go with.",
)  # fmt: skip
"""Those without an order are no matter of clustering: they are all who looked."""

MIXED = "mixed"
"""What a group is called that is like no kind."""

_NAMED = {one.name: one for one in (*KINDS, WINDOW_SHOPPERS)}


def kind(name: str) -> Kind:
    """The kind of that name; of a group that is like none, one that says so."""
    found = _NAMED.get(name)
    return found or Kind(
        name=name, title="Mixed customers", marks={}, advice="They have little in common: treat them as any customer."
    )
