"""Documents of a kind that are read and put as a whole: rules, audiences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from endcap.stores.ports import Documents
from endcap.web.replies import encoded


def named_tables(documents: Documents, kind: str) -> tuple[dict[str, Any], ...]:
    """All documents of a kind by name in order, each a table with its ``name``."""
    return tuple({"name": name, **msgspec.json.decode(body)} for name, body in sorted(documents.all(kind).items()))


def put_all(documents: Documents, kind: str, wanted: Mapping[str, object]) -> None:
    """Make these the documents of a kind: what changed gets a new version, what is left out is deleted."""
    present = documents.all(kind)
    for name, value in wanted.items():
        body = encoded(value)
        if present.get(name) != body:
            documents.put(kind, name, body)
    for name in present.keys() - wanted.keys():
        documents.delete(kind, name)
