"""The form in which a marketer says whom they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from endcap.audience.audiences import AUDIENCE_KIND, Figure, audience_of, named_audience, usable_audiences
from endcap.audience.model import decode_model
from endcap.errors import BadInput, EndcapError
from endcap.web.console.customers import TIERS
from endcap.web.console.drafting import free_name
from endcap.web.console.forms import FieldErrors
from endcap.web.console.frame import Address, Page, Redirect, Result, Visit
from endcap.web.console.words import spoken
from endcap.web.site import RunningShop

FIGURES: Mapping[Figure, str] = {
    "orders": "Orders so far", "spent": "Spent so far", "value": "Expected to spend",
    "days_since_order": "Days since the last order", "days_since_first": "Days since the first order",
    "churn": "Chance not to come back (0 to 1)", "buys_soon": "Chance to order soon (0 to 1)",
    "engagement": "How engaged they are now (0 to 1)",
}  # fmt: skip
SHOPPERS: Mapping[str, str] = {
    "known": "Shoppers who are logged in", "guest": "Guests", "returning": "Shoppers who were here before",
    "buyer": "Shoppers who have bought something", "keen_on_premium": "Shoppers who look at premium products",
    "device:mobile": "On a phone", "device:desktop": "On a computer",
}  # fmt: skip
"""The segments that every shop has, of those that need no more to be said, in words."""

ACTS = {
    "view": "looked at",
    "click": "clicked",
    "add_to_cart": "put into the cart",
    "purchase": "bought",
    "dismiss": "turned down",
}
BOUNDS = ("1", "2")
"""How many figures the form has room for."""

_FIELDS = (
    "title", "description", "tiers", "kinds", "act", "category", "within_days", "times",
    *(f"{name}_{at}" for at in BOUNDS for name in ("figure", "at_least", "at_most")),
)  # fmt: skip


def choices(shop: RunningShop) -> list[tuple[str, str]]:
    """The segments that rules and experiments can name in this shop, each with its label."""
    stores = shop.service.stores
    model = decode_model(stores.customers.summary())
    audiences, _ = usable_audiences(stores.documents.all(AUDIENCE_KIND))
    return [
        *SHOPPERS.items(),
        *((f"segment:{one.name}", one.title) for one in (model.segments if model else ())),
        *((f"value:{one.name}", TIERS.get(one.name, one.title)) for one in (model.tiers if model else ())),
        *((f"audience:{name}", one.title) for name, one in audiences.items()),
    ]


def new(visit: Visit) -> Page:
    """The empty form."""
    return _page(visit, {"within_days": "30", "times": "1"}, FieldErrors())


def save(visit: Visit) -> Result:
    """Keep the audience; what is wrong stands beside its field."""
    errors, form, documents = FieldErrors(), visit.form, visit.shop.service.stores.documents
    fields = dict.fromkeys(_FIELDS, "")
    if not form.get("title"):
        errors.add("title", "Give it a name.", fields)
    try:
        conditions = _conditions(form)
        if not conditions:
            raise BadInput("say at least one thing about them", field=None)
        name = free_name(form.get("title", ""), frozenset(documents.all(AUDIENCE_KIND)))
        body = {
            "title": form.get("title", "")[:200] or name,
            "description": form.get("description", "")[:1_000],
            "all": conditions,
        }
        named_audience({"name": name, **body})
        audience_of(msgspec.json.encode(body))
    except EndcapError as error:
        errors.add(error.field, f"{error.message[:1].upper()}{error.message[1:]}.", fields)
    if errors:
        return _page(visit, form, errors, 422)
    documents.put(AUDIENCE_KIND, name, msgspec.json.encode(body))
    visit.shop.service.refresh()
    return Redirect(visit.link("/console/customers", done="audience"))


def _conditions(form: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the form says, as an audience's conditions. Raises BadInput that names the field."""
    found: list[dict[str, Any]] = []
    if tiers := form.get("tiers", "").split():
        found.append({"is": "tier", "one_of": tiers})
    if kinds := form.get("kinds", "").split():
        found.append({"is": "segment", "one_of": kinds})
    for at in BOUNDS:
        if figure := form.get(f"figure_{at}", ""):
            bounds = {name: _number(form, f"{name}_{at}") for name in ("at_least", "at_most") if form.get(f"{name}_{at}")}
            if not bounds:
                raise BadInput("write a bound for it", field=f"at_least_{at}")
            found.append({"is": "figure", "figure": figure, **bounds})
    if act := form.get("act", ""):
        category = {"category": form["category"]} if form.get("category") else {}
        times = int(_number(form, "times")) if form.get("times") else 1
        found.append({"is": "did", "act": act, "within_days": _number(form, "within_days"), "at_least": times, **category})
    return found


def _number(form: Mapping[str, str], name: str) -> float:
    try:
        return float(form.get(name, "").replace(",", "."))
    except ValueError:
        raise BadInput("write a number", field=name, value=form.get(name)) from None


def _page(visit: Visit, form: Mapping[str, str], errors: FieldErrors, status: int = 200) -> Page:
    model = decode_model(visit.shop.service.stores.customers.summary())
    items = visit.shop.service.state.items.items
    categories = sorted({item.category[-1] for item in items if item is not None and item.category})
    return Page(
        "audience_new.html",
        {
            "section": "customers", "form": {**dict.fromkeys(_FIELDS, ""), **form}, "errors": errors, "figures": FIGURES,
            "acts": ACTS, "bounds": BOUNDS, "tiers": TIERS, "categories": categories[:500],
            "kinds": [(one.name, one.title or spoken(one.name)) for one in (model.segments if model else ())],
        },
        status,
    )  # fmt: skip


ADDRESSES = (Address("/console/audiences/new", new), Address("/console/audiences/new", save, method="POST"))
