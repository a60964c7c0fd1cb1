"""What every algorithm must do. A plug-in author can run the same checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap import registry
from endcap.algorithms.base import Algorithm, FitContext
from endcap.artifacts.base import Artifact, Asked
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.catalog import Item
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset
from endcap.dataset.stats import UNITS
from endcap.serving.reasons import TEMPLATES
from endcap.testing.histories import example, only_products, random_data, renumbered


def fit_example(algorithm: Algorithm, *lines: str, kind: str = "purchase", user: str | None = None) -> Any:
    """The artifact of :func:`example` data."""
    data = example(*lines, kind=kind, user=user)
    return algorithm.fit(data, FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms))


def shown(artifact: Any) -> list[list[float]]:
    """The scores of item neighbours as a table of two decimals, for examples."""
    table: list[list[float]] = artifact.matrix().toarray().astype(np.float64).round(2).tolist()
    return table


def fit_titles(algorithm: Algorithm, *titles: str) -> Any:
    """The artifact of a catalogue of these titles that nobody has acted on."""
    products = [Item(item_id=str(number), title=title) for number, title in enumerate(titles)]
    data = build_dataset(ACTS.to_frame(), products, now_ms=0)
    return algorithm.fit(data, FitContext(rng=np.random.default_rng(0), now_ms=0))


def related(pairs: Mapping[tuple[str, str], float], **prices: str) -> tuple[Dataset, FitContext]:
    """A catalogue of the items of these pairs that nobody has acted on, and a context with their relations, for examples."""
    item_ids = list(dict.fromkeys(one for pair in pairs for one in pair))
    costs = {one: {"price": Decimal(prices[one]), "currency": "EUR"} for one in prices}
    products = [Item(item_id=one, title=one, **costs.get(one, {})) for one in item_ids]  # type: ignore[arg-type]
    rows, cols = (np.array([item_ids.index(pair[side]) for pair in pairs], dtype=np.int64) for side in (0, 1))
    relations = ItemNeighbors.from_triples(
        rows, cols, np.array(list(pairs.values()), np.float32), n_items=len(item_ids), reason="goes_with"
    )
    context = FitContext(rng=np.random.default_rng(0), now_ms=0, below={"relations": relations})
    return build_dataset(ACTS.to_frame(), products, now_ms=0), context


class AlgorithmContract:
    """What holds for every algorithm. A test class inherits it and gives the fixture ``algorithm``, the class."""

    def test_it_says_what_it_is(self, algorithm: type[Algorithm]) -> None:
        assert issubclass(algorithm, Algorithm)
        assert algorithm.reason in TEMPLATES, "serving has no sentence for its reason"
        assert algorithm.label
        assert "Source:" in (algorithm.__doc__ or ""), "the docstring names no source"
        for variant in algorithm.variants.values():
            wanted = variant.requirement or algorithm.requirement
            assert wanted.measure in UNITS
            assert wanted.at_least > 0
            assert set(variant.tasks or algorithm.tasks) <= set(get_args(Task))

    def test_its_variants_and_its_grid_can_be_built(self, algorithm: type[Algorithm]) -> None:
        for variant in algorithm.variants.values():
            built = msgspec.convert(dict(variant.options), algorithm)
            assert msgspec.convert(built.options(), algorithm) == built
        for name, values in algorithm.grid.items():
            for value in values:
                msgspec.convert({name: value}, algorithm)

    def test_it_copes_with_next_to_nothing(self, algorithm: type[Algorithm]) -> None:
        for data in (example(), example("2000-01-01 mug"), only_products(), example("2000-01-01 mug tea", kind="view")):
            for built in _variants(algorithm):
                assert _fit(built, data).n_items == data.n_items

    def test_its_artifact_is_sound(self, algorithm: type[Algorithm]) -> None:
        data = random_data(1)
        for built in _variants(algorithm):
            artifact = _fit(built, data)
            assert artifact.n_items == data.n_items
            assert artifact.reason in TEMPLATES
            check_artifact(artifact, proposes_itself=built.proposes_itself)
            again = type(artifact).from_arrays(artifact.arrays(), artifact.reason)
            _assert_equal(again, artifact)

    def test_the_same_data_and_seed_give_the_same_artifact(self, algorithm: type[Algorithm]) -> None:
        for built in _variants(algorithm):
            _assert_equal(_fit(built, random_data(2)), _fit(built, random_data(2)))

    def test_it_leaves_its_input_alone(self, algorithm: type[Algorithm]) -> None:
        data, untouched = random_data(3), random_data(3)
        for built in _variants(algorithm):
            _fit(built, data)
        for part in ("interactions", "baskets", "sessions"):
            one, other = getattr(data, part), getattr(untouched, part)
            for name in one.__slots__:
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert data.catalog.titles == untouched.catalog.titles

    def test_nothing_changes_where_items_are_numbered_otherwise(self, algorithm: type[Algorithm]) -> None:
        data = random_data(4)
        order = np.random.default_rng(0).permutation(data.n_items)
        for built in _variants(algorithm):
            if built.seeded:
                continue
            plain, other = _fit(built, data), _fit(built, renumbered(data, order))
            expected = _dense(plain)[np.ix_(*[order] * _dense(plain).ndim)]
            # Single precision: a score that is a sum of terms of both signs may be close to 0.
            np.testing.assert_allclose(_dense(other), expected, rtol=1e-5, atol=1e-6 * expected.max(initial=0))


def check_artifact(artifact: Artifact, *, proposes_itself: bool = False) -> None:
    """Fail where an artifact breaks what serving relies on."""
    assert artifact.is_sound(artifact.n_items)
    assert not artifact.is_sound(artifact.n_items + 1)
    every = list(range(artifact.n_items))
    for rows in ([], every[:1], every[-3:], [*every[:2], artifact.n_items + 5]):
        scores = asked(artifact, rows)
        np.testing.assert_array_equal(asked(artifact, rows), scores, "an answer leaves something to the next")
        best = np.flatnonzero(scores)[:1].tolist()
        left = np.flatnonzero(asked(artifact, rows, blocked=best)).tolist()
        assert set(left) >= set(np.flatnonzero(scores).tolist()) - set(best), "what may not be shown takes the place of others"
    if isinstance(artifact, ItemScores):
        assert np.isfinite(artifact.scores).all()
        assert (artifact.scores >= 0).all()
        assert artifact.order.tolist() == ItemScores.of(artifact.scores, artifact.reason).order.tolist()
    elif isinstance(artifact, ItemNeighbors):
        assert np.isfinite(artifact.values).all()
        assert (artifact.values != 0).all()
        for item in range(artifact.n_items):
            indices, values = artifact.row(item)
            assert proposes_itself or item not in indices
            assert len(set(indices.tolist())) == len(indices)
            assert (np.diff(values) <= 0).all()
            assert ((indices >= 0) & (indices < artifact.n_items)).all()
        for fact in artifact.facts.values():
            assert fact.shape == artifact.values.shape
            assert np.isfinite(fact).all()


def _variants(algorithm: type[Algorithm]) -> list[Algorithm]:
    return [msgspec.convert(dict(variant.options), algorithm) for variant in algorithm.variants.values()]


def _fit(algorithm: Algorithm, data: Dataset) -> Artifact:
    below = {name: _fit(_variants(_algorithm(name))[0], data) for name in algorithm.builds_on}
    return algorithm.fit(data, FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms, below=below))


def _algorithm(name: str) -> type[Algorithm]:
    found = registry.find("algorithms", name)
    assert issubclass(found, Algorithm)
    return found


def _assert_equal(one: Artifact, other: Artifact) -> None:
    left, right = one.arrays(), other.arrays()
    assert left.keys() == right.keys()
    for name in left:
        assert left[name].dtype == right[name].dtype
        np.testing.assert_array_equal(left[name], right[name])


def _dense(artifact: Artifact) -> NDArray[Any]:
    """What it answers whoever asks, or to each item alone: (n_items,) or (n_items, n_items)."""
    if isinstance(artifact, ItemScores):
        return artifact.scores
    return np.stack([asked(artifact, [row]) for row in range(artifact.n_items)])


def asked(artifact: Artifact, rows: Sequence[int], *, blocked: Sequence[int] = (), now_ms: int = 0) -> NDArray[np.float32]:
    """The scores that an artifact gives when asked with these rows, the newest first; float32 (n_items,)."""
    n = artifact.n_items
    scores, touched, closed = np.zeros(n, np.float32), np.empty(n, np.int32), np.zeros(n, np.uint8)
    closed[list(blocked)] = 1
    known = Asked(np.array(rows, np.int32), np.ones(len(rows), np.float32), now_ms=now_ms)
    found = artifact.retrieve(known, closed, scores, touched)
    assert len(set(touched[:found].tolist())) == found, "an item is touched twice"
    assert (scores[touched[:found]] > 0).all(), "a touched item has no score"
    assert np.isfinite(scores).all()
    assert np.count_nonzero(scores) == found, "an item has a score and is not touched"
    return scores
