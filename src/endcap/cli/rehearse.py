"""``endcap rehearse``: what a change would have earned, before any shopper sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, TimeRemainingColumn
from rich.table import Table

from endcap.cli._documents import decoded, shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.time import SystemClock
from endcap.experiments.off_policy import Estimate
from endcap.replay.changes import ShopChange, of_arm, of_document
from endcap.replay.rehearsal import DAYS, MOST_ANSWERS, rehearse
from endcap.replay.rehearsed import BELIEVED, Rehearsal
from endcap.stores.ports import ShopStores


def run(
    change: Annotated[
        str,
        typer.Argument(
            help="A file with a placement, a rule or several of them as TOML or JSON; or an arm as EXPERIMENT/ARM; or a bundle."
        ),
    ],
    shop: ShopOption,
    days: Annotated[float, typer.Option("--days", min=0.01, help="How far back the answers go.")] = DAYS,
    most: Annotated[int, typer.Option("--most", min=1, help="How many answers are made again, evenly chosen.")] = MOST_ANSWERS,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Say what a change would have earned, from the answers given without it. Nothing is changed; see also a real experiment.

    Needs answers that chance had a part in: a placement that explores.
    """
    with shop_stores(home, shop) as stores, _progress(hidden=json) as bar:
        task = bar.add_task("making answers again", total=None)
        found = rehearse(
            stores, _change(stores, change), now_ms=SystemClock().now_ms(), days=days, most=most,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )  # fmt: skip
    if json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _print(found)


def _change(stores: ShopStores, said: str) -> ShopChange:
    if Path(said).is_file() or said.endswith((".toml", ".json")):
        return of_document(decoded(Path(said)))
    experiment, slash, arm = said.partition("/")
    return of_arm(stores, experiment, arm) if slash else ShopChange(bundle=said)


def _progress(*, hidden: bool) -> Progress:
    return Progress(
        *Progress.get_default_columns()[:3], TimeRemainingColumn(),
        console=Console(stderr=True), transient=True, disable=hidden,
    )  # fmt: skip


def _print(found: Rehearsal) -> None:
    console = Console(highlight=False)
    console.print(f"{found.change}: {found.answers:,} of {found.found:,} answers made again")
    for why, n in found.left_out.items():
        console.print(f"  {n:,} {why}")
    table = Table(box=None, pad_edge=False)
    for heading in ("", "as it was", "rehearsed", "difference"):
        table.add_column(heading, justify="left" if not heading else "right")
    for one in found.figures:
        table.add_row(one.unit, _said(one.now), _said(one.then), _said(one.difference))
    console.print(table)
    evidence = Table(box=None, pad_edge=False)
    for heading in ("believing that", "tells as much as", "largest weight", ""):
        evidence.add_column(heading, justify="right" if heading in {"tells as much as", "largest weight"} else "left")
    for each in found.evidence:
        overlap = each.overlap
        fate = "used" if each.belief == found.belief else "too thin" if each.reason else ""
        evidence.add_row(
            BELIEVED[each.belief], f"{overlap.effective_answers:,.0f} answers", f"{overlap.largest_weight:,.1f}", fate
        )
    console.print(evidence)
    console.print(found.verdict)


def _said(one: Estimate | None) -> str:
    if one is None or one.value is None:
        return "-"
    if one.low is None or one.high is None:
        return f"{one.value:,.4g}"
    return f"{one.value:,.4g} ({one.low:,.4g} to {one.high:,.4g})"
