"""What a learned ranker knows of a candidate: one code for the trainer and for the server.

A feature has its row in the matrix by its group (sources, items, query, cross, trail) and its place there. Artifacts keep the
names of the features that their trees were taught on, so that one which is added later disturbs no older bundle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from endcap.ranking.features import cross, items, query, sources, trail
from endcap.ranking.features.base import Feature


def layout(source_names: Sequence[str]) -> tuple[Feature, ...]:
    """Every feature, in the order of the rows that :func:`endcap.kernels.features.fill` fills.

    >>> [one.name for one in layout(["ease"])][:3]
    ['score:ease', 'share:ease', 'place:ease']
    """
    return (*sources.features(labels(source_names)), *items.FEATURES, *query.FEATURES, *cross.FEATURES, *trail.FEATURES)


def describe() -> list[tuple[str, str, str]]:
    """Group, name and meaning of every feature, with ``<source>`` for each source's name: the table of the documentation."""
    groups = {
        "sources": sources.features(["<source>"]), "items": items.FEATURES, "query": query.FEATURES, "cross": cross.FEATURES,
        "trail": trail.FEATURES,
    }  # fmt: skip
    return [(group, one.name, one.meaning) for group, features in groups.items() for one in features]


def labels(source_names: Sequence[str]) -> tuple[str, ...]:
    """The names of sources, numbered from the second on where one is asked in several ways.

    >>> labels(["ease", "viewed_next", "ease"])
    ('ease', 'viewed_next', 'ease#2')
    """
    seen: Counter[str] = Counter()
    found = []
    for name in source_names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(found)
