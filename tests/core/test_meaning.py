from __future__ import annotations

from typing import Any

import pytest

from endcap.core.events import Event
from endcap.core.meaning import check_meaning, dwell_ms, is_taken_back, rating_scale, rating_share, stated
from endcap.errors import BadEvent

AT = 1_700_000_000_000


def event(kind: str, context: dict[str, Any] | None, **more: Any) -> Event:
    item = {} if kind in {"preference", "survey"} else {"item_id": "mug"}
    return Event(event_id="1", type=kind, at=AT, session_id="s", context=context, **item, **more)  # type: ignore[arg-type]


BAD = [
    ("preference", {"recommendations": "sometimes"}, "recommendations", "personal, impersonal, none"),
    ("preference", {"likes": "oak"}, "likes", "a list"),
    ("preference", {"likes": ["oak", ""]}, "likes", "a list"),
    ("survey", {"dislikes": [7]}, "dislikes", "a list"),
    ("preference", {"likes": ["oak"] * 101}, "likes", "at most 100"),
    ("preference", {"name": 5}, "name", "text"),
    ("preference", {"name": "x" * 129}, "name", "128"),
    ("view", {"dwell_ms": "long"}, "dwell_ms", "milliseconds"),
    ("view", {"dwell_ms": -1}, "dwell_ms", "0 or more"),
    ("view", {"dwell_ms": True}, "dwell_ms", "milliseconds"),
    ("dismiss", {"undo": "yes"}, "undo", "true"),
    ("own", {"undo": 1}, "undo", "true"),
]


@pytest.mark.parametrize(("kind", "context", "field", "remedy"), BAD)
def test_what_means_nothing_is_refused_with_field_value_and_remedy(
    kind: str, context: dict[str, Any], field: str, remedy: str
) -> None:
    with pytest.raises(BadEvent) as caught:
        check_meaning(event(kind, context))
    assert caught.value.field == f"context.{field}"
    assert str(caught.value.value) in str(caught.value)
    assert remedy in (caught.value.remedy or "")


@pytest.mark.parametrize("scale", [0, -1, "five", None, float("inf")])
def test_a_scale_is_a_number_above_nought(scale: object) -> None:
    with pytest.raises(BadEvent, match="scale"):
        check_meaning(event("rating", {"scale": scale}, rating=1))


def test_a_rating_lies_within_its_scale() -> None:
    check_meaning(event("rating", {"scale": 10}, rating=10))
    with pytest.raises(BadEvent, match=r"above context\.scale 1") as caught:
        check_meaning(event("rating", {"scale": 1}, rating=3))
    assert (caught.value.field, caught.value.value) == ("rating", 3)


@pytest.mark.parametrize("context", [None, {}, {"theme": "dark"}, {"dwell_ms": 0}, {"dwell_ms": 1.5, "undo": "?"}])
def test_the_rest_of_a_context_is_the_shops_own(context: dict[str, Any] | None) -> None:
    check_meaning(event("view", context))


@pytest.mark.parametrize(("kind", "context", "field", "_remedy"), BAD)
def test_what_an_older_log_holds_counts_as_not_said(kind: str, context: dict[str, Any], field: str, _remedy: str) -> None:
    one = event(kind, context)
    assert field not in stated(one)
    assert dwell_ms(one) is None
    assert not is_taken_back(one)


def test_ratings_on_every_scale() -> None:
    assert rating_share(event("rating", None, rating=3)) == 0.6
    assert rating_share(event("rating", {"scale": 1}, rating=0)) == 0.0
    assert rating_share(event("rating", {"scale": 10}, rating=9)) == 0.9
    assert rating_share(event("rating", {"scale": "ten"}, rating=9)) == 1.0
    assert (rating_scale(event("rating", {"scale": 10}, rating=9)), rating_scale(event("view", {"scale": 10}))) == (10.0, None)


def test_a_survey_states_what_a_preference_does() -> None:
    said = {"likes": ["Oak"], "recommendations": "impersonal", "answers": [1, 2]}
    for kind in ("preference", "survey"):
        assert stated(event(kind, said)) == {"likes": ("Oak",), "recommendations": "impersonal"}
    assert stated(event("view", said)) == {}
