from __future__ import annotations

import numpy as np

from endcap.core.events import KIND
from endcap.neural.sequences import Sequences
from endcap.testing.histories import example, random_data


def rows(sequences: Sequences) -> list[list[int]]:
    return [part.tolist() for part in np.split(sequences.items, sequences.starts[1:-1])]


def test_visits_are_cut_to_their_newest_acts_and_single_acts_teach_nothing() -> None:
    data = example("2000-01-01 a b c d", "2000-01-02 c", "2000-01-03 b a", kind="view")
    assert rows(Sequences.of_visits(data, window=2)) == [[1, 2, 3], [1, 0]]
    assert len(Sequences.of_visits(example("2000-01-02 c", kind="view"), window=2)) == 0


def test_ratings_are_no_acts_that_follow_one_another() -> None:
    assert len(Sequences.of_visits(example("2000-01-01 a b c", kind="rating"), window=9)) == 0


def test_people_have_all_their_acts_in_order_and_come_in_the_order_of_their_last() -> None:
    data = random_data(1)
    acts = data.interactions
    expected = []
    for user in range(acts.n_users):
        own = [place for place in range(len(acts.items)) if acts.users[place] == user and acts.kinds[place] != KIND["rating"]]
        expected.append((own[-1] if own else -1, [int(acts.items[place]) for place in own][-11:]))
    found = Sequences.of_people(data, window=10)
    assert rows(found) == [items for _, items in sorted(expected) if len(items) > 1]


def test_batches_hold_every_row_once_and_about_so_many_acts() -> None:
    sequences = Sequences.of_visits(random_data(2), window=20)
    learnt, held_out = sequences.halves()
    assert held_out.tolist() == list(range(len(learnt), len(sequences)))
    batches = list(sequences.batches(learnt, 50, np.random.default_rng(0)))
    assert sorted(np.concatenate(batches).tolist()) == learnt.tolist()
    sizes = [int(np.diff(sequences.starts)[batch].sum()) for batch in batches]
    assert max(sizes) < 50 + 21
    assert np.median(sizes) > 25


def test_a_table_has_zeros_behind_the_ends() -> None:
    sequences = Sequences.of_visits(random_data(3), window=20)
    every = np.arange(len(sequences))
    table, lengths = sequences.padded(every)
    for row, items in enumerate(rows(sequences)):
        assert table[row, : lengths[row]].tolist() == items
        assert not table[row, lengths[row] :].any()
