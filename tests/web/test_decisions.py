"""No answer without a record of what it showed and how likely that was: where the store is stuck, requests are turned away."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from endcap.ingest import decisions
from endcap.stores import memory
from endcap.stores.ports import Decision
from tests.web.listening import SHOP, listening
from tests.web.served import product

MOST = 40


def test_a_stuck_store_turns_requests_away_and_nothing_answered_is_off_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "MAX_WAITING", MOST)
    home = memory.open_home()
    home.open(SHOP, create=True).catalog.put([product("mug"), product("spoon")])
    with listening(home) as served:
        store = served.service.stores.decisions
        go_on, append = threading.Event(), store.append

        def stuck(batch: Sequence[Decision]) -> None:
            go_on.wait(30)
            append(batch)

        monkeypatch.setattr(store, "append", stuck)
        answered: list[str] = []
        refused: list[str | None] = []

        def ask() -> None:
            with served.client() as client:
                for _ in range(MOST):
                    answer = client.post("/v1/recommendations", {"placement": "product"})
                    if answer.status == 200:
                        answered.append(answer.body["recommendation_id"])
                    else:
                        assert answer.status == 503
                        refused.append(answer.headers.get("retry-after"))

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for one in askers:
            one.start()
        for one in askers:
            one.join()
        assert len(answered) == MOST
        assert refused == ["1"] * (2 * MOST)
        with served.client() as client:
            page = {"requests": [{"placement": "product"}] * 2}
            assert client.post("/v1/recommendations/page", page).status == 503
            go_on.set()
            deadline = time.monotonic() + 10
            while (again := client.post("/v1/recommendations/page", page)).status == 503 and time.monotonic() < deadline:
                time.sleep(0.02)
            answered += [one["recommendation_id"] for one in again.body["answers"]]
            assert all(client.get(f"/v1/recommendations/{one}").status == 200 for one in answered)
    assert all(store.get(one) is not None for one in answered)
    assert store.count() == len(answered)
    home.close()
