"""How a person stands now: what the newest fit says, brought up to what they did since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from endcap.audience.beta_geometric import Purchases
from endcap.audience.clv import WEEK_MS
from endcap.audience.engagement import activity
from endcap.audience.model import CustomerModel
from endcap.core.events import KIND
from endcap.core.time import DAY_MS
from endcap.stores.ports import Act, Customer, History

_PURCHASE = KIND["purchase"]
_NOBODY = Customer("", 0, 0, 0, 0, 0, 0, "", "")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a person at a moment.

    ``orders`` and the times include what was bought a moment ago; ``spent_minor``, ``value_minor``, ``tier`` and ``segment`` are
    those of the newest fit, and somebody who has bought for the first time since then is in the segment ``new_customers``. What
    is foreseen is worked out when it is asked for, as of ``now_ms``; it is missing where somebody has never ordered, or before
    the first fit.
    """

    now_ms: int
    past: History
    model: CustomerModel | None
    orders: int
    spent_minor: int
    value_minor: int
    tier: str
    segment: str
    order_days: int = 0
    first_ms: int = 0
    last_ms: int = 0

    @property
    def days_since_first(self) -> float | None:
        """Days since the first order."""
        return max(0, self.now_ms - self.first_ms) / DAY_MS if self.orders else None

    @property
    def days_since_order(self) -> float | None:
        """Days since the newest order."""
        return max(0, self.now_ms - self.last_ms) / DAY_MS if self.orders else None

    @property
    def churn(self) -> float | None:
        """The chance of no order within the horizon."""
        return self._silent_for(self.model.options.horizon_days) if self.model is not None else None

    @property
    def buys_soon(self) -> float | None:
        """The chance of an order within the days called soon."""
        silent = self._silent_for(self.model.options.soon_days) if self.model is not None else None
        return None if silent is None else 1 - silent

    @property
    def gone(self) -> float | None:
        """The chance that there is never another order."""
        buying = self.model.buying if self.model is not None else None
        return None if buying is None or not self.orders else 1 - float(buying.p_alive(self._rhythm))

    @property
    def next_days(self) -> float | None:
        """In how many days it is as likely as not that they have ordered again; infinity where it never is."""
        buying = self.model.buying if self.model is not None else None
        return None if buying is None or not self.orders else 7 * float(buying.next_purchase(self._rhythm))

    @property
    def engagement(self) -> float | None:
        """The chance that they do something in the shop within two weeks."""
        model = self.model.engagement if self.model is not None else None
        return model.score([act.at_ms for act in self.past.acts], self.now_ms) if model is not None and self.past.acts else None

    @property
    def activity(self) -> float:
        """How much busier the last 7 days were than the 21 before."""
        return activity([act.at_ms for act in self.past.acts], self.now_ms)

    def _silent_for(self, days: float) -> float | None:
        buying = self.model.buying if self.model is not None else None
        return None if buying is None or not self.orders else 1 - float(buying.p_buys(self._rhythm, days / 7))

    @property
    def _rhythm(self) -> Purchases:
        first_ms, last_ms = self.first_ms, self.last_ms
        return Purchases.of(self.order_days - 1, (last_ms - first_ms) / WEEK_MS, max(0, self.now_ms - first_ms) / WEEK_MS)


def standing(kept: Customer | None, past: History, model: CustomerModel | None, now_ms: int) -> Standing:
    """How somebody stands whom the fit knows as ``kept``, if at all, and who did what is in ``past``. Time O(acts)."""
    of = kept or _NOBODY
    known_until = model.position if model is not None and kept is not None else 0
    newer = [act for act in past.acts if act.kind == _PURCHASE and act.seq > known_until]
    if not newer:
        return Standing(
            now_ms, past, model, of.orders, of.spent_minor, of.value_minor, of.tier, of.segment, of.order_days, of.first_ms,
            of.last_ms,
        )  # fmt: skip
    times = [act.at_ms for act in newer] + [at for at in (of.first_ms, of.last_ms) if at]
    return Standing(
        now_ms, past, model, of.orders + len({act.order_id or str(act.seq) for act in newer}), of.spent_minor, of.value_minor,
        of.tier, of.segment if of.orders else "new_customers", of.order_days + _new_days(newer, of.last_ms), min(times),
        max(times),
    )  # fmt: skip


def _new_days(newer: Sequence[Act], last_ms: int) -> int:
    """On how many days something was bought that the fit does not know of; it may know the day of its newest order."""
    known = last_ms // DAY_MS if last_ms else -1
    return len({act.at_ms // DAY_MS for act in newer} - {known})
