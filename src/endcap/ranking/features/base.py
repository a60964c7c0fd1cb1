"""What a feature is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feature:
    """One number about a candidate: its name, and its meaning in a sentence without the full stop."""

    name: str
    meaning: str
