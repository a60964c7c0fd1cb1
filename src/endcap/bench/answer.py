"""What one answer costs in process, and its parts: rules, sources, candidates with their features, trees, slots, the rest."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from endcap.algorithms.base import Algorithm, FitContext
from endcap.algorithms.content import Content
from endcap.algorithms.gbm_ranker import GBMRanker
from endcap.algorithms.item_knn import ItemKNN
from endcap.algorithms.popularity import Popularity
from endcap.algorithms.sequential_rules import SequentialRules
from endcap.algorithms.session_knn import SessionKNN
from endcap.app import Endcap
from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Made, write_bundle
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.bench.click_shop import item_id, products
from endcap.bench.clicks import clicks
from endcap.bench.parts import PARTS, ShelfParts
from endcap.bench.result import Result, median, percentile
from endcap.core.choice import Asking, Choice, ChosenSource
from endcap.core.events import Event
from endcap.core.interactions import Dataset
from endcap.core.request import RecommendRequest
from endcap.core.time import FixedClock
from endcap.dataset.build import dataset_from_sessions
from endcap.serving.engine import Engine
from endcap.stores import sqlite
from endcap.stores.ports import ShopStores
from endcap.training.candidates import to_rank
from endcap.training.examples import ranking_examples
from endcap.training.windows import Windows, windows

SHOP = "bench"
N_ITEMS = 50_000
N_EVENTS = 2_000_000
QUESTIONS = 1_000
ROUNDS = 7
HISTORY = 5
"""How many different items a visitor looked at before the one on the page."""

TREES = 150
POOLS = {"": 40, "wide_": 100}
"""How many items each source proposes: of 40 about a hundred are ranked; 100 is what a choice has unless it says otherwise."""

PLACEMENT, SHELF, RANKER = "product", "also_viewed", "gbm_ranker_session"
_ASKING = Asking(last=20, decay=2.0)
_COMPONENTS: Mapping[str, Algorithm] = {
    "viewed_again": SequentialRules(repeats=5.0), "session_knn": SessionKNN(), "item_knn": ItemKNN(), "content": Content(),
    "popularity": Popularity(),
}  # fmt: skip
_SOURCES = [ChosenSource(artifact=name, asking=_ASKING) for name in _COMPONENTS if name != "popularity"]

Rows = NDArray[np.int32]


def measure(
    disk: Path, rounds: int = ROUNDS, n_events: int = N_EVENTS, n_items: int = N_ITEMS, n_questions: int = QUESTIONS
) -> Result:
    """The learned shelf of a product page: four sources, two of them asked twice, and a ranker of :data:`TREES` trees.

    All are taught by made-up visits.

    The engine answers every question in every round. A figure is the median over the rounds of the round's median or 99th
    percentile; ``quietest_p99`` is the lowest 99th percentile of a round, the one that other work on the machine raised least.
    """
    figures: dict[str, float] = {"items": float(n_items), "trees": float(TREES)}
    data = _visits(n_events, n_items)
    cut = windows(data, seed=0)
    context = FitContext(rng=np.random.default_rng(0), now_ms=cut.past.now_ms)
    artifacts = {name: one.fit(cut.past, context) for name, one in _COMPONENTS.items()}
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        opened = sqlite.open_home(Path(folder))
        stores = opened.open(SHOP, create=True)
        stores.catalog.put(products(n_items))
        questions = _questions(stores, data, n_questions)
        for prefix, pool in POOLS.items():
            _publish(stores, data, artifacts, _taught(artifacts, cut, pool), pool)
            endcap = Endcap.open(Path(folder), FixedClock(data.now_ms))
            engine = endcap.shop(SHOP).engine
            figures |= {prefix + name: one for name, one in _timed(engine, questions, rounds).items()}
            endcap.close()
        opened.close()
    return Result(figures=figures, ratios={}, enabled=["learned ranker", "rules", "history", "reasons", "one per family"])


def _visits(n_events: int, n_items: int) -> Dataset:
    made = clicks(n_events, n_events // 10, n_items)
    order = np.lexsort((made.at_ms, made.visit))
    starts = np.concatenate(([0], np.cumsum(np.bincount(made.visit))))
    ids = [item_id(row) for row in range(n_items)]
    return dataset_from_sessions(ids, starts, made.item[order], made.at_ms[order], products=products(n_items))


def _taught(artifacts: Mapping[str, Artifact], cut: Windows, pool: int) -> TreeRanker:
    choice = _choice(artifacts, pool)
    rng = np.random.default_rng(0)
    examples = ranking_examples(choice, artifacts, cut.choosing_window("session"), rng)
    ranker = GBMRanker(most_trees=TREES, fewest_trees=TREES)
    return ranker.fit_examples(examples, FitContext(rng=rng, now_ms=cut.past.now_ms))


def _choice(artifacts: Mapping[str, Artifact], pool: int) -> Choice:
    """What training would rank of these sources."""
    return Choice(task="session", sources=tuple(to_rank("session", _SOURCES, artifacts)), ranker=RANKER, pool=pool)


def _publish(stores: ShopStores, data: Dataset, artifacts: Mapping[str, Artifact], ranker: TreeRanker, pool: int) -> None:
    made = {name: Made(one, name, {}) for name, one in artifacts.items()} | {RANKER: Made(ranker, "gbm_ranker", {})}
    choice = _choice(artifacts, pool)
    stores.bundles.publish(
        lambda folder: write_bundle(
            folder, data.item_ids, made, created_at_ms=0, data_until_ms=data.now_ms, position=0, seed=0, choices=[choice]
        )
    )


def _questions(stores: ShopStores, data: Dataset, count: int) -> list[RecommendRequest]:
    """Visitors on a product's page who looked at :data:`HISTORY` other items before, taken from the newest visits."""
    visits, found = data.sessions, list[RecommendRequest]()
    for visit in range(len(visits) - 1, -1, -1):
        rows = list(dict.fromkeys(visits.items[visits.indptr[visit] : visits.indptr[visit + 1]].tolist()))
        if len(rows) <= HISTORY:
            continue
        session = f"asking-{visit}"
        *past, page = rows[: HISTORY + 1]
        views = (
            Event(event_id=f"{session}-{n}", type="view", at=data.now_ms - HISTORY + n, session_id=session, item_id=item_id(row))
            for n, row in enumerate(past)
        )
        stores.log.append(list(views))
        found.append(RecommendRequest(placement=PLACEMENT, shelf=SHELF, item_id=item_id(page), session_id=session))
        if len(found) == count:
            break
    return found


