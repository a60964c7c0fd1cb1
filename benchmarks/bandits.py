"""Play the bandit on the 34 arms of Open Bandit's men's campaign, 20 seeds, into ``benchmarks/results/bandits.json``.

``ENDCAP_DATA`` names the folder of public data sets. Takes three minutes on one free core.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from run import commit, machine

from endcap.bench.bandits import played

RESULT = Path(__file__).resolve().parent / "results" / "bandits.json"
ROUNDS, UPDATES, SEEDS = 10_000_000, 20, 20


def main() -> None:
    prior = Path(os.environ["ENDCAP_DATA"]) / "open_bandit" / "men_prior.json"
    told = msgspec.json.decode(prior.read_bytes())
    alpha, beta = np.array(told["alpha"]), np.array(told["beta"])
    rates = alpha / (alpha + beta)
    regrets = [round(played(rates, rounds=ROUNDS, updates=UPDATES, seed=seed)[0], 4) for seed in range(SEEDS)]
    found = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit(), "machine": machine(),
        "arms": len(rates), "rounds": ROUNDS, "updates": UPDATES, "floor": 0.01, "regret_of_even_split": regrets,
    }  # fmt: skip
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"{sum(one <= 0.5 for one in regrets)} of {SEEDS} seeds lose at most half; the worst {max(regrets):.3f}")


if __name__ == "__main__":
    main()
