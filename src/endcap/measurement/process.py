"""The process that measures beside a server: ``python -m endcap.measurement.process HOME``.

It reads the names of shops from its standard input, one a line, and follows each of them. It ends where the input ends: the
server alone holds the other end of it, so that it ends with the server, however that ends. What fails is written to the
standard output, a :class:`Failed` as one line of JSON.

It loads what following needs and nothing else: neither the engine nor its kernels.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path

import msgspec

from endcap.core.failure import Failure
from endcap.core.time import SystemClock
from endcap.core.turns import has_quota, when_idle
from endcap.measurement.following import MeasuringHere
from endcap.measurement.pace import Pace, Step, at_once
from endcap.stores import sqlite

NICENESS = 10
"""How much it gives way where a core is short: an answer that waits goes first. Where the system has a policy for idle work, the
thread that works out has that: by niceness alone it would be owed a tenth of a busy core, and take it in turns of milliseconds.
The one that opens and writes has not, since a server and commands wait for its locks."""


class Failed(msgspec.Struct, frozen=True):
    """What failed, and in which shop."""

    failure: Failure
    shop: str


def main() -> None:
    """Follow the shops that are named on the standard input until it ends."""
    # A terminal and a service manager send these to every process of a server. Its own end tells this one, in due order.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)
    home = sqlite.open_home(Path(sys.argv[1]))
    measuring = MeasuringHere(_say, SystemClock(), _give_way)
    for line in sys.stdin.buffer:
        shop = line.decode().strip()
        measuring.follow_when_open(shop, partial(home.open, shop))
    measuring.stop()
    home.close()


def _give_way() -> Step:
    """Whoever wants the core has it at once, whether this one pauses or not, where the system has a policy for idle work; but
    where time is rationed, what this one takes is missing later."""
    return at_once if when_idle() and not has_quota() else Pace()


def _say(failure: Failure, shop: str | None) -> None:
    line = msgspec.json.encode(Failed(failure, shop or "")) + b"\n"
    os.write(sys.stdout.fileno(), line)  # in one piece: several threads may do so


if __name__ == "__main__":
    main()
