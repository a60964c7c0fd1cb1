"""A picture for every product: a drawing of its kind in its colour, as SVG.

The drawings are the files in ``shapes/``; they name parts by class (``m`` main colour, ``d`` darker, ``l`` lighter, ``k``
ink, …) and this module gives the classes their colours, a pattern for woven things, a ground and a light.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import blake2b
from importlib.resources import files

from endcap.core.catalog import Item
from endcap.synthetic.assortment import load_assortment

_WOVEN = re.compile(r"cotton|linen|wool|canvas|fleece|jute|percale|flannel|polyester|nylon|merino", re.IGNORECASE)
_GROUNDS = {
    "Camp & Hike": "#e6e8dc", "Clothing": "#e9e4dc", "On the Move": "#e1e7e8", "Garden": "#e4eadc",
    "Kitchen & Table": "#f0e7da", "Living": "#efe3dc", "Bed & Bath": "#e6e6ea",
}  # fmt: skip
_PALE = 190
_INK, _WHITE, _STEEL, _WOOD = "#34383a", "#fbf7ee", "#b4bdc0", "#c39a66"
_FIXED = (
    f".w{{fill:{_WHITE}}}.k{{fill:{_INK}}}.s{{fill:{_STEEL}}}.o{{fill:{_WOOD}}}.a{{fill:#e5a43b}}.f{{fill:#5d8052}}.g{{fill:#86a567}}"
    ".red{fill:#b2493c}.navy{fill:#2d4159}.cof{fill:#5a3d2b}.gl{fill:#cfdde0;fill-opacity:.65}.o5{fill-opacity:.5}"
    f".sk{{stroke:{_INK}}}.so{{stroke:{_WOOD}}}.sw{{stroke:{_WHITE}}}"
    "[class^=s][class*=' '],.sm,.sd,.sl,.sk,.so,.sw{fill:none;stroke-width:6;stroke-linecap:round;stroke-linejoin:round}"
    ".t{stroke-width:2.5!important}.w8{stroke-width:9!important}.w14{stroke-width:13!important}"
)
_PATTERNS = (
    "",
    '<path d="M0 0V12" stroke="{tone}" stroke-width="5"/>',
    '<path d="M0 3H12M3 0V12" stroke="{tone}" stroke-width="2"/>',
    '<circle cx="3" cy="3" r="1.8" fill="{tone}"/><circle cx="9" cy="9" r="1.8" fill="{tone}"/>',
    '<path d="M0 6 6 0l6 6M0 12l6-6 6 6" fill="none" stroke="{tone}" stroke-width="1.6"/>',
)


def picture(item: Item) -> str:
    """The product as an SVG document of 480 × 480; equal items give equal pictures."""
    assortment = load_assortment()
    main = assortment.colours[item.attributes["colour"]]
    shades = {"m": main, "d": _mix(main, "#1d2420", 0.24), "l": _mix(main, "#ffffff", 0.3), "x": _mix(main, "#161c19", 0.5)}
    chance = blake2b((item.family or item.item_id).encode(), digest_size=4).digest()
    pattern = _pattern(item, chance[0], _mix(main, "#ffffff", 0.16))
    fill = "url(#p)" if pattern else main
    style = f".m{{fill:{fill}}}.sm{{stroke:{main}}}" + "".join(
        f".{name}{{fill:{shade}}}.s{name}{{stroke:{shade}}}" for name, shade in shades.items() if name != "m"
    )
    ground = _mix(_GROUNDS[item.category[0]], main, 0.04 + 0.05 * (chance[3] % 3))
    if min(int(main[i : i + 2], 16) for i in (1, 3, 5)) > _PALE:
        ground = _mix(ground, "#6f6a58", 0.22)  # or a pale thing would vanish on a pale ground
    place = _placed(chance)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" width="480" height="480" role="img">'
        f'<defs><radialGradient id="g" cx=".5" cy=".38" r=".8"><stop offset="0" stop-color="{_mix(ground, "#ffffff", 0.65)}"/>'
        f'<stop offset="1" stop-color="{ground}"/></radialGradient>{pattern}</defs><style>{style}{_FIXED}</style>'
        '<rect width="240" height="240" fill="url(#g)"/>'
        f'<ellipse cx="120" cy="205" rx="88" ry="8" fill="{_INK}" fill-opacity=".1"/>'
        f'<g transform="{place}">{_drawing(_shape_of(item))}</g></svg>'
    )


def _placed(chance: bytes) -> str:
    """Where the drawing goes: every family is a little wider, lower or turned, and half of them face the other way."""
    wide, high = 0.86 + (chance[2] % 5) * 0.04, 0.86 + (chance[2] // 5 % 4) * 0.04
    mirrored = -1 if chance[1] & 64 else 1
    return f"translate(120 128) rotate({chance[1] % 5 - 2}) scale({mirrored * wide:.2f} {high:.2f}) translate(-120 -124)"


def _pattern(item: Item, chance: int, tone: str) -> str:
    """A pattern in the main colour for things that are woven, else nothing."""
    woven = _WOVEN.search(item.attributes.get("material", ""))
    threads = _PATTERNS[chance % len(_PATTERNS)].format(tone=tone) if woven else ""
    if not threads:
        return ""
    main = load_assortment().colours[item.attributes["colour"]]
    return (
        '<pattern id="p" width="12" height="12" patternUnits="userSpaceOnUse" patternTransform="rotate(8)">'
        f'<rect width="12" height="12" fill="{main}"/>{threads}</pattern>'
    )


def _shape_of(item: Item) -> str:
    kinds = load_assortment().type.values()
    return next(kind.shape for kind in kinds if kind.category == item.category[1] and f" {kind.name}" in item.title)


@cache
def _drawing(shape: str) -> str:
    document = files(__package__).joinpath("shapes", f"{shape}.svg").read_text(encoding="utf-8")
    return document[document.index(">") + 1 : document.rindex("</svg>")].strip()


def _mix(colour: str, other: str, share: float) -> str:
    """The colour with a share of another mixed in, both as hex codes.

    >>> _mix("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
