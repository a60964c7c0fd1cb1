"""The settings of a watch as they are told and shown: secrets go in, and never come out."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from endcap.errors import BadInput
from endcap.measurement.watch.outward import parsed
from endcap.measurement.watch.sending import check_mail
from endcap.measurement.watch.settings import KIND, NAME, Email, Limits, Scheduled, WatchSettings, Webhook, watch_settings
from endcap.stores.ports import Documents


class ShownWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook without what is secret: of its address, which may hold a token, the host alone."""

    name: str
    host: str


class ShownEmail(msgspec.Struct, frozen=True, kw_only=True):
    """How mail is sent, without the password."""

    host: str
    port: int
    security: str
    sender: str
    to: tuple[str, ...]
    username: str
    has_password: bool


class ShownSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a watch without what is secret."""

    limits: Limits
    ignore: tuple[str, ...]
    webhooks: tuple[ShownWebhook, ...]
    email: ShownEmail | None
    reports: tuple[Scheduled, ...]


def shown(settings: WatchSettings) -> ShownSettings:
    """What may be shown of the settings. The limits are written out by whoever encodes them where they are the defaults."""
    email = settings.email
    return ShownSettings(
        limits=settings.limits, ignore=settings.ignore, reports=settings.reports,
        webhooks=tuple(ShownWebhook(name=one.name, host=urlsplit(one.url or "").hostname or "") for one in settings.webhooks),
        email=None if email is None else ShownEmail(
            host=email.host, port=email.port, security=email.security, sender=email.sender, to=email.to,
            username=email.username, has_password=email.password is not None,
        ),
    )  # fmt: skip


def put_watch(documents: Documents, wanted: WatchSettings, *, private: bool = False) -> WatchSettings:
    """Keep other settings; what is secret and left out stays as it is kept.

    Raises BadInput for a webhook without an address or a secret, an address that may not be posted to, and mail that would not
    be safe.
    """
    before = watch_settings(documents)
    kept = {one.name: one for one in before.webhooks}
    hooks = tuple(_completed(one, kept.get(one.name), private=private) for one in wanted.webhooks)
    email = _with_password(wanted.email, before.email) if wanted.email is not None else None
    if wanted.reports and email is None:
        raise BadInput("reports are mailed, and there is no e-mail", field="email", remedy="say how to mail them")
    after = msgspec.structs.replace(wanted, webhooks=hooks, email=email)
    documents.put(KIND, NAME, msgspec.json.encode(after))
    return after


def _completed(hook: Webhook, before: Webhook | None, *, private: bool) -> Webhook:
    url = hook.url if hook.url is not None else before.url if before is not None else None
    secret = hook.secret if hook.secret is not None else before.secret if before is not None else None
    for name, value in (("url", url), ("secret", secret)):
        if value is None:
            raise BadInput(f"the webhook {hook.name} has no {name}", field=f"webhooks.{name}", remedy=f"send its {name}")
    parsed(url or "", private=private)
    return msgspec.structs.replace(hook, url=url, secret=secret)


def _with_password(email: Email, before: Email | None) -> Email:
    """The mail settings with the password that is kept, where it is for the same user of the same server."""
    same = before is not None and all(
        getattr(email, name) == getattr(before, name) for name in ("host", "port", "security", "username")
    )
    if email.password is None and before is not None and same:
        email = msgspec.structs.replace(email, password=before.password)
    check_mail(email)
    return email
