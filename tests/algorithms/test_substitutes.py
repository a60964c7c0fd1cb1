from __future__ import annotations

from endcap.algorithms.substitutes import Substitutes
from endcap.testing.algorithms import related


def test_the_surest_substitutes_come_first_with_their_facts() -> None:
    data, context = related({("mug", "spoon"): 0.9, ("mug", "cup"): -0.6, ("mug", "bowl"): -1.0, ("mug", "jug"): -0.4})
    found = Substitutes().fit(data, context)
    assert [data.item_ids[row] for row in found.row(0)[0]] == ["bowl", "cup"]
    assert found.facts.keys() == context.below["relations"].facts.keys()  # type: ignore[attr-defined]
    assert [data.item_ids[row] for row in Substitutes(least=0.2).fit(data, context).row(0)[0]] == ["bowl", "cup", "jug"]
