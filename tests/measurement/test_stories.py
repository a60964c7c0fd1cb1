"""Hand-written journeys, exact to the cent, in whatever order and portions they arrive."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from endcap.core.time import FixedClock
from endcap.measurement.components import COMPONENTS
from endcap.measurement.follower import Follower
from endcap.measurement.settings import KIND, NAME
from endcap.stores import memory
from endcap.stores.measures import Cell
from endcap.stores.ports import ShopStores
from tests.measurement.story import MONEY, T0, Story, stories

STORIES = [story for path in sorted((Path(__file__).parent / "stories").glob("*.txt")) for story in stories(path)]


def shop_of(story: Story, order: random.Random | None = None) -> ShopStores:
    """A shop in which the story happened, in the order told or in another one, with some of it sent twice."""
    shop = memory.open_home(clock=FixedClock(T0)).open("gifts", create=True)
    settings = {"currency": "EUR", **story.settings}
    shop.documents.put(KIND, NAME, msgspec.json.encode(settings))
    events = list(story.events)
    if order is not None:
        events += order.sample(events, len(events) // 2)
        order.shuffle(events)
    shop.decisions.append(story.decisions)
    for event in events:
        shop.log.append([event])
    return shop


def sums(shop: ShopStores) -> dict[tuple[str, Cell], int]:
    """All sums of a shop by component and cell, over all time."""
    read = shop.measures.cells("day", 0, 10**14, range(len(COMPONENTS)))
    total: Counter[tuple[str, Cell]] = Counter()
    for row, cell in enumerate(read.cell):
        for number in read.values[row].nonzero()[0]:
            total[COMPONENTS[number].name, read.cells[cell]] += int(read.values[row, number])
    return dict(total)


def in_cell(cell: Cell, where: str) -> bool:
    """Whether a cell is meant by ``placement/shelf/arm/device``, as far as that is told."""
    told = [*where.split("/"), "", "", ""][:4]
    if not where:
        return True
    placement, shelf, arm, device = told
    return (cell.placement, cell.shelf) == (placement, shelf) and arm in ("", cell.arm) and device in ("", cell.device)


def found(total: dict[tuple[str, Cell], int], name: str, where: str = "") -> int:
    """One sum, in the whole shop or in some cells."""
    return sum(value for (component, cell), value in total.items() if component == name and in_cell(cell, where))


def test_there_are_two_hundred_of_them_with_names_of_their_own() -> None:
    assert len(STORIES) >= 200
    assert len({story.name for story in STORIES}) == len(STORIES)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_comes_to_what_it_says(story: Story) -> None:
    shop = shop_of(story)
    Follower(shop).catch_up()
    total = sums(shop)
    told = {one.name for one in story.expected if not one.where}
    for one in story.expected:
        assert (one, found(total, one.name, one.where)) == (one, one.value)
    for name in set(MONEY.values()) - told:
        assert (name, found(total, name)) == (name, 0)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_order_portions_and_repeats_change_nothing(story: Story) -> None:
    told = shop_of(story)
    Follower(told).catch_up()
    order = random.Random(story.name)
    shuffled = shop_of(story, order)
    follower = Follower(shuffled)
    while follower.follow(order.randint(1, 4)):
        pass
    assert sums(shuffled) == sums(told)
