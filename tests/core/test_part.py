from __future__ import annotations

from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from endcap.core.part import Part
from endcap.errors import BadOption


class Sample(Part, frozen=True, kw_only=True):
    """A part with a bound."""

    k: Annotated[int, Meta(ge=1)] = 10
    decay: float = 0.5


def test_bounds_hold_for_python_and_for_json() -> None:
    with pytest.raises(BadOption, match="k is 0"):
        Sample(k=0)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"k": 0}', type=Sample)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"neighbours": 5}', type=Sample)


def test_the_digest_is_that_of_the_options() -> None:
    assert Sample().digest() == Sample(k=10).digest()
    assert Sample().digest() != Sample(k=11).digest()
    assert Sample().options() == {"k": 10, "decay": 0.5}
