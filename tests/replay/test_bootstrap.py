from __future__ import annotations

import numpy as np
import pytest

from endcap.replay.bootstrap import DRAWS, cluster_bootstrap, interval


def test_drawn_means_scatter_as_the_cluster_means_do() -> None:
    rng = np.random.default_rng(0)
    n_clusters, size = 400, 5
    cluster_values = rng.normal(10.0, 2.0, n_clusters)
    values = np.repeat(cluster_values, size)[:, None]  # within a cluster all queries agree: they are worth one, not five
    drawn = cluster_bootstrap(values, np.repeat(np.arange(n_clusters), size))
    assert drawn.shape == (DRAWS, 1)
    assert drawn.mean() == pytest.approx(cluster_values.mean(), abs=0.02)
    assert drawn.std() == pytest.approx(cluster_values.std() / np.sqrt(n_clusters), rel=0.1)


def test_clusters_of_different_sizes_weigh_by_their_queries() -> None:
    values = np.array([[1.0], [1.0], [1.0], [0.0]])
    drawn = cluster_bootstrap(values, np.array([5, 5, 5, 9]))
    # Either one cluster is drawn twice, or both once: 3 of 4 queries are then ones.
    assert sorted(set(drawn[:, 0].tolist())) == [0.0, 0.75, 1.0]


def test_columns_share_their_draws_so_that_differences_are_paired() -> None:
    rng = np.random.default_rng(3)
    one = rng.random(300)
    drawn = cluster_bootstrap(np.stack([one, one + 0.25], axis=1), np.arange(300))
    assert np.allclose(drawn[:, 1] - drawn[:, 0], 0.25)
    low, high = interval(drawn[:, 0])
    assert low < one.mean() < high


def test_the_same_seed_draws_the_same() -> None:
    values = np.random.default_rng(1).random((50, 2))
    assert np.array_equal(cluster_bootstrap(values, np.arange(50)), cluster_bootstrap(values, np.arange(50)))
    assert not np.array_equal(cluster_bootstrap(values, np.arange(50)), cluster_bootstrap(values, np.arange(50), seed=8))
