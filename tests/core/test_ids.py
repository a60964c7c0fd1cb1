"""Identifiers that nobody can guess and nobody gets twice."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from endcap.core.ids import new_id


def test_no_two_threads_get_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [one for some in pool.map(lambda _: [new_id(1) for _ in range(3_000)], range(8)) for one in some]
    assert len(set(made)) == 24_000


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forking beside threads: the child writes a few bytes and ends
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_does_not_give_what_its_parent_gives() -> None:
    new_id(1)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, "".join(new_id(1) for _ in range(50)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(read, 10_000).decode()
    os.close(read)
    os.close(write)
    theirs = {told[at : at + 26] for at in range(0, len(told), 26)}
    assert len(theirs) == 50
    assert theirs.isdisjoint({new_id(1) for _ in range(50)})
