"""Put the statistics of experiments to the test and keep what comes out in ``benchmarks/results/trust.json``.

``python benchmarks/trust.py`` takes a quarter of an hour on one free core; ``python benchmarks/trust.py PART ...`` takes some
parts again. The seed is fixed, so the figures are the same at every start.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from run import commit, machine
from statsmodels.stats.multitest import multipletests

from endcap.bench.simulated import WORLDS
from endcap.bench.trust import coverage, false_alarms, shrinkage, split_check
from endcap.bench.trust_degenerate import degenerate
from endcap.bench.trust_rankings import interleaving
from endcap.bench.trust_shops import held_out
from endcap.experiments.corrections import benjamini_hochberg, holm

RESULT = Path(__file__).resolve().parent / "results" / "trust.json"
SEED, EXPERIMENTS, PEOPLE, LIFT = 1, 2_000, 10_000, 0.1
CORRELATIONS = (0.0, 0.3, 0.5, 0.7, 0.9)


def corrections(rng: np.random.Generator, vectors: int) -> dict[str, float]:
    """The largest difference to statsmodels over so many random lists of p-values."""
    most = {"vectors": float(vectors), "holm": 0.0, "benjamini_hochberg": 0.0}
    for _ in range(vectors):
        p = rng.random(int(rng.integers(1, 50))) ** float(rng.integers(1, 4))
        for name, ours, theirs in (("holm", holm, "holm"), ("benjamini_hochberg", benjamini_hochberg, "fdr_bh")):
            most[name] = max(most[name], float(np.abs(ours(p) - multipletests(p, method=theirs)[1]).max()))
    return most


def parts(seed: int) -> dict[str, Callable[[], object]]:
    """Everything that is put to the test, each with a stream of random numbers of its own."""

    def rng(part: int) -> np.random.Generator:
        return np.random.default_rng([seed, part])

    return {
        "false_alarms": lambda: [false_alarms(world, rng(at), EXPERIMENTS, PEOPLE) for at, world in enumerate(WORLDS)],
        "coverage": lambda: [coverage(world, rng(10 + at), EXPERIMENTS, PEOPLE, LIFT) for at, world in enumerate(WORLDS)],
        "shrinkage": lambda: [shrinkage(rho, rng(20 + at), 1_000, 4_000) for at, rho in enumerate(CORRELATIONS)],
        "splits": lambda: [split_check(0.5, rng(30), 10_000, 20_000), split_check(0.52, rng(31), 100_000, 20_000)],
        "corrections": lambda: corrections(rng(40), 1_000),
        "degenerate": lambda: degenerate(rng(50), sums=8_000, experiments=2_000),
        "shops": lambda: held_out(rng(60), shops=1_000, visitors=200_000),
        "rankings": lambda: [interleaving(rng(70 + fits), fits, EXPERIMENTS, 2_000, 400_000) for fits in (1, 3)],
    }


def main() -> None:
    """Take the parts that are named, or all, and keep what stands there of the others."""
    known = parts(SEED)
    wanted = sys.argv[1:] or list(known)
    if unknown := [one for one in wanted if one not in known]:
        sys.exit(f"{unknown[0]!r} is none of the parts; use some of {', '.join(known)}")
    kept = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"taken": {}}
    for part in wanted:
        kept[part] = msgspec.to_builtins(known[part]())
        kept["taken"][part] = {"commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
        kept |= {"what": "trust", "seed": SEED, "machine": machine()}
        RESULT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
