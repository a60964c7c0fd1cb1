"""What an algorithm is: a frozen set of options with ``fit``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from endcap.artifacts.base import Artifact
from endcap.core.interactions import Dataset
from endcap.core.part import Part

Measure = Literal["interactions", "baskets", "bought_pairs", "viewed_pairs", "sessions", "described_items"]
"""What readiness counts; :mod:`endcap.dataset.stats` computes each from a data set."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """How much data an algorithm wants before its answers mean something."""

    measure: Measure
    at_least: int


@dataclass(frozen=True, slots=True)
class FitContext:
    """What training hands to ``fit``: the random generator, the end of the data, and a place to report progress.

    ``artifacts`` holds those of the algorithms named in ``builds_on``, by their name in the bundle.
    """

    rng: np.random.Generator
    now_ms: int
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    progress: Callable[[float], None] = lambda _share: None


class Algorithm(Part, frozen=True, kw_only=True):
    """Options and a ``fit`` that turns a data set into an artifact.

    A file in this folder defines one subclass (``class EASE(Algorithm, frozen=True, kw_only=True)``); its name is the file's name. The class states, for trainer, server and docs:

    - ``reason``: the code that explains an item proposed by it (:mod:`endcap.serving.reasons` has the sentences);
    - ``requirement``: the data it wants;
    - ``label``: what a merchandiser calls it;
    - ``variants``: the artifacts that training makes by default, each a name and the options that differ from the defaults
      (the key ``""`` stands for the file's own name);
    - ``grid``: option values that training may try, on the training part only.

    ``fit`` must be deterministic given ``context.rng``, must not change its input, and must cope with an empty data set.
    """

    reason: ClassVar[str]
    requirement: ClassVar[Requirement]
    label: ClassVar[str]
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {"": {}}
    grid: ClassVar[Mapping[str, tuple[Any, ...]]] = {}

    def fit(self, data: Dataset, context: FitContext) -> Artifact:
        """The artifact learnt from ``data``, numbering its items."""
        raise NotImplementedError
