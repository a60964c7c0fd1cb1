from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from endcap.core.catalog import Item
from endcap.errors import NotEnoughData
from endcap.replay.bundles import Bundles
from endcap.replay.hash_buckets import buckets
from endcap.replay.protocols.complement import ComplementProtocol
from tests.replay.protocols.histories import queries

GROUPS = [str(number) for number in range(200)]


def sets(*, alone: bool = False) -> Bundles:
    """Two sets a visit: of its own three items, and of one of them alone or with a lamp."""
    members = [(f"a{group}", f"{item}{group}", group) for group in GROUPS for item in ("mug", "tea", "milk")]
    second = ("lamp",) if not alone else ()
    members += [(f"b{group}", item, group) for group in GROUPS for item in (f"mug{group}", *second)]
    items = sorted({item for _, item, _ in members})
    visits = [(group, f"mug{group}", 1_000 * number) for number, group in enumerate([*GROUPS, "unasked"])]
    visits.append(("unasked", "lamp", 10**9))
    return Bundles(
        pl.DataFrame(members, schema=["bundle", "item", "group"], orient="row"),
        pl.DataFrame(visits, schema={"group": pl.String, "item": pl.String, "at_ms": pl.Int64}, orient="row"),
        tuple(Item(item_id=one, title=one) for one in [*items, "unsold"]),
    )


def test_half_of_the_visits_are_held_out_with_all_their_sets_and_acts() -> None:
    window = ComplementProtocol(sets()).window(0)
    bucket = buckets(GROUPS, 100, 1)
    held = {group for group, one in zip(GROUPS, bucket, strict=True) if one < 50}
    learnt = {window.train.item_ids[row] for row in window.train.interactions.items}
    assert learnt == {f"{item}{group}" for group in set(GROUPS) - held for item in ("mug", "tea", "milk")} | {"lamp"}
    assert len(window.train.baskets) == 2 * (200 - len(held))
    assert window.train.n_items == 602  # all described items may be asked for
    assert len(window.held_out) == 5 * len(held)


def test_each_member_is_asked_with_alone_and_any_other_is_right() -> None:
    found = queries(ComplementProtocol(sets()).window(0))
    of_three = [one for one in found if len(one[1]) == 2]
    known, right = of_three[0]
    group = known[0].lstrip("abcdefghijklmnopqrstuvwxyz")
    assert {*known, *right} == {f"mug{group}", f"tea{group}", f"milk{group}"}


def test_small_sets_count_as_much_as_large_ones() -> None:
    held_out = ComplementProtocol(sets()).window(0).held_out
    totals = np.bincount(held_out.clusters, weights=held_out.weights)
    assert totals.tolist() == pytest.approx([1.0] * len(totals))


def test_sets_of_one_item_are_not_asked_for() -> None:
    assert {len(right) for _, right in queries(ComplementProtocol(sets(alone=True)).window(0))} == {2}


def test_inner_windows_learn_from_nothing_that_an_outer_one_holds_out() -> None:
    protocol = ComplementProtocol(sets())
    rows = [protocol.window(depth).train for depth in (0, 1, 2)]
    acts = [{train.item_ids[row] for row in train.interactions.items} for train in rows]
    assert acts[2] < acts[1] < acts[0]


def test_too_few_sets_are_refused() -> None:
    few = sets()
    one = Bundles(few.members.head(3), few.visits, few.products)
    with pytest.raises(NotEnoughData, match="evaluate on more sets"):
        ComplementProtocol(one).window(0)
