from __future__ import annotations

import numpy as np

from endcap.artifacts.base import Asked
from endcap.core.time import DAY_MS
from endcap.replay.baselines import PersonalFrequency, baselines, popular_lately
from endcap.testing.histories import example

NOTHING = np.zeros(0, np.int32), np.zeros(0, np.float32)


def answered(artifact: PersonalFrequency, bought: list[int]) -> list[float]:
    scores, touched = np.zeros(artifact.n_items, np.float32), np.zeros(artifact.n_items, np.int32)
    times = np.zeros(len(bought), np.int64)
    asked = Asked(*NOTHING, now_ms=0, bought=np.array(bought, np.int32), bought_at_ms=times)
    found = artifact.retrieve(asked, np.zeros(artifact.n_items, np.uint8), scores, touched)
    assert sorted(touched[:found].tolist()) == np.flatnonzero(scores).tolist()
    return scores.tolist()


def test_own_purchases_come_first_and_others_break_ties() -> None:
    artifact = PersonalFrequency(np.array([4, 2, 0, 1], np.float32))
    assert answered(artifact, [3, 3, 1]) == [0.5, 1.25, 0.0, 2.125]
    assert answered(artifact, []) == [0.5, 0.25, 0.0, 0.125]


def test_only_the_last_week_is_popular() -> None:
    data = example("2000-01-01 mug tea", "2000-01-02 mug", "2000-01-20 tea")
    assert data.now_ms > 7 * DAY_MS
    scores = dict(zip(data.item_ids, popular_lately(data).scores.tolist(), strict=True))
    assert scores == {"mug": 0.0, "tea": 1.0}


def test_personal_frequency_is_there_for_orders_to_come_only() -> None:
    data = example("2000-01-01 mug tea", "2000-01-02 mug")
    assert list(baselines("next_basket", data)) == ["popular, 7 days", "personal frequency"]
    assert list(baselines("session", data)) == ["popular, 7 days"]
