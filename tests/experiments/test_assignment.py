"""Nobody changes arms: after a restart, in the page, as an experiment grows, or because another one runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, chisquare

from endcap.errors import BadInput
from endcap.experiments.assignment import OUTSIDE, Salted, Split, hashed_share, whole
from endcap.kernels.hashing import BUCKETS

# Source: growthbook/growthbook, packages/sdk-js/test/cases.json, specification 5: salt, id, version, share.
PUBLISHED = [
    ("", "a", 1, 0.22), ("", "b", 1, 0.077), ("b", "a", 1, 0.946), ("ef", "d", 1, 0.652), ("asdf", "8952klfjas09ujk", 1, 0.549),
    ("", "123", 1, 0.011), ("", "___)((*\":&", 1, 0.563), ("seed", "a", 2, 0.0505), ("seed", "b", 2, 0.2696),
    ("foo", "ab", 2, 0.2575), ("foo", "def", 2, 0.2019), ("89123klj", "8952klfjas09ujkasdf", 2, 0.124),
    ("90850943850283058242805", "123", 2, 0.7516), ("()**(%$##$%#$#", "___)((*\":&", 2, 0.0128),
]  # fmt: skip
N = 1_000_000
WIDGET = Path(str(files("endcap.web") / "static" / "endcap-trials.js"))


def places(salt: str, n: int = N) -> NDArray[np.int64]:
    salted = Salted.of(salt)
    return np.fromiter((salted.bucket(b"visitor-%d" % one) for one in range(n)), np.int64, n)


@pytest.fixture(scope="module")
def million() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of a million ids in two experiments."""
    return places("product_count"), places("cart_layout")


@pytest.mark.parametrize(("salt", "unit", "version", "share"), PUBLISHED)
def test_hash_is_the_published_one(salt: str, unit: str, version: int, share: float) -> None:
    assert hashed_share(salt, unit, version) == share


def test_other_versions_are_refused() -> None:
    with pytest.raises(BadInput, match="use 1 or 2"):
        hashed_share("salt", "id", 3)


def test_a_million_ids_are_spread_evenly(million: tuple[NDArray[np.int64], NDArray[np.int64]]) -> None:
    for found in million:
        assert chisquare(np.bincount(found, minlength=BUCKETS)).pvalue > 0.001


def test_two_experiments_are_independent(million: tuple[NDArray[np.int64], NDArray[np.int64]]) -> None:
    first, second = (found * 20 // BUCKETS for found in million)
    together = np.bincount(first * 20 + second, minlength=400).reshape(20, 20)
    assert chi2_contingency(together).pvalue > 0.001


def test_nobody_who_is_in_moves_when_the_share_grows() -> None:
    units = [b"visitor-%d" % one for one in range(50_000)]
    before = [OUTSIDE] * len(units)
    for share in (0.0, 0.2, 0.21, 0.5, 0.999, 1.0):
        split = Split.of("rollout", [2, 1, 1], share)
        now = [split.arm(unit) for unit in units]
        moved = sum(was not in (OUTSIDE, arm) for was, arm in zip(before, now, strict=True))
        assert moved == 0
        assert np.mean(np.array(now) != OUTSIDE) == pytest.approx(share, abs=0.01)
        before = now


def test_arms_have_the_parts_that_their_weights_say(million: tuple[NDArray[np.int64], NDArray[np.int64]]) -> None:
    split = Split.of("product_count", [2, 1, 1])
    begins = np.array([span.begin for span in split.spans])
    arms = np.searchsorted(begins, million[0], side="right") - 1
    assert chisquare(np.bincount(arms), [N / 2, N / 4, N / 4]).pvalue > 0.001
    assert [split.arm(b"visitor-%d" % one) for one in range(100)] == arms[:100].tolist()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=34).filter(lambda weights: sum(weights) > 0))
def test_whole_parts_sum_to_all_of_it_and_are_off_by_less_than_one(weights: list[float]) -> None:
    parts = whole(weights)
    exact = np.array(weights) / sum(weights) * BUCKETS
    assert sum(parts) == BUCKETS
    assert np.abs(np.array(parts) - exact).max() < 1 + 1e-6


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -0.5]])
def test_weights_that_cannot_be_are_refused(weights: list[float]) -> None:
    with pytest.raises(BadInput, match="weights"):
        whole(weights)


def test_the_page_assigns_alike(need_program: Callable[[str, str], str]) -> None:
    node = need_program("node", "nodejs")
    units = [f"{['visitor-', 'Gäste ', '買い物', '😀'][one % 4]}{one}" for one in range(10_000)]
    split = Split.of("cart_layout.2", [3, 2, 5], 0.7)
    arms = {name: [span.begin, span.end] for name, span in zip("abc", split.spans, strict=True)}
    experiment = {"salt": "cart_layout.2", "arms": arms}
    script = (
        f"import {{ arm }} from {json.dumps(WIDGET.as_uri())};"
        "let text = ''; for await (const part of process.stdin) text += part;"
        "const { experiment, units } = JSON.parse(text);"
        "console.log(JSON.stringify(units.map((unit) => arm(experiment, unit))));"
    )
    told = subprocess.run(
        [node, "--input-type=module", "--experimental-default-type=module", "-e", script],
        input=json.dumps({"experiment": experiment, "units": units}), capture_output=True, text=True, check=True,
    )  # fmt: skip
    ours = [(None, *"abc")[split.arm(unit.encode()) + 1] for unit in units]
    assert json.loads(told.stdout) == ours
    assert {None, *"abc"} == set(ours)
