"""Whose turn it is, and who is turned away while too many wait.

One event loop answers everything. Left alone it takes all requests that arrived since it last looked, answers them one after the
other and only then looks again: beyond its capacity each look finds more of them, every answer comes too late for whoever asked,
and nobody is told. Here requests are answered for a spell between two looks, the others wait in a queue for each kind of work,
and a request is refused on arrival where the queue stands: where nobody has found it short for a while.

Source: CoDel (Nichols and Jacobson, "Controlling Queue Delay", ACM Queue 10(5), 2012): a queue that drains now and then is a
burst and useful, one whose shortest wait stays above a target for an interval is overload. Deviations: what is refused is what
arrives, not what has waited, because a refusal on arrival costs a tenth of one after parsing; the expected wait is the length
of the queue times the measured time of a turn, so that the limits are times and follow whatever an answer costs at the moment.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

INTERVAL_S = 0.1
"""How long waits must have stayed above half the target before there is overload."""

SPELL_S = 0.001
"""Turns of those who are called begin for so long after a look at the sockets. A look costs as much as a tenth of a short answer,
and those who wait lose nothing by it; but who has to be turned away is to be told soon."""

Go = Callable[[bool], bool]
"""Called when a turn has come, or, with False, when it will not; the turn ends when it returns, and says whether it was used:
nobody wants an answer any more whose sender is gone."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long requests of one kind may wait.

    ``target_s`` is what they may have to wait while there is overload: a queue that stands only adds to every answer. But far
    below what matters to whoever waits, a few dozen connections that each wait for their answer before they ask again would be
    taken for a flood. ``burst_s`` is what they may have to wait while there is none: the requests of one moment are all
    answered, up to this. Who has waited ``give_up_s``, because turns became slow behind its back, is refused.
    """

    target_s: float
    burst_s: float
    give_up_s: float


_NEWEST, _LONGER, _FIRST_S = 0.1, 8.0, 0.002
"""What the newest turn weighs in the mean time of a turn, and how many times longer than it, or than this, it counts as."""


class Lane:
    """One kind of work, with its queue. Times are seconds of the clock that its :class:`Admission` was given."""

    def __init__(self, name: str, patience: Patience) -> None:
        self.name = name
        self.patience = patience
        self.arriving = 0
        """How many were let through since the last turn ended and have not come to ask for theirs yet."""
        self.refused = 0
        self.turn_s = 0.0
        """The mean time of a turn lately."""
        self.used_s = 0.0
        """What its turns took together, lifted to the level of the others where it was idle: the lane that used least is next."""
        self.calm_at = float("-inf")
        """When somebody last waited no longer than half the target."""
        self.waiting: deque[tuple[float, asyncio.Future[bool] | Go]] = deque()

    def is_full(self, now_s: float, share: int = 1) -> bool:
        """Whether one more would have to wait too long, where only every ``share``-th turn is this lane's."""
        ahead = len(self.waiting) + self.arriving
        if not ahead:
            return False
        allowed_s = self.patience.burst_s if now_s - self.calm_at < INTERVAL_S else self.patience.target_s
        return ahead * self.turn_s * share >= allowed_s

    def note_wait(self, waited_s: float, now_s: float) -> None:
        """Take into account how long one waited whose turn it is now."""
        if waited_s <= self.patience.target_s / 2:
            self.calm_at = now_s

    def note_turn(self, taken_s: float) -> None:
        """Take into account how long a turn was."""
        self.used_s += taken_s
        # One turn that met a stall says little of the next ones; where turns do become slow, this follows within ten.
        likely_s = min(taken_s, max(_LONGER * self.turn_s, _FIRST_S))
        self.turn_s += (likely_s - self.turn_s) * (_NEWEST if self.turn_s else 1.0)


