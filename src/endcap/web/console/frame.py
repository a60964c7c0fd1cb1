"""What all pages of the console share: who looks at what, the parts of the navigation, and what a page gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode

from endcap.web.console.rehearsing import Rehearsals
from endcap.web.console.tally import Tallies
from endcap.web.site import RunningShop, Site


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation; ``short`` is its title where there is little room."""

    name: str
    title: str
    path: str
    icon: str
    short: str


SECTIONS = (
    Section("overview", "Overview", "/console", "chart", "Overview"),
    Section("experiments", "Experiments", "/console/experiments", "flask", "Tests"),
    Section("customers", "Customers", "/console/customers", "people", "People"),
    Section("models", "Models", "/console/models", "layers", "Models"),
    Section("health", "Data health", "/console/health", "pulse", "Data"),
    Section("try", "Try it", "/console/try", "spark", "Try it"),
)

DONE: Mapping[str, str] = {
    "activated": "This bundle serves now. The next answer is made from it.",
    "rolled_back": "The bundle that served before serves again.",
    "drafted": "Saved as a draft. No shopper meets it before you start it.",
    "started": "It runs. From now on shoppers meet it; figures come in within seconds.",
    "stopped": "Stopped. Everybody sees the shop as it is again.",
    "decided": "Written down. You find it under what was learnt.",
    "taken_over": "Written down, and the shop shows it to everybody from now on.",
    "decided_by_hand": "Written down. What this version changes stands in the shop's own pages: your developer sets it there.",
    "widened": "More shoppers see it from now on. Whoever was in stays in the version they met.",
    "again": "Drafted once more; shoppers will be split anew. Look it through, then start it.",
    "removed": "The draft is gone.",
    "audience": "The audience is saved. Who is in it is worked out at every answer.",
    "held_out": "The holdout is changed, and counts anew from now on.",
}
"""What a page says at its top after something was done, by the word that the redirect carries."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page, or one form that was sent.

    ``session`` is what the tokens of forms belong to. ``open_here`` says that the console asks nobody to log in. With ``live``
    the part of the page that changes by itself is wanted, alone.
    """

    site: Site
    shop: RunningShop
    tallies: Tallies
    rehearsals: Rehearsals
    now_ms: int
    path: str
    session: str
    open_here: bool = False
    shops: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    theme: str = "auto"

    @property
    def live(self) -> bool:
        """Whether the part that changes by itself is wanted alone."""
        return "live" in self.query

    def link(self, path: str, **query: object) -> str:
        """An address of the console that stays with the shop; empty values are left out.

        A name that is a word of Python may be written with an underscore behind it.
        """
        wanted = {name.rstrip("_"): str(value) for name, value in query.items() if value not in (None, "")}
        if len(self.shops) > 1:
            wanted["shop"] = self.shop.name
        return f"{path}?{urlencode(wanted)}" if wanted else path

    def here(self, **changed: object) -> str:
        """This address with some of its query changed."""
        kept = {name: value for name, value in self.query.items() if name not in {"shop", "live", "done"}}
        return self.link(self.path, **{**kept, **changed})


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be made from a template."""

    template: str
    values: Mapping[str, object]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Redirect:
    """Another address to go to; after a form, so that a reload does not send it again."""

    to: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file, or data for a script."""

    body: bytes
    media_type: str
    file_name: str | None = None


Result = Page | Redirect | Download


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the console and what answers there.

    It works in a thread of its own, or, ``in_loop``, in the thread that answers shoppers, as whatever asks the engine must.
    """

    path: str
    show: Callable[[Visit], Result]
    method: Literal["GET", "POST"] = "GET"
    in_loop: bool = False
