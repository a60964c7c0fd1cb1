"""The preparation of the demo, as a process of its own: generate, import, train, make a key, let visitors come.

Every step can be killed at any moment and is repeated by the next start: the files of a seed are the same bytes, an import
of the same events adds nothing, a bundle is published whole or not at all, and visitors go on where they stopped.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from endcap.connectors import ImportOptions, Plan, import_files
from endcap.demo.state import SHOP, STEPS, Prepared, load_prepared
from endcap.demo.traffic import run_traffic
from endcap.demo.visitor import Persona, is_never_held_out
from endcap.errors import EndcapError
from endcap.stores import sqlite
from endcap.synthetic.shop import EVENTS_FILE, PRODUCTS_FILE, Shop, make_shop, plant
from endcap.training.job import train

Report = Callable[[str, float], None]
"""Told a step's name and how much of it is done, 0 to 1."""

_PEOPLE = {
    "Backpacks & Dry Bags": "Mara", "Coffee & Tea": "Jonas", "Seeds & Feed": "Elif", "Throws & Cushions": "Ruth",
    "Cycling": "Tom",
}  # fmt: skip
"""Whom a visitor may be: by the category that they looked at lately, a first name."""

_NEWEST_VIEWS = 12


def prepare(home: Path, report: Report) -> Prepared:
    """Do what is not done yet; returns the finished state. The home must have been begun, with its seed and its end."""
    prepared = load_prepared(home)
    assert prepared is not None
    for name in STEPS:
        if name not in prepared.done:
            report(name, 0.0)
            prepared = _DO[name](home, prepared, lambda share, name=name: report(name, share))  # type: ignore[misc]
            prepared = msgspec.structs.replace(prepared, done=(*prepared.done, name))
            prepared.save(home)
        report(name, 1.0)
    return prepared


def _generate(home: Path, prepared: Prepared, share: Callable[[float], None]) -> Prepared:
    shop = make_shop(prepared.seed, prepared.end_ms, progress=lambda done: share(0.8 * done))
    shop.write(home / "files")
    return msgspec.structs.replace(prepared, personas=_personas(shop))


def _import(home: Path, prepared: Prepared, share: Callable[[float], None]) -> Prepared:
    opened = sqlite.open_home(home)
    files = [home / "files" / PRODUCTS_FILE, home / "files" / EVENTS_FILE]

    def advance(plan: Plan, done: float) -> None:
        if plan.source.name == EVENTS_FILE:
            share(done)

    try:
        import_files(
            files, lambda: opened.open(SHOP, create=True), folder=home / "shops" / SHOP / "imports", options=ImportOptions(),
            advance=advance,
        )  # fmt: skip
    finally:
        opened.close()
    return prepared


def _train(home: Path, prepared: Prepared, share: Callable[[float], None]) -> Prepared:
    opened = sqlite.open_home(home)
    try:
        train(opened.open(SHOP), seed=prepared.seed, light=True, progress=lambda _what, done: share(done))
    finally:
        opened.close()
    return prepared


def _make_keys(home: Path, prepared: Prepared, _share: Callable[[float], None]) -> Prepared:
    opened = sqlite.open_home(home)
    try:
        return msgspec.structs.replace(prepared, browser_key=opened.keys.create(SHOP, "browser"))
    finally:
        opened.close()


def _let_visitors_come(home: Path, prepared: Prepared, share: Callable[[float], None]) -> Prepared:
    run_traffic(home, plant(prepared.seed, prepared.end_ms), prepared.seed, prepared.end_ms, share)
    return prepared


_DO: dict[str, Callable[[Path, Prepared, Callable[[float], None]], Prepared]] = {
    "generate": _generate, "import": _import, "train": _train, "keys": _make_keys,
    "traffic": _let_visitors_come,
}  # fmt: skip


def _personas(shop: Shop) -> tuple[Persona, ...]:
    """For some categories the customer whose newest views are most in it: the engine goes by what people did last."""
    category_of = {item.item_id: item.category[-1] for item in shop.items}
    newest: dict[str, list[str]] = {}
    for event in reversed(shop.events):
        if event.type != "view" or not event.user_id or not is_never_held_out(event.user_id):
            continue
        if len(seen := newest.setdefault(event.user_id, [])) < _NEWEST_VIEWS:
            seen.append(category_of[event.item_id or ""])
    chosen = []
    for category, name in _PEOPLE.items():
        fan = max(newest, key=lambda user: (newest[user].count(category), user))
        chosen.append(Persona(user_id=fan, name=name, likes=category))
    return tuple(chosen)


def main() -> None:
    """Prepare the home named on the command line; progress goes to standard output, a step and a share a line.

    The lock is the operating system's: it goes when this process goes, however it ends.
    """
    home = Path(sys.argv[1])
    with (home / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            prepare(home, _say)
        except EndcapError as error:
            sys.stderr.write(error.sentence + "\n")
            sys.exit(1)


def _say(step: str, share: float) -> None:
    sys.stdout.write(f"{step} {share:.4f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
