"""The console as routes: who may see it, which page answers where, and what surrounds every page."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from endcap.errors import EndcapError
from endcap.web.console import (
    audience_page,
    customers,
    experiment_page,
    experiments,
    health,
    learning_page,
    models,
    overview,
    plan_page,
    rehearsal_page,
    try_it,
    words,
)
from endcap.web.console.forms import TOKEN, Tokens, read_form
from endcap.web.console.frame import DONE, SECTIONS, Address, Download, Page, Redirect, Result, Visit
from endcap.web.console.rehearsing import Rehearsals
from endcap.web.console.sessions import COOKIE, ConsoleSessions, from_this_machine, set_cookie
from endcap.web.console.tally import Tallies
from endcap.web.operations import Operation
from endcap.web.site import RunningShop, Site

SECURITY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: http: https:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin", "x-content-type-options": "nosniff", "cache-control": "no-store",
}  # fmt: skip
THEME_COOKIE = "endcap_theme"
THEMES = ("auto", "light", "dark")
_THEME_LASTS_S = 365 * 86_400
_OPEN = "open"
"""What the forms of a console that is open on this machine belong to."""

_PAGES = (
    overview, experiments, experiment_page, rehearsal_page, plan_page, learning_page, customers, audience_page, models, health,
    try_it,
)  # fmt: skip
ADDRESSES: tuple[Address, ...] = tuple(address for page in _PAGES for address in page.ADDRESSES)


class Console:
    """Pages over the running server."""

    def __init__(self, site: Site, operations: Sequence[Operation]) -> None:
        self._site = site
        self._operations = operations
        self._sessions = ConsoleSessions(site.keys, site.clock)
        self._tokens = Tokens()
        self._tallies = Tallies()
        self._rehearsals = Rehearsals(site.rehearsing, lambda error: site.log.failure("rehearsal_failed", error))
        self._templates = Environment(
            loader=PackageLoader("endcap.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.globals["words"] = words
        self._templates.filters["coded"] = words.coded

    def routes(self) -> list[Route]:
        """All addresses of the console."""
        return [
            Route("/console/login", self._login_page),
            Route("/console/login", self._login, methods=["POST"]),
            Route("/console/logout", self._logout, methods=["POST"]),
            Route("/console/theme", self._set_theme, methods=["POST"]),
            *(Route(one.path, self._endpoint(one), methods=[one.method]) for one in ADDRESSES),
            Route("/docs", self._docs),
        ]

    def _endpoint(self, address: Address) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            visit = self._visit(request)
            if visit is None:
                return self._turned_away(request)
            try:
                if address.method == "POST":
                    visit = await self._with_form(request, visit)
                if address.in_loop:
                    return self._response(address.show(visit), visit)
                return await asyncio.to_thread(lambda: self._response(address.show(visit), visit))
            except EndcapError as error:
                return self._refused(error, visit)

        return answer

    def _visit(self, request: Request) -> Visit | None:
        """Who looks at what; nothing where they are not logged in."""
        open_here = self._site.open_console and from_this_machine(request)
        shop = self._shop(request, open_here=open_here)
        if shop is None:
            return None
        return Visit(
            site=self._site, shop=shop, tallies=self._tallies, rehearsals=self._rehearsals, open_here=open_here,
            now_ms=self._site.clock.now_ms(), path=request.url.path,
            session=_OPEN if open_here else request.cookies.get(COOKIE, ""),
            shops=tuple(sorted(self._site.shops)) if open_here else (shop.name,), query=dict(request.query_params),
            names={name: str(value) for name, value in request.path_params.items()}, theme=_theme(request),
        )  # fmt: skip

    def _shop(self, request: Request, *, open_here: bool) -> RunningShop | None:
        """The shop to show: the one of the key, or where the console is open the one that was chosen."""
        shops = self._site.shops
        if open_here:
            chosen = request.query_params.get("shop", "")
            return shops.get(chosen) or next(iter(shops.values()), None)
        name = self._sessions.shop(request)
        return shops.get(name) if name is not None else None

    async def _with_form(self, request: Request, visit: Visit) -> Visit:
        """The visit with the form that was sent. Raises StaleFormError where no page of this session made it."""
        form = await read_form(request)
        self._tokens.check(visit.session, form)
        return dataclasses.replace(visit, form=form)

    def _response(self, result: Result, visit: Visit) -> Response:
        if isinstance(result, Redirect):
            return RedirectResponse(result.to, 303, headers=SECURITY)
        if isinstance(result, Download):
            headers = SECURITY | (
                {"content-disposition": f'attachment; filename="{result.file_name}"'} if result.file_name else {}
            )
            return Response(result.body, headers=headers, media_type=result.media_type)
        return self._made(result, visit)

    def _made(self, page: Page, visit: Visit | None, theme: str = "auto") -> Response:
        shared: dict[str, object] = {"theme": theme, "visit": visit, "live": False}
        if visit is not None:
            shared |= {
                "sections": SECTIONS, "section": "", "link": visit.link, "here": visit.here, "shop": visit.shop.name,
                "csrf": (TOKEN, self._tokens.of(visit.session)), "done": DONE.get(visit.query.get("done", "")),
                "degraded": visit.shop.degraded, "theme": visit.theme, "live": visit.live,
            }  # fmt: skip
        html = self._templates.get_template(page.template).render({**shared, **page.values})
        return Response(html, page.status, headers=SECURITY, media_type="text/html")

    def _turned_away(self, request: Request) -> Response:
        """To the login; a script that asks for data or a part of a page is told so instead."""
        if "live" in request.query_params or request.url.path == try_it.ITEMS_PATH:
            return Response(b"[]", 401, headers=SECURITY, media_type="application/json")
        return RedirectResponse("/console/login", 303)

    def _refused(self, error: EndcapError, visit: Visit) -> Response:
        if error.status >= 500:
            self._site.log.failure("console_failed", error, route=visit.path)
        return self._made(Page("refused.html", {"error": error, "section": ""}, error.status), visit)

    async def _login_page(self, request: Request) -> Response:
        return self._made(Page("login.html", {"error": None}), None, _theme(request))

    async def _login(self, request: Request) -> Response:
        try:
            cookie = self._sessions.open((await read_form(request)).get("key", ""))
        except EndcapError as error:
            return self._made(Page("login.html", {"error": error.sentence}, error.status), None, _theme(request))
        response = RedirectResponse("/console", 303)
        set_cookie(response, cookie, secure=request.url.scheme == "https")
        return response

    async def _logout(self, request: Request) -> Response:
        self._sessions.close(request)
        response = RedirectResponse("/console/login", 303)
        response.delete_cookie(COOKIE, path="/console")
        return response

    async def _set_theme(self, request: Request) -> Response:
        """Keep how light the pages shall be, in the browser alone; nothing of the shop changes, so that it needs no token."""
        wanted = (await read_form(request)).get("theme", "")
        response = RedirectResponse(_back(request), 303)
        if wanted in THEMES:
            response.set_cookie(THEME_COOKIE, wanted, max_age=_THEME_LASTS_S, path="/", samesite="lax")
        return response

    async def _docs(self, request: Request) -> Response:
        return self._made(Page("docs.html", {"operations": self._operations}), None, _theme(request))


def _theme(request: Request) -> str:
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "auto"


def _back(request: Request) -> str:
    """The page of this console that a form was sent from."""
    came_from = urlsplit(request.headers.get("referer", ""))
    if came_from.netloc != request.url.netloc or not came_from.path.startswith(("/console", "/docs")):
        return "/console"
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")
