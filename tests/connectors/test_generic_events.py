from __future__ import annotations

from tests.connectors.conftest import Shop, lines_of

COLUMNS = "timestamp,visitorid,event,itemid,transactionid\n"


def test_rows_become_events_in_the_order_of_time(shop: Shop) -> None:
    rows = "1433224214164,9,addtocart,B,\n1433221332117,7,view,A,\n"
    rows += "1433224220000,9,transaction,B,77\n1433224220000,9,transaction,C,77\n"
    summary = shop.bring(COLUMNS + rows)
    assert summary.files[0].layout == "generic_events"
    assert [(event.type, event.user_id) for event in shop.events] == [("view", "7"), ("add_to_cart", "9"), ("purchase", "9")]
    assert shop.events[2].event_id == "order:77"
    assert lines_of(shop.events[2]) == [("B", 1, "None"), ("C", 1, "None")]
    assert (summary.lines, summary.accepted, summary.merged, summary.events, summary.orders) == (4, 4, 0, 3, 1)


def test_the_same_row_twice_counts_once(shop: Shop) -> None:
    row = "1433221332117,7,view,A,\n"
    summary = shop.bring(COLUMNS + row * 3)
    assert (summary.lines, summary.accepted, summary.merged, summary.events) == (3, 1, 2, 1)
    assert shop.bring(COLUMNS + row).duplicates == 1


def test_lines_of_one_order_with_the_same_product_are_merged(shop: Shop) -> None:
    rows = "2026-01-01,u,purchase,A,2,1.50,o1\n2026-01-01,u,purchase,A,1,1.50,o1\n2026-01-01,u,purchase,A,1,2,o1\n"
    summary = shop.bring("time,user_id,action,sku,quantity,price,order_id\n" + rows + "2026-01-02,u,view,A,,,\n", currency="SEK")
    assert lines_of(shop.events[0]) == [("A", 3, "1.5"), ("A", 1, "2")]
    assert shop.events[0].currency == "SEK"
    assert (summary.accepted, summary.merged) == (3, 1)


def test_ids_and_other_columns_are_kept(shop: Shop) -> None:
    shop.bring("id,time,event,item_id,session_id,device\ne1,2026-01-01T10:00:00,page_view,A,s1,phone\n")
    (event,) = shop.events
    assert (event.event_id, event.type, event.session_id, event.context) == ("e1", "view", "s1", {"device": "phone"})


def test_what_is_rejected_and_why(shop: Shop) -> None:
    rows = "1433221332117,7,view,A,\n1433221332117,7,stare,A,\n,7,view,A,\nlate,7,view,A,\n1433221332117,7,view,,\n"
    summary = shop.bring(COLUMNS + rows)
    assert [one[:3] for one in shop.rejected(summary)] == [
        (3, "event", "unknown_type"),
        (4, "timestamp", "missing_date"),
        (5, "timestamp", "bad_date"),
        (6, "itemid", "missing_item_id"),
    ]
    assert (summary.lines, summary.accepted, summary.rejected) == (5, 1, 4)
    bad = shop.bring("time,event,item_id,quantity\n2026-01-01,view,A,1\n2026-01-01,view,A,x\n")
    assert bad.rejects == {"bad_quantity": 1}


def test_types_go_by_the_names_that_trackers_use(shop: Shop) -> None:
    line = '{{"event":"{}","timestamp":"2026-01-01T10:00:0{}Z","userId":5,"sku":"A","orderId":"{}"}}\n'
    names = ["Product Viewed", "product_added", "Checkout Started", "Order Completed"]
    text = "".join(line.format(name, second, "9" if second == 3 else "") for second, name in enumerate(names))
    shop.bring(shop.write("track.jsonl", text))
    assert [event.type for event in shop.events] == ["view", "add_to_cart", "begin_checkout", "purchase"]
    alone = shop.bring(shop.write("track.jsonl", line.format("purchase", 5, "10")))
    assert alone.files[0].layout == "generic_events"


def test_a_list_of_sales_and_returns_is_a_list_of_orders(shop: Shop) -> None:
    summary = shop.bring("order_id,date,type,sku,qty\n1,2026-01-01,sale,A,1\n2,2026-01-02,return,A,1\n")
    assert summary.files[0].layout == "generic_orders"
    assert [event.type for event in shop.events] == ["purchase", "refund"]


def test_a_visitor_is_a_person(shop: Shop) -> None:
    shop.bring("event_id,type,timestamp,visitor,item\n1,view,1433221332117,7,A\n")
    assert [(event.event_id, event.user_id, event.context) for event in shop.events] == [("1", "7", None)]
