"""How much is tried: a fixed plan by the size of the data and the budget, and a deadline that can cut it short."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from endcap.algorithms.base import Algorithm
from endcap.training.tasks import MOST_QUESTIONS, TIMES_TO_TEACH

USUAL_BUDGET_S = 600.0
"""A longer budget tries more settings, in proportion."""

SEARCH_SHARE = 0.4
"""The share of a budget after which no further setting is tried: fitting, judging and publishing take the rest."""

FIT_SHARE = 0.02
"""Where one fit takes more than this share of a budget, the settings at hand are all that is tried of the artifact."""

EVERYTHING = 2**62
_ALL_WAYS, _FIRST_WAYS = EVERYTHING, 2
_FEW_QUESTIONS = 800
_MOST_TIMES = 4  # further questions tell nothing new


class _Plan(NamedTuple):
    """What suits histories of up to so many acts."""

    up_to: int
    settings: int
    rungs: tuple[tuple[int, int], ...]
    ways: int


_PLANS = (
    _Plan(300_000, 8, ((EVERYTHING, 300), (EVERYTHING, 1_000)), _ALL_WAYS),
    _Plan(3_000_000, 6, ((300_000, 1_000), (EVERYTHING, 3_000)), _FIRST_WAYS),
    _Plan(EVERYTHING, 5, ((100_000, 300), (300_000, 1_000)), _FIRST_WAYS),
)


@dataclass(frozen=True, slots=True)
class Effort:
    """How options are searched in a history of ``n_acts`` acts.

    Of every artifact at most ``settings`` settings are tried, and only as many as there are ``times`` the usual budget where the
    history is longer than its algorithm is searched up to. Each of the ``rungs`` says on how many of the newest acts of the past
    they are fitted, and how many questions they are asked; a third of them goes on to the next. A search asks in the first
    ``ways`` only, and the best of all is found for the setting that wins. Choices are made, rankers taught and judged by about
    as many ``questions`` of each task; of the acts of visits ``times_to_teach`` times as many teach.

    The numbers depend on the size of the data and on the budget alone, never on the clock, so that the same data give the same
    bundle on any machine unless the budget cuts the search.
    """

    n_acts: int
    settings: int
    rungs: tuple[tuple[int, int], ...]
    ways: int
    times: float = 1.0
    questions: int = MOST_QUESTIONS
    times_to_teach: int = TIMES_TO_TEACH

    @classmethod
    def of(cls, n_acts: int, budget_s: float | None = None) -> Effort:
        """The plan for a history of that many acts.

        >>> Effort.of(10_000).settings, Effort.of(10_000_000).settings, Effort.of(10_000_000, budget_s=3_600).settings
        (8, 5, 30)
        """
        plan = next(one for one in _PLANS if n_acts <= one.up_to)
        times = max((budget_s or USUAL_BUDGET_S) / USUAL_BUDGET_S, 1.0)
        questions = math.floor(MOST_QUESTIONS * min(times, _MOST_TIMES))
        return cls(n_acts, math.floor(plan.settings * times), plan.rungs, plan.ways, times, questions)

    def settings_of(self, algorithm: Algorithm) -> int:
        """How many settings of an algorithm are tried."""
        return self.settings if self.n_acts <= algorithm.searched_up_to else min(self.settings, math.floor(self.times))

    @classmethod
    def light(cls, n_acts: int) -> Effort:
        """The plan for somebody who waits: no option is searched, fewer questions are asked, and rankers learn from no more."""
        return replace(cls.of(n_acts), settings=1, questions=_FEW_QUESTIONS, times_to_teach=1)


@dataclass(slots=True)
class Deadline:
    """A budget running out. ``cut`` collects in words what was left out for it."""

    budget_s: float | None = None
    now_s: Callable[[], float] = time.monotonic
    cut: list[str] = field(default_factory=list)
    _started_s: float = 0.0

    def __post_init__(self) -> None:
        self._started_s = self.now_s()

    def passed(self, share: float) -> bool:
        """Whether that share of the budget is used up."""
        return self.budget_s is not None and self.now_s() - self._started_s > share * self.budget_s

    def takes(self, seconds: float, share: float) -> bool:
        """Whether so many seconds are more than that share of the budget."""
        return self.budget_s is not None and seconds > share * self.budget_s
