"""Measure what ``endcap size`` reckons with, and write it to ``src/endcap/bench/coefficients.json`` with the commit.

Each coefficient is the difference between two shops that were really built, divided by what one has more of. The time of an
event is that of logging and applying it; HTTP's share, measured by ``endcap bench``, is added to both times.
"""

from __future__ import annotations

import platform
import subprocess
import tempfile
from pathlib import Path

import msgspec

from endcap.bench.built_size import ANSWERS, EVENTS_A_PERSON, Built, build
from endcap.bench.shop import N_ARTIFACTS
from endcap.bench.sizing import Coefficients

INTO = Path(__file__).resolve().parent.parent / "src" / "endcap" / "bench" / "coefficients.json"
FEW, MANY = 4_000, 12_000
NEAR, FAR = 10, 40
PEOPLE = 2_000
HTTP_ANSWER_US, HTTP_EVENT_US = 60.0, 5.0
"""What HTTP adds to an answer, and to an event of a batch of ten."""

PROCESS_BYTES = 245e6 + 65e6
"""The interpreter with what it loads and the compiled kernels, as the system counts the server of an empty shop; and the process
that measures beside it, at work."""


def main() -> None:
    """Build three shops, solve, write."""
    _built(FEW, NEAR)  # what a process allocates once is allocated here
    small, large, dense = (_built(n, k) for n, k in ((FEW, NEAR), (MANY, NEAR), (FEW, FAR)))
    pairs = FEW * (FAR - NEAR) * N_ARTIFACTS
    neighbor, neighbor_disk = (dense.memory - small.memory) / pairs, (dense.bundle_disk - small.bundle_disk) / pairs
    product = (large.memory - small.memory) / (MANY - FEW) - neighbor * NEAR * N_ARTIFACTS
    rest_of_bundle = (large.bundle_disk - small.bundle_disk) / (MANY - FEW) - neighbor_disk * NEAR * N_ARTIFACTS
    events = PEOPLE * EVENTS_A_PERSON
    once = small.memory - FEW * (product + NEAR * N_ARTIFACTS * neighbor)
    found = Coefficients(
        commit=_commit(), machine=platform.processor() or platform.machine(), server_bytes=PROCESS_BYTES + round(once),
        product_bytes=round(product), neighbor_bytes=round(neighbor, 2),
        history_bytes=round(large.memory_of_histories / PEOPLE),
        product_disk_bytes=round((large.catalog_disk - small.catalog_disk) / (MANY - FEW) + 2 * rest_of_bundle),
        neighbor_disk_bytes=round(neighbor_disk, 2), event_log_bytes=round(large.log_disk / events, 1),
        event_id_bytes=round(large.id_disk / events, 1), event_archive_bytes=round(large.archive_disk / events, 1),
        history_disk_bytes=round(large.history_disk / PEOPLE), decision_bytes=round(large.decision_disk / ANSWERS),
        answer_us=round(large.answer_us + HTTP_ANSWER_US), event_us=round(large.event_us + HTTP_EVENT_US, 1),
    )  # fmt: skip
    INTO.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    print(INTO.read_text(encoding="utf-8"))


def _built(products: int, neighbors: int) -> Built:
    with tempfile.TemporaryDirectory() as folder:
        return build(Path(folder), products=products, neighbors=neighbors, people=PEOPLE)


def _commit() -> str:
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, cwd=INTO.parent, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
