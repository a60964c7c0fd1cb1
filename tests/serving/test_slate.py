"""One array for the marks of all answers, beside an array for each."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from endcap.app import Endcap
from endcap.bench import shop
from endcap.core.events import Event
from endcap.core.request import Filters, RecommendRequest
from endcap.serving.barring import Slate
from endcap.serving.engine import Engine

N_ITEMS = 300


@pytest.mark.parametrize("times", [1, 100])
def test_what_was_noted_is_taken_back_and_the_rest_copied(times: int) -> None:
    before = np.array([0, 1, 0, 0], np.uint8)
    slate = Slate()
    blocked = slate.clean(before)
    blocked[[0, 2]] = 7
    slate.note([0, 9] * times)  # 9 is newer than the array; few rows and many are taken back in ways of their own
    slate.note_too([2])
    assert slate.clean(before) is blocked
    assert blocked.tolist() == before.tolist()
    blocked[:] = 5  # and nothing is noted, as after an error
    assert slate.clean(before).tolist() == before.tolist()
    slate.note(None)
    slate.note_too([1])
    slate.clean(before)[3] = 4
    slate.note([])
    assert slate.clean(np.zeros(6, np.uint8)).tolist() == [0] * 6, "another catalogue"


@pytest.mark.parametrize("seed", range(4))
def test_an_engine_answers_as_one_that_never_answered_before(seed: int, tmp_path: Path) -> None:
    shop.build(tmp_path, n_items=N_ITEMS, k=20, seed=seed)
    endcap = Endcap.open(tmp_path)
    service, draw = endcap.shop(shop.SHOP), random.Random(seed)
    now_ms = endcap.clock.now_ms()
    said = [
        Event(
            event_id=f"d{n}", type=draw.choice(("dismiss", "own", "view")), at=now_ms, session_id=f"session-{n}",
            item_id=shop.item_id(draw.randrange(N_ITEMS)),
        )
        for n in range(10)
    ]  # fmt: skip
    service.stores.log.append(said)
    service.refresh()
    shown: tuple[str, ...] = ()
    for n in range(150):
        some = tuple(shop.item_id(draw.randrange(N_ITEMS)) for _ in range(draw.randrange(4)))
        request = RecommendRequest(
            placement=draw.choice(["product", "cart", "home"]), item_id=shop.item_id(draw.randrange(N_ITEMS)),
            session_id=f"session-{draw.randrange(20)}", exclude=some, cart=some[:1],
            filters=Filters(categories=("department 1",)) if draw.random() < 0.1 else None,
        )  # fmt: skip
        if n % 40 == 39:
            service.stores.catalog.put([*shop.products(n, n + 1, N_ITEMS)])
            service.refresh()
        moment = structs.replace(service.engine.moment(request), left_out=())  # however long compiling takes
        answer = service.engine.answer(request, moment, shown)
        fresh = Engine(service.state, service.live, endcap.clock).answer(request, moment, shown)
        assert answer == fresh
        shown = tuple(one.item_id for one in answer.items) if draw.random() < 0.3 else ()
    endcap.close()
