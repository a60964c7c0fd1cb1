"""The error tree: every error Endcap raises on purpose.

```
EndcapError
├── BadInput            what was sent or given cannot be used          422
│   ├── BadJson         a body that is no JSON                         400
│   ├── BadEvent        one event of a batch                           422
│   ├── BadOption       an option of an algorithm, rule or placement   422
│   ├── BadFile         an import file, or a row of it                 422
│   └── UnknownName     a name that is not registered or stored        404
├── Unauthorized        no key, or one that is not known               401
├── Forbidden           the key may not do this                        403
├── TooLarge            a body, list or nesting over its limit         413
├── Busy                overloaded, or a lock is held; try again       503
├── NoBundle            nothing was trained yet                        409
├── NotEnoughData       too little data for what was asked             409
├── CorruptBundle       a bundle whose checksums do not match          500
└── StoreError          the store cannot read or write                 503
```

Every class has a stable ``code``, an HTTP ``status`` and says whether a ``retry`` of the same call can help. The facts
are attributes: ``field`` names what is wrong, ``value`` what was found there, ``remedy`` what to do about it.
"""

from __future__ import annotations

from typing import ClassVar


class EndcapError(Exception):
    """An error with a stable code, an HTTP status and a sentence for a person."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False

    def __init__(self, message: str, *, field: str | None = None, value: object = None, remedy: str | None = None) -> None:
        self.message = message
        self.field = field
        self.value = value
        self.remedy = remedy
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The message and the remedy as one line of text."""
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class BadInput(EndcapError):
    """What was sent or given cannot be used as it is."""

    code = "bad_input"
    status = 422


class BadJson(BadInput):
    """A body cannot be read as JSON at all."""

    code = "bad_json"
    status = 400


class BadEvent(BadInput):
    """One event of a batch cannot be accepted."""

    code = "bad_event"


class BadOption(BadInput):
    """An option has a value that its part does not accept."""

    code = "bad_option"


class BadFile(BadInput):
    """A file cannot be read as what it was said to be."""

    code = "bad_file"


class UnknownName(BadInput):
    """A name that nothing answers to."""

    code = "unknown_name"
    status = 404


class Unauthorized(EndcapError):
    """The request carries no key, or one that is not known."""

    code = "unauthorized"
    status = 401


class Forbidden(EndcapError):
    """The key is known but may not do this."""

    code = "forbidden"
    status = 403


class TooLarge(EndcapError):
    """A body, a list or a nesting exceeds its limit."""

    code = "too_large"
    status = 413


class Busy(EndcapError):
    """Something that is needed is in use; the same call can work later."""

    code = "busy"
    status = 503
    retry = True


class NoBundle(EndcapError):
    """The shop has no trained bundle yet."""

    code = "no_bundle"
    status = 409


class NotEnoughData(EndcapError):
    """There is too little data for what was asked."""

    code = "not_enough_data"
    status = 409


class CorruptBundle(EndcapError):
    """A bundle on disk does not match its checksums."""

    code = "corrupt_bundle"


class StoreError(EndcapError):
    """The store cannot read or write."""

    code = "store_error"
    status = 503
    retry = True
