"""Multivariate experiments: what each factor does, and what two of them do together.

Every arm is one combination of levels. A main effect is averaged over all combinations of the other factors, each counted
once, so every unit tells something about every factor; an interaction is what two levels do beyond the sum of both.

Source: Box, Hunter and Hunter 2005, "Statistics for experimenters", chapter 5; contrasts of means with unequal variances.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import msgspec
import numpy as np

from endcap.errors import BadInput
from endcap.experiments.compare import Estimate
from endcap.experiments.corrections import holm
from endcap.experiments.cuped import adjusted, slope
from endcap.experiments.effects import interval, number
from endcap.experiments.moments import Array, Moments
from endcap.experiments.plan import Factor
from endcap.experiments.result import FactorEffect

_UNKNOWN = "Too few have met a version of this combination, or their figure does not vary."


def factor_effects(
    arms: Sequence[str], moments: Moments, factors: Sequence[Factor], alpha: float = 0.05
) -> tuple[FactorEffect, ...]:
    """Main effects and interactions of two, their p-values corrected together by Holm's method.

    Every level stands against the first of its factor. Raises BadInput unless each factor has a level for every arm and the
    arms are all combinations of levels, each once.

    >>> from endcap.experiments.moments import of_proportion
    >>> layout, wording = Factor(name="layout", levels=("grid", "grid", "row", "row")), Factor(name="words", levels=tuple("abab"))
    >>> found = factor_effects("1234", of_proportion([100, 120, 150, 170], [1000] * 4), [layout, wording])
    >>> [(one.levels, round(one.estimate, 3)) for one in found]
    [(('layout=row',), 0.05), (('words=b',), 0.02), (('layout=row', 'words=b'), 0.0)]
    """
    if not factors:
        return ()
    _check(arms, factors)
    contrasts = [one for factor in factors for one in _main(factor)]
    contrasts += [one for first, second in combinations(factors, 2) for one in _interactions(first, second)]
    plain = adjusted(moments, slope(moments))
    found = [_estimate(weights, plain, alpha, levels) for levels, weights in contrasts]
    adjusted_p = holm([np.nan if one.p is None else one.p for one in found])
    return tuple(msgspec.structs.replace(one, p_adjusted=number(p)) for one, p in zip(found, adjusted_p, strict=True))


def _check(arms: Sequence[str], factors: Sequence[Factor]) -> None:
    for factor in factors:
        if len(factor.levels) != len(arms):
            raise BadInput(
                f"factor {factor.name!r} has {len(factor.levels)} levels for {len(arms)} arms",
                field="levels",
                value=factor.levels,
                remedy="give the level of each arm, in the order of the arms",
            )
    given = list(zip(*(factor.levels for factor in factors), strict=True))
    wanted = set(product(*(set(factor.levels) for factor in factors)))
    if len(given) != len(wanted) or set(given) != wanted:
        raise BadInput(
            "the arms are not all combinations of the factors' levels",
            field="factors",
            value=given,
            remedy="make one arm of each combination, or compare the arms without factors",
        )


def _share(factor: Factor, level: str) -> Array:
    """Equal weights on the arms of one level; float64[arms]."""
    chosen = np.array([one == level for one in factor.levels], dtype=np.float64)
    return np.asarray(chosen / chosen.sum())


def _others(factor: Factor) -> list[str]:
    """The levels after the first, in order."""
    return [level for level in dict.fromkeys(factor.levels) if level != factor.levels[0]]


def _main(factor: Factor) -> list[tuple[tuple[str, ...], Array]]:
    base = _share(factor, factor.levels[0])
    return [((f"{factor.name}={level}",), _share(factor, level) - base) for level in _others(factor)]


def _interactions(first: Factor, second: Factor) -> list[tuple[tuple[str, ...], Array]]:
    """Effect of one level where the other is on, less its effect where the other is off."""
    found: list[tuple[tuple[str, ...], Array]] = []
    for one, other in product(_others(first), _others(second)):
        weights = np.zeros(len(first.levels))
        for level, sign in ((one, 1.0), (first.levels[0], -1.0)):
            for along, turn in ((other, 1.0), (second.levels[0], -1.0)):
                both = _share(first, level) * _share(second, along)
                weights += sign * turn * both / both.sum()
        found.append(((f"{first.name}={one}", f"{second.name}={other}"), weights))
    return found


def _estimate(weights: Array, arms: Moments, alpha: float, levels: tuple[str, ...]) -> FactorEffect:
    used = weights != 0.0
    with np.errstate(all="ignore"):
        of_mean = np.where(arms.n > 1.0, arms.variance / arms.n, np.nan)[used]
        parts = weights[used] ** 2 * of_mean
        error = np.sqrt(parts.sum())
        freedom = parts.sum() ** 2 / (parts**2 / (arms.n[used] - 1.0)).sum()
        found = Estimate(weights[used] @ arms.mean[used], np.where(error > 0.0, error, np.nan), freedom)
        low, high = found.interval(alpha)
    span = interval(float(low), float(high))
    return FactorEffect(
        levels=levels,
        estimate=number(float(found.value)),
        interval=span,
        p=number(float(found.p())),
        p_adjusted=None,
        reason=None if span else _UNKNOWN,
    )
