"""The Open Bandit data: what a fashion shop's policies showed in three places, with what chance, and what was clicked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.errors import BadFile
from endcap.replay.tables import read_table, the_data_file

_NEEDED = {"item_id": pl.Int64, "position": pl.Int64, "click": pl.Float64, "propensity_score": pl.Float64}


@dataclass(frozen=True, slots=True)
class BanditLog:
    """What one policy showed: ``items`` int64, ``positions`` int64 from 0, ``clicks`` and ``propensities`` float64, all (n,), and
    ``user_features`` int64 (n, n_features), which number the values of each feature from 0."""

    items: NDArray[np.int64]
    positions: NDArray[np.int64]
    clicks: NDArray[np.float64]
    propensities: NDArray[np.float64]
    user_features: NDArray[np.int64]


def read_open_bandit(path: Path) -> BanditLog:
    """One log of the Open Bandit data: its file, or the folder that holds it beside ``item_context.csv``.

    Raises BadFile where a column is missing or holds something else.
    Source: Saito et al. 2021, "Open Bandit Dataset and Pipeline".
    """
    file = _log_file(path)
    table = read_table(file)
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        raise BadFile(
            f"{file} has no column {missing[0]}", field=missing[0], value=str(file),
            remedy=f"give a log with columns {', '.join(_NEEDED)}",
        )  # fmt: skip
    try:
        known = table.select([pl.col(name).cast(kind) for name, kind in _NEEDED.items()])
    except pl.exceptions.InvalidOperationError as error:
        raise BadFile(f"{file}: {str(error).splitlines()[0]}", field="data", value=str(file), remedy="write numbers") from error
    if not known["propensity_score"].is_between(0, 1, closed="right").all():
        raise BadFile(
            f"{file} has a propensity_score that is no chance", field="propensity_score", value=str(file),
            remedy="give chances above 0 and up to 1",
        )  # fmt: skip
    features = [name for name in table.columns if name.startswith("user_feature_")]
    numbered = [(table[name].rank("dense") - 1).to_numpy().astype(np.int64) for name in features]
    positions = known["position"].to_numpy()
    return BanditLog(
        known["item_id"].to_numpy(), positions - positions.min(initial=1), known["click"].to_numpy(),
        known["propensity_score"].to_numpy(),
        np.stack(numbered, axis=1) if numbered else np.empty((len(known), 0), dtype=np.int64),
    )  # fmt: skip


def _log_file(path: Path) -> Path:
    if not path.is_dir():
        return the_data_file(path)
    found = [one for one in sorted(path.iterdir()) if one.name != "item_context.csv" and ".csv" in one.suffixes]
    if len(found) != 1:
        raise BadFile(f"{path} does not hold one log", field="data", value=str(path), remedy="name the file itself")
    return found[0]
