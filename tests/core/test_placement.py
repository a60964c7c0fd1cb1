from __future__ import annotations

import pytest

from endcap.core.placement import Shelf, Source
from endcap.errors import BadOption


def test_a_shelf_shorter_than_its_smallest_count_is_told_which_smallest_count_it_has() -> None:
    with pytest.raises(BadOption, match="where none is sent, min_count is 4") as caught:
        Shelf(name="a", title="A", sources=(Source(artifact="popularity", ask="nothing"),), max_count=3)
    assert (caught.value.field, caught.value.value) == ("min_count", 4)
