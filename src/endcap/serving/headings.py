"""What stands above a shelf: in the shopper's language, and personal where the words for it are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from string import Formatter

from endcap.core.placement import Shelf, Wording
from endcap.core.query import Query
from endcap.serving.items import NO_CATEGORY, ItemTable


def heading(shelf: Shelf, leads: Sequence[int], query: Query, items: ItemTable) -> str:
    """The heading of a shelf whose items go back to the rows ``leads``, -1 where one goes back to none."""
    wording = _wording(shelf, query.context.language)
    if wording.personal is None:
        return wording.title
    known = _known(wording.personal, leads, query, items)
    return wording.title if known is None else wording.personal.format(**known)


def _wording(shelf: Shelf, language: str | None) -> Wording:
    """The words of the language, of its main language, or the shelf's own."""
    for tag in (language, language.partition("-")[0]) if language else ():
        if tag in shelf.wordings:
            return shelf.wordings[tag]
    return Wording(title=shelf.title, personal=shelf.personal)


def _known(personal: str, leads: Sequence[int], query: Query, items: ItemTable) -> dict[str, str] | None:
    """What the words in braces stand for; nothing where one of them is not known."""
    known: dict[str, str] = {}
    for _, name, _, _ in Formatter().parse(personal):
        if name is None:
            continue
        value = _VALUES[name](leads, query, items) if name in _VALUES else None
        if value is None:
            return None
        known[name] = value
    return known


def _item(leads: Sequence[int], _query: Query, items: ItemTable) -> str | None:
    """The product that most of the shelf goes back to."""
    counts = Counter(lead for lead in leads if lead >= 0)
    return items.title(counts.most_common(1)[0][0]) if counts else None


def _category(_leads: Sequence[int], query: Query, items: ItemTable) -> str | None:
    """The category that the shopper looks at most, the newest of equals; without a past that of the page."""
    rows = query.history.tolist() or ([query.anchor] if query.anchor >= 0 else query.cart.tolist())
    counts = Counter(code for code in items.leaf[rows].tolist() if code != NO_CATEGORY)
    return items.category_name(counts.most_common(1)[0][0]) if counts else None


def _name(_leads: Sequence[int], query: Query, _items: ItemTable) -> str | None:
    return query.preferences.name


_VALUES = {"item": _item, "category": _category, "name": _name}
