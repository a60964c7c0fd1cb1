"""Three times what the server can do, through sockets, on a source that really takes its time."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from endcap.bench.load import drive, post
from endcap.bench.open_load import OpenLoad, offer
from endcap.core.placement import Placement, Shelf, Source
from endcap.serving import breaker
from endcap.stores import memory
from tests.web.listening import SHOP, Listening, listening
from tests.web.served import product
from tests.web.slow import SlowScores, bundle_of

IDS = ["mug", "spoon", "lamp"]
DELAY_S = 0.004
SECONDS = 3.0


@pytest.fixture
def slow() -> SlowScores:
    return SlowScores(len(IDS), delay_s=DELAY_S)


@pytest.fixture
def served(slow: SlowScores) -> Iterator[Listening]:
    home = memory.open_home()
    stores = home.open(SHOP, create=True)
    stores.catalog.put([product(one) for one in IDS])
    shelf = Shelf(name="shelf", title="All", sources=(Source(artifact="slow", ask="nothing"),), min_count=0, max_count=3)
    stores.documents.put("placement", "spot", msgspec.json.encode(Placement(name="spot", shelves=(shelf,), max_count=3)))
    with listening(home) as found:
        service = found.service
        service.engine.state = service._state(bundle_of(IDS, slow, "slow"), service.state.items)
        # What the store calls active is no bundle of this test; what serves must stay.
        service.refresh = lambda: None  # type: ignore[method-assign]
        with found.client() as client:  # the kernels of this state are read, or compiled
            assert client.post("/v1/recommendations", {"placement": "spot"}).status == 200
        yield found
    home.close()


def requests(served: Listening) -> list[bytes]:
    return [post("/v1/recommendations", b'{"placement":"spot"}', served.key)]


def flood(served: Listening, times: float, peak: float) -> OpenLoad:
    return offer(served.port, requests(served), rate=times * peak, seconds=SECONDS)


def test_three_times_the_capacity(served: Listening, slow: SlowScores) -> None:
    closed = drive(served.port, requests(served), connections=4, seconds=2.0)
    assert closed.failed == 0, "a few connections that wait for their answers are no overload"
    peak = closed.per_second
    load = flood(served, 3, peak)
    assert load.failed == 0
    assert len(load.answered_ms) >= 0.5 * peak * SECONDS, "beyond its capacity it goes on answering"
    assert len(load.refused_ms) > load.offered / 3
    assert load.unadvised == 0, "every refusal says when to come back"
    assert served.shop.decisions.waiting + served.service.stores.decisions.count() >= len(load.answered_ms)
    with served.client() as client:
        assert client.get("/healthz").status == 200
        after = [client.post("/v1/recommendations", {"placement": "spot"}).status for _ in range(10)]
    assert after == [200] * 10, "it recovers at once"


def test_a_source_that_becomes_slow_sheds_and_one_that_recovers_serves(
    served: Listening, slow: SlowScores, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Slower than this the breaker would bench the source, and there would be no overload.
    monkeypatch.setattr(breaker, "SOURCE_MS", 1_000.0)
    monkeypatch.setattr(breaker, "ANSWER_MS", 1_000.0)
    rate = 0.5 / DELAY_S
    calm = offer(served.port, requests(served), rate=rate, seconds=1.5)
    slow.delay_s = 8 * DELAY_S
    shed = offer(served.port, requests(served), rate=rate, seconds=2.0)
    slow.delay_s = DELAY_S
    offer(served.port, requests(served), rate=rate, seconds=0.5)
    again = offer(served.port, requests(served), rate=rate, seconds=1.5)
    assert len(shed.refused_ms) > 0.3 * shed.offered
    assert shed.failed == calm.failed == again.failed == 0
    assert len(calm.refused_ms) <= 0.2 * calm.offered
    assert len(again.refused_ms) <= 0.2 * again.offered
