"""Put the statistics of experiments to the test and keep what comes out in ``benchmarks/results/trust.json``.

``python benchmarks/trust.py [SEED]`` takes about twenty minutes on one core; the same seed gives the same figures.
"""

from __future__ import annotations

import json
import sys
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
EXPERIMENTS, PEOPLE, LIFT = 2_000, 10_000, 0.1


def corrections(rng: np.random.Generator, vectors: int) -> dict[str, float]:
    """The largest difference to statsmodels over so many random lists of p-values."""
    most = {"vectors": float(vectors), "holm": 0.0, "benjamini_hochberg": 0.0}
    for _ in range(vectors):
        p = rng.random(int(rng.integers(1, 50))) ** float(rng.integers(1, 4))
        for name, ours, theirs in (("holm", holm, "holm"), ("benjamini_hochberg", benjamini_hochberg, "fdr_bh")):
            most[name] = max(most[name], float(np.abs(ours(p) - multipletests(p, method=theirs)[1]).max()))
    return most


def main() -> None:
    """Everything in turn, each with a stream of random numbers of its own."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    about = {"what": "trust", "commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}

    def rng(part: int) -> np.random.Generator:
        return np.random.default_rng([seed, part])

    found = {
        "seed": seed,
        "false_alarms": [false_alarms(world, rng(at), EXPERIMENTS, PEOPLE) for at, world in enumerate(WORLDS)],
        "coverage": [coverage(world, rng(10 + at), EXPERIMENTS, PEOPLE, LIFT) for at, world in enumerate(WORLDS)],
        "shrinkage": [shrinkage(rho, rng(20 + at), 1_000, 4_000) for at, rho in enumerate((0.0, 0.3, 0.5, 0.7, 0.9))],
        "splits": [split_check(0.5, rng(30), 10_000, 20_000), split_check(0.52, rng(31), 100_000, 20_000)],
        "corrections": corrections(rng(40), 1_000),
        "degenerate": degenerate(rng(50), sums=8_000, experiments=2_000),
        "shops": held_out(rng(60), shops=1_000, visitors=200_000),
        "rankings": [interleaving(rng(70 + fits), fits, EXPERIMENTS, 2_000, 400_000) for fits in (1, 3)],
    }
    RESULT.write_text(json.dumps(about | msgspec.to_builtins(found), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