class Admission:
    """Hands out turns on one event loop, between two of which the loop looks at its sockets.

    Lanes that wait share the time of the loop evenly, whatever their turns cost: a flood in one leaves half of it to another.
    """

    def __init__(self, lanes: Mapping[str, Patience], clock: Callable[[], float] = time.perf_counter) -> None:
        self.lanes = {name: Lane(name, patience) for name, patience in lanes.items()}
        self._clock = clock
        self._turn_of: Lane | None = None
        self._turn_at = 0.0
        self._level = 0.0
        """What the lane had used that was next, whenever one was: whoever was idle has no credit from that time."""
        self._loop: asyncio.AbstractEventLoop | None = None

    def must_refuse(self, lane: Lane) -> bool:
        """Whether a request that arrives now has to be turned away; the caller counts it in ``refused`` if it is."""
        if self._is_full(lane):
            return True
        # The loop reads all its sockets before any of those it lets through here comes to ask: the next one counts this one.
        lane.arriving += 1
        return False

    def _is_full(self, lane: Lane) -> bool:
        if not lane.waiting:
            return False
        return lane.is_full(self._clock(), sum(1 for one in self.lanes.values() if one.waiting))

    def ask(self, lane: Lane) -> asyncio.Future[bool] | bool:
        """A turn: True at once where nobody is before the caller, False where it is turned away, else what to wait for.

        A turn ends when the caller has gone through to its end or begins to wait for something else.
        """
        turn = asyncio.get_running_loop().create_future()
        granted = self.line_up(lane, turn)
        return turn if granted is None else granted

    def line_up(self, lane: Lane, whose: asyncio.Future[bool] | Go) -> bool | None:
        """The same for who is called when the turn comes: None where that is going to be, and else the caller has the answer.

        Several turns of those who are called go by between two looks, which a turn of who awaits a future cannot.
        """
        if self._turn_of is None:
            now = self._clock()
            lane.note_wait(0.0, now)
            self._rise(lane)
            self._give(lane, now)
            return True
        if self._is_full(lane):
            lane.refused += 1
            return False
        if not lane.waiting:
            lane.used_s = max(lane.used_s, self._level)
        lane.waiting.append((self._clock(), whose))
        return None

    def _give(self, lane: Lane, now: float) -> None:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        self._turn_of, self._turn_at = lane, now
        # What is called soon runs after the loop has looked at its sockets: whoever arrived meanwhile is queued or refused.
        self._loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        now = self._clock()
        assert self._turn_of is not None
        self._turn_of.note_turn(now - self._turn_at)
        self._give_turns(now)

    def _give_turns(self, now: float) -> None:
        """Give turns for a spell, or until one does not end here. The loop has just looked at its sockets."""
        ends = now + SPELL_S
        for one in self.lanes.values():
            one.arriving = 0  # they stand behind this in the loop, and ask before it reads again
        while (lane := self._next_lane()) is not None:
            since, whose = lane.waiting.popleft()
            if isinstance(whose, asyncio.Future) and whose.done():  # its sender's task was cancelled
                continue
            self._rise(lane)
            lane.note_wait(now - since, now)
            granted = now - since < lane.patience.give_up_s
            used = self._tell(whose, granted=granted)
            if granted and isinstance(whose, asyncio.Future):
                self._give(lane, now)
                return
            began, now = now, self._clock()
            if not granted:
                lane.refused += 1
            elif used:
                lane.note_turn(now - began)
            if now >= ends:
                self._turn_of, self._turn_at = lane, now  # nobody comes before those who wait
                assert self._loop is not None
                self._loop.call_soon(self._look)
                return
        self._turn_of = None

    def _rise(self, lane: Lane) -> None:
        """A lane is next: this is how much those have used who are served."""
        lane.used_s = self._level = max(lane.used_s, self._level)

    def _look(self) -> None:
        """Go on after the loop has looked at its sockets."""
        self._give_turns(self._clock())

    def _next_lane(self) -> Lane | None:
        return min((one for one in self.lanes.values() if one.waiting), key=_used_s, default=None)

    def _tell(self, whose: asyncio.Future[bool] | Go, *, granted: bool) -> bool:
        if isinstance(whose, asyncio.Future):
            whose.set_result(granted)
            return True
        try:
            return whose(granted)
        except Exception as error:  # one that fails must not keep the turn from all others
            assert self._loop is not None
            self._loop.call_exception_handler({"message": "a turn failed", "exception": error})
            return True


def _used_s(lane: Lane) -> float:
    return lane.used_s
