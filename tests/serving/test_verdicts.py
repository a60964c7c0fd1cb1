from __future__ import annotations

import pytest

from endcap.core.events import KIND
from endcap.core.ids import IdMap
from endcap.serving.verdicts import Verdicts, verdicts
from endcap.stores.ports import Act

IDS = IdMap(["mug", "pot"])


def said(*oldest_first: tuple[str, float | None] | str) -> Verdicts:
    """What was said of the mug, act by act."""
    acts = [(one, None) if isinstance(one, str) else one for one in oldest_first]
    return verdicts([Act(at, at, KIND[kind], "mug", value=value) for at, (kind, value) in enumerate(acts)][::-1], IDS)


MUG = [0]
CASES: list[tuple[list[tuple[str, float | None] | str], dict[str, bool]]] = [
    (["dismiss"], {"dismissed": True}),
    (["dismiss", ("dismiss", 0.0)], {}),
    (["dismiss", ("dismiss", 0.0), "dismiss"], {"dismissed": True}),
    (["dismiss", ("rating", 1.0)], {"liked": True}),
    (["dismiss", ("rating", 0.6)], {}),
    (["dismiss", ("rating", 0.0)], {"dismissed": True, "disliked": True}),
    (["dismiss", "add_to_cart"], {}),
    (["dismiss", "purchase"], {}),
    (["dismiss", "view"], {"dismissed": True}),
    ([("rating", 1.0), "dismiss"], {"dismissed": True}),
    ([("rating", 1.0), "dismiss", ("dismiss", 0.0)], {"liked": True}),
    ([("rating", 1.0), ("rating", 0.0)], {"disliked": True}),
    ([("rating", 0.0), ("rating", 1.0)], {"liked": True}),
    ([("rating", 0.8)], {"liked": True}),
    ([("rating", 0.6)], {}),
    ([("rating", 0.4)], {"disliked": True}),
    (["own"], {"owned": True}),
    (["own", ("own", 0.0)], {}),
    (["own", ("own", 0.0), "own"], {"owned": True}),
    (["purchase", "view"], {}),
]


@pytest.mark.parametrize(("acts", "expected"), CASES)
def test_the_newest_word_counts(acts: list[tuple[str, float | None] | str], expected: dict[str, bool]) -> None:
    found = said(*acts)
    now = {name: list(getattr(found, name)) for name in ("dismissed", "owned", "liked", "disliked")}
    assert now == {name: MUG if expected.get(name) else [] for name in now}


def test_newest_first_and_only_what_the_catalogue_knows() -> None:
    acts = [Act(3, 3, KIND["dismiss"], "pot"), Act(2, 2, KIND["dismiss"], "gone"), Act(1, 1, KIND["dismiss"], "mug")]
    assert list(verdicts(acts, IDS).dismissed) == [1, 0]
    assert verdicts(acts, IDS).unwanted() == {0, 1}
