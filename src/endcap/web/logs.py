"""Structured logs: one JSON object a line for each notable thing; never an id of a person, never a key."""

from __future__ import annotations

import logging
import sys
from http import HTTPStatus
from typing import TextIO

import msgspec

from endcap.core.time import Clock, iso
from endcap.errors import EndcapError


class Log:
    """Writes lines to a stream."""

    def __init__(self, clock: Clock, stream: TextIO | None = None) -> None:
        self._clock = clock
        self._stream = stream or sys.stderr
        self._encoder = msgspec.json.Encoder(enc_hook=str)

    def say(self, what: str, **facts: object) -> None:
        """Write one line; ``facts`` are plain data."""
        line = self._encoder.encode({"at": iso(self._clock.now_ms()), "what": what, **facts}).decode()
        self._stream.write(line + "\n")
        self._stream.flush()

    def failure(self, what: str, error: BaseException, **facts: object) -> None:
        """Write one line about an error: its kind and place, and its words where they are our own about this machine."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else None
        # Errors about what was sent repeat some of it, which may be an id of a person; those about files and locks do not.
        ours = isinstance(error, EndcapError) and error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        words = {"message": str(error)} if ours else {}
        self.say(what, error=type(error).__name__, code=getattr(error, "code", None), place=place, **words, **facts)


class Forwarding(logging.Handler):
    """Passes what libraries log on to a :class:`Log`, from warnings upwards."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record as one line."""
        self._log.say("library", logger=record.name, level=record.levelname.lower(), message=record.getMessage())
