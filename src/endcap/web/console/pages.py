"""The pages of the console and of the interface's documentation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.errors import BadInput, EndcapError
from endcap.web.console import views
from endcap.web.console.sessions import COOKIE, ConsoleSessions, from_this_machine, set_cookie
from endcap.web.console.tally import Tally
from endcap.web.operations import Operation
from endcap.web.site import RunningShop, Site

_SECURITY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: http: https:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin", "x-content-type-options": "nosniff", "cache-control": "no-store",
}  # fmt: skip
_MAX_FORM_BYTES = 4_096
_FOLLOW_WITHIN_S = 0.5
"""How long a page waits for the counts of the log; with a long log it shows how far they came."""


class Console:
    """Pages over the running server."""

    def __init__(self, site: Site, operations: Sequence[Operation]) -> None:
        self._site = site
        self._operations = operations
        self._sessions = ConsoleSessions(site.keys, site.clock)
        self._tallies: dict[str, Tally] = {}
        self._following: set[asyncio.Future[None]] = set()
        self._templates = Environment(
            loader=PackageLoader("endcap.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )

    def routes(self) -> list[Route]:
        """All addresses of the console."""
        return [
            Route("/console", self._overview),
            Route("/console/login", self._login_page),
            Route("/console/login", self._login, methods=["POST"]),
            Route("/console/logout", self._logout, methods=["POST"]),
            Route("/console/items", self._items),
            Route("/docs", self._docs),
        ]

    def _shop(self, request: Request) -> RunningShop | None:
        """The shop to show: the one of the key, or where the console is open the one that was chosen."""
        shops = self._site.shops
        if self._site.open_console and from_this_machine(request):
            chosen = request.query_params.get("shop", "")
            return shops.get(chosen) or next(iter(shops.values()), None)
        name = self._sessions.shop(request)
        return shops.get(name) if name is not None else None

    async def _overview(self, request: Request) -> Response:
        shop = self._shop(request)
        if shop is None:
            return RedirectResponse("/console/login", 303)
        counts = (await self._followed(shop)).counts
        now_ms = self._site.clock.now_ms()
        asked, answer, refusal, micros = self._asked(request.query_params, shop)
        open_here = self._site.open_console and from_this_machine(request)
        return self._page(
            "console.html", shop=shop.name, may_log_out=not open_here,
            shops=sorted(self._site.shops) if open_here else [shop.name],
            figures=views.figures(shop, counts, now_ms), bars=views.event_bars(counts), bundle=views.bundle_view(shop, now_ms),
            degraded=shop.degraded, placements=sorted(shop.service.state.placements), asked=asked, answer=answer, refusal=refusal,
            micros=micros, title_of=_titles(shop), chance=views.chance, counting=counts.position < shop.service.live.applied_seq,
        )  # fmt: skip

    def _asked(self, query: QueryParams, shop: RunningShop) -> tuple[dict[str, str], RecommendResponse | None, str | None, float]:
        """What the form asks, and the engine's answer to it or what is wrong with it. Not a decision: no shopper saw it."""
        names = ("placement", "shelf", "item_id", "user_id", "session_id", "cart", "count", "language", "why_not")
        asked = {name: query.get(name, "").strip() for name in names}
        if not asked["placement"]:
            return asked, None, None, 0.0
        fields: dict[str, Any] = {name: value for name, value in asked.items() if value}
        fields["cart"] = asked["cart"].replace(",", " ").split()
        if language := fields.pop("language", None):
            fields["context"] = {"language": language}
        try:
            request = msgspec.convert({**fields, "explain": True}, RecommendRequest, strict=False)
            answer = shop.service.engine.recommend(request)
        except (EndcapError, msgspec.ValidationError) as error:
            return asked, None, error.sentence if isinstance(error, EndcapError) else str(error), 0.0
        micros = answer.explanation.micros if answer.explanation else 0.0
        return asked, answer, None, micros

    async def _items(self, request: Request) -> Response:
        shop = self._shop(request)
        if shop is None:
            return Response(b"[]", 401, headers=_SECURITY, media_type="application/json")
        results = views.search(shop.service.state.items, request.query_params.get("q", "")[:100])
        body = msgspec.json.encode([views.found(item) for item in results])
        return Response(body, headers=_SECURITY, media_type="application/json")

    async def _login_page(self, _request: Request) -> Response:
        return self._page("login.html", error=None)

    async def _login(self, request: Request) -> Response:
        try:
            cookie = self._sessions.open((await _form(request)).get("key", "").strip())
        except EndcapError as error:
            return self._page("login.html", status=error.status, error=error.sentence)
        response = RedirectResponse("/console", 303)
        set_cookie(response, cookie, secure=request.url.scheme == "https")
        return response

    async def _logout(self, request: Request) -> Response:
        self._sessions.close(request)
        response = RedirectResponse("/console/login", 303)
        response.delete_cookie(COOKIE, path="/console")
        return response

    async def _docs(self, _request: Request) -> Response:
        return self._page("docs.html", operations=self._operations)

    async def _followed(self, shop: RunningShop) -> Tally:
        tally = self._tallies.get(shop.name)
        if tally is None:
            tally = self._tallies[shop.name] = Tally(shop.service.stores.log)
        following = asyncio.ensure_future(asyncio.to_thread(tally.follow))
        self._following.add(following)
        following.add_done_callback(self._following.discard)
        await asyncio.wait([following], timeout=_FOLLOW_WITHIN_S)
        return tally

    def _page(self, template: str, status: int = 200, **values: object) -> Response:
        html = self._templates.get_template(template).render(**values)
        return Response(html, status, headers=_SECURITY, media_type="text/html")


def _titles(shop: RunningShop) -> Any:
    """A function from an item's id to its title."""
    items = shop.service.state.items

    def title_of(item_id: str) -> str:
        row = items.row(item_id)
        return items.title(row) if row >= 0 else item_id

    return title_of


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise BadInput("the form is too long", field="key", remedy="paste the key alone")
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
