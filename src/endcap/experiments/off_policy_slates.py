"""Weights for answers of several slots: how far what stands elsewhere in an answer is believed to matter for a slot.

The less one is ready to believe, the more an answer must agree with the new policy to tell anything, and the larger the weights:

``cascade``: what comes of a slot hangs on all the slots above it (reward interaction). Weights are products of the chances given
what stands above, exact as they are on record.
``slots``: it hangs on the product and its place alone. Weights compare the chances of the product in that very place.
``items``: a place is looked at more or less, and a product looked at is taken more or less (the position-based click model).
Weights compare how much the product is looked at altogether, so that a product which merely changes places stays comparable.

Source: McInerney et al. 2020, "Counterfactual evaluation of slate recommendations with sequential reward interactions";
Li et al. 2018, "Offline evaluation of ranking policies with click models", for the other two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Belief = Literal["cascade", "slots", "items"]
BELIEFS: tuple[Belief, ...] = ("cascade", "slots", "items")


@dataclass(frozen=True, slots=True)
class Slates:
    """Logged slots, ordered by answer and place, and the chances that two policies give to what stood there.

    All (n_slots,): ``answers``, ``places`` from 0 and ``items`` int64, ``n_candidates`` float64, how many products could have
    stood there; ``logged_given`` and ``target_given`` float64, the chances given what stands above. ``logged`` and ``target``
    float64 (n_slots, n_places) are the chances of the slot's product at each place of its answer, whatever stands elsewhere.
    ``n_answers`` counts the answers, those without a slot too.
    """

    answers: Ints
    places: Ints
    items: Ints
    n_candidates: Floats
    logged_given: Floats
    target_given: Floats
    logged: Floats
    target: Floats
    n_answers: int

    @property
    def n_places(self) -> int:
        """How many places the longest answer of either policy has."""
        return int(self.logged.shape[1])

    @property
    def logged_here(self) -> Floats:
        """The chance of each slot's product in its very place."""
        here: Floats = self.logged[np.arange(len(self.places)), self.places]
        return here

    def weights(self, belief: Belief, looked: Floats) -> Floats:
        """The weight of each slot, float64 (n_slots,); ``looked`` float64 (n_places,) says how much each place is looked at."""
        if belief == "cascade":
            return self._cascade()
        if belief == "slots":
            target: Floats = self.target[np.arange(len(self.places)), self.places]
            return _ratio(target, self.logged_here)
        return _ratio(self.target @ looked, self.logged @ looked)

    def towards_even(self) -> Floats:
        """Weights under which every candidate has stood in every place alike, so that places can be compared.

        Source: intervention harvesting, Agarwal et al. 2019, "Estimating position bias without intrusive interventions".
        """
        return _ratio(np.ones(len(self.places)), self.logged_here * self.n_candidates)

    def _cascade(self) -> Floats:
        weights, above = np.zeros(len(self.places)), np.ones(self.n_answers)
        each = _ratio(self.target_given, self.logged_given)
        for place in range(self.n_places):
            here = self.places == place
            above[self.answers[here]] *= each[here]
            weights[here] = above[self.answers[here]]
        return weights


@dataclass(frozen=True, slots=True)
class Showing:
    """What a policy shows in each answer, with what chance.

    Answer ``i`` has the candidates ``items[indptr[i]:indptr[i + 1]]``; ``indptr`` int64 (n_answers + 1,), ``items`` int32
    (n_entries,). ``chances`` float32 (n_entries, n_places) is the chance of each in each place.
    """

    indptr: Ints
    items: NDArray[np.int32]
    chances: NDArray[np.float32]

    def worth(self, of_items: Floats) -> Floats:
        """What stands in each place is worth on average, float64 (n_answers, n_places), where each item is worth so much."""
        found = np.empty((len(self.indptr) - 1, self.chances.shape[1]))
        each = of_items[self.items]
        for place in range(found.shape[1]):
            upto = np.concatenate([[0.0], np.cumsum(each * self.chances[:, place])])
            found[:, place] = upto[self.indptr[1:]] - upto[self.indptr[:-1]]
        return found


def _ratio(above: Floats, below: Floats) -> Floats:
    """The ratio, 0 where nothing stands below: what could not be shown says nothing."""
    found: Floats = np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
    return found
