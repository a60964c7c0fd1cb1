"""``endcap demo``: a whole shop to try Endcap on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from endcap.app import Endcap
from endcap.cli._options import DEFAULT_HOME, JsonOption
from endcap.core.time import HOUR_MS, SystemClock
from endcap.demo.crowd import Crowd
from endcap.demo.state import SHOP, STEPS, Prepared, is_demo_home, load_prepared
from endcap.demo.storefront import Storefront
from endcap.errors import BadOption, EndcapError
from endcap.web.application import Application
from endcap.web.server import serve
from endcap.web.site import Site

_DEFAULT_SEED = 7


def run(
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="The port; 0 takes a free one.")] = 8080,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    home: Annotated[
        Path | None, typer.Option("--home", help="The folder that holds the demo. Default: demo in ENDCAP_HOME or ./endcap-data.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Another seed makes another shop.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Throw the demo in this folder away and start again.")] = False,
    visitors: Annotated[
        float, typer.Option("--visitors", min=0.0, max=60.0, help="How many simulated visitors come a minute; 0 for none.")
    ] = 3.0,
    json: JsonOption = False,
) -> None:
    """Start a shop that does not exist, with everything Endcap does in it.

    The first start makes the shop, imports, trains and lets visitors come, which takes a minute or two; later ones take seconds.
    """
    home = home or Path(os.environ.get("ENDCAP_HOME", DEFAULT_HOME)) / "demo"
    if reset:
        _reset(home)
    prepared = _ready(home, seed)
    endcap = Endcap.open(home)
    try:
        site = Site(endcap, shops=(SHOP,), open_console=True)
        items = endcap.shop(SHOP).stores.catalog.all()
        storefront = Storefront(site, prepared, items, endcap.clock)
        crowd = Crowd(site, prepared, visitors)
        application = Application(site, pages=storefront.routes(), beside=crowd.coming)
        serve(application, host=host, port=port, answering=_say_json if json else _say)
    finally:
        endcap.close()


def _say(url: str) -> None:
    typer.echo(f"the demo is answering on {url} (console: {url}/console)")


def _say_json(url: str) -> None:
    typer.echo(msgspec.json.encode({"url": url, "console": f"{url}/console", "shop": SHOP}).decode())


def _reset(home: Path) -> None:
    if not home.exists() or not any(home.iterdir()):
        return
    if not is_demo_home(home):
        raise BadOption(
            f"{home} was not made by the demo", field="home", value=str(home),
            remedy="--reset throws a whole folder away; name the demo's own with --home",
        )  # fmt: skip
    shutil.rmtree(home)


def _ready(home: Path, seed: int | None) -> Prepared:
    """The state of a demo that is ready to serve, prepared now where it was not."""
    prepared = load_prepared(home)
    if prepared is None:
        end_ms = SystemClock().now_ms() // HOUR_MS * HOUR_MS
        prepared = Prepared(seed=_DEFAULT_SEED if seed is None else seed, end_ms=end_ms)
        prepared.save(home)
    elif seed is not None and seed != prepared.seed:
        raise BadOption(
            f"the demo in {home} was made with seed {prepared.seed}", field="seed", value=seed,
            remedy="add --reset, or name another folder with --home",
        )  # fmt: skip
    if not prepared.is_ready:
        _prepare(home)
        prepared = load_prepared(home)
    assert prepared is not None
    return prepared


def _prepare(home: Path) -> None:
    """Run the preparation as a process of its own, so that the server never holds what training needs."""
    columns = (TextColumn("{task.description:<36}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {step: bars.add_task(words, total=1.0, start=False) for step, words in STEPS.items()}
        command = [sys.executable, "-m", "endcap.demo.prepare", str(home)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            for line in child.stdout:
                step, share = line.split()
                if not bars.tasks[tasks[step]].started:
                    bars.start_task(tasks[step])
                bars.update(tasks[step], completed=float(share))
            complaint = child.stderr.read().strip()
    if child.returncode != 0:
        raise EndcapError(f"the demo could not be prepared: {complaint.splitlines()[-1] if complaint else child.returncode}")
