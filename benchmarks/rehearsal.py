"""How far dress rehearsals are off the truth, on shops whose truth is planted.

    python benchmarks/rehearsal.py 1-20 100000 0.3 0

The arguments are seeds, answers, how often chance takes a slot, and how sated a click leaves a shopper. Each seed is a shop of
its own: 24 products, six kinds of shoppers, a shelf of three. The change turns the weights of its two sources around. Each prints
a line of JSON; ``python benchmarks/rehearsal.py collect FILES`` makes ``results/rehearsal.json`` of them.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from run import commit, machine

from endcap.bench.rehearsal_shop import BEGIN_MS, PLACEMENT, RehearsalShop, window
from endcap.core.experiment import Change
from endcap.core.time import DAY_MS
from endcap.replay.changes import ShopChange
from endcap.replay.rehearsal import rehearse
from endcap.synthetic.clicks import ClickWorld

FOREVER_DAYS = 3_650


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One shop: clicks an answer under the change, planted and estimated; ``errors`` are relative, by belief and estimator."""

    seed: int
    rounds: int
    epsilon: float
    sated: float
    truth: float
    belief: str | None
    value: float | None
    low: float | None
    high: float | None
    errors: dict[str, float]
    effective: dict[str, float]
    largest_weight: dict[str, float]
    reasons: dict[str, str | None]


def trial(seed: int, rounds: int, epsilon: float, sated: float) -> Trial:
    shop = RehearsalShop.of(ClickWorld(seed, sated=sated), window(epsilon=epsilon), seed)
    shop.serve(rounds)
    changed = window(epsilon=epsilon, weights=(0.3, 1.0))
    truth = shop.truth(changed)
    change = ShopChange(placements={PLACEMENT: Change(placement=changed)})
    found = rehearse(shop.stores, change, now_ms=BEGIN_MS + FOREVER_DAYS * DAY_MS, days=2 * FOREVER_DAYS, most=rounds)
    then = found.figures[0].then
    every = [one for evidence in found.evidence for one in evidence.estimates]
    return Trial(
        seed=seed, rounds=rounds, epsilon=epsilon, sated=sated, truth=truth, belief=found.belief,
        value=then.value if then else None, low=then.low if then else None, high=then.high if then else None,
        errors={one.estimator: one.value / truth - 1 for one in every if one.value is not None},
        effective={one.belief: one.overlap.effective_answers for one in found.evidence},
        largest_weight={one.belief: one.overlap.largest_weight for one in found.evidence},
        reasons={one.belief: one.reason for one in found.evidence},
    )  # fmt: skip


def collect(files: list[str]) -> None:
    """What all lines say together."""
    lines = [line for file in files for line in Path(file).read_text().splitlines()]
    trials = sorted((msgspec.json.decode(line, type=Trial) for line in lines), key=lambda one: (one.sated, one.rounds, one.seed))
    about = {"what": "rehearsal", "commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    body = {**about, "trials": [msgspec.to_builtins(one) for one in trials]}
    target = Path(__file__).parent / "results" / "rehearsal.json"
    target.write_text(msgspec.json.format(msgspec.json.encode(body), indent=1).decode() + "\n")


def main(arguments: list[str]) -> None:
    if arguments[0] == "collect":
        collect(arguments[1:])
        return
    first, last = (int(one) for one in arguments[0].split("-"))
    rounds, epsilon, sated = int(arguments[1]), float(arguments[2]), float(arguments[3])
    for seed in range(first, last + 1):
        print(msgspec.json.encode(trial(seed, rounds, epsilon, sated)).decode(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
