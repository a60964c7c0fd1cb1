"""The import itself: files in, events into the log, products into the catalogue, a summary out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from endcap.connectors._importing.checkpoint import Checkpoint, Progress
from endcap.connectors._importing.plan import ImportOptions, Plan, plans
from endcap.connectors._importing.rejects import RejectsFile
from endcap.connectors._importing.summary import FileSummary, Summary, Tally
from endcap.connectors.base import Batch, Reading
from endcap.core.time import Clock, SystemClock
from endcap.errors import BadFile
from endcap.stores.locks import FileLock
from endcap.stores.ports import CatalogStore, Outcome, ShopStores

_KINDS = ("products", "orders", "events")
"""The order in which files are imported: what a products file says of an item comes before what its sales tell."""

_LOCK = ".lock"
_PATIENCE_S = 3_600.0
"""How long an import waits for another one into the same shop; they keep their progress and rejects in the same files."""

Advance = Callable[[Plan, float], None]
"""Told how much of a file is done, from 0 to 1."""


@dataclass
class _Import:
    """A file on its way in. ``batches`` begins with the first one that has something usable."""

    plan: Plan
    checkpoint: Checkpoint
    earlier: Progress | None
    now_ms: int
    batches: Iterator[Batch]


def import_files(
    paths: Sequence[Path],
    open_stores: Callable[[], ShopStores],
    *,
    folder: Path,
    options: ImportOptions | None = None,
    rejects_path: Path | None = None,
    clock: Clock | None = None,
    advance: Advance = lambda _plan, _share: None,
) -> Summary:
    """Import files into a shop.

    Every file is looked at and has given something usable before ``open_stores`` is called, so a broken file leaves no
    trace. ``folder`` keeps the file of rejected rows, where ``rejects_path`` names no other, and the progress that an
    interrupted import goes on from. Raises BadFile with one sentence for a file that cannot be used.
    """
    started = time.perf_counter()
    settings = options or ImportOptions()
    planned = sorted(plans(paths, settings), key=lambda one: _KINDS.index(one.connector.kind))
    tally = Tally()
    rejects = RejectsFile(rejects_path or folder / f"{paths[0].name}.rejects.csv")
    now_ms = (clock or SystemClock()).now_ms()
    imports = [_begun(one, folder, now_ms) for one in planned]
    stores = open_stores()
    folder.mkdir(parents=True, exist_ok=True)
    with closing(FileLock(folder / _LOCK, timeout_s=_PATIENCE_S)) as lock, lock:
        files, rejects_file = _all_in(imports, stores, tally, rejects, advance)
    tally.notes += _unknown_products(imports, stores.catalog, tally)
    if tally.outcomes[Outcome.QUARANTINED]:
        tally.notes.append("quarantined events differ from what the log holds under their ids, which stays as it is")
    return tally.summary(
        seconds=time.perf_counter() - started,
        resumed=any(one.earlier is not None for one in imports),
        rejects_file=str(rejects_file) if rejects_file else None,
        files=files,
    )


def _all_in(
    imports: Sequence[_Import], stores: ShopStores, tally: Tally, rejects: RejectsFile, advance: Advance
) -> tuple[list[FileSummary], Path | None]:
    files = []
    try:
        for one in imports:
            before = tally.lines
            _import(one, stores, tally, rejects, advance)
            files.append(_described(one.plan, tally.lines - before))
        return files, rejects.close()
    finally:
        rejects.discard()


def _begun(one: Plan, folder: Path, now_ms: int) -> _Import:
    checkpoint = Checkpoint(folder, one)
    earlier = checkpoint.load()
    now_ms = earlier.now_ms if earlier else now_ms
    batches = one.connector.read(Reading(one.source, one.mapping, now_ms))
    first: list[Batch] = []
    for batch in batches:
        first.append(batch)
        if batch.accepted:
            return _Import(one, checkpoint, earlier, now_ms, _chained(first, batches))
    raise _nothing_usable(one, first)


def _chained(first: list[Batch], rest: Iterator[Batch]) -> Iterator[Batch]:
    yield from first
    yield from rest


def _import(one: _Import, stores: ShopStores, tally: Tally, rejects: RejectsFile, advance: Advance) -> None:
    if one.earlier and one.earlier.last_seq > stores.log.last_seq():
        one.earlier = None  # the log was put back to an older state since
    earlier = one.earlier
    done, outcomes = 0, Counter[Outcome]()
    if earlier is not None:
        # What an earlier attempt brought in is there already, as far as this one is concerned.
        outcomes[Outcome.DUPLICATE] = earlier.events - earlier.outcomes.get(Outcome.QUARANTINED, 0)
        outcomes[Outcome.QUARANTINED] = earlier.outcomes.get(Outcome.QUARANTINED, 0)
    for batch in one.batches:
        tally.add(batch)
        rejects.write(one.plan.source.name, batch.rejects)
        if batch.items:
            tally.items += _put_items(stores.catalog, one.plan, batch)
        done += len(batch.events)
        if batch.events and (earlier is None or done > earlier.events):
            fresh = batch.events if earlier is None else batch.events[earlier.events - done :]
            outcomes.update(stores.log.append(fresh).outcomes)
            one.checkpoint.save(one.now_ms, stores.log, done, outcomes)
        advance(one.plan, batch.share)
    one.checkpoint.clear()
    tally.outcomes += outcomes
    tally.notes += (note for note in (*one.plan.source.notes, *one.plan.notes) if note not in tally.notes)


def _put_items(catalog: CatalogStore, one: Plan, batch: Batch) -> int:
    if one.connector.kind == "products":
        return catalog.put(batch.items)
    # An order knows a product's name and price of that day: enough to begin with, never better than the shop's own word.
    known = {item.item_id for item in catalog.all()}
    return catalog.put([item for item in batch.items if item.item_id not in known])


def _unknown_products(imports: Sequence[_Import], catalog: CatalogStore, tally: Tally) -> list[str]:
    if not any(one.plan.connector.kind == "events" for one in imports):
        return []
    missing = tally.products - {item.item_id for item in catalog.all()}
    if not missing:
        return []
    return [f"{len(missing)} products of these events are not in the catalogue and cannot be shown; import a products file"]


def _described(one: Plan, lines: int) -> FileSummary:
    return FileSummary(
        file=one.source.name,
        format=one.source.format + (" (gzip)" if one.source.zipped else ""),
        kind=one.connector.kind,
        layout=one.layout,
        lines=lines,
        mapping=dict(one.mapping),
    )


def _nothing_usable(one: Plan, batches: Sequence[Batch]) -> BadFile:
    rejects = [reject for batch in batches for reject in batch.rejects]
    if not rejects:
        name = one.source.name
        return BadFile(f"{name} holds nothing to import", field="file", value=name, remedy="export it again")
    (reason, count), first = Counter(reject.reason for reject in rejects).most_common(1)[0], rejects[0]
    return BadFile(
        f"{one.source.name} has no usable row as {one.layout}: {count} of {len(rejects)} are {reason}, "
        f"for instance row {first.row}, column {first.column!r}, value {first.value!r}",
        field=first.column, value=first.value, remedy="check --layout and --map",
    )  # fmt: skip
