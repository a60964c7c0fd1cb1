"""How far dress rehearsals are off the truth, where the truth is planted.

    python benchmarks/rehearsal.py rounds 1-20 100000 > rounds.jsonl
    python benchmarks/rehearsal.py shop 1-4 20000 > shop.jsonl
    python benchmarks/rehearsal.py collect rounds.jsonl shop.jsonl

Each seed is a world of its own: 24 products, six kinds of shoppers, a shelf of three with three of ten slots given to chance.
``rounds`` are those of the shelf kernel; ``shop`` has whole answers, made by the engine, kept with what they were made from, and
made again. Each seed prints a line of JSON; ``collect`` makes ``results/rehearsal.json`` of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from run import commit, machine

from endcap.bench.rehearsal_rounds import rounds
from endcap.bench.rehearsal_shop import BEGIN_MS, PLACEMENT, RehearsalShop, window
from endcap.core.experiment import Change
from endcap.core.time import DAY_MS
from endcap.experiments.off_policy import Estimate, Overlap
from endcap.experiments.off_policy_slates import BELIEFS, Belief
from endcap.replay.changes import ShopChange
from endcap.replay.rehearsal import rehearse
from endcap.synthetic.clicks import ClickWorld

FOREVER_DAYS = 3_650
EPSILON = 0.3


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One world under one belief: the clicks an answer earns under the change, planted (``truth``) and estimated by the doubly
    robust estimator, and the relative errors of all others."""

    kind: str
    seed: int
    n: int
    belief: Belief
    truth: float
    value: float
    low: float
    high: float
    effective_answers: float
    largest_weight: float
    errors: dict[str, float]

    @property
    def error(self) -> float:
        return self.value / self.truth - 1


def of_rounds(seed: int, n: int) -> Iterator[Line]:
    found = rounds(seed, n, epsilon=EPSILON)
    for belief in BELIEFS[1:]:
        _, then, _ = found.trial.difference("clicks", belief)
        overlap = found.trial.overlap(belief)
        yield line("rounds", seed, n, belief, found.truth, then, found.trial.estimates("clicks", belief), overlap)


def of_shop(seed: int, n: int) -> Iterator[Line]:
    shop = RehearsalShop.of(ClickWorld(seed), window(epsilon=EPSILON), seed)
    shop.serve(n)
    changed = window(epsilon=EPSILON, weights=(0.3, 1.0))
    truth = shop.truth(changed)
    change = ShopChange(placements={PLACEMENT: Change(placement=changed)})
    found = rehearse(shop.stores, change, now_ms=BEGIN_MS + FOREVER_DAYS * DAY_MS, days=2 * FOREVER_DAYS, most=n)
    then = found.figures[0].then
    for one in found.evidence:
        if one.belief == found.belief and then is not None:
            yield line("shop", seed, n, one.belief, truth, then, list(one.estimates), one.overlap)


def line(
    kind: str, seed: int, n: int, belief: Belief, truth: float, then: Estimate, every: list[Estimate], overlap: Overlap
) -> Line:
    assert then.value is not None
    assert then.low is not None
    assert then.high is not None
    return Line(
        kind=kind, seed=seed, n=n, belief=belief, truth=truth, value=then.value, low=then.low, high=then.high,
        effective_answers=overlap.effective_answers, largest_weight=overlap.largest_weight,
        errors={one.estimator: one.value / truth - 1 for one in every if one.value is not None},
    )  # fmt: skip


def collect(files: list[str]) -> None:
    """What all lines say together."""
    lines = [msgspec.json.decode(one, type=Line) for file in files for one in Path(file).read_text().splitlines()]
    groups: dict[str, list[Line]] = {}
    for one in sorted(lines, key=lambda one: (one.kind, one.n, one.belief, one.seed)):
        groups.setdefault(f"{one.kind} {one.n} {one.belief}", []).append(one)
    figures = {
        name: {
            "worlds": len(some), "within_5_percent": sum(abs(one.error) <= 0.05 for one in some),
            "largest_error": max(abs(one.error) for one in some),
            "covered": sum(one.low <= one.truth <= one.high for one in some),
        }
        for name, some in groups.items()
    }  # fmt: skip
    about = {"what": "rehearsal", "commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    body = {**about, "figures": figures, "lines": [one for some in groups.values() for one in some]}
    target = Path(__file__).parent / "results" / "rehearsal.json"
    target.write_text(msgspec.json.format(msgspec.json.encode(body), indent=1).decode() + "\n")


def main(arguments: list[str]) -> None:
    if arguments[0] == "collect":
        collect(arguments[1:])
        return
    made = {"rounds": of_rounds, "shop": of_shop}[arguments[0]]
    first, last = (int(one) for one in arguments[1].split("-"))
    for seed in range(first, last + 1):
        for one in made(seed, int(arguments[2])):
            print(msgspec.json.encode(one).decode(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
