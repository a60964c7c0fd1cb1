"""How well complements, substitutes and upgrades are told apart, kept in ``benchmarks/results/relations.json``.

``python benchmarks/relations.py`` measures on shops that do not exist, whose truth is known, at several lengths of history, and
where ``ENDCAP_DATA`` names the folder of public data also on hand-made sets of electronics: on the validation part, never on
the test part.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.algorithms.base import FitContext
from endcap.algorithms.relations import Relations
from endcap.algorithms.upgrades import Upgrades
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.dataset.build import build_dataset
from endcap.dataset.read import read_acts
from endcap.replay.layouts.bundles import BundleTables
from endcap.replay.protocols.complement import ComplementProtocol
from endcap.stores.memory.log import MemoryLog
from endcap.synthetic.shop import Shop, make_shop

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import commit, machine

END_MS = 1_750_000_000_000
SURE = 0.5
Table = NDArray[np.bool_]


def main() -> None:
    """Measure and write."""
    found = {"machine": machine(), "commit": commit(), "sure": SURE, "synthetic": list(_synthetic()), "sets": _sets()}
    file = Path(__file__).resolve().parent / "results" / "relations.json"
    file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(file.read_text(encoding="utf-8"))


def _synthetic() -> Iterator[dict[str, object]]:
    for seed in (7, 11, 23):
        shop = make_shop(seed, END_MS)
        acts = _acts(shop)
        for days in (180, 18, 3, 0):
            data = build_dataset(acts.filter(pl.col("at_ms") >= END_MS - days * DAY_MS), shop.items, now_ms=END_MS)
            yield {"seed": seed, "days": days, "orders": len(data.baskets)} | _against_truth(shop, data)


def _acts(shop: Shop) -> pl.DataFrame:
    log = MemoryLog()
    log.append(shop.events)
    return read_acts(log)


def _against_truth(shop: Shop, data: Dataset) -> dict[str, object]:
    relations = Relations().fit(data, FitContext(np.random.default_rng(0), data.now_ms))
    context = FitContext(np.random.default_rng(0), data.now_ms, {"relations": relations})
    values = relations.matrix().toarray()
    planted = {name: _planted(shop, data, name) for name in ("substitutes", "upgrades", "variants", "complements")}
    up = planted["upgrades"].astype(np.float32)
    twice_up = up @ up > 0
    need = planted["substitutes"] | planted["variants"] | planted["upgrades"] | planted["upgrades"].T | twice_up | twice_up.T
    untiered = replace(data, catalog=replace(data.catalog, tiers=[""] * data.n_items))
    return {
        "same need": _precision_recall(values <= -SURE, need),
        "complement": _precision_recall(values >= SURE, planted["complements"]),
        "upgrade": _precision_recall(_proposed(Upgrades().fit(data, context)), planted["upgrades"]),
        "upgrade, prices alone": _precision_recall(_proposed(Upgrades().fit(untiered, context)), planted["upgrades"]),
        "complements called substitutes": _share(planted["complements"] & ~need, values <= -SURE),
        "same need called complement": _share(need, values >= SURE),
    }


def _planted(shop: Shop, data: Dataset, name: str) -> Table:
    rows = {item_id: row for row, item_id in enumerate(data.item_ids)}
    table = np.zeros((data.n_items, data.n_items), dtype=np.bool_)
    for item_id, row in rows.items():
        table[row, [rows[other] for other in getattr(shop.truth, name)(item_id)]] = True
    return table


def _proposed(artifact: ItemNeighbors) -> Table:
    return artifact.matrix().toarray() > 0


def _precision_recall(called: Table, right: Table) -> dict[str, float]:
    both = int((called & right).sum())
    return {"precision": round(both / max(int(called.sum()), 1), 3), "recall": round(both / int(right.sum()), 3)}


def _share(among: Table, called: Table) -> float:
    return round(float((among & called).sum() / among.sum()), 4)


def _sets() -> dict[str, object] | str:
    """Pairs of one held-out set are complements; pairs of one held-out visit and leaf category that no set holds, substitutes."""
    folder = Path(os.environ.get("ENDCAP_DATA", "")) / "bundle_electronic"
    if not folder.is_dir():
        return "set ENDCAP_DATA to the folder of public data"
    read = BundleTables().read(folder)
    window = ComplementProtocol(read).window(1)
    data, asked = window.train, window.held_out
    relations = Relations(least=0.01).fit(data, FitContext(np.random.default_rng(0), data.now_ms))
    values = relations.matrix().toarray()
    pairs = [
        (int(asked.rows[asked.starts[q]]), int(other))
        for q in range(len(asked)) for other in asked.targets[asked.target_starts[q] : asked.target_starts[q + 1]]
    ]  # fmt: skip
    together = np.zeros(values.shape, dtype=np.bool_)
    together[tuple(np.array(pairs).T)] = True
    instead = _seen_in_one_visit(read.visits, data, np.unique(pairs)) & ~together
    alike, along = values <= -SURE, values >= SURE
    judged = together | instead
    return {
        "data": "bundle_electronic, validation part, split by visit",
        "pairs of one set": int(together.sum()), "pairs of one visit and leaf category, of no set": int(instead.sum()),
        "substitute": _precision_recall(alike & judged, instead),
        "complement": _precision_recall(along & judged, together),
        "pairs of one set called substitutes": _share(together, alike),
    }  # fmt: skip


def _seen_in_one_visit(visits: pl.DataFrame, data: Dataset, asked: NDArray[np.int64]) -> Table:
    rows = {item_id: row for row, item_id in enumerate(data.item_ids)}
    leaf = data.catalog.categories
    table = np.zeros((data.n_items, data.n_items), dtype=np.bool_)
    wanted = set(asked.tolist())
    for items in visits.group_by("group", maintain_order=True).agg("item")["item"].to_list():
        seen = sorted({rows[one] for one in items if one in rows} & wanted)
        for one in seen:
            table[one, [other for other in seen if other != one and leaf[other] == leaf[one]]] = True
    return table


if __name__ == "__main__":
    main()
