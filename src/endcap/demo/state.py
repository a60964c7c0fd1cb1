"""What a demo's home remembers of how far its preparation got."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from endcap.demo.visitor import Persona
from endcap.errors import BadInput

SHOP = "larkfield"
_FILE = "demo.json"

STEPS = {
    "generate": "Making the shop and its history",
    "import": "Importing it like any shop's files",
    "train": "Training on it",
    "keys": "Making keys",
    "traffic": "Weeks of visitors",
}
"""The steps of the preparation in order, with the words for them; :mod:`endcap.demo.prepare` does them."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """The seed and the end of the made-up history, the steps that are done, and what they left for the storefront."""

    seed: int
    end_ms: int
    done: tuple[str, ...] = ()
    browser_key: str = ""
    personas: tuple[Persona, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether all steps are done."""
        return set(self.done) >= set(STEPS)

    def save(self, home: Path) -> None:
        """Keep it; the file is either the old or the new one, never half of it."""
        home.mkdir(parents=True, exist_ok=True)
        partial = home / f"{_FILE}.partial"
        with partial.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self), indent=2))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(home / _FILE)


def load_prepared(home: Path) -> Prepared | None:
    """How far the demo in this home got, nothing where it was never begun. Raises BadInput for a file that is not one."""
    path = home / _FILE
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Prepared)
    except msgspec.DecodeError as error:
        raise BadInput(f"{path} is damaged: {error}", field="home", value=str(home), remedy="start again with --reset") from error


def is_demo_home(home: Path) -> bool:
    """Whether the folder was made by the demo, and may be thrown away as a whole."""
    return (home / _FILE).exists()
