"""Time the neighbours of every item against implicit and sparse_dot_topn, and keep the result in ``benchmarks/results``.

``python benchmarks/neighbors.py FOLDER`` reads Instacart's published orders. What is timed is what a fit does: from the orders as
sparse rows to the 100 most alike items of each, by cosine, normalising and transposing included, reading left out. All take
turns, so that whatever else the machine does meets all of them. The peers are the extra ``peers``; implicit and
sparse_dot_topn count an item as its own neighbour, Endcap does not.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from implicit.nearest_neighbours import CosineRecommender, normalize
from run import HERE, commit, machine
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from endcap.bench.result import median
from endcap.kernels.neighbors import product_neighbors
from endcap.replay.layouts import order_layout
from endcap.replay.protocols.basket import BasketProtocol

K, ROUNDS = 100, 15


def by_endcap(orders: sparse.csr_matrix, threads: int) -> sparse.csr_array:
    norms = np.sqrt(np.maximum(np.bincount(orders.indices, minlength=orders.shape[1]), 1))
    rows = sparse.csr_array(orders)
    top = product_neighbors(
        rows.T.tocsr(), rows, left_norms=norms, right_norms=norms, shrink=0.0, min_shared=1, k=K, threads=threads
    )
    return sparse.csr_array((top.values, top.indices, top.indptr), shape=(orders.shape[1], orders.shape[1]))


def by_implicit(orders: sparse.csr_matrix, threads: int) -> sparse.csr_matrix:
    model = CosineRecommender(K=K, num_threads=threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains about the form in which it hands the matrix to itself
        model.fit(orders, show_progress=False)
    return model.similarity


def by_sparse_dot_topn(orders: sparse.csr_matrix, threads: int) -> sparse.csr_matrix:
    items = normalize(orders.T).tocsr()
    return sp_matmul_topn(items, items.T.tocsr(), top_n=K, n_threads=threads)


KERNELS: dict[str, Callable[[sparse.csr_matrix, int], Any]] = {
    "endcap": by_endcap, "implicit": by_implicit, "sparse_dot_topn": by_sparse_dot_topn,
}  # fmt: skip


def seconds(orders: sparse.csr_matrix, threads: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in KERNELS}
    for kernel in KERNELS.values():
        kernel(orders, threads)  # compiled, imported, in the caches
    for _ in range(ROUNDS):
        for name, kernel in KERNELS.items():
            started = time.perf_counter()
            kernel(orders, threads)
            taken[name].append(time.perf_counter() - started)
    return taken


def differences(orders: sparse.csr_matrix) -> dict[str, float]:
    """How far our neighbours are from those of scipy's whole product: of what is kept, the largest of each row must agree."""
    items = normalize(orders.T.astype(np.float64)).tocsr()
    whole = (items @ items.T).tolil()
    whole.setdiag(0)
    product, ours = whole.tocsr(), by_endcap(orders, 1)
    most = pairs = 0.0
    for item in range(orders.shape[1]):
        best = np.sort(product.data[product.indptr[item] : product.indptr[item + 1]])[::-1]
        best = best[best > 0][:K]
        found = ours.data[ours.indptr[item] : ours.indptr[item + 1]]
        pairs += abs(len(best) - len(found))
        most = max(most, float(np.abs(best[: len(found)] - found[: len(best)]).max(initial=0.0)))
    return {"pairs_more_or_less_than_scipy": pairs, "largest_difference_to_scipy": float(f"{most:.2g}")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with Instacart's published orders")
    path: Path = parser.parse_args().folder
    baskets = BasketProtocol(order_layout(path, None).read(path)).window(0).train.baskets
    orders = sparse.csr_matrix(baskets.matrix())
    about = {
        "what": "neighbors", "commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()
    }  # fmt: skip
    one = {name: median(values) for name, values in seconds(orders, 1).items()}
    taken = {threads: [] for threads in (1, 2)}
    for _ in range(ROUNDS):
        for threads, values in taken.items():
            started = time.perf_counter()
            by_endcap(orders, threads)
            values.append(time.perf_counter() - started)
    figures = {f"{name}_s": value for name, value in one.items()}
    figures |= {f"endcap_s_{threads}_threads": median(values) for threads, values in taken.items()}
    figures |= {"items": float(orders.shape[1]), "baskets": float(orders.shape[0]), "entries": float(orders.nnz), "k": float(K)}
    ratios = {f"endcap_to_{name}": round(one["endcap"] / value, 3) for name, value in one.items() if name != "endcap"}
    ratios["two_threads_to_one"] = round(median([a / b for a, b in zip(taken[1], taken[2], strict=True)]), 3)
    result = about | {"figures": figures | differences(orders), "ratios": ratios, "enabled": [f"{ROUNDS} rounds in turn"]}
    (HERE / "results" / "neighbors.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
