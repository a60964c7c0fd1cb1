"""The ASGI application: the HTTP interface, and around it the pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from endcap.web import (
    alarms,
    audiences,
    events,
    experiments,
    items,
    measures,
    openapi,
    placements,
    recommendations,
    rehearsals,
    rules,
    status,
)
from endcap.web.console.pages import Console
from endcap.web.endpoint import Endpoint
from endcap.web.known_heads import KnownHeads
from endcap.web.operations import Operation
from endcap.web.replies import fault
from endcap.web.site import Site
from endcap.web.static_files import ROUTES as STATIC_ROUTES

OPERATIONS: tuple[Operation, ...] = (
    *events.OPERATIONS,
    *items.OPERATIONS,
    *recommendations.OPERATIONS,
    *placements.OPERATIONS,
    *rules.OPERATIONS,
    *audiences.OPERATIONS,
    *rehearsals.OPERATIONS,
    *experiments.OPERATIONS,
    *measures.OPERATIONS,
    *alarms.OPERATIONS,
    *status.OPERATIONS,
)
"""Everything that the HTTP interface can do."""


class Application:
    """Looks paths without parameters up in a table, among them the two hot ones, and leaves the others to Starlette.

    ``pages`` are answered beside its own. ``beside`` is what goes on while the site runs: entered once it has started, left
    before it stops.
    """

    def __init__(
        self,
        site: Site,
        pages: list[BaseRoute] | None = None,
        beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> None:
        self.site = site
        self._beside = beside
        endpoints = _endpoints(site)
        self.lanes = {one.path.encode(): site.admission.lanes[one.lane] for one in OPERATIONS if one.lane is not None}
        self.heads = KnownHeads(site, endpoints)
        self._exact: dict[str, ASGIApp] = {path: one for path, one in endpoints.items() if "{" not in path}
        patterns: list[BaseRoute] = [
            Route(_pattern(path), endpoint=one, include_in_schema=False) for path, one in endpoints.items() if "{" in path
        ]
        described = Response(openapi.rendered(OPERATIONS), media_type="application/json")
        own: list[BaseRoute] = [
            *patterns,
            Route("/openapi.json", _always(described)),
            *STATIC_ROUTES,
            *Console(site, OPERATIONS).routes(),
        ]
        self._rest = Starlette(
            routes=[*own, *(pages or [])], exception_handlers={HTTPException: _http_fault}, lifespan=self._lifespan
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the life of the server."""
        endpoint = self._exact.get(scope["path"]) if scope["type"] == "http" else None
        await (endpoint or self._rest)(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        await self.site.start()
        try:
            async with self._beside():
                yield
        finally:
            await self.site.stop()


def _endpoints(site: Site) -> dict[str, Endpoint]:
    by_path: dict[str, list[Operation]] = defaultdict(list)
    for operation in OPERATIONS:
        by_path[operation.path].append(operation)
    return {path: Endpoint(site, operations) for path, operations in by_path.items()}


def _pattern(path: str) -> str:
    """The path as Starlette reads it; ids may hold slashes, which servers hand over decoded."""
    return path.replace("{item_id}", "{item_id:path}").replace("{user_id}", "{user_id:path}")


def _always(response: Response) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return response

    return answer


async def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        answer = fault(404, "unknown_path", f"there is nothing at {request.url.path}", field="path", value=request.url.path,
                       remedy="see /docs for what there is")  # fmt: skip
    else:
        answer = fault(error.status_code, "http", str(error.detail))
    return Response(answer.body, error.status_code, headers=error.headers, media_type="application/json")
