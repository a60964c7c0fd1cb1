"""The storefront's pages and forms."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from endcap.core.catalog import Item
from endcap.core.events import Event
from endcap.core.ids import new_id
from endcap.core.preferences import UNSTATED, Preferences
from endcap.core.time import Clock
from endcap.demo import tastes
from endcap.demo.bundles import discounts
from endcap.demo.cart import Credit
from endcap.demo.orders import Bill, bill, identify, purchase
from endcap.demo.pages import STATIC, Pages
from endcap.demo.state import SHOP, Prepared
from endcap.demo.visitor import Visitor
from endcap.demo.window import ORDERS, Order, Window
from endcap.synthetic.pictures import picture
from endcap.synthetic.rhythm import season_at
from endcap.web.site import Site

_PAGE = 24
_LONGEST_NUMBER = 5
_FORM_BYTES, _FORM_FIELDS = 16_384, 80
_SEASONAL = 8
_RESTOCKED = 25
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Storefront:
    """A shop's pages over its own catalogue; what they recommend comes from Endcap's HTTP interface, by ``endcap.js``."""

    def __init__(self, site: Site, prepared: Prepared, items: list[Item], clock: Clock) -> None:
        self._site = site
        self._prepared = prepared
        self._clock = clock
        self._window = Window(items)
        self._pages = Pages(self._window, prepared)

    def routes(self) -> list[BaseRoute]:
        """All addresses of the storefront."""
        return [
            Route("/", self._home),
            Route("/c/{place}", self._category),
            Route("/p/{item_id}", self._product),
            Route("/search", self._search),
            Route("/cart", self._cart),
            Route("/cart/add", self._add, methods=["POST"]),
            Route("/cart/set", self._set, methods=["POST"]),
            Route("/checkout", self._checkout),
            Route("/checkout", self._order, methods=["POST"]),
            Route("/thanks/{order_id}", self._thanks),
            Route("/orders/{order_id}", self._status),
            Route("/account", self._account, methods=["POST"]),
            Route("/preferences", self._preferences),
            Route("/preferences", self._prefer, methods=["POST"]),
            Route("/demo/stock", self._stock, methods=["POST"]),
            Route("/img/{item_id}.svg", self._picture),
            Mount("/assets", StaticFiles(directory=STATIC)),
        ]

    async def _home(self, request: Request) -> Response:
        now_ms = self._clock.now_ms()
        season = season_at(now_ms)
        seasonal = [item for item in self._window.shelf((), now_ms) if season in item.seasons]
        # One of each category, so that the season is seen from all sides.
        mixed = list({item.category: item for item in reversed(seasonal)}.values())[::-1][:_SEASONAL]
        tiles = [(name, self._window.shelf((name,), now_ms)[0]) for name in self._window.departments]
        return self._page(request, "home.html", season=season, seasonal=mixed, tiles=tiles)

    async def _category(self, request: Request) -> Response:
        path = self._window.place(request.path_params["place"])
        if path is None:
            return self._missing(request)
        chosen, brand = _order(request), request.query_params.get("brand", "")
        everything = self._window.shelf(path, self._clock.now_ms(), chosen)
        brands = sorted({item.brand for item in everything if item.brand})
        items = [item for item in everything if not brand or item.brand == brand]
        page = _number(request, "page", 1)
        return self._page(
            request, "category.html", path=path, items=items[: page * _PAGE], total=len(items), page=page, order=chosen,
            orders=ORDERS, brand=brand, brands=brands, more=len(items) > page * _PAGE,
        )  # fmt: skip

    async def _search(self, request: Request) -> Response:
        query = request.query_params.get("q", "").strip()[:200]
        found = self._window.search(query, self._clock.now_ms())
        return self._page(request, "search.html", query=query, items=found)

    async def _product(self, request: Request) -> Response:
        item = self._window.find(request.path_params["item_id"])
        if item is None:
            return self._missing(request)
        return self._page(
            request, "product.html", item=item, colours=self._window.choices(item, "colour"),
            sizes=self._window.choices(item, "size"), available=item.available_at(self._clock.now_ms()),
            exclude=self._window.variants([item]),
        )  # fmt: skip

    async def _cart(self, request: Request) -> Response:
        rows = self._bill(self._visitor(request)).rows
        return self._page(request, "cart.html", exclude=self._window.variants(row.item for row in rows))

    async def _add(self, request: Request) -> Response:
        """Put an item into the cart: a form of the product page, or the script behind a shelf's button."""
        visitor, form = self._visitor(request), await _form(request)
        item = self._window.find(form.get("item_id", ""))
        if item is None or not item.available_at(self._clock.now_ms()):
            raise HTTPException(422, "this product cannot be bought now")
        visitor.cart = visitor.cart.add(item.item_id, _quantity(form), _credit(form))
        wants_page = "text/html" in request.headers.get("accept", "")
        response: Response = (
            RedirectResponse("/cart", 303) if wants_page else JSONResponse({"count": visitor.cart.count, "title": item.title})
        )
        visitor.remember(response)
        return response

    async def _set(self, request: Request) -> Response:
        visitor, form = self._visitor(request), await _form(request)
        visitor.cart = visitor.cart.set(form.get("item_id", ""), _quantity(form))
        response = RedirectResponse("/cart", 303)
        visitor.remember(response)
        return response

    async def _checkout(self, request: Request) -> Response:
        if not self._bill(self._visitor(request)).rows:
            return RedirectResponse("/cart", 303)
        return self._page(request, "checkout.html")

    async def _order(self, request: Request) -> Response:
        """Place the order: the shop's server tells Endcap, with the answers that the items came from."""
        visitor = self._visitor(request)
        bought = self._bill(visitor)
        if not bought.rows:
            return RedirectResponse("/cart", 303)
        now_ms = self._clock.now_ms()
        order_id = f"L-{new_id(now_ms)[-8:]}"
        await self._tell(purchase(visitor, bought, order_id, now_ms))
        ordered = " ".join(row.item.item_id for row in bought.rows)
        visitor.cart = type(visitor.cart)()
        response = RedirectResponse(f"/thanks/{order_id}", 303)
        visitor.remember(response)
        response.set_cookie("larkfield_ordered", ordered, max_age=3600, httponly=True, samesite="lax")
        return response

    async def _thanks(self, request: Request) -> Response:
        return self._page(request, "thanks.html", order_id=request.path_params["order_id"], ordered=self._ordered(request))

    async def _status(self, request: Request) -> Response:
        return self._page(request, "order.html", order_id=request.path_params["order_id"], ordered=self._ordered(request))

    def _ordered(self, request: Request) -> list[Item]:
        ids = request.cookies.get("larkfield_ordered", "").split()
        return [item for item in map(self._window.find, ids) if item is not None]

    async def _preferences(self, request: Request) -> Response:
        said = tastes.from_cookie(request.cookies.get(tastes.COOKIE))
        return self._page(request, "preferences.html", said=said, wishes=tastes.WISHES)

    async def _prefer(self, request: Request) -> Response:
        """Take the quiz: from the page's script at every tick, or as a plain form."""
        visitor, form = self._visitor(request), await _form(request)
        known = frozenset(name for group in self._window.departments.values() for name in group)
        said = tastes.from_form(form, known)
        await self._tell(tastes.stating(visitor, said, self._clock.now_ms()))
        wants_page = "text/html" in request.headers.get("accept", "")
        response: Response = RedirectResponse("/preferences", 303) if wants_page else Response(status_code=204)
        visitor.remember(response)
        response.set_cookie(tastes.COOKIE, tastes.to_cookie(said), httponly=True, samesite="lax")
        return response

    async def _stock(self, request: Request) -> Response:
        """The merchandiser's lever: sell a product out, or put it back. Every shelf knows with its next answer."""
        form = await _form(request)
        item = self._window.find(form.get("item_id", ""))
        if item is None:
            raise HTTPException(422, "there is no such product")
        changed = msgspec.structs.replace(item, stock=0 if form.get("sell_out") else _RESTOCKED)
        shop = await self._site.shop(SHOP)
        await asyncio.to_thread(shop.service.stores.catalog.put, [changed])
        await asyncio.to_thread(shop.service.refresh)
        self._window.put(changed)
        return RedirectResponse(f"/p/{item.item_id}", 303)

    async def _account(self, request: Request) -> Response:
        """Become one of the shop's customers, or a guest again, who gets a new session and has said nothing yet."""
        visitor, form = self._visitor(request), await _form(request)
        wanted = form.get("user_id", "")
        visitor.session_id = new_id(self._clock.now_ms())
        visitor.persona = next((one for one in self._prepared.personas if one.user_id == wanted), None)
        said = UNSTATED
        if visitor.persona is not None:
            said = Preferences(name=visitor.persona.name)
            await self._tell(identify(visitor, wanted, self._clock.now_ms()))
            await self._tell(tastes.stating(visitor, said, self._clock.now_ms()))
        response = RedirectResponse("/", 303)
        visitor.remember(response)
        response.set_cookie(tastes.COOKIE, tastes.to_cookie(said), httponly=True, samesite="lax")
        return response

    async def _picture(self, request: Request) -> Response:
        item = self._window.find(request.path_params["item_id"])
        if item is None:
            raise HTTPException(404, "there is no such picture")
        return Response(picture(item), media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})

    async def _tell(self, event: Event) -> None:
        shop = await self._site.shop(SHOP)
        await shop.events.append([event])

    def _bill(self, visitor: Visitor) -> Bill:
        decisions = self._site.shops[SHOP].decisions
        return bill(visitor.cart, self._window, discounts(visitor.cart, decisions.find))

    def _visitor(self, request: Request) -> Visitor:
        return Visitor.of(request, self._prepared.personas, self._clock.now_ms())

    def _missing(self, request: Request) -> Response:
        return self._page(request, "missing.html", status=404)

    def _page(self, request: Request, template: str, *, status: int = 200, **values: object) -> Response:
        visitor = self._visitor(request)
        body = self._pages.render(template, visitor=visitor, bill=self._bill(visitor), at=request.url.path, **values)
        response = Response(body, status, {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}, "text/html")
        if visitor.is_new:
            visitor.remember(response)
        return response


async def _form(request: Request) -> dict[str, str]:
    """The fields of a plain form, each once; nothing here needs files or more than a page of text."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_BYTES:
            raise HTTPException(413, "the form is too large")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=_FORM_FIELDS))
    except ValueError as error:
        raise HTTPException(422, f"the form has more than {_FORM_FIELDS} fields") from error


def _quantity(form: dict[str, str]) -> int:
    text = form.get("quantity", "1")
    return int(text) if text.isdecimal() and len(text) < _LONGEST_NUMBER else 1


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return max(1, min(int(text), 1_000)) if text.isdecimal() and len(text) < _LONGEST_NUMBER else default


def _order(request: Request) -> Order:
    wanted = request.query_params.get("order", "")
    return next((name for name in ORDERS if name == wanted), "featured")


def _credit(form: dict[str, str]) -> Credit | None:
    """The answer that the item came from, where the page names one."""
    try:
        return msgspec.convert([form.get(name, "") for name in Credit.__struct_fields__], Credit, strict=False)
    except msgspec.ValidationError:
        return None
