"""Forms: read with a bound, and marked so that no other site can send one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from endcap.errors import BadInput, Forbidden, TooLarge

MAX_FORM_BYTES = 65_536
MAX_FIELDS = 400
TOKEN = "csrf"
"""The field of the token."""


class StaleFormError(Forbidden):
    """A form that did not come from a page of this server."""

    code = "stale_form"


class Tokens:
    """Makes and checks the tokens of forms.

    A token is known to who could read a page of this session. Pages of other sites cannot, so that they cannot send a form in
    the name of whoever is logged in, or of whoever sits at a machine whose console is open.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def of(self, session: str) -> str:
        """The token of a session."""
        return hmac.new(self._secret, session.encode(), hashlib.sha256).hexdigest()

    def check(self, session: str, form: Mapping[str, str]) -> None:
        """Raise StaleFormError where the form does not carry the session's token."""
        if not hmac.compare_digest(self.of(session), form.get(TOKEN, "")):
            raise StaleFormError("this form is out of date: nothing was changed", remedy="reload the page and send it again")


@dataclass(slots=True)
class FieldErrors:
    """What is wrong with a form, by field; what names no field of it stands above the form."""

    by_field: dict[str, str] = field(default_factory=dict)
    general: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.by_field or self.general)

    def of(self, name: str) -> str:
        """What is wrong with a field, empty where nothing is."""
        return self.by_field.get(name, "")

    def add(self, name: str | None, sentence: str, fields: Mapping[str, object]) -> None:
        """Note an error at its field where the form has it."""
        if name is not None and name in fields:
            self.by_field.setdefault(name, sentence)
        else:
            self.general.append(sentence)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded body; one that comes several times has all its values. Raises TooLarge, BadInput."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise TooLarge(f"the form has more than {MAX_FORM_BYTES:,} bytes", remedy="shorten its texts")
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BadInput(f"the form has more than {MAX_FIELDS} fields", remedy="send fewer") from error
    form: dict[str, str] = {}
    for name, value in pairs:
        form[name] = f"{form[name]} {value}".strip() if name in form else value.strip()
    return form
