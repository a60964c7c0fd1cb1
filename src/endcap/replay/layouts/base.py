"""What a layout of data for evaluation is: a form of files, and what they are read into."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from endcap.core.part import Part
from endcap.replay.bundles import Bundles
from endcap.replay.clicks import Clicks
from endcap.replay.history import History
from endcap.replay.orders import Orders


class Layout(Part, frozen=True, kw_only=True):
    """A form of files for evaluation; a file in this folder defines one subclass of one of the kinds below.

    ``also_called`` are further names it answers to. ``generality`` orders layouts that recognise the same data: the lowest
    wins.
    """

    also_called: ClassVar[tuple[str, ...]] = ()
    generality: ClassVar[int] = 0

    def recognises(self, path: Path) -> bool:
        """Whether the file or folder looks like this layout."""
        raise NotImplementedError

    def files(self, path: Path) -> list[Path]:
        """The files that are read."""
        raise NotImplementedError


class OrderLayout(Layout, frozen=True, kw_only=True):
    """A form of files of orders."""

    def read(self, path: Path) -> Orders:
        """The orders. Raises BadFile where they cannot be read."""
        raise NotImplementedError


class HistoryLayout(Layout, frozen=True, kw_only=True):
    """A form of files of what people did."""

    def read(self, path: Path) -> History:
        """The acts. Raises BadFile where they cannot be read."""
        raise NotImplementedError


class BundleLayout(Layout, frozen=True, kw_only=True):
    """A form of files of sets of items that belong together."""

    def read(self, path: Path) -> Bundles:
        """The sets. Raises BadFile where they cannot be read."""
        raise NotImplementedError


class SessionLayout(Layout, frozen=True, kw_only=True):
    """A form of a pair of files: sessions to learn from, and prefixes with the item that came next.

    A folder that holds the pair is recognised; ``files`` gives the sessions first.
    """

    def read(self, train: Path, test: Path) -> Clicks:
        """The sessions and prefixes. Raises BadFile where they cannot be read."""
        raise NotImplementedError
