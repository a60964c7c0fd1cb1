"""The storefront's pages over a small shop, in process."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from endcap.app import Endcap
from endcap.core.catalog import Item
from endcap.demo.state import SHOP, Prepared
from endcap.demo.storefront import Storefront
from endcap.demo.visitor import CART_COOKIE, SESSION_COOKIE, Persona
from endcap.stores.ports import ShopStores
from endcap.synthetic.shop import Size, make_shop
from endcap.web.application import Application
from endcap.web.site import Site

END_MS = 1_795_000_000_000
ITEMS = make_shop(3, END_MS, Size(customers=5, guests=5)).items
READY = next(item for item in ITEMS if item.available_at(END_MS))
GONE = next(item for item in ITEMS if item.stock == 0)
PREPARED = Prepared(
    seed=3, end_ms=END_MS, browser_key="ek_browser_x", personas=(Persona(user_id="c1", name="Mara", likes="Sleeping"),)
)


@pytest.fixture
def endcap(tmp_path: Path) -> Iterator[Endcap]:
    opened = Endcap.open(tmp_path)
    opened.shop(SHOP, create=True).stores.catalog.put(ITEMS)
    yield opened
    opened.close()


@pytest.fixture
def client(endcap: Endcap) -> Iterator[TestClient]:
    site = Site(endcap, shops=(SHOP,))
    storefront = Storefront(site, PREPARED, ITEMS, endcap.clock)
    with TestClient(Application(site, pages=storefront.routes()), follow_redirects=False) as running:
        running.headers["accept"] = "text/html"
        yield running


@pytest.fixture
def stores(endcap: Endcap) -> ShopStores:
    return endcap.shop(SHOP).stores


def add(client: TestClient, item: Item = READY, **fields: str) -> None:
    assert client.post("/cart/add", data={"item_id": item.item_id, **fields}).status_code == 303


@pytest.mark.parametrize(
    "path", ["/", "/c/garden", "/c/tents-shelters", "/search?q=tent", "/search", f"/p/{READY.item_id}", "/cart"]
)
def test_every_page_answers_with_the_key_and_a_session(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert 'data-key="ek_browser_x"' in answer.text
    assert f'data-session="{client.cookies[SESSION_COOKIE]}"' in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_every_product_has_its_page_and_its_picture(client: TestClient) -> None:
    for item in ITEMS[::40]:
        assert client.get(f"/p/{item.item_id}").status_code == 200
        picture = client.get(f"/img/{item.item_id}.svg")
        assert picture.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("path", ["/p/nothing", "/c/nothing"])
def test_what_is_not_there_is_a_page_of_its_own(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Gone walking" in answer.text


def test_a_sold_out_product_is_shown_but_cannot_be_bought(client: TestClient) -> None:
    assert "Sold out for now" in client.get(f"/p/{GONE.item_id}").text
    assert client.post("/cart/add", data={"item_id": GONE.item_id}).status_code == 422
    assert GONE.item_id not in client.get(f"/c/{'-'.join(GONE.category[1].lower().replace('&', '').split())}").text


def test_what_visitors_type_is_never_markup(client: TestClient) -> None:
    evil = '"><script>alert(1)</script>'
    for answer in (client.get("/search", params={"q": evil}), client.get("/c/garden", params={"brand": evil, "order": evil})):
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


def test_an_order_reaches_the_log_with_prices_and_the_answers_it_came_from(client: TestClient, stores: ShopStores) -> None:
    add(client, quantity="2", recommendation_id="R1", placement="home", position="3")
    page = client.get("/checkout").text
    answer = client.post("/checkout", data={"name": "Robin"})
    assert answer.headers["location"].startswith("/thanks/L-")
    assert client.get(answer.headers["location"]).status_code == 200
    [logged] = stores.log.read()
    order = logged.event
    assert order.type == "purchase"
    assert order.session_id == client.cookies[SESSION_COOKIE]
    assert order.user_id is None
    [line] = order.lines
    assert (line.item_id, line.quantity, line.price) == (READY.item_id, 2, READY.price)
    assert (order.recommendation_id, order.placement, order.position) == ("R1", "home", 3)
    assert order.context == {
        "recommended": [{"item_id": READY.item_id, "recommendation_id": "R1", "placement": "home", "position": 3}]
    }
    assert f"€{2 * (READY.price or Decimal(0)):,.2f}" in page
    assert client.get("/checkout").status_code == 303  # the cart is empty now


def test_an_empty_cart_cannot_be_ordered(client: TestClient, stores: ShopStores) -> None:
    assert client.post("/checkout").headers["location"] == "/cart"
    assert stores.log.read() == []


def test_becoming_a_customer_starts_a_session_that_is_identified(client: TestClient, stores: ShopStores) -> None:
    client.get("/")
    before = client.cookies[SESSION_COOKIE]
    client.post("/account", data={"user_id": "c1"})
    identified, said = (logged.event for logged in stores.log.read())
    assert (identified.type, identified.user_id) == ("identify", "c1")
    assert identified.session_id == client.cookies[SESSION_COOKIE] != before
    assert (said.type, said.user_id, said.context and said.context["name"]) == ("preference", "c1", "Mara")
    add(client)
    client.post("/checkout")
    assert stores.log.read()[-1].event.user_id == "c1"
    client.post("/account", data={"user_id": "somebody else"})
    assert len(stores.log.read()) == 3


def test_the_quiz_is_told_and_remembered(client: TestClient, stores: ShopStores) -> None:
    answers = {"like:Sleeping": "on", "like:Caviar": "on", "dislike:Pantry": "on", "recommendations": "impersonal", "name": " Jo"}
    assert client.post("/preferences", data=answers).status_code == 303
    [logged] = stores.log.read()
    assert (logged.event.type, logged.event.session_id) == ("preference", client.cookies[SESSION_COOKIE])
    assert logged.event.context == {
        "likes": ["Sleeping"], "dislikes": ["Pantry"], "recommendations": "impersonal", "name": "Jo",
    }  # fmt: skip
    page = client.get("/preferences").text
    assert 'name="like:Sleeping" checked' in page
    assert 'name="dislike:Pantry" checked' in page
    assert 'value="impersonal" checked' in page
    assert client.post("/preferences", data={}, headers={"accept": "application/json"}).status_code == 204
    assert stores.log.read()[-1].event.context == {"likes": [], "dislikes": [], "recommendations": "personal", "name": None}


def test_the_merchandiser_sells_out_and_puts_back(client: TestClient, stores: ShopStores) -> None:
    lever = {"item_id": READY.item_id}
    assert client.post("/demo/stock", data={**lever, "sell_out": "1"}).headers["location"] == READY.url
    sold_out = stores.catalog.get(READY.item_id)
    assert sold_out is not None
    assert sold_out.stock == 0
    page = client.get(f"/p/{READY.item_id}").text
    assert 'placement="out_of_stock"' in page
    assert "Put it back" in page
    assert client.post("/cart/add", data=lever).status_code == 422
    client.post("/demo/stock", data=lever)
    add(client)
    assert 'placement="out_of_stock"' not in client.get(f"/p/{READY.item_id}").text
    assert client.post("/demo/stock", data={"item_id": "nothing"}).status_code == 422


def test_where_an_order_is(client: TestClient) -> None:
    add(client)
    thanks = client.post("/checkout").headers["location"]
    status = thanks.replace("/thanks/", "/orders/")
    assert status in client.get(thanks).text
    page = client.get(status).text
    assert f'placement="order_status" cart="{READY.item_id}"' in page


def test_a_forged_cart_is_an_empty_one(client: TestClient) -> None:
    client.cookies.set(CART_COOKIE, "forged")
    assert "Nothing in it yet" in client.get("/cart").text


def test_a_form_that_is_too_large_or_odd_is_refused(client: TestClient) -> None:
    assert client.post("/cart/add", content=b"x" * 20_000).status_code == 413
    assert client.post("/cart/add", content=b"&".join(b"a=1" for _ in range(50))).status_code == 422
    add(client, quantity="9" * 5_000)
    assert (
        client.post("/cart/add", data={"item_id": READY.item_id, "position": "-1", "recommendation_id": "R"}).status_code == 303
    )
