"""Each layout on a file of a few lines, and which one is taken for what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from endcap import registry
from endcap.core.events import KIND
from endcap.core.time import to_ms
from endcap.errors import BadFile, BadOption
from endcap.replay.layouts import HOLDS, find_layout, history_layout, order_layout, session_layout
from endcap.replay.layouts.base import BundleLayout, HistoryLayout, SessionLayout
from endcap.replay.layouts.online_retail import OnlineRetail
from endcap.replay.orders import Orders
from tests.replay.worlds import write_orders, write_sessions

RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
2,85123a ,MUG,6,2010-12-02 08:00:00,2.55,17850.0,UK
2,71053,TEA,1,2010-12-02 08:01:00,3.39,17850.0,UK
2,71053,TEA,2,2010-12-02 08:02:00,3.39,17850.0,UK
1,85123A,MUG,1,2010-12-03 08:00:00,2.55,,UK
1,22222,MILK,1,2010-12-03 08:00:00,1.00,,UK
3,POST,POSTAGE,1,2010-12-04 08:00:00,18.00,,UK
3,22222,MILK,1,2010-12-04 08:00:00,1.00,,UK
C4,85123A,MUG,-6,2010-12-05 08:00:00,2.55,17850.0,UK
5,85123A,MUG,1,2010-12-06 08:00:00,0.0,,UK
5,71053,TEA,-1,2010-12-06 08:00:00,3.39,,UK
"""
SHOPIFY = """Name,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Vendor,Email,Created at
#1002,1,Mug,4.50,MUG,Kiln,ann@example.org,2024-01-02 10:00:00 +0100
#1002,1,Tea,3.00,TEA,Leaf,,
#1003,1,Tea,3.00,TEA,Leaf,,
#1003,1,Mug,4.50,MUG,Kiln,,
#1001,1,Mug,4.50,MUG,Kiln,,2024-01-01 10:00:00 +0100
#1001,0,Tea,3.00,TEA,Leaf,,2024-01-01 10:00:00 +0100
#1001,2,Milk,1.00,MILK,,,2024-01-01 10:00:00 +0100
"""


def baskets(orders: Orders) -> list[tuple[str, list[str]]]:
    held = orders.lines.group_by("basket", maintain_order=True).agg("item_id")["item_id"].to_list()
    return list(zip(orders.order_ids, held, strict=True))


