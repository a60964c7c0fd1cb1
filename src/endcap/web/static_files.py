"""Scripts and styles, compressed once."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_CACHING = "public, max-age=3600, stale-while-revalidate=86400"


@dataclass(frozen=True, slots=True)
class _File:
    plain: bytes
    zipped: bytes
    etag: str
    media_type: str


@cache
def _file(name: str) -> _File:
    plain = (files("endcap.web") / "static" / name).read_bytes()
    # No time in the header, so that the same file always gives the same bytes.
    zipped = gzip.compress(plain, 9, mtime=0)
    return _File(plain, zipped, f'"{hashlib.sha256(plain).hexdigest()[:16]}"', _TYPES[name[name.rindex(".") :]])


def _served(name: str, request: Request) -> Response:
    file = _file(name)
    headers = {
        "etag": file.etag, "cache-control": _CACHING, "vary": "accept-encoding", "x-content-type-options": "nosniff",
        # Any shop's pages may load these, as modules too.
        "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin",
    }  # fmt: skip
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.zipped, headers=headers | {"content-encoding": "gzip"}, media_type=file.media_type)
    return Response(file.plain, headers=headers, media_type=file.media_type)


def _route(path: str, name: str) -> Route:
    async def answer(request: Request) -> Response:
        return _served(name, request)

    return Route(path, answer)


ROUTES = [
    *(_route(f"/{name}", name) for name in ("endcap.js", "endcap-more.js", "endcap-trials.js")),
    *(_route(f"/console/{name}", name) for name in ("console.css", "console-parts.css", "console.js", "console-try.js")),
]