def _timed(engine: Engine, questions: Sequence[RecommendRequest], rounds: int) -> dict[str, float]:
    """Microseconds of whole answers and of their parts, and how many candidates are ranked."""
    parts = ShelfParts(engine, PLACEMENT, SHELF)
    for question in questions[:50]:  # kernels are read from disk, arrays get their sizes
        engine.recommend(question)
        parts.run(question)
    whole, taken, candidates = [], [], []
    for _ in range(rounds):
        whole.append([_micros(lambda: engine.recommend(question)) for question in questions])  # noqa: B023
        taken.append([parts.run(question) for question in questions])
        candidates.append(parts.candidates)
    found = _figures("answer", whole)
    of_parts = np.array(taken)
    for at, name in enumerate(PARTS):
        found |= _figures(name, of_parts[:, :, at].tolist())
    found |= _figures("rest", (np.array(whole) - of_parts.sum(axis=2)).tolist())
    return found | {"candidates": float(np.median(candidates))}


def _figures(name: str, rounds: Sequence[Sequence[float]]) -> dict[str, float]:
    p99 = [percentile(one, 0.99) for one in rounds]
    p50 = median([median(one) for one in rounds])
    return {f"{name}_us_p50": p50, f"{name}_us_p99": median(p99), f"{name}_us_quietest_p99": min(p99)}


def _micros(call: Callable[[], object]) -> float:
    started = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - started) / 1_000
