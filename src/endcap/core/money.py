"""Money: a decimal in the major unit outside, an integer in the minor unit inside."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KMF": 0, "KRW": 0,
    "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0,
    "XPF": 0,
}  # fmt: skip


def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit has (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """The amount in minor units, halves rounded away from zero.

    >>> to_minor(Decimal("2.55"), "GBP"), to_minor(Decimal("2.55"), "JPY")
    (255, 3)
    """
    return int(amount.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def written(amount: Decimal, currency: str) -> str:
    """The amount with the decimals of its currency, as a person reads it.

    >>> written(Decimal("4"), "EUR"), written(Decimal("4.00"), "JPY")
    ('4.00 EUR', '4 JPY')
    """
    return f"{amount:.{exponent(currency)}f} {currency}"


def to_major(minor: int, currency: str) -> Decimal:
    """The amount in the major unit.

    >>> to_major(255, "GBP")
    Decimal('2.55')
    """
    return Decimal(minor).scaleb(-exponent(currency))
