"""The labels by which rules and experiments know a shopper: learned segment, value tier, audiences."""

from __future__ import annotations

from dataclasses import dataclass, field

from endcap.audience.audiences import AUDIENCE_KIND, Audience, ItemOf, label_of, usable_audiences
from endcap.audience.model import CustomerModel, decode_model
from endcap.audience.standing import Standing, standing
from endcap.core.money import exponent
from endcap.core.time import MINUTE_MS
from endcap.stores.ports import Customer, History, ShopStores

LABELS = {
    "segment:NAME": "the learned segment that the newest `endcap customers fit` put the customer in",
    "value:high": "what the customer is expected to spend: `high`, `middle` or `low` among all customers",
    "audience:NAME": "the saved conditions of this audience hold now",
}
"""The labels, and when a shopper has them."""

MOST_PEOPLE = 20_000
"""Of how many people it is remembered."""

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Known:
    """What labels are made from, and who has been looked up since it was read."""

    fit: int
    documents: int
    model: CustomerModel | None
    audiences: dict[str, Audience]
    unit: float
    kept: dict[str, Customer | None] = field(default_factory=dict)
    labels: dict[tuple[str, int], tuple[History, int, frozenset[str]]] = field(default_factory=dict)


class CustomerLabels:
    """Looks customers up as they come. :meth:`refresh` takes over a new fit and changed audiences, from any thread."""

    def __init__(self, stores: ShopStores, item_of: ItemOf) -> None:
        self._stores = stores
        self._item_of = item_of
        self.unusable: tuple[str, ...] = ()
        """The audiences that cannot be read, by name; another version of Endcap may have stored them."""
        self._known = self._read()

    def refresh(self) -> None:
        """Notice a new fit and changed audiences. Cheap where nothing changed."""
        known = self._known
        if (self._stores.customers.version(), self._stores.documents.version()) != (known.fit, known.documents):
            self._known = self._read()

    def labels(self, user_id: str | None, past: History, now_ms: int) -> frozenset[str]:
        """The labels of somebody, worked out anew after everything they do, and every minute."""
        known = self._known
        if known.fit == 0 and not known.audiences:
            return _NONE
        key, minute = (user_id or "", id(past)), now_ms // MINUTE_MS
        found = known.labels.get(key)
        if found is not None and found[1] == minute:
            return found[2]
        if len(known.labels) >= MOST_PEOPLE:
            known.labels.clear()
        made = self._made(known, user_id, past, now_ms)
        known.labels[key] = (past, minute, made)  # the past is kept with it, so that nothing else can have its identity
        return made

    def standing(self, user_id: str | None, past: History, now_ms: int) -> Standing:
        """How somebody stands now."""
        return standing(self._kept(self._known, user_id), past, self._known.model, now_ms)

    def _made(self, known: _Known, user_id: str | None, past: History, now_ms: int) -> frozenset[str]:
        who = standing(self._kept(known, user_id), past, known.model, now_ms)
        made = {
            label_of(name) for name, one in known.audiences.items() if one.matches(who, self._item_of, known.unit)
        }  # fmt: skip
        if who.segment:
            made.add(f"segment:{who.segment}")
        if who.tier:
            made.add(f"value:{who.tier}")
        return frozenset(made) if made else _NONE

    def _kept(self, known: _Known, user_id: str | None) -> Customer | None:
        if not user_id or known.fit == 0:
            return None
        if user_id not in known.kept:
            if len(known.kept) >= MOST_PEOPLE:
                known.kept.clear()
            known.kept[user_id] = self._stores.customers.load((user_id,)).get(user_id)
        return known.kept[user_id]

    def _read(self) -> _Known:
        # The version first: a fit that ends meanwhile is noticed the next time.
        fit, documents = self._stores.customers.version(), self._stores.documents.version()
        model = decode_model(self._stores.customers.summary())
        audiences, self.unusable = usable_audiences(self._stores.documents.all(AUDIENCE_KIND, documents))
        unit = 10.0 ** exponent((model.currency if model is not None else None) or "")
        return _Known(fit, documents, model, audiences, unit)
