"""From sound order lines to events and items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import polars as pl

from endcap.connectors.base.batch import BATCH_EVENTS, Batch
from endcap.connectors.base.cells import parse_list
from endcap.connectors.base.checks import MAX_PIECES
from endcap.connectors.base.table import ROW
from endcap.core.catalog import Item
from endcap.core.events import MAX_LINES, Event, Line

_ORDER = ["order_id", "cancelled"]
_MAX_TITLE = 512
_PURCHASE, _REFUND = 0, 1


def merged_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with those of the same product at the same price in one order made one, their quantities added."""
    return rows.group_by(*_ORDER, "item_id", "unit_price", maintain_order=True).agg(
        pl.col(ROW).first(),
        # Two lines of what may be a million pieces each are still one line of at most that.
        pl.col("pieces").abs().sum().clip(upper_bound=MAX_PIECES),
        pl.col("pieces_back").sum(),
    )


def order_heads(rows: pl.DataFrame) -> pl.DataFrame:
    """What holds for an order as a whole: when it was made and taken back, by whom, in which currency."""
    return rows.group_by(_ORDER, maintain_order=True).agg(
        pl.col("at_ms").min(),
        pl.col("cancelled_at_ms").min(),
        pl.col("taken_back").any(),
        pl.col("customer").drop_nulls().first(),
        pl.col("currency_code").first(),
        pl.col(ROW).min().alias("first_row"),
    )


def batches_of(lines: pl.DataFrame, heads: pl.DataFrame) -> Iterator[Batch]:
    """The orders as events in the order of time, some at a time.

    An order's event id is ``order:`` or ``refund:`` and its order id; one of more lines than an event may have goes on in
    ``order:ID#2`` and so forth.
    """
    acts = _acts(lines.join(heads, on=_ORDER))
    orders = acts.group_by("act", "order_id", maintain_order=True).agg(
        pl.col("at").first(),
        pl.col("customer").first(),
        pl.col("currency_code").filter(pl.col("unit_price").is_not_null()).first(),
        pl.len().alias("lines"),
    )
    prices: dict[str | None, Decimal | None] = {text: Decimal(text) for text in acts["unit_price"].unique() if text is not None}
    prices[None] = None
    done = 0
    for part in orders.iter_slices(BATCH_EVENTS):
        size = int(part["lines"].sum())
        rows = acts[done : done + size]
        done += size
        columns = (rows["item_id"].to_list(), rows["quantity"].to_list(), rows["unit_price"].to_list())
        made = [Line(item_id=item, quantity=pieces, price=prices[price]) for item, pieces, price in zip(*columns, strict=True)]
        yield Batch(events=list(_events(part, made)), share=done / acts.height)


def _acts(lines: pl.DataFrame) -> pl.DataFrame:
    """Every line once for its sale and once for its return, whichever there was, in the order of the log."""
    sold = lines.filter(~pl.col("cancelled")).with_columns(
        pl.lit(_PURCHASE).alias("act"), pl.col("at_ms").alias("at"), pl.col("pieces").alias("quantity")
    )
    whole = pl.col("cancelled") | pl.col("taken_back") | pl.col("cancelled_at_ms").is_not_null()
    back = pl.when(whole).then("pieces").otherwise(pl.min_horizontal("pieces", "pieces_back"))
    returned = lines.with_columns(
        pl.lit(_REFUND).alias("act"), pl.coalesce("cancelled_at_ms", "at_ms").alias("at"), back.alias("quantity")
    ).filter(pl.col("quantity") > 0)
    # An order may come back by its status and by rows of its own: that is one return.
    whole_act = pl.col("at", "first_row").min().over("act", "order_id")
    return pl.concat([sold, returned]).with_columns(whole_act).sort("at", "act", "first_row", "order_id", ROW)


def _events(orders: pl.DataFrame, lines: list[Line]) -> Iterator[Event]:
    start = 0
    for act, order_id, at_ms, customer, currency, count in orders.iter_rows():
        kind, prefix = ("refund", "refund:") if act == _REFUND else ("purchase", "order:")
        for event_id, items in in_parts(f"{prefix}{order_id}", lines[start : start + count]):
            yield Event(
                event_id=event_id,
                type=kind,  # type: ignore[arg-type]
                at=at_ms,
                user_id=customer,
                order_id=order_id,
                items=items,
                currency=currency,
            )
        start += count


def in_parts(event_id: str, lines: Sequence[Line]) -> Iterator[tuple[str, tuple[Line, ...]]]:
    """The lines of one order as events can hold them, with an id for each: ``ID``, ``ID#2`` and so forth."""
    for part, start in enumerate(range(0, len(lines), MAX_LINES), start=1):
        yield event_id if part == 1 else f"{event_id}#{part}", tuple(lines[start : start + MAX_LINES])


def items_of(rows: pl.DataFrame) -> list[Item]:
    """The products of the rows: the title that most rows give, the price of the latest; in the order of first appearance."""
    title = pl.col("title").str.replace_all(r"\s+", " ").str.slice(0, _MAX_TITLE)
    titles = (
        rows.filter(pl.col("title").is_not_null())
        .group_by("item_id", title)
        .len()
        .sort("len", "title", descending=[True, False])
        .group_by("item_id", maintain_order=True)
        .agg(pl.col("title").first())
    )
    known = (
        rows.sort("at_ms", ROW)
        .group_by("item_id")
        .agg(
            pl.col("unit_price").drop_nulls().last(),
            pl.col("currency_code").last(),
            pl.col("brand").drop_nulls().last(),
            pl.col("category").drop_nulls().last(),
            pl.col(ROW).min(),
        )
    )
    table = known.join(titles, on="item_id", how="left").sort(ROW)
    return [
        Item(
            item_id=item_id,
            title=title or item_id,
            price=None if price is None else Decimal(price),
            currency=None if price is None else currency,
            brand=brand,
            category=parse_list(category, ">|")[:10] if category else (),
        )
        for item_id, price, currency, brand, category, title in table.select(
            "item_id", "unit_price", "currency_code", "brand", "category", "title"
        ).iter_rows()
    ]
