"""What recommendations cost the shop, which only the shop knows: from it come ROI, ROAS, cost per order and per new customer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from endcap.core.events import LATEST_MS, MAX_MONEY, Currency
from endcap.core.money import to_minor
from endcap.core.placement import Name
from endcap.core.time import to_ms
from endcap.errors import BadInput
from endcap.stores.ports import Documents

KIND = "costs"

CostKind = Literal["implementation", "media"]


class Cost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An ``amount`` of money, in the major unit, spent evenly from ``since`` until before ``until``.

    ``kind``: ``implementation`` is what recommendations themselves cost (fees, machines, work), ``media`` what brought people
    to the shop. Times are ISO 8601 or epoch milliseconds. Raises BadInput for a period that ends before it begins and for an
    amount below 0.
    """

    name: Name
    kind: CostKind
    amount: Decimal
    currency: Currency
    since: int | datetime
    until: int | datetime
    note: Annotated[str, Meta(max_length=500)] = ""

    def __post_init__(self) -> None:
        for field in ("since", "until"):
            at = getattr(self, field)
            if isinstance(at, datetime):
                at = to_ms(at)
                msgspec.structs.force_setattr(self, field, at)
            if not 0 <= at <= LATEST_MS:
                raise BadInput(
                    f"{field} is {at}, not between 1970 and 2270", field=field, value=at,
                    remedy="send ISO 8601 or milliseconds since 1970",
                )  # fmt: skip
        if self.period[1] <= self.period[0]:
            raise BadInput(
                f"until is {self.until}, not after since {self.since}", field="until", value=self.until,
                remedy="send an end after the beginning",
            )  # fmt: skip
        if not (self.amount.is_finite() and 0 <= self.amount <= MAX_MONEY):
            raise BadInput(
                f"amount is {self.amount}", field="amount", value=str(self.amount), remedy="send a decimal from 0 to 10^12"
            )

    @property
    def period(self) -> tuple[int, int]:
        """From when until before when it was spent, in milliseconds."""
        return self.since, self.until  # type: ignore[return-value]

    def spent_minor(self, until_ms: int) -> int:
        """How much of it was spent before an instant, in minor units: all of it after its end.

        Whole numbers that only grow, so that what was spent in the parts of a period adds up to what was spent in all of it.
        """
        since, until = self.period
        passed = min(max(until_ms - since, 0), until - since)
        return to_minor(self.amount, self.currency) * passed // (until - since)


_decoder = msgspec.json.Decoder(Cost)
_encoder = msgspec.json.Encoder(decimal_format="number")


def costs_of(documents: Documents) -> tuple[Cost, ...]:
    """All costs that the shop told, by name."""
    return tuple(_decoder.decode(body) for _, body in sorted(documents.all(KIND).items()))


def put_cost(documents: Documents, cost: Cost) -> None:
    """Keep a cost, in the place of one of the same name."""
    documents.put(KIND, cost.name, _encoder.encode(cost))


def spent(costs: Iterable[Cost], since_ms: int, until_ms: int, currency: str | None) -> dict[str, int]:
    """What was spent in a period, in minor units, as the components ``cost_implementation`` and ``cost_media``.

    A kind of which the shop told nothing is left out, so that nobody takes it for free of charge; so are costs in another
    currency, which cannot be added to the rest.
    """
    sums: dict[str, int] = {}
    for cost in costs:
        if cost.currency == currency and cost.period[0] < until_ms and since_ms < cost.period[1]:
            name = f"cost_{cost.kind}"
            sums[name] = sums.get(name, 0) + cost.spent_minor(until_ms) - cost.spent_minor(since_ms)
    return sums
