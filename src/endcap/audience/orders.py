"""The log's orders as lines with amounts, what was given back taken out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import polars as pl

from endcap.core.crawlers import of_crawler
from endcap.core.events import KIND, LoggedEvent
from endcap.core.money import exponent
from endcap.stores.archive import scan_people
from endcap.stores.ports import EventLog, LogHistory

LINES = pl.Schema(
    {
        "seq": pl.Int64(), "at_ms": pl.Int64(), "kind": pl.UInt8(), "user": pl.String(), "session": pl.String(),
        "order": pl.String(), "item": pl.String(), "quantity": pl.Int64(), "price": pl.Float64(), "currency": pl.String(),
    }
)  # fmt: skip
"""A line of a purchase or refund: who, which order, how many pieces at what price (major unit; missing where it was not said)."""

_TRADES = ("purchase", "refund")
_PURCHASE, _REFUND = KIND["purchase"], KIND["refund"]
_CHUNK = 50_000


def read_lines(log: EventLog) -> pl.DataFrame:
    """All lines of purchases and refunds up to the log's present end, in log order, with the columns of :data:`LINES`.

    Those that a crawler sent are left out.
    """
    end = log.last_seq()  # taken first: a busy shop's log would otherwise never come to an end
    archived = log.history()
    tables = [_archived(archived)] if archived.files else []
    after = archived.archived_until
    while after < end and (events := log.read(after=after, limit=min(_CHUNK, end - after))):
        tables.append(_lines_of(events))
        after = events[-1].seq
    return pl.concat(tables).sort("seq", maintain_order=True) if tables else pl.DataFrame(schema=LINES)


def kept_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """The purchases with the pieces that were kept, and what was paid for them; lines given back whole are gone.

    A refund takes pieces back from the order it names, if that order holds the item, and else from what the same user bought of
    the item before, newest first; they count at the price that was paid. ``lines`` are as :func:`read_lines` gives them; a column
    ``paid`` (float64, major unit, missing where no price is known) is added.
    """
    bought = lines.filter(pl.col("kind") == _PURCHASE).sort("at_ms", "seq", maintain_order=True).with_row_index("line")
    refunds = lines.filter(pl.col("kind") == _REFUND).sort("at_ms", "seq", maintain_order=True)
    back = _given_back(bought, refunds)
    gone = pl.DataFrame({"line": list(back), "back": list(back.values())}, schema={"line": pl.UInt32(), "back": pl.Int64()})
    left = pl.col("quantity") - pl.col("back").fill_null(0)
    return (
        bought.join(gone, on="line", how="left", maintain_order="left")
        .with_columns(left.alias("quantity"))
        .filter(pl.col("quantity") > 0)
        .with_columns((pl.col("price") * pl.col("quantity")).alias("paid"))
        .drop("line", "back", "kind")
    )


def _given_back(bought: pl.DataFrame, refunds: pl.DataFrame) -> dict[int, int]:
    """How many pieces of each line of ``bought`` were given back."""
    if refunds.is_empty():
        return {}
    concerned = pl.concat([bought.join(refunds, on=key, how="semi") for key in (["order", "item"], ["user", "item"])])
    columns = ("line", "at_ms", "user", "order", "item", "quantity")
    left: dict[int, int] = {}
    bought_at: dict[int, int] = {}
    by_order: dict[tuple[str, str], list[int]] = defaultdict(list)
    by_user: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line, at_ms, user, order, item, quantity in concerned.unique("line").sort("line").select(columns).iter_rows():
        left[line], bought_at[line] = quantity, at_ms
        if order is not None:
            by_order[order, item].append(line)
        if user is not None:
            by_user[user, item].append(line)
    back: dict[int, int] = defaultdict(int)
    for at_ms, user, order, item, quantity in refunds.select(columns[1:]).iter_rows():
        for line in reversed(by_order.get((order, item)) or by_user.get((user, item)) or []):
            taken = min(quantity, left[line]) if bought_at[line] <= at_ms else 0
            if taken:
                left[line] -= taken
                back[line] += taken
                quantity -= taken
    return back


def main_currency(lines: pl.DataFrame) -> str | None:
    """The currency of most lines; nothing where none is said."""
    said = lines["currency"].drop_nulls()
    return (
        None if said.is_empty() else str(said.value_counts().sort(["count", "currency"], descending=[True, False])["currency"][0])
    )


def minor(amount: pl.Expr, currency: str) -> pl.Expr:
    """An amount in the major unit as whole minor units."""
    whole: pl.Expr = (amount * 10 ** exponent(currency)).round().cast(pl.Int64)
    return whole


def _lines_of(events: Sequence[LoggedEvent]) -> pl.DataFrame:
    rows = [
        (
            one.seq, one.event.at_ms, KIND[one.event.type], one.event.user_id, one.event.session_id, one.event.order_id,
            line.item_id, line.quantity, None if line.price is None else float(line.price), one.event.currency,
        )
        for one in events if one.event.type in _TRADES and not of_crawler(one.event) for line in one.event.lines
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=LINES, orient="row")


def _archived(archived: LogHistory) -> pl.DataFrame:
    line = pl.col("items").struct
    return (
        scan_people(archived, _TRADES)
        .explode("items")
        .select(
            pl.col("seq"), pl.col("at").alias("at_ms"), pl.col("type").replace_strict(KIND, return_dtype=pl.UInt8).alias("kind"),
            pl.col("user_id").alias("user"), pl.col("session_id").alias("session"), pl.col("order_id").alias("order"),
            line.field("item_id").alias("item"), line.field("quantity").fill_null(1), line.field("price").cast(pl.Float64),
            pl.col("currency"),
        )
        .collect()
    )  # fmt: skip
