"""What may be told of an error in a log: its kind and place, and its words where they are our own about this machine."""

from __future__ import annotations

from http import HTTPStatus
from typing import Self

import msgspec

from endcap.errors import EndcapError


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as a log line tells it: the name of its class, its ``code`` where it is one of ours, the file and line that it was
    raised at, and its ``message``, which errors about what was sent do not tell: that may be an id of a person."""

    error: str
    code: str | None = None
    place: str | None = None
    message: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """What may be told of an error.

        >>> Failure.of(ValueError("user-17 is unknown"))
        Failure(error='ValueError', code=None, place=None, message=None)
        """
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        ours = isinstance(error, EndcapError) and error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return cls(
            error=type(error).__name__,
            code=getattr(error, "code", None),
            place=f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else None,
            message=str(error) if ours else None,
        )
