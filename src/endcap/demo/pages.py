"""The storefront's templates, and what all of them know."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from endcap.demo.orders import FREE_FROM
from endcap.demo.state import Prepared
from endcap.demo.window import Window, slugged
from endcap.synthetic.assortment import load_assortment

_FOLDER = Path(__file__).parent
STATIC = _FOLDER / "static"
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


class Pages:
    """Renders a template with the shop's name, its departments and its browser key beside the page's own values."""

    def __init__(self, window: Window, prepared: Prepared) -> None:
        assortment = load_assortment()
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._environment.filters |= {"money": money, "slug": slugged}
        self._environment.globals |= {
            "shop": assortment, "currency": assortment.currency, "departments": window.departments, "colours": assortment.colours,
            "browser_key": prepared.browser_key, "personas": prepared.personas, "free_from": FREE_FROM,
        }  # fmt: skip

    def render(self, template: str, **values: object) -> str:
        """The page as HTML. A name that a template uses and nobody gave is an error, not a gap."""
        return self._environment.get_template(template).render(**values)


def money(amount: Decimal, currency: str = "EUR") -> str:
    """An amount as the storefront prints it.

    >>> money(Decimal("1249.9")), money(Decimal("5"), "CHF")
    ('€1,249.90', 'CHF 5.00')
    """
    return f"{_SIGNS.get(currency, currency + ' ')}{amount:,.2f}"
