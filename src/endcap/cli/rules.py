"""``endcap rules``: what a shop keeps out, moves and pins on every placement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap import registry
from endcap.cli._documents import decoded, pretty, shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.time import iso
from endcap.errors import BadInput, UnknownName
from endcap.ranking.rules.base import Rule
from endcap.serving.placements import RULE_KIND, built_rule
from endcap.serving.shop_rules import named_rule

app = typer.Typer(no_args_is_help=True, help="List the rules that hold on every placement of a shop, put one, or end it.")

_Name = Annotated[str, typer.Argument(help="A rule that the list shows.")]


@app.command("list")
def list_(shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """List the shop's own rules. Those of a placement alone are shown by ``endcap placements show``."""
    with shop_stores(home, shop) as stores:
        rules = {name: msgspec.json.decode(body) for name, body in sorted(stores.documents.all(RULE_KIND).items())}
    if json:
        typer.echo(msgspec.json.encode({"rules": [{"name": name, **config} for name, config in rules.items()]}).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "rule", "options", "priority", "holds"):
        table.add_column(heading, justify="right" if heading == "priority" else "left")
    for name, config in rules.items():
        options = {key: value for key, value in config.items() if key not in {"rule", *_COMMON}}
        rule = built_rule(config)
        table.add_row(
            name, config["rule"], msgspec.json.encode(options).decode() if options else "", str(rule.priority), _holds(rule)
        )
    Console().print(table)


@app.command()
def kinds(json: JsonOption = False) -> None:
    """List the kinds of rules there are, what each does and which options it takes beside those that all take."""
    described = [_kind(name) for name in registry.names("rules")]
    if json:
        typer.echo(msgspec.json.encode({"kinds": described}).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "what it does", "options"):
        table.add_column(heading)
    for one in described:
        table.add_row(one["rule"], one["does"], ", ".join(one["options"]))
    Console().print(table)


@app.command()
def show(name: _Name, shop: ShopOption, home: HomeOption = DEFAULT_HOME) -> None:
    """Print a rule as JSON, as ``put`` takes it."""
    with shop_stores(home, shop) as stores:
        rules = stores.documents.all(RULE_KIND)
    if name not in rules:
        raise UnknownName(f"the shop has no rule {name!r}", field="name", value=name, remedy=_one_of(rules))
    typer.echo(pretty({"name": name, **msgspec.json.decode(rules[name])}))


@app.command()
def put(
    file: Annotated[Path, typer.Argument(help="A rule with its name as TOML, or as JSON where the file's name ends in .json.")],
    shop: ShopOption,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Put a rule, or another one in the place of one of the same name. A running server follows it within a second."""
    sent = decoded(file)
    if not isinstance(sent, dict):
        raise BadInput(f"{file} is no table", field="file", value=str(file), remedy="write name, rule and its options")
    name, config, rule = named_rule(sent)
    with shop_stores(home, shop) as stores:
        stores.documents.put(RULE_KIND, name, msgspec.json.encode(config))
    typer.echo(msgspec.json.encode({"rule": name}).decode() if json else f"the shop {shop} has the rule {name}: {_holds(rule)}")


@app.command()
def remove(name: _Name, shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """End a rule."""
    with shop_stores(home, shop) as stores:
        rules = stores.documents.all(RULE_KIND)
        if not stores.documents.delete(RULE_KIND, name):
            raise UnknownName(f"the shop has no rule {name!r}", field="name", value=name, remedy=_one_of(rules))
    typer.echo(msgspec.json.encode({"removed": name}).decode() if json else f"rule {name}: it is gone")


_COMMON = frozenset(Rule.__struct_fields__)


def _kind(name: str) -> dict[str, Any]:
    rule = registry.find("rules", name)
    does = (rule.__doc__ or "").split("\n", 1)[0].replace("``", "")
    return {"rule": name, "does": does, "options": [field for field in rule.__struct_fields__ if field not in _COMMON]}


def _holds(rule: Rule) -> str:
    """When and for whom a rule holds, in words."""
    starts, ends = rule.period
    parts = [
        "from " + iso(starts) if starts is not None else "",
        "until " + iso(ends) if ends is not None else "",
        "for " + ", ".join(rule.audience) if rule.audience else "",
    ]
    told = " ".join(part for part in parts if part) or "always"
    return f"{told} (dry run)" if rule.dry_run else told


def _one_of(rules: dict[str, bytes]) -> str:
    return f"use one of {', '.join(sorted(rules))}" if rules else "there is none yet; endcap rules put makes one"
