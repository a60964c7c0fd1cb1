"""What a shop of a given size needs: a linear model whose coefficients were measured on this code.

``coefficients.json`` beside this file holds them with the commit and the machine; ``python benchmarks/size.py`` measures them
anew. Bytes are exact to what was built; seconds are those of that machine.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

DAY_S = 86_400
PEAK_TO_MEAN = 4.0
"""How much busier the busiest minutes of a day are than its mean."""

FULL = 0.5
"""How much of a core is used at the peak: answers come at twice their own time then, and a burst finds room."""

LIVE_MOST = 200_000
"""How many histories the server keeps in memory."""


class Coefficients(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was measured: bytes of one of each, and processor microseconds."""

    commit: str
    machine: str
    server_bytes: float
    product_bytes: float
    neighbor_bytes: float
    history_bytes: float
    product_disk_bytes: float
    neighbor_disk_bytes: float
    event_log_bytes: float
    event_id_bytes: float
    event_archive_bytes: float
    history_disk_bytes: float
    decision_bytes: float
    answer_us: float
    event_us: float


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A shop: its size, and how long things are kept."""

    products: int
    events_per_day: float
    people: int
    answers_per_day: float
    retention_days: int = 365
    hot_days: int = 3
    decision_days: int = 30
    neighbors: int = 60
    artifacts: int = 6


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What it needs, in total and by part; bytes, and cores that are busy to the share :data:`FULL` at the peak."""

    memory_bytes: float
    disk_bytes: float
    cores: float
    memory: dict[str, float]
    disk: dict[str, float]
    load: dict[str, float]


@cache
def measured() -> Coefficients:
    """The coefficients that this version was measured with."""
    return msgspec.json.decode((Path(__file__).parent / "coefficients.json").read_bytes(), type=Coefficients)


def size_of(wanted: Wanted, known: Coefficients) -> Size:
    """The model: every part is a number of things times the bytes of one. Bundles lie on disk twice, for one to go back to."""
    pairs = wanted.products * wanted.neighbors * wanted.artifacts
    events = wanted.events_per_day * wanted.retention_days
    memory = {
        "server": known.server_bytes,
        "products": wanted.products * known.product_bytes,
        "bundle": pairs * known.neighbor_bytes,
        "histories": min(wanted.people, LIVE_MOST) * known.history_bytes,
    }
    disk = {
        "products": wanted.products * known.product_disk_bytes,
        "bundles": 2 * pairs * known.neighbor_disk_bytes,
        "events_hot": wanted.events_per_day * wanted.hot_days * known.event_log_bytes,
        "event_ids": events * known.event_id_bytes,
        "events_archived": events * known.event_archive_bytes,
        "histories": wanted.people * known.history_disk_bytes,
        "decisions": wanted.answers_per_day * wanted.decision_days * known.decision_bytes,
    }
    load = {
        "answers_per_s_at_peak": PEAK_TO_MEAN * wanted.answers_per_day / DAY_S,
        "events_per_s_at_peak": PEAK_TO_MEAN * wanted.events_per_day / DAY_S,
    }
    busy = (load["answers_per_s_at_peak"] * known.answer_us + load["events_per_s_at_peak"] * known.event_us) / 1e6
    return Size(
        memory_bytes=sum(memory.values()), disk_bytes=sum(disk.values()), cores=busy / FULL, memory=memory, disk=disk, load=load
    )
