"""``endcap recommend``: ask the engine from the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.app import Endcap, end_of_data
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.money import written
from endcap.core.request import Explanation, RecommendRequest, RecommendResponse
from endcap.core.time import FixedClock, to_ms
from endcap.errors import BadInput
from endcap.stores import sqlite

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def run(
    placement: Annotated[str, typer.Argument(help="The placement: product, cart, home, post_purchase, email or your own.")],
    shop: ShopOption,
    item: Annotated[str | None, typer.Option("--item", help="The product on the page.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="A customer of the shop.")] = None,
    session: Annotated[str | None, typer.Option("--session", help="A visit.")] = None,
    cart: Annotated[list[str] | None, typer.Option("--cart", help="A product in the cart; may be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", help="A product to leave out; may be repeated.")] = None,
    count: Annotated[int | None, typer.Option("--count", help="How many products at most.")] = None,
    shelf: Annotated[str | None, typer.Option("--shelf", help="One shelf of the placement alone.")] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=_FORMATS, help="Answer as at this time, UTC. Default: the end of the data."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show how the answer came about.")] = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Ask the engine what it would show, and why. The answer is the one that HTTP would give."""
    request = _request(
        {
            "placement": placement, "shelf": shelf, "item_id": item, "user_id": user, "session_id": session, "cart": cart or (),
            "exclude": exclude or (), "count": count, "explain": explain,
        }
    )  # fmt: skip
    opened = sqlite.open_home(home)
    clock = FixedClock(to_ms(as_of)) if as_of else end_of_data(opened.open(shop))
    endcap = Endcap(opened, clock)
    try:
        service = endcap.shop(shop)
        service.warm()
        answer = service.engine.recommend(request)
        known = service.state.items
        if json:
            encoder = msgspec.json.Encoder(decimal_format="number")
            typer.echo(encoder.encode(answer).decode())
        else:
            unknown = [one for one in (item, *(cart or ())) if one is not None and known.row(one) < 0]
            _show(answer, unknown)
    finally:
        endcap.close()


def _request(fields: dict[str, object]) -> RecommendRequest:
    try:
        return msgspec.convert({name: value for name, value in fields.items() if value is not None}, RecommendRequest)
    except msgspec.ValidationError as error:
        raise BadInput(f"the request cannot be used: {error}", remedy="correct the option that it names") from error


def _show(answer: RecommendResponse, unknown: list[str]) -> None:
    console = Console()
    for item_id in unknown:
        console.print(f"[yellow]Note:[/] the shop knows no product {item_id!r}; the answer does without it.")
    titles = {shelf.name: shelf.title for shelf in answer.shelves}
    for name, title in titles.items():
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for heading in ("#", "item", "title", "price", "score", "why"):
            table.add_column(heading, justify="right" if heading in {"#", "price", "score"} else "left")
        for one in answer.items:
            if one.shelf == name:
                price = written(one.price, one.currency) if one.price is not None and one.currency else ""
                table.add_row(str(one.position + 1), one.item_id, one.title, price, f"{one.score:.3f}", one.reason.text)
        console.print(table)
        console.print()
    if not answer.items:
        console.print("Nothing to show.")
    for note in answer.notes:
        console.print(f"[yellow]Note:[/] {note}")
    degraded = f", degraded: {', '.join(answer.degraded)}" if answer.degraded else ""
    console.print(f"bundle {answer.bundle or 'none, run endcap train'}{degraded}", style="dim")
    if answer.explanation:
        _show_explanation(console, answer.explanation)


def _show_explanation(console: Console, explanation: Explanation) -> None:
    if explanation.history:
        console.print(f"\nThe shopper's last items: {', '.join(explanation.history)}")
    for trace in explanation.shelves:
        console.print(f"\n[bold]How the shelf {trace.shelf} came about[/]")
        sources = Table(box=None, pad_edge=False)
        for heading in ("source", "weight", "asked with", "candidates"):
            sources.add_column(heading, justify="left" if heading in {"source", "asked with"} else "right")
        for one in trace.sources:
            asked_with = ", ".join(one.asked_with[:5]) + (" …" if len(one.asked_with) > 5 else "")
            sources.add_row(one.name, f"{one.weight:g}", asked_with or "-", str(one.candidates))
        console.print(sources)
        for label, number in trace.removed.items():
            console.print(f"left out: {number} {label}")
        if trace.fallback:
            console.print(f"topped up from {trace.fallback}")
        for item in trace.items:
            parts = ", ".join(f"{name} {value:.3f}" for name, value in item.sources.items())
            facts = ", ".join(f"{name} {value:.4g}" for name, value in item.facts.items())
            console.print(f"  {item.item_id}: {parts}" + (f"  [dim]({facts})[/]" if facts else ""))
    console.print(f"\nanswered in {explanation.micros:.0f} µs", style="dim")