def test_online_retail_keeps_what_was_sold_and_sorts_it_by_time(tmp_path: Path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(RETAIL)
    layout = order_layout(path, None)
    assert registry.name_of(layout) == "online_retail"
    found = layout.read(path)
    assert baskets(found) == [("2", ["71053", "85123A"]), ("1", ["22222", "85123A"])]
    assert found.at_ms.tolist() == [to_ms(datetime(2010, 12, 2, 8, tzinfo=UTC)), to_ms(datetime(2010, 12, 3, 8, tzinfo=UTC))]
    assert found.lines["title"].to_list() == ["TEA", "MUG", "MILK", "MUG"]
    assert found.lines["user_id"].to_list() == ["17850.0", "17850.0", None, None]


def test_the_second_edition_of_online_retail_has_other_headings(tmp_path: Path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(RETAIL.replace("InvoiceNo", "Invoice").replace("UnitPrice", "Price").replace("CustomerID", "Customer ID"))
    assert registry.name_of(order_layout(path, None)) == "online_retail"
    assert len(order_layout(path, None).read(path)) == 2


def test_an_order_export_is_recognised_by_its_headings(tmp_path: Path) -> None:
    path = tmp_path / "orders_export.csv"
    path.write_text(SHOPIFY)
    layout = order_layout(path, None)
    assert registry.name_of(layout) == "orders"
    found = layout.read(path)
    assert found.timed
    # The order without a time is left out, and so is the line of which nothing was bought; the first line speaks for its order.
    assert baskets(found) == [("#1001", ["MILK", "MUG"]), ("#1002", ["MUG", "TEA"])]
    assert found.lines["title"].to_list() == ["Milk", "Mug", "Mug", "Tea"]
    assert found.lines["price"].to_list() == [1.0, 4.5, 4.5, 3.0]
    assert found.lines["user_id"].to_list() == [None, None, "ann@example.org", "ann@example.org"]


def test_orders_without_a_time_column_keep_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("basket_id,product_id\n9,b\n9,a\n3,a\n3,c\n")
    found = order_layout(path, None).read(path)
    assert not found.timed
    assert baskets(found) == [("9", ["a", "b"]), ("3", ["a", "c"])]


def test_times_that_cannot_be_read_name_the_column(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,sku,created_at\n1,a,soon\n1,b,later\n")
    with pytest.raises(BadFile, match="column created_at holds no times"):
        order_layout(path, None).read(path)


def test_groceries_has_a_basket_a_line(tmp_path: Path) -> None:
    path = tmp_path / "baskets.csv"
    path.write_text("mug,tea,milk\ntea\nmilk,mug\nmug, tea ,lamp,bulb\n")
    layout = order_layout(path, None)
    assert registry.name_of(layout) == "groceries"
    assert baskets(layout.read(path)) == [
        ("0", ["milk", "mug", "tea"]),
        ("2", ["milk", "mug"]),
        ("3", ["bulb", "lamp", "mug", "tea"]),
    ]


def test_instacart_names_its_products(tmp_path: Path) -> None:
    lines = {"order_id": [7, 7, 3], "product_id": [11, 10, 10], "add_to_cart_order": [1, 2, 1], "reordered": [0, 0, 1]}
    pl.DataFrame(lines).write_parquet(tmp_path / "order_products__train.parquet")
    products = {"product_id": [10, 11], "product_name": ["Tea", "Mug"], "aisle_id": [1, 2], "department_id": [5, 5]}
    pl.DataFrame(products).write_parquet(tmp_path / "products.parquet")
    pl.DataFrame({"aisle_id": [1, 2], "aisle": ["drinks", "cups"]}).write_parquet(tmp_path / "aisles.parquet")
    pl.DataFrame({"department_id": [5], "department": ["kitchen"]}).write_parquet(tmp_path / "departments.parquet")
    layout = order_layout(tmp_path, None)
    assert registry.name_of(layout) == "instacart"
    found = layout.read(tmp_path)
    assert baskets(found) == [("3", ["10"]), ("7", ["10", "11"])]
    assert found.lines["title"].to_list() == ["Tea", "Tea", "Mug"]
    assert found.lines["category"].to_list() == ["kitchen > drinks", "kitchen > drinks", "kitchen > cups"]
    assert len(layout.files(tmp_path)) == 4


def test_sessions_are_ordered_by_the_file_and_their_clicks_by_position(tmp_path: Path) -> None:
    train, test = tmp_path / "train.csv", tmp_path / "test.jsonl"
    write_sessions(train, test, [], [(["a", "b"], "c")])
    train.write_text("session_id,position,item_id\n9,1,b\n9,0,a\n2,0,c\n9,2,c\n2,1,a\n")
    found = session_layout(None).read(train, test)
    assert [found.item_ids[row] for row in found.items] == ["a", "b", "c", "c", "a"]
    assert found.indptr.tolist() == [0, 3, 5]
    assert found.test.prefixes == [["a", "b"]]
    assert found.test.targets == ["c"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("session,item_id\n1,a\n")
    (tmp_path / "test.jsonl").write_text('{"prefix": ["a"], "target": "b"}\n')
    with pytest.raises(BadFile, match="no column session_id"):
        session_layout(None).read(tmp_path / "train.csv", tmp_path / "test.jsonl")


def test_layouts_answer_to_the_names_of_public_data_sets() -> None:
    assert registry.name_of(session_layout("retailrocket_sessions")) == "session_prefixes"
    assert isinstance(session_layout("diginetica"), SessionLayout)
    with pytest.raises(BadOption, match="groceries holds orders, not sessions"):
        session_layout("groceries")


def test_every_layout_is_of_one_kind() -> None:
    kinds = [registry.find("layouts", name) for name in registry.names("layouts")]
    assert all(sum(issubclass(kind, one) for one in HOLDS) == 1 for kind in kinds)


@pytest.mark.parametrize(
    ("data", "name"),
    [("online_retail", "online_retail"), ("instacart", "instacart"), ("groceries", "groceries")],
)
def test_the_public_data_sets_are_recognised(data_dir: Path, data: str, name: str) -> None:
    assert registry.name_of(order_layout(data_dir / data, None)) == name


def test_another_shops_codes_are_products_too(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    heading = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    lines = [f"1,{code},x,1,2026-01-0{day} 10:00:00,2.50,7,UK\n" for day, code in ((1, "MUG-RED"), (1, "TEAPOT"), (1, "POST"))]
    file.write_text(heading + "".join(lines))
    assert sorted(OnlineRetail().read(file).lines["item_id"]) == ["MUG-RED", "TEAPOT"]


EVENTS = """timestamp,visitorid,itemid,event,transactionid,price,categorycode
1430623515,ann,mug,view,,4.50,home.cups
1430623644,ann,mug,addtocart,,4.50,home.cups
1430623999,ann,mug,transaction,7,4.50,home.cups
1430623999,ann,tea,transaction,7,3.00,
1430623999,,tea,view,,,
1430624999,bob,tea,wishlist,,,
1430624000,bob,tea,view,,,
"""


def test_acts_are_recognised_by_their_headings_and_go_by_the_names_of_trackers(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(EVENTS)
    layout = find_layout(HistoryLayout, path, None)
    assert registry.name_of(layout) == "events"
    found = layout.read(path)
    kinds = [KIND[name] for name in ("view", "add_to_cart", "purchase", "purchase", "view")]
    assert found.acts["kind"].to_list() == kinds  # nobody's view and a wish list say nothing
    assert found.acts["item"].to_list() == ["mug", "mug", "mug", "tea", "tea"]
    assert found.acts["seq"].n_unique() == 4  # the lines of an order are one event
    assert found.acts["session"].to_list() == ["ann"] * 4 + ["bob"]
    assert found.acts["price"].to_list() == [4.5, 4.5, 4.5, 3.0, None]
    assert found.acts["at_ms"][0] == 1_430_623_515_000


def test_a_folder_may_hold_a_train_and_a_test_file(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("user_id,item_id,rating\nann,mug,5\nbob,mug,3\n")
    (tmp_path / "test.csv").write_text("user_id,item_id,rating\nann,tea,4\n")
    found = find_layout(HistoryLayout, tmp_path, None).read(tmp_path)
    assert found.test is not None
    assert found.test.select("user", "item", "rating").rows() == [("ann", "tea", 4.0)]
    assert found.acts["kind"].to_list() == [KIND["rating"]] * 2
    assert found.acts["at_ms"].is_sorted()  # without a time the order of the file is the clock


def test_orders_with_customers_are_acts_too(tmp_path: Path) -> None:
    path = write_orders(tmp_path / "orders.csv", [["mug", "tea"]])
    assert registry.name_of(history_layout(path, None)) == "orders"
    retail = tmp_path / "retail.csv"
    retail.write_text(RETAIL)
    assert registry.name_of(history_layout(retail, None)) == "online_retail"
    events = tmp_path / "events.csv"
    events.write_text(EVENTS)
    assert registry.name_of(history_layout(events, None)) == "events"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_id,colour\nann,red\n", "no column for the item"),
        ("user_id,item_id,event\nann,mug,dance\n", "column event of .* holds no known event"),
        ("user_id,item_id,date\nann,mug,soon\nbob,mug,later\n", "column date of .* holds no times"),
        ("user_id,item_id\n,mug\n", "no row with a person, an item"),
    ],
)
def test_acts_that_cannot_be_used_name_file_and_column(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "events.csv"
    path.write_text(text)
    layout = history_layout(path, "events")
    with pytest.raises(BadFile, match=message):
        layout.read(path)


def test_sets_come_as_a_folder_of_tables(tmp_path: Path) -> None:
    (tmp_path / "bundle_item.csv").write_text("bundle ID,item ID\n0,mug\n0,tea\n1,lamp\n1,bulb\n")
    (tmp_path / "session_bundle.csv").write_text("session ID,bundle ID\n7,0\n")
    (tmp_path / "session_item.csv").write_text("session ID,item ID\n7,mug\n8,lamp\n")
    (tmp_path / "user_session.csv").write_text("user ID,session ID,timestamp\n0,7,1405987200\n1,8,1405036800\n")
    (tmp_path / "item_titles.csv").write_text("item ID,titles\ntea,Green tea\nmug,Blue mug\n")
    (tmp_path / "item_categories.csv").write_text('item ID,categories\nmug,"[[Home,Cups],[Gifts]]"\n')
    layout = find_layout(BundleLayout, tmp_path, None)
    found = layout.read(tmp_path)
    assert found.members.rows() == [("0", "mug", "7"), ("0", "tea", "7"), ("1", "lamp", "bundle 1"), ("1", "bulb", "bundle 1")]
    assert found.visits["item"].to_list() == ["lamp", "mug"]
    assert [(one.item_id, one.title) for one in found.products[:2]] == [("tea", "Green tea"), ("mug", "Blue mug")]
    assert found.products[1].category == ("Home", "Cups")
    assert len(found.products) == 4
    assert len(layout.files(tmp_path)) == 6


def test_sets_come_as_one_table(tmp_path: Path) -> None:
    path = tmp_path / "kits.csv"
    path.write_text("kit,sku,title\na,mug,Mug\na,tea,Tea\n")
    found = find_layout(BundleLayout, path, None).read(path)
    assert found.members.rows() == [("a", "mug", "bundle a"), ("a", "tea", "bundle a")]
    assert found.visits.is_empty()
    assert [one.title for one in found.products] == ["Mug", "Tea"]


def test_sets_without_items_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "kits.csv"
    path.write_text("kit,colour\na,red\n")
    with pytest.raises(BadFile, match="no column for the item"):
        find_layout(BundleLayout, path, "bundles").read(path)


@pytest.mark.parametrize(("data", "name"), [("retailrocket_events", "events"), ("bundle_electronic", "bundles")])
def test_the_public_data_of_acts_and_sets_are_recognised(data_dir: Path, data: str, name: str) -> None:
    kind = HistoryLayout if name == "events" else BundleLayout
    assert registry.name_of(find_layout(kind, data_dir / data, None)) == name
