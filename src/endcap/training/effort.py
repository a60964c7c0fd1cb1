"""How much is tried: a fixed plan by the size of the data and the budget, and a deadline that can cut it short."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from endcap.training.tasks import MOST_QUESTIONS

USUAL_BUDGET_S = 600.0
"""A longer budget tries more settings, in proportion."""

SEARCH_SHARE = 0.4
"""The share of a budget after which no further setting is tried: fitting, judging and publishing take the rest."""

FIT_SHARE = 0.02
"""Where one fit takes more than this share of a budget, the settings at hand are all that is tried of the artifact."""

EVERYTHING = 2**62
_MANY_ACTS = 300_000
_MANY_FOR_COSTLY = 30_000
_SETTINGS, _SETTINGS_OF_MANY = 8, 5
_RUNGS = ((EVERYTHING, 300), (EVERYTHING, 1_000))
_RUNGS_OF_MANY = ((100_000, 300), (_MANY_ACTS, 1_000))
_WAYS_OF_MANY = 2
_FEW_QUESTIONS = 1_500
_MOST_TIMES = 4  # further questions tell nothing new


@dataclass(frozen=True, slots=True)
class Effort:
    """How options are searched.

    Of every artifact at most ``settings`` settings are tried, of a costly one ``costly_settings``. Each of the ``rungs`` says on
    how many of the newest acts of the past they are fitted, and how many questions they are asked; a third of them goes on to
    the next. ``many`` says that the
    history is large; then a search asks in the first two ``ways`` only, and the best of all is found for the setting that wins.
    Choices are made, rankers taught and judged by about as many ``questions`` of each task.

    The numbers depend on the size of the data and on the budget alone, never on the clock, so that the same data give the same
    bundle on any machine unless the budget cuts the search.
    """

    settings: int
    costly_settings: int
    rungs: tuple[tuple[int, int], ...]
    ways: int
    many: bool
    questions: int = MOST_QUESTIONS

    @classmethod
    def of(cls, n_acts: int, budget_s: float | None = None) -> Effort:
        """The plan for a history of that many acts.

        >>> Effort.of(10_000).settings, Effort.of(10_000_000).settings, Effort.of(10_000_000, budget_s=3_600).settings
        (8, 5, 30)
        >>> Effort.of(10_000).costly_settings, Effort.of(10_000_000).costly_settings
        (8, 1)
        """
        many = n_acts > _MANY_ACTS
        settings = _SETTINGS_OF_MANY if many else _SETTINGS
        times = max((budget_s or USUAL_BUDGET_S) / USUAL_BUDGET_S, 1.0)
        costly = settings if n_acts <= _MANY_FOR_COSTLY else 1
        rungs, ways = (_RUNGS_OF_MANY, _WAYS_OF_MANY) if many else (_RUNGS, EVERYTHING)
        questions = math.floor(MOST_QUESTIONS * min(times, _MOST_TIMES))
        return cls(math.floor(settings * times), math.floor(costly * times), rungs, ways, many, questions)

    @classmethod
    def light(cls, n_acts: int) -> Effort:
        """The plan for somebody who waits: no option is searched, and fewer questions are asked."""
        return replace(cls.of(n_acts), settings=1, costly_settings=1, questions=_FEW_QUESTIONS)


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
