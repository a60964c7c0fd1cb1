from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.kernels.barring import bar_others, bar_variants, bar_where, outside

CODES = st.lists(st.sampled_from([0, 0, 1, 9, 200, 254]), min_size=1, max_size=12)


@settings(deadline=None)  # the first call compiles
@given(CODES, st.lists(st.booleans(), max_size=14))
def test_where_a_mask_holds_free_rows_get_the_code(codes: list[int], mask: list[bool]) -> None:
    blocked = np.array(codes, dtype=np.uint8)
    bar_where(blocked, np.array(mask, dtype=np.bool_), 9)
    padded = [*mask, *([False] * len(codes))]
    assert blocked.tolist() == [9 if code == 0 and held else code for code, held in zip(codes, padded, strict=False)]


@settings(deadline=None)  # the first call compiles
@given(CODES, st.lists(st.integers(0, 14), max_size=6), st.sampled_from([9, 254]))
def test_all_but_some_rows_get_the_code_and_what_was_barred_stays(codes: list[int], free: list[int], code: int) -> None:
    blocked = np.array(codes, dtype=np.uint8)
    bar_others(blocked, np.array(free, dtype=np.int32), code)
    assert blocked.tolist() == [one or (0 if row in free else code) for row, one in enumerate(codes)]


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.none() | st.floats(-10, 10), max_size=12), st.floats(-10, 10), st.floats(-10, 10), st.booleans())
def test_numbers_outside_a_band_are_found(numbers: list[float | None], lowest: float, highest: float, keep: bool) -> None:
    column = np.array([np.nan if one is None else one for one in numbers], dtype=np.float64)
    expected = [not keep if one is None else not lowest <= one <= highest for one in numbers]
    assert outside(column, lowest, highest, keep).tolist() == expected


@settings(deadline=None)  # the first call compiles
@given(CODES, st.lists(st.integers(-1, 3), min_size=14, max_size=14), st.lists(st.integers(0, 13), max_size=4))
def test_rows_and_their_variants_get_the_code(codes: list[int], family: list[int], rows: list[int]) -> None:
    blocked = np.array(codes, dtype=np.uint8)
    bar_variants(blocked, np.array(family, dtype=np.int32), np.array(rows, dtype=np.int32), 9)
    families = {family[row] for row in rows if family[row] >= 0}
    meant = [row in rows or family[row] in families for row in range(len(codes))]
    assert blocked.tolist() == [9 if code == 0 and barred else code for code, barred in zip(codes, meant, strict=True)]
