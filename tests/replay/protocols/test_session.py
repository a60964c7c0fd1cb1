from __future__ import annotations

import numpy as np
import pytest

from endcap.errors import NotEnoughData
from endcap.replay.protocols.session import SessionProtocol, runs
from tests.replay.worlds import clicks

SESSIONS = [["a", "b", "c"], ["b", "c"], ["c", "a"]] * 100
TEST = [(["a", "b"], "c"), (["a"], "b"), (["new", "b"], "a"), (["b"], "unseen")]


def test_the_test_window_learns_from_all_sessions_and_asks_the_given_prefixes() -> None:
    window = SessionProtocol(clicks(SESSIONS, TEST)).window(0)
    assert len(window.train.sessions) == 300
    assert window.train.item_ids == ["a", "b", "c"]
    assert window.held_out.targets.tolist() == [2, 1, 0, -1]
    assert window.held_out.rows.tolist() == [0, 1, 0, 1, 1]
    assert window.held_out.starts.tolist() == [0, 2, 3, 4, 5]
    assert not window.held_out.known_barred


def test_prefixes_of_one_session_form_a_cluster() -> None:
    assert SessionProtocol(clicks(SESSIONS, TEST)).window(0).held_out.clusters.tolist() == [0, 0, 1, 2]
    assert runs([["a"], ["a", "b"], ["a", "b"], ["b"]]) == [0, 0, 1, 2]
    assert runs([]) == []


def test_validation_asks_every_beginning_of_the_last_sessions_and_learns_from_the_others() -> None:
    window = SessionProtocol(clicks(SESSIONS, TEST)).window(1)
    assert len(window.train.sessions) == 291
    # Nine sessions are held out: three of three clicks and six of two.
    assert len(window.held_out) == 3 * 2 + 6
    assert len(set(window.held_out.clusters.tolist())) == 9


def test_validation_learns_nothing_of_the_sessions_it_asks_about() -> None:
    late = [*SESSIONS[:291], *([["x", "y"]] * 9)]
    window = SessionProtocol(clicks(late, TEST)).window(1)
    assert window.train.item_ids == ["a", "b", "c"]
    assert set(window.held_out.targets.tolist()) == {-1}


def test_a_deeper_window_lies_inside_the_training_part_of_the_one_above() -> None:
    protocol = SessionProtocol(clicks(SESSIONS, TEST))
    assert [len(protocol.window(depth).train.sessions) for depth in (0, 1, 2)] == [300, 291, 282]


def test_the_order_of_sessions_is_their_clock() -> None:
    train = SessionProtocol(clicks(SESSIONS, TEST)).window(0).train
    first = train.sessions.at_ms[train.sessions.indptr[:-1]]
    assert (np.diff(first) > 0).all()
    assert (np.diff(train.interactions.at_ms) >= 0).all()


def test_the_protocol_says_how_many_targets_are_returns() -> None:
    asked = [(["a", "b"], "a"), (["a", "b"], "c"), (["a"], "b"), (["c"], "b")]
    assert "25.0% of the test targets are in theirs" in SessionProtocol(clicks(SESSIONS, asked)).name


def test_too_few_sessions_are_refused_with_a_remedy() -> None:
    with pytest.raises(NotEnoughData, match="evaluate on more sessions"):
        SessionProtocol(clicks([["a", "b"]], [])).window(0)
