"""What shoppers are planted to do with a shelf."""

from __future__ import annotations

from endcap.synthetic.responses import DRAW, FALLS_OFF, PLACE, Responses
from endcap.synthetic.shop import Size, make_shop, plant
from endcap.synthetic.truth import Taste

END_MS = 1_750_000_000_000
SMALL = Size(customers=30, guests=10)
NO_TASTE = Taste({}, (), "")


def test_the_truth_alone_is_that_of_the_whole_shop() -> None:
    shop, truth = make_shop(3, END_MS, SMALL), plant(3, END_MS, SMALL)
    assert truth.tastes == shop.truth.tastes
    some = [item.item_id for item in shop.items[:200:7]]
    assert [truth.complements(one) for one in some] == [shop.truth.complements(one) for one in some]


def test_what_belongs_together_draws_more_and_lower_places_less() -> None:
    shop = make_shop(3, END_MS, SMALL)
    anchor = next(item for item in shop.items if shop.truth.complements(item.item_id) and shop.truth.substitutes(item.item_id))
    responses = Responses(shop.truth)
    by_id = {item.item_id: item for item in shop.items}

    def chance(item_id: str, placement: str = "product", position: int = 0, taste: Taste = NO_TASTE) -> float:
        return responses.chance(
            item_id, by_id[item_id].category[-1], placement=placement, position=position, anchors=(anchor.item_id,), taste=taste
        )

    complement = min(shop.truth.complements(anchor.item_id))
    related = (
        shop.truth.complements(anchor.item_id) | shop.truth.substitutes(anchor.item_id) | shop.truth.upgrades(anchor.item_id)
    )
    other = next(one for one in by_id if one not in related and one != anchor.item_id)
    assert chance(complement) == DRAW["complement"] > chance(other) == DRAW["other"]
    assert chance(complement, "email", 3) == DRAW["complement"] * PLACE["email"] / (1 + 3 * FALLS_OFF)
    liked = Taste({by_id[other].category[-1]: 0.5}, (), "")
    assert chance(other, taste=liked) == DRAW["taste"]
