"""Structured logs: one JSON object a line for each notable thing; never an id of a person, never a key."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import msgspec

from endcap.core.failure import Failure
from endcap.core.time import Clock, iso


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

    def failure(self, what: str, error: BaseException | Failure, **facts: object) -> None:
        """Write one line about an error: its kind and place, and its words where they are our own about this machine."""
        told = error if isinstance(error, Failure) else Failure.of(error)
        words = {"message": told.message} if told.message is not None else {}
        self.say(what, error=told.error, code=told.code, place=told.place, **words, **facts)


class Forwarding(logging.Handler):
    """Passes what libraries log on to a :class:`Log`, from warnings upwards."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record as one line."""
        self._log.say("library", logger=record.name, level=record.levelname.lower(), message=record.getMessage())
